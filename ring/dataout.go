// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"ietring/pdu"
	"ietring/scsi"
)

// Data-out arrives in up to three ways (RFC 7143, Section 4.2.5.2): immediate
// data in the command, unsolicited Data-Out up to FirstBurstLength, and bursts
// that an R2T asked for. Bursts arrive in the order of their R2Ts
// (DataSequenceInOrder=Yes), bytes in order (DataPDUInOrder=Yes).

// expectUnsolicited notes what data is on its way without being asked for: n
// bytes of immediate data, and when the F bit is missing, Data-Out PDUs.
func (l *loop) expectUnsolicited(t *task, n int) {
	t.unsol = !t.bhs.Final()
	t.unsolEnd = min(t.conn.params.FirstBurstLength, int(t.edtlOut()))
	if n == t.unsolEnd {
		t.unsol = false // nothing is left that could come
	}
}

// collect goes on with a task that has got what was sent so far: it asks for
// more, does the command, or ends it.
func (l *loop) collect(t *task) {
	switch {
	case t.unsol:
		return // more is on its way
	case t.discard:
		if t.got >= t.solicited {
			l.gotten(t)
			l.respond(t)
		}
	case t.got >= t.want:
		l.execute(t)
	default:
		l.solicit(t)
	}
}

// solicit sends R2Ts, as many as may be outstanding.
func (l *loop) solicit(t *task) {
	c := t.conn
	if t.r2tSN == 0 {
		t.solicited = t.got
	}
	for t.solicited < t.want && int(t.r2tSN-t.burstSN) < c.params.MaxOutstandingR2T {
		n := min(t.want-t.solicited, c.params.MaxBurstLength)
		o := l.newOut(c, t)
		h := o.bhs()
		h.SetOpcode(pdu.OpR2T)
		h.SetFinal()
		h.SetLUN(t.bhs.LUN())
		h.SetITT(t.bhs.ITT())
		r2t := h.R2T()
		r2t.SetTTT(t.transferTag(t.r2tSN))
		r2t.SetR2TSN(t.r2tSN)
		r2t.SetBufferOffset(uint32(t.solicited))
		r2t.SetDesiredLen(uint32(n))
		h.SetStatSN(c.statSN)
		l.push(c, o)
		if t.r2tSN == t.burstSN {
			t.burst = t.solicited + n
			t.dataSN = 0
		}
		t.solicited += n
		t.r2tSN++
		t.dataSNs++
	}
}

// transferTag names the R2T with number sn of t: the slot, and twelve bits that
// tell its uses and its R2Ts apart.
func (t *task) transferTag(sn uint32) uint32 {
	return t.idx<<12 | (uint32(t.gen)<<4+sn)&0xfff
}

// beginDataOut finds the task and the place for the data of a Data-Out. Data
// for a task that has ended, by an abort or a refusal, is dropped in silence;
// data that answers no R2T of a task that is open is rejected.
func (l *loop) beginDataOut(c *conn) {
	r := &c.recv
	d := r.bhs.DataOut()
	t := l.dataOutTask(c, d)
	if t == nil {
		if c.collecting(r.bhs.ITT()) {
			// Dropped in silence it would leave the command waiting for ever.
			l.reject(c, pdu.ReasonInvalidPDUField)
		}
		return
	}
	end := t.burst
	if d.TTT() == pdu.NoTag {
		end = t.unsolEnd
	}
	n := r.left
	switch {
	case d.DataSN() != t.dataSN, int(d.BufferOffset()) != t.got, n > end-t.got:
		// Out of order or too much: nothing of it may reach the disk.
		if !t.discard {
			t.failSense(scsi.DataPhaseError)
		}
	case d.TTT() != pdu.NoTag && r.bhs.Final() != (t.got+n == end):
		if !t.discard {
			t.failSense(scsi.DataPhaseError)
		}
	}
	t.dataSN++
	if r.note = noteTask; r.bhs.Final() {
		r.note = noteFinal
	}
	r.task, r.off = t, t.got
}

// dataOutTask returns the task that a Data-Out belongs to, or nil.
func (l *loop) dataOutTask(c *conn, d *pdu.DataOut) *task {
	h := &c.recv.bhs
	if tag := d.TTT(); tag != pdu.NoTag {
		i := tag >> 12
		if i >= uint32(len(l.tasks)) {
			return nil
		}
		t := l.tasks[i]
		if t.conn != c || t.state != taskCollecting || t.bhs.ITT() != h.ITT() ||
			t.r2tSN == t.burstSN || tag != t.transferTag(t.burstSN) {
			return nil
		}
		return t
	}
	for t := c.tasks; t != nil; t = t.next {
		if t.unsol && t.bhs.ITT() == h.ITT() && t.state != taskEnded {
			return t
		}
	}
	return nil
}

// collecting reports whether a command with this tag waits for data.
func (c *conn) collecting(itt uint32) bool {
	for t := c.tasks; t != nil; t = t.next {
		if t.state == taskCollecting && t.bhs.ITT() == itt {
			return true
		}
	}
	return false
}

// endDataOut has the data of a Data-Out.
func (l *loop) endDataOut(c *conn) {
	r := &c.recv
	t := r.task
	if r.note == noteDropped || t.state == taskEnded {
		return
	}
	r.task = nil
	final := r.note == noteFinal
	solicited := r.bhs.DataOut().TTT() != pdu.NoTag
	t.got = min(t.got+r.bhs.DataLen(), max(t.unsolEnd, t.burst))
	switch {
	case !final:
		return
	case !solicited:
		t.unsol = false
		t.dataSN = 0
	default:
		l.endBurst(t)
	}
	switch t.state {
	case taskCollecting:
		l.collect(t)
	case taskBlocked:
		l.advance(c.sess, t.set)
	default:
		l.releaseHeld(c.sess)
	}
}

// endBurst notes that the data of the oldest R2T is complete.
func (l *loop) endBurst(t *task) {
	t.burstSN++
	t.dataSN = 0
	if t.discard {
		// Only the other bursts are waited for, wherever this one ended.
		t.got = t.burst
	}
	if t.burstSN != t.r2tSN {
		t.burst = min(t.burst+t.conn.params.MaxBurstLength, t.solicited)
		return
	}
	t.burst = t.solicited
}
