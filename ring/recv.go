// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/ring/internal/uring"
)

// Receive path, in order of arrival:
//
//	startRecv  arm a multishot receive into the loop's provided buffers
//	recvDone   bytes arrived: feed them, give the buffer back
//	header     48 bytes are here, then the additional segments and the digest
//	begin      Check; the opcode's row says where the data goes
//	payload    copy the data there and sum it
//	trailer    padding and data digest
//	end        the opcode's row goes on with the whole PDU
//
// All of it runs on the loop, in the turn in which the bytes arrived.

// recvPhase is where in a PDU the next byte of the stream belongs.
type recvPhase uint8

const (
	phaseHeader recvPhase = iota
	phaseAHS              // additional header segments and header digest
	phaseData
	phaseTrailer // padding and data digest
)

// A recvState is a connection's position in the byte stream.
type recvState struct {
	phase recvPhase
	have  int     // bytes of the phase that are here
	bhs   pdu.BHS // the header of the PDU that arrives
	ahs   []byte  // AHS and header digest; grows to what a header may have
	tail  [3 + pdu.DigestLen]byte

	left   int // bytes of data still to come
	digest pdu.Digest
	task   *task // whose data it is; nil: dropped
	off    int   // where in the task's data the next byte belongs
	note   uint8 // what begin tells end, see dispatch.go
}

func (l *loop) startRecv(c *conn) {
	c.recvArmed = true
	uring.RecvMultishot(l.ring.SQE(), c.fd, l.bufs.Group(), c.ud(opRecv))
}

// recvDone takes what arrived on c.
func (l *loop) recvDone(c *conn, gen uint16, e uring.CQE) {
	if c.gen != gen {
		panic("ring: receive of a connection that is gone")
	}
	if !uring.More(e) {
		c.recvArmed = false
	}
	if id, ok := uring.Buffer(e); ok {
		l.counters.Receives++
		l.counters.BytesIn += uint64(max(e.Res, 0))
		if c.serving() && e.Res > 0 {
			l.forPeers.heard(c.idx)
			c.quiet, c.stalled = 0, 0
			l.feed(c, l.bufs.Bytes(id, int(e.Res)))
		}
		l.bufs.Return(id)
	}
	if c.gen != gen {
		return // what arrived has ended the connection
	}
	if c.state == connDraining {
		l.drained(c)
		return
	}
	switch {
	case e.Res == 0:
		l.drain(c, "the initiator closed it")
	case e.Res < 0 && e.Res != -int32(unix.ENOBUFS):
		l.drain(c, unix.Errno(-e.Res).Error())
	case !c.recvArmed:
		// Out of buffers, or the kernel ended the multishot: again, once the
		// buffers of this turn are back.
		l.bufs.Publish()
		l.startRecv(c)
	}
}

// feed moves the connection along the stream by b.
func (l *loop) feed(c *conn, b []byte) {
	r := &c.recv
	for len(b) > 0 && c.serving() && !c.lastWords {
		switch r.phase {
		case phaseHeader:
			n := copy(r.bhs[r.have:], b)
			b = b[n:]
			if r.have += n; r.have == pdu.HeaderLen {
				l.header(c)
			}
		case phaseAHS:
			n := copy(r.ahs[r.have:], b)
			b = b[n:]
			if r.have += n; r.have == len(r.ahs) {
				l.headerDigest(c)
			}
		case phaseData:
			b = l.payload(c, b)
		case phaseTrailer:
			n := copy(r.tail[r.have:c.trailerLen()], b)
			b = b[n:]
			if r.have += n; r.have == c.trailerLen() {
				l.dataDigest(c)
			}
		}
	}
}

// header has the 48 bytes: the rest of the header's length is known.
func (l *loop) header(c *conn) {
	r := &c.recv
	rest := r.bhs.AHSLen()
	if c.params.HeaderDigest {
		rest += pdu.DigestLen
	}
	if cap(r.ahs) < rest {
		r.ahs = make([]byte, rest, pdu.MaxAHSLen+pdu.DigestLen) // once a connection, if at all
	}
	r.ahs = r.ahs[:rest]
	r.have = 0
	if rest > 0 {
		r.phase = phaseAHS
		return
	}
	l.begin(c)
}

// headerDigest has the whole header with its digest.
func (l *loop) headerDigest(c *conn) {
	r := &c.recv
	if c.params.HeaderDigest {
		n := len(r.ahs) - pdu.DigestLen
		if !pdu.Digest(0).Add(r.bhs[:]).Add(r.ahs[:n]).Matches(r.ahs[n:]) {
			// The length fields cannot be trusted, so neither can the stream
			// (RFC 7143, Section 7.8).
			l.drain(c, "header digest error")
			return
		}
		r.ahs = r.ahs[:n]
	}
	l.begin(c)
}

// begin looks at the header and lets its opcode say where the data goes.
func (l *loop) begin(c *conn) {
	r := &c.recv
	if c.unread() {
		l.drain(c, "the initiator does not read what it is answered")
		return
	}
	if len(c.fences) > 0 {
		if l.acknowledged(c); !c.serving() || c.lastWords {
			return // a cold reset is complete
		}
	}
	r.phase, r.have = phaseData, 0
	r.left = r.bhs.DataLen()
	r.task, r.off, r.digest, r.note = nil, 0, 0, 0
	lim := pdu.Limits{MaxRecvDataSegmentLength: c.params.MaxRecvDataSegmentLength}
	if err := pdu.Check(&r.bhs, &lim); err != nil {
		l.refusePDU(c, err)
	} else {
		handlers[r.bhs.Opcode()].begin(l, c)
	}
	if r.left == 0 && c.serving() {
		l.pduEnd(c)
	}
}

// payload takes the part of b that is data of the PDU.
func (l *loop) payload(c *conn, b []byte) []byte {
	r := &c.recv
	n := min(len(b), r.left)
	if r.task != nil {
		r.task.store(r.off, b[:n])
		r.off += n
	}
	if c.params.DataDigest {
		r.digest = r.digest.Add(b[:n])
	}
	if r.left -= n; r.left == 0 {
		if c.trailerLen() > 0 {
			r.phase = phaseTrailer
		} else {
			l.pduEnd(c)
		}
	}
	return b[n:]
}

// trailerLen is how many bytes follow the data of the PDU that arrives.
func (c *conn) trailerLen() int {
	n := pdu.PadLen(c.recv.bhs.DataLen())
	if c.params.DataDigest {
		n += pdu.DigestLen
	}
	return n
}

// dataDigest has the padding and the digest, which covers the padding.
func (l *loop) dataDigest(c *conn) {
	r := &c.recv
	if c.params.DataDigest {
		n := c.trailerLen() - pdu.DigestLen
		if !r.digest.Add(r.tail[:n]).Matches(r.tail[n:]) {
			l.dataDigestError(c)
		}
	}
	l.pduEnd(c)
}

// pduEnd has the whole PDU; the next byte begins another.
func (l *loop) pduEnd(c *conn) {
	r := &c.recv
	r.phase, r.have = phaseHeader, 0
	l.counters.PDUsIn++
	if end := handlers[r.bhs.Opcode()].end; end != nil {
		end(l, c)
	}
	r.task = nil
}
