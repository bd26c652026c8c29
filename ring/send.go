// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/ring/internal/uring"
)

// Send path:
//
//	newOut      take a slot; its header is zero
//	push…       stamp the window, add digests, put it on the connection's queue
//	flush       at the end of a turn: one send for each connection with a queue
//	sendDone    free what went out; the rest goes with the next send
//
// A connection has one send in the kernel at most, so its stream stays in order.

// An outPDU is a PDU on its way out. What is not payload lies in its slot:
//
//	0        8        56   60                      128
//	| lead … | header | HD | inline data, pad, DD …  |   or
//	| lead … | header | HD | pad, DD |
//
// with a tail, at 60, of data that lies elsewhere. When the PDU goes out in one send
// with the one before, that one's tail is copied to the end of the lead: a tail of 4
// bytes in a piece of its own costs the kernel as much as a header.
type outPDU struct {
	next *outPDU
	slot []byte // slotLen bytes of a slab
	head int    // bytes from leadLen on
	data []byte // payload outside the slot, nil when there is none
	tail int    // bytes at tailOff
	task *task  // whose memory data is; nil: nobody's
}

func (o *outPDU) bhs() *pdu.BHS { return pdu.View(o.slot[leadLen:]) }

// behind returns what goes out before the payload, with the tail of the PDU before.
func (o *outPDU) behind(tail []byte) []byte {
	from := leadLen - len(tail)
	copy(o.slot[from:], tail)
	return o.slot[from : leadLen+o.head]
}

// len is how many bytes the PDU has on the wire.
func (o *outPDU) len() int { return o.head + len(o.data) + o.tail }

// slotPool keeps the slots that are free; it grows by slabs and keeps them.
type slotPool struct {
	free  *outPDU
	slabs []uring.Memory
}

func (p *slotPool) get() *outPDU {
	if p.free == nil {
		p.grow()
	}
	o := p.free
	p.free = o.next
	o.next, o.data, o.tail, o.task = nil, nil, 0, nil
	o.head = pdu.HeaderLen
	clear(o.bhs()[:])
	return o
}

func (p *slotPool) put(o *outPDU) { o.next, p.free = p.free, o }

func (p *slotPool) grow() {
	slab, err := uring.NewMemory(slotsPerSlab * slotLen)
	if err != nil {
		panic("ring: no memory for PDU headers")
	}
	p.slabs = append(p.slabs, slab)
	outs := make([]outPDU, slotsPerSlab)
	for i := range outs {
		outs[i].slot = slab[i*slotLen : (i+1)*slotLen : (i+1)*slotLen]
		p.put(&outs[i])
	}
}

// A sendBlock is what one send shows the kernel: struct msghdr and its pieces.
type sendBlock struct {
	next *sendBlock
	mem  uring.Memory
	msg  *unix.Msghdr
	iov  *[maxSendPieces]unix.Iovec
}

// blockPool keeps the send blocks that are free. There are as many as
// connections were ever sending at once.
type blockPool struct{ free *sendBlock }

func (p *blockPool) get() *sendBlock {
	b := p.free
	if b == nil {
		const head = int(unsafe.Sizeof(unix.Msghdr{})+15) &^ 15
		mem, err := uring.NewMemory(head + maxSendPieces*int(unsafe.Sizeof(unix.Iovec{})))
		if err != nil {
			panic("ring: no memory for a send")
		}
		b = &sendBlock{mem: mem, msg: (*unix.Msghdr)(unsafe.Pointer(&mem[0])),
			iov: (*[maxSendPieces]unix.Iovec)(unsafe.Pointer(&mem[head]))}
		b.msg.Iov = &b.iov[0]
	}
	p.free = b.next
	return b
}

func (p *blockPool) put(b *sendBlock) { b.next, p.free = p.free, b }

// An outQueue is what a connection has to send, in order.
type outQueue struct {
	first, last *outPDU
	sent        int // bytes of first that went out already
	flying      int // PDUs, from first on, that the send in the kernel covers wholly or in part
	block       *sendBlock
}

// newOut takes a slot for a PDU of c. t is kept until it is sent; nil if the
// PDU belongs to no task.
func (l *loop) newOut(c *conn, t *task) *outPDU {
	o := l.slots.get()
	o.task = t
	if t != nil {
		t.outs++
	}
	return o
}

// push queues a PDU without data.
func (l *loop) push(c *conn, o *outPDU) {
	h := o.bhs()
	s := c.sess
	h.SetWindow(s.expCmdSN, s.maxCmdSN())
	if c.params.HeaderDigest {
		pdu.Digest(0).Add(h[:]).Put(o.slot[leadLen+pdu.HeaderLen:])
		o.head = max(o.head, pdu.HeaderLen+pdu.DigestLen)
	}
	if c.out.last != nil {
		c.out.last.next = o
	} else {
		c.out.first = o
	}
	c.out.last = o
	if !c.dirty {
		c.dirty = true
		l.dirty = append(l.dirty, c)
	}
}

// pushInline queues a PDU whose data is copied into its slot.
func (l *loop) pushInline(c *conn, o *outPDU, data []byte) {
	n := leadLen + pdu.HeaderLen
	if c.params.HeaderDigest {
		n += pdu.DigestLen
	}
	begin := n
	n += copy(o.slot[n:], data)
	for range pdu.PadLen(len(data)) {
		o.slot[n] = 0
		n++
	}
	if c.params.DataDigest {
		pdu.Digest(0).Add(o.slot[begin:n]).Put(o.slot[n:])
		n += pdu.DigestLen
	}
	o.bhs().SetDataLen(len(data))
	o.head = n - leadLen
	l.push(c, o)
}

// pushData queues a PDU whose data lies elsewhere and stays until it is sent.
func (l *loop) pushData(c *conn, o *outPDU, data []byte) {
	tail := o.slot[tailOff:]
	n := pdu.PadLen(len(data))
	clear(tail[:n])
	if c.params.DataDigest {
		pdu.Digest(0).Add(data).Add(tail[:n]).Put(tail[n:])
		n += pdu.DigestLen
	}
	o.data, o.tail = data, n
	o.bhs().SetDataLen(len(data))
	l.push(c, o)
}

// flush starts a send for each connection that has something and sends nothing.
func (l *loop) flush() {
	for i, c := range l.dirty {
		l.dirty[i] = nil
		c.dirty = false
		l.startSend(c)
	}
	l.dirty = l.dirty[:0]
}

// startSend gathers what fits into one send.
func (l *loop) startSend(c *conn) {
	if c.sending || c.out.first == nil || !c.serving() {
		return
	}
	b := l.blocks.get()
	n, size, skip := 0, 0, c.out.sent
	add := func(p []byte) {
		if skip >= len(p) {
			skip -= len(p)
			return
		}
		b.iov[n].Base = &p[skip]
		b.iov[n].SetLen(len(p) - skip)
		size += len(p) - skip
		skip = 0
		n++
	}
	q := &c.out
	var tail []byte // of the PDU before
	for o := q.first; o != nil && n+3 <= maxSendPieces && size < maxSendLen; o = o.next {
		add(o.behind(tail))
		add(o.data)
		tail = o.slot[tailOff : tailOff+o.tail]
		q.flying++
	}
	add(tail)
	b.msg.SetIovlen(n)
	q.block = b
	c.sending = true
	uring.SendMsg(l.ring.SQE(), c.fd, b.mem.Addr(0), c.ud(opSend))
}

// sendDone frees what went out.
func (l *loop) sendDone(c *conn, res int32) {
	q := &c.out
	l.counters.Sends++
	l.counters.BytesOut += uint64(max(res, 0))
	c.sending, c.stalled, c.rejects = false, 0, 0
	l.blocks.put(q.block)
	q.block = nil
	q.flying = 0
	if !c.serving() {
		// The rest of the queue was dropped when the draining began; but what
		// was dropped may have ended a function, whose answer was queued.
		for q.first != nil {
			l.popOut(c)
		}
		l.drained(c)
		return
	}
	if res < 0 {
		l.drain(c, unix.Errno(-res).Error())
		return
	}
	q.sent += int(res)
	for q.first != nil && q.sent >= q.first.len() {
		q.sent -= q.first.len()
		l.counters.PDUsOut++
		l.popOut(c)
	}
	switch {
	case !c.serving():
		// What was let go ended a request that ends the connection.
	case q.first != nil && !c.dirty:
		c.dirty = true
		l.dirty = append(l.dirty, c)
	case q.first == nil && c.curt != "":
		l.drain(c, c.curt)
	case q.first == nil && c.lastWords:
		l.linger(c)
	default:
		l.closeIfQuiet(c)
	}
}

// popOut takes the first PDU off the queue and lets go of its task.
func (l *loop) popOut(c *conn) {
	q := &c.out
	o := q.first
	if q.first = o.next; q.first == nil {
		q.last = nil
	}
	t := o.task
	l.slots.put(o)
	if t != nil {
		t.outs--
		l.retire(t)
	}
}

// dropQueue frees what the kernel does not have.
func (l *loop) dropQueue(c *conn) {
	q := &c.out
	if q.flying == 0 {
		for q.first != nil {
			l.popOut(c)
		}
		return
	}
	keep := q.first
	for range q.flying - 1 {
		keep = keep.next
	}
	rest := outQueue{first: keep.next, last: q.last}
	keep.next, q.last = nil, keep
	for rest.first != nil {
		o := rest.first
		rest.first = o.next
		t := o.task
		l.slots.put(o)
		if t != nil {
			t.outs--
			l.retire(t)
		}
	}
}
