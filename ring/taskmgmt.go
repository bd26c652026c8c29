// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"sync/atomic"

	"ietring/pdu"
	"ietring/scsi"
)

// An abortWait counts the tasks that must have ended before a function is
// answered. A task that a disk works on ends when the disk is done with it.
type abortWait struct {
	left int
	done func()
}

func (w *abortWait) ended() {
	if w.left--; w.left == 0 {
		w.done()
	}
}

// abortAll aborts the tasks of c that match and has w wait for them.
func (l *loop) abortAll(c *conn, w *abortWait, match func(*task) bool) {
	for t := c.tasks; t != nil; {
		next := t.next
		if match(t) {
			l.abortFor(t, w)
		}
		t = next
	}
}

func (l *loop) abortFor(t *task, w *abortWait) {
	if t.state == taskEnded && !t.abortd {
		return // its response is on its way: it was there before the function
	}
	w.left++
	t.waits = append(t.waits, w)
	l.abort(t)
}

// taskMgmt carries out a task management function (RFC 7143, Section 11.5).
func (l *loop) taskMgmt(t *task) {
	f := t.bhs.TaskMgmt()
	sess := t.conn.sess
	target := sess.cfg.Nexus.Target()
	unit := target.Lookup(t.bhs.LUN())
	switch f.Function() {
	case pdu.AbortTask, pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset:
		if unit == nil {
			l.answerTaskMgmt(t, pdu.LUNDoesNotExist)
			return
		}
	}
	switch f.Function() {
	case pdu.AbortTask:
		l.abortTask(t, f.RefTag())
	case pdu.AbortTaskSet:
		w := l.tmfWait(t, func() {})
		l.abortAll(t.conn, w, func(v *task) bool { return v != t && v.isCommand() && v.unitIs(unit) })
		w.ended()
	case pdu.ClearTaskSet:
		l.abortEverywhere(t, func(v *task) bool { return v.unitIs(unit) }, func() { target.ClearTaskSet(unit, sess.cfg.Nexus) })
	case pdu.LogicalUnitReset:
		l.abortEverywhere(t, func(v *task) bool { return v.unitIs(unit) }, func() { target.ResetLUN(unit) })
	case pdu.TargetWarmReset:
		l.abortEverywhere(t, func(v *task) bool { return v.targetIs(target) }, target.Reset)
	case pdu.TargetColdReset:
		l.abortEverywhere(t, func(v *task) bool { return v.targetIs(target) }, func() {
			target.Reset()
			l.eng.dropTarget(target, sess) // the issuer's goes when it has its answer
		})
	case pdu.TaskReassign:
		l.answerTaskMgmt(t, pdu.ReassignNotSupported)
	default:
		l.answerTaskMgmt(t, pdu.FunctionNotSupported)
	}
}

func (t *task) isCommand() bool { return t.bhs.Opcode() == pdu.OpSCSICommand }

func (t *task) unitIs(u *scsi.Unit) bool {
	// A held task was not planned yet, so its LUN tells.
	return t.isCommand() && t.conn.sess.cfg.Nexus.Target().Lookup(t.bhs.LUN()) == u
}

func (t *task) targetIs(target *scsi.Target) bool {
	return t.isCommand() && t.conn.sess.cfg.Nexus.Target() == target
}

// abortTask ends one command of the session. One whose response is queued
// already does not exist any more.
func (l *loop) abortTask(t *task, tag uint32) {
	for v := t.conn.tasks; v != nil; v = v.next {
		if v != t && v.isCommand() && v.bhs.ITT() == tag && v.bhs.LUN() == t.bhs.LUN() && v.state != taskEnded {
			w := l.tmfWait(t, func() {})
			l.abortFor(v, w)
			w.ended()
			return
		}
	}
	l.answerTaskMgmt(t, pdu.TaskDoesNotExist)
}

// tmfWait returns a wait, of which one part is the caller's own, after which
// then is called and t is answered.
func (l *loop) tmfWait(t *task, then func()) *abortWait {
	t.ops++ // t must stay until then
	return &abortWait{left: 1, done: func() {
		t.ops--
		then()
		c, cold := t.conn, t.bhs.TaskMgmt().Function() == pdu.TargetColdReset
		l.answerTaskMgmt(t, pdu.FunctionComplete)
		if cold && c.serving() {
			l.closeAfterSend(c)
		}
	}}
}

// abortEverywhere aborts the commands that match on all loops, whoever sent
// them; when the last has ended, then is called on this loop and t is answered.
func (l *loop) abortEverywhere(t *task, match func(*task) bool, then func()) {
	var left atomic.Int32
	left.Store(int32(len(l.eng.loops)))
	mine := l.tmfWait(t, then)
	part := func() {
		if left.Add(-1) == 0 {
			l.mail.post(mine.ended)
		}
	}
	for _, other := range l.eng.loops {
		posted := other.mail.post(func() {
			w := &abortWait{left: 1, done: part}
			for _, c := range other.conns {
				if c.state != connFree {
					other.abortAll(c, w, match)
				}
			}
			w.ended()
		})
		if !posted {
			part() // a loop that has ended has no tasks
		}
	}
}

// answerTaskMgmt queues the response.
func (l *loop) answerTaskMgmt(t *task, r pdu.TaskResponse) {
	if t.state == taskEnded { // the connection closes
		l.retire(t)
		return
	}
	h, o := l.response(t, pdu.OpTaskMgmtResp)
	h.TaskMgmtResponse().SetResponse(r)
	l.push(t.conn, o)
	l.end(t)
}

// response begins the answer to a request that is no SCSI command: opcode, F
// bit, tag, StatSN.
func (l *loop) response(t *task, op pdu.Opcode) (*pdu.BHS, *outPDU) {
	o := l.newOut(t.conn, t)
	h := o.bhs()
	h.SetOpcode(op)
	h.SetFinal()
	h.SetITT(t.bhs.ITT())
	l.leave(t)
	h.SetStatSN(t.conn.statSN)
	t.conn.statSN++
	return h, o
}

// dropTarget closes every session of a target but one.
func (e *Engine) dropTarget(target *scsi.Target, but *Session) {
	for _, l := range e.loops {
		l.mail.post(func() {
			for _, c := range l.conns {
				if c.serving() && c.sess != but && c.sess.cfg.Nexus.Target() == target {
					l.drain(c, "target cold reset")
				}
			}
		})
	}
}
