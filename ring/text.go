// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"net/netip"

	"golang.org/x/sys/unix"

	"ietring/pdu"
)

// text gathers a Text Request, which may come in several PDUs, and has the
// control plane answer it (RFC 7143, Sections 11.10 and 11.11).
func (l *loop) text(t *task) {
	c := t.conn
	req := t.bhs.TextRequest()
	switch {
	case t.discard || t.want > maxText || len(c.textIn)+t.want > maxText:
		l.refuseText(t, pdu.ReasonInvalidPDUField) // no memory, or too long
		return
	case c.textActive, req.TTT() != pdu.NoTag && req.TTT() != c.textTag,
		len(c.textOut) > 0 && req.TTT() != pdu.NoTag && t.want > 0: // nothing new before our answer has ended
		l.refuseText(t, pdu.ReasonProtocolError)
		return
	case req.TTT() == pdu.NoTag:
		c.textIn, c.textOut, c.textTag, c.nextXmit = c.textIn[:0], nil, pdu.NoTag, 0 // a new negotiation
		c.unsay()
	}
	if len(c.textOut) > 0 { // the initiator fetches the rest of a long answer
		l.sendText(t)
		return
	}
	c.textIn = append(c.textIn, t.bytes(t.length)...)
	if req.Continue() {
		c.textTag = t.transferTag(0)
		l.sendText(t)
		return
	}
	request := bytes.Clone(c.textIn)
	c.textIn = nil
	c.textActive = true
	t.ops++
	sess, fd := c.sess, c.fd
	l.eng.spawn(func() {
		answer := l.eng.ctl.Text(sess, localAddr(fd), request)
		l.mail.post(func() { l.textDone(c, t, answer) })
	})
}

// textDone has the answer of the control plane.
func (l *loop) textDone(c *conn, t *task, answer TextAnswer) {
	c.textActive = false
	t.ops--
	if t.state == taskEnded {
		l.retire(t)
		l.drained(c)
		return
	}
	if answer.Malformed {
		l.refuseText(t, pdu.ReasonProtocolError)
		return
	}
	c.textOut = c.say(answer.Text)
	if answer.MaxXmitDataSegmentLength > 0 {
		c.nextXmit = answer.MaxXmitDataSegmentLength
	}
	l.sendText(t)
}

// sendText answers t with as much of textOut as fits, or with nothing to have
// the initiator go on.
func (l *loop) sendText(t *task) {
	c := t.conn
	n := min(len(c.textOut), c.params.MaxXmitDataSegmentLength, maxSpan)
	l.freeSpans(t)
	if n > 0 && !l.allocSpans(t, n) {
		l.refuseText(t, pdu.ReasonLongOperation) // no memory just now
		return
	}
	t.fill(c.textOut[:n])
	c.textOut = c.textOut[n:]
	more := len(c.textOut) > 0
	h, o := l.response(t, pdu.OpTextResponse)
	r := h.TextResponse()
	switch {
	case more:
		h.ClearFinal()
		r.SetContinue()
		c.textTag = t.transferTag(0)
		r.SetTTT(c.textTag)
	case !t.bhs.Final(): // the initiator goes on, with the text or with the negotiation
		h.ClearFinal()
		c.textTag = t.transferTag(0)
		r.SetTTT(c.textTag)
	default:
		c.textTag = pdu.NoTag
		r.SetTTT(pdu.NoTag)
	}
	if n > 0 {
		l.pushData(c, o, t.bytes(n))
	} else {
		l.push(c, o)
	}
	if h.Final() {
		if c.nextXmit > 0 {
			c.params.MaxXmitDataSegmentLength, c.nextXmit = c.nextXmit, 0
		}
		l.said(c)
	}
	l.end(t)
}

// refuseText rejects t and forgets the negotiation.
func (l *loop) refuseText(t *task, reason pdu.RejectReason) {
	c := t.conn
	c.textIn, c.textOut, c.textTag, c.nextXmit = nil, nil, pdu.NoTag, 0
	c.unsay()
	l.rejectHeader(c, &t.bhs, reason)
	l.end(t)
}

// localAddr returns the address and port that the connection came in on, "" if
// the socket is gone.
func localAddr(fd int) string {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return ""
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)).String()
	}
	return ""
}
