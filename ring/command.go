// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"ietring/pdu"
	"ietring/scsi"
)

// beginCommand has the header of a SCSI Command: it takes its place by CmdSN,
// is planned when its turn is now, and its immediate data gets a place.
func (l *loop) beginCommand(c *conn) {
	r := &c.recv
	if l.quiesce {
		return // the initiator sends it again to whoever comes after us
	}
	if !wellFormed(r.ahs[:r.bhs.AHSLen()]) {
		l.refusePDU(c, errBadAHS)
		return
	}
	n := r.left
	if n > 0 && (n > c.params.FirstBurstLength || uint32(n) > r.bhs.SCSICommand().EDTL()) {
		l.refusePDU(c, errImmediateTooLong)
		return
	}
	t := l.accept(c)
	if t == nil {
		return
	}
	l.expectUnsolicited(t, n)
	switch {
	case t.state == taskHeld:
		l.makeRoom(t)
	case l.enter(t):
		l.plan(t)
	default:
		l.makeRoom(t)
		l.park(t)
	}
	r.task, r.note = t, noteTask
}

// makeRoom gets memory for a command that has to wait while its data is on its
// way already. One that is to be asked for its data gets it when it starts.
func (l *loop) makeRoom(t *task) {
	if !t.unsol && t.bhs.DataLen() == 0 {
		return
	}
	if n := min(int(t.edtlOut()), MaxTransfer); !l.allocSpans(t, n) {
		t.status = scsi.StatusTaskSetFull
	}
}

// wellFormed reports whether b is additional header segments of the types that
// there are: an extended CDB, and the length of a bidirectional read. What they
// ask for is refused with sense.
func wellFormed(b []byte) bool {
	for len(b) > 0 {
		typ, _, rest, err := pdu.NextAHS(b)
		if err != nil || typ != pdu.AHSExtendedCDB && typ != pdu.AHSBidiReadEDTL {
			return false
		}
		b = rest
	}
	return true
}

var errBadAHS = &pdu.Error{Op: pdu.OpSCSICommand, Reason: pdu.ReasonInvalidPDUField, Field: "additional header segment"}

var errImmediateTooLong = &pdu.Error{Op: pdu.OpSCSICommand, Reason: pdu.ReasonInvalidPDUField,
	Field: "DataSegmentLength above FirstBurstLength or Expected Data Transfer Length"}

// endCommand has the immediate data, if there was any.
func (l *loop) endCommand(c *conn) {
	r := &c.recv
	t := r.task
	r.task = nil
	if r.note == noteTask && t.state != taskEnded {
		t.got = r.bhs.DataLen()
		switch t.state {
		case taskCollecting:
			l.collect(t)
		case taskBlocked:
			l.advance(c.sess, t.set) // it may have waited for its own data only
		}
	}
	l.releaseHeld(c.sess)
}

// edtlOut is how many bytes the initiator means to send.
func (t *task) edtlOut() uint32 {
	if cmd := t.bhs.SCSICommand(); cmd.Write() {
		return cmd.EDTL()
	}
	return 0
}

// edtlIn is how many bytes the initiator means to take.
func (t *task) edtlIn() uint32 {
	if cmd := t.bhs.SCSICommand(); cmd.Read() && !cmd.Write() {
		return cmd.EDTL()
	}
	return 0
}

// start begins with a command that had to wait, now that its turn is.
func (l *loop) start(t *task) {
	l.plan(t)
	if t.state == taskCollecting {
		l.collect(t)
	}
}

// plan asks the device server what to do. It leaves t collecting (there may be
// nothing to collect), or starved.
func (l *loop) plan(t *task) {
	c := t.conn
	t.state = taskCollecting
	if t.bhs.SCSICommand().Attr() > pdu.AttrHeadOfQueue {
		t.failSense(scsi.InvalidMessage) // ACA, or an attribute that is not assigned
		return
	}
	sense := c.sess.cfg.Nexus.Plan(&t.plan, t.bhs.LUN(), t.bhs.SCSICommand().CDB())
	l.counters.countCommand(sense, &t.plan)
	if t.plan.Unit != nil {
		t.unit = l.eng.units.get(t.plan.Unit.Handle())
	}
	if sense == scsi.Good {
		sense = l.checkTransfer(t)
	}
	if t.status == scsi.StatusTaskSetFull && sense == scsi.Good { // held, without memory
		t.fail(t.status)
		return
	}
	switch {
	case sense != scsi.Good:
		t.failSense(sense)
	case t.plan.Status != scsi.StatusGood:
		t.fail(t.plan.Status)
	default:
		l.provide(t)
	}
}

// checkTransfer compares what the command moves with what the initiator
// announced (RFC 7143, Section 11.3.4), and sets total and want.
func (l *loop) checkTransfer(t *task) scsi.Sense {
	c, p, cmd := t.conn, &t.plan, t.bhs.SCSICommand()
	switch {
	case t.bhs.AHSLen() > 0:
		// Extended CDBs and bidirectional commands are for other devices.
		return scsi.InvalidFieldInCommandIU
	case cmd.Read() && cmd.Write():
		return scsi.InvalidFieldInCommandIU
	case t.bhs.DataLen() > 0 && !c.params.ImmediateData, t.unsol && c.params.InitialR2T:
		return scsi.UnexpectedUnsolicitedData
	}
	switch p.Action {
	case scsi.ActionReply:
		t.total = len(p.Reply)
	case scsi.ActionRead:
		t.total = p.Len
	default:
		t.total = p.OutLen
	}
	in := p.Action == scsi.ActionRead || p.Action == scsi.ActionReply
	switch {
	case p.Exact && uint64(t.edtlOut()) != uint64(p.OutLen):
		return scsi.InvalidFieldInCDB
	case in && cmd.Write():
		t.total = 0 // the initiator takes nothing, and what it sends is not wanted
		return scsi.Good
	case in:
		return scsi.Good
	case t.total > 0 && cmd.Read() && cmd.EDTL() > 0:
		return scsi.InvalidFieldInCommandIU // GOOD would say that something was written
	}
	t.want = min(t.total, int(t.edtlOut()))
	if t.shortens() {
		if bs := int(t.unit.disk.BlockSize()); t.want%bs != 0 {
			return scsi.InvalidFieldInCommandIU // part of a block cannot be written
		}
		p.Len = t.want
	}
	return scsi.Good
}

// shortens reports whether t does with less than all of its data-out: it
// changes, or compares, as many blocks as came.
func (t *task) shortens() bool {
	switch p := &t.plan; p.Action {
	case scsi.ActionWrite, scsi.ActionWriteVerify, scsi.ActionOrWrite:
		return !p.Exact
	case scsi.ActionVerify:
		return p.Compare && !p.Exact
	}
	return false
}

// keepsData reports whether the data-out of t goes to memory. A nullio write
// drops it as it comes.
func (t *task) keepsData() bool {
	return t.want > 0 && !(t.unit.null && t.plan.Action == scsi.ActionWrite)
}

// need is how much memory t waits for.
func (t *task) need() int {
	switch t.plan.Action {
	case scsi.ActionRead:
		return min(t.plan.Len, int(t.edtlIn()))
	case scsi.ActionReply:
		return min(len(t.plan.Reply), int(t.edtlIn()))
	}
	return t.want
}

// provide gets memory for the data-out. A command whose data is already on its
// way cannot wait for memory, since what would free it may stand behind it in
// the stream: it ends with TASK SET FULL, which initiators send again.
func (l *loop) provide(t *task) {
	switch {
	case !t.keepsData() || len(t.spans) > 0:
	case l.starved.first == nil && l.allocSpans(t, t.want):
	case (t.unsol || t.bhs.DataLen() > 0) && l.allocSpans(t, t.want):
	case t.unsol || t.bhs.DataLen() > 0:
		t.fail(scsi.StatusTaskSetFull)
	default:
		l.starve(t)
	}
}

// fed goes on with a task that waited for memory and has it now.
func (l *loop) fed(t *task) {
	if in := t.plan.Action == scsi.ActionRead || t.plan.Action == scsi.ActionReply; in {
		t.state = taskWorking
		l.dataIn(t)
		return
	}
	t.state = taskCollecting
	l.collect(t)
}

// fail makes t end with status when the data that is on its way is here.
func (t *task) fail(status scsi.Status) {
	t.status, t.discard = status, true
	t.want = 0
}

// failSense makes t end with CHECK CONDITION when the data that is on its way
// is here: the response must wait for it (RFC 7143, Section 11.4.5.2).
func (t *task) failSense(s scsi.Sense) {
	t.sense = s
	t.fail(scsi.StatusCheckCondition)
}

// execute does the command, its data-out being complete, as soon as nobody else
// has claimed the blocks that it changes.
func (l *loop) execute(t *task) {
	t.state = taskWorking
	if l.admit(t) {
		l.carryOut(t)
	}
}

// carryOut does the command that execute has admitted.
func (l *loop) carryOut(t *task) {
	p := &t.plan
	if s := p.Refused(); s != scsi.Good {
		// An erasure began after the command was planned. Nothing may reach the
		// disk any more but what is there already, and that is waited for.
		t.status, t.sense = scsi.StatusCheckCondition, s
		l.settled(t)
		l.respond(t)
		return
	}
	switch p.Action {
	case scsi.ActionReply, scsi.ActionRead:
		l.dataIn(t)
	case scsi.ActionCollect:
		if p.Blocking {
			t.asking = true
			l.job(t)
			return
		}
		t.giveParams()
		l.collected(t)
	case scsi.ActionWrite:
		l.write(t)
	case scsi.ActionFlush:
		l.flushUnit(t)
	case scsi.ActionVerify, scsi.ActionWriteVerify, scsi.ActionCompareAndWrite, scsi.ActionOrWrite, scsi.ActionLBAStatus:
		l.job(t)
	case scsi.ActionCopy:
		l.copy(t)
		if p.Immediate {
			l.respond(t)
		}
	case scsi.ActionToken:
		l.populate(t)
	case scsi.ActionPrefetch:
		l.prefetch(t)
	case scsi.ActionUnmap, scsi.ActionWriteSame:
		l.provision(t)
	case scsi.ActionAbort:
		l.evict(t)
	case scsi.ActionErase:
		l.erase(t)
	default:
		panic("ring: plan with an unknown action")
	}
}

// giveParams hands the parameter data to the device server. A worker may call it.
func (t *task) giveParams() {
	p := &t.plan
	if s := t.conn.sess.cfg.Nexus.Collected(p, t.bytes(t.want)); s != scsi.Good {
		t.status, t.sense = scsi.StatusCheckCondition, s
		return
	}
	t.status = p.Status
}

// collected goes on with a command whose parameter data is understood: it is
// done, or the plan has another action now.
func (l *loop) collected(t *task) {
	if t.status != scsi.StatusGood || t.plan.Action == scsi.ActionCollect {
		l.respond(t)
		return
	}
	l.execute(t)
}
