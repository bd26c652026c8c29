// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"ietring/pdu"
	"ietring/scsi"
)

// dataIn begins to move data to the initiator: a reply that is ready, or a
// read. It gets memory first, or waits for it.
func (l *loop) dataIn(t *task) {
	n := t.need()
	if n > 0 && len(t.spans) == 0 && !(t.unit != nil && t.unit.null && t.plan.Action == scsi.ActionRead) {
		if l.starved.first != nil && l.starved.first != t || !l.allocSpans(t, n) {
			l.starve(t)
			return
		}
	}
	if t.plan.Action == scsi.ActionRead {
		if len(t.spans) == 0 && t.floods(n) {
			t.status = scsi.StatusTaskSetFull
			l.respond(t)
			return
		}
		l.read(t, n)
		return
	}
	t.fill(t.plan.Reply[:n])
	l.sendData(t, n)
}

// floods reports whether a read of n bytes that needs no memory for them, from
// nullio, would queue more headers than a connection may: with short data
// segments they are what takes room.
func (t *task) floods(n int) bool {
	c := t.conn
	most := n / c.params.MaxXmitDataSegmentLength
	if most <= manyPDUs {
		return false // the ordinary case
	}
	queued := 0
	for v := c.tasks; v != nil; v = v.next {
		queued += v.outs
	}
	return queued > 0 && queued+most > maxQueued
}

// sendData queues n bytes of t's data as Data-In PDUs, the last one with the
// status (RFC 7143, Section 11.7.3). Each sequence is at most MaxBurstLength and
// ends with the F bit.
func (l *loop) sendData(t *task, n int) {
	if n == 0 {
		l.respond(t)
		return
	}
	c := t.conn
	burst := 0
	for t.sent < n {
		if burst == 0 {
			burst = min(n-t.sent, c.params.MaxBurstLength)
		}
		data := l.dataAt(t, t.sent, c.dataLen(min(burst, n-t.sent)))
		o := l.newOut(c, t)
		h := o.bhs()
		h.SetOpcode(pdu.OpDataIn)
		h.SetITT(t.bhs.ITT())
		in := h.DataIn()
		in.SetTTT(pdu.NoTag)
		in.SetDataSN(t.dataSNs)
		in.SetBufferOffset(uint32(t.sent))
		t.dataSNs++
		t.sent += len(data)
		if burst -= len(data); burst == 0 {
			h.SetFinal()
		}
		if t.sent == n {
			in.SetStatus(uint8(scsi.StatusGood))
			in.SetResidual(t.residual())
			c.sess.leave(t)
			h.SetStatSN(c.statSN)
			c.statSN++
		}
		l.pushData(c, o, data)
	}
	l.end(t)
}

// dataAt returns what goes out from byte off, at most n bytes of it.
func (l *loop) dataAt(t *task, off, n int) []byte {
	if len(t.spans) == 0 {
		return l.eng.zero[:min(n, len(l.eng.zero))]
	}
	return t.piece(off, min(n, t.length-off))
}

// residual is the difference between what the command moves and what the
// initiator expected (RFC 7143, Section 11.4.5).
func (t *task) residual() pdu.Residual {
	expected := t.edtlIn()
	if t.bhs.SCSICommand().Write() {
		expected = t.edtlOut()
	}
	total := t.total
	if t.status != scsi.StatusGood && !t.sense.Is(scsi.InvalidFieldInCommandIU) {
		total = t.sent // nothing was moved but this
	}
	return pdu.Residual(total) - pdu.Residual(expected)
}

// respond queues the SCSI Response of t, and its sense, and ends it.
func (l *loop) respond(t *task) {
	if t.abortd {
		l.end(t)
		return
	}
	c := t.conn
	o := l.newOut(c, t)
	h := o.bhs()
	h.SetOpcode(pdu.OpSCSIResponse)
	h.SetFinal()
	h.SetITT(t.bhs.ITT())
	r := h.SCSIResponse()
	r.SetStatus(uint8(t.status))
	r.SetExpDataSN(t.dataSNs)
	r.SetResidual(t.residual())
	c.sess.leave(t)
	h.SetStatSN(c.statSN)
	c.statSN++
	if t.status == scsi.StatusCheckCondition {
		// SenseLength, then the sense (RFC 7143, Section 11.4.7).
		var b [2 + scsi.MaxSenseLen]byte
		sense := t.sense.Append(b[2:2], t.plan.Descriptor)
		b[1] = byte(len(sense))
		l.pushInline(c, o, b[:2+len(sense)])
	} else {
		l.push(c, o)
	}
	l.end(t)
}
