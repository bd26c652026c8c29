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
	// issuer is the session of a function on several tasks: the data of R2Ts that
	// are open there is waited for. nil: it is not.
	issuer *Session
}

func (w *abortWait) ended() {
	if w.left--; w.left == 0 {
		w.done()
	}
}

// abortAll aborts the tasks of c that match, newest first, and has w wait for
// them.
func (l *loop) abortAll(c *conn, w *abortWait, match func(*task) bool) {
	for t := c.tasks; t != nil; {
		next := t.next
		if match(t) {
			l.abortFor(t, w)
		}
		if next != nil && next.conn != c {
			next = c.tasks // it went with t; those before it wait for theirs already
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
	switch {
	case w.issuer != nil && t.awaits: // a function had it before
	case w.issuer == t.conn.sess && t.solicits():
		l.yield(t)
	default:
		l.abort(t)
	}
}

// taskMgmt carries out a task management function (RFC 7143, Section 11.5). What
// it means for tasks:
//
//	ABORT TASK          the one; one that never came counts as received
//	ABORT TASK SET      those of this nexus on the unit
//	CLEAR TASK SET      the same, as task sets are a nexus's own (TST 001b)
//	LOGICAL UNIT RESET  all on the unit, through any target; every nexus finds a
//	                    unit attention
//	TARGET WARM RESET   all of the target; every nexus finds unit attentions
//	TARGET COLD RESET   the same, and then all sessions end
//
// In the session of the function only commands that were sent before it are
// meant: by CmdSN. An immediate function of a session with several connections
// waits for those before it, which another connection may still bring (Section
// 4.2.3.3); resets of the target do not. What all but ABORT TASK wait for at the
// initiator's side stands in fence.go.
func (l *loop) taskMgmt(t *task) {
	sess := t.conn.sess
	target := sess.cfg.Nexus.Target()
	unit := target.Lookup(t.bhs.LUN())
	f := t.bhs.TaskMgmt().Function()
	switch f {
	case pdu.AbortTask, pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset:
		if unit == nil {
			l.answerTaskMgmt(t, pdu.LUNDoesNotExist)
			return
		}
	}
	if f == pdu.TargetWarmReset || f == pdu.TargetColdReset {
		sess.plug(t.bhs.CmdSN())
	}
	ofUnit := func(v *task) bool { return v.unitIs(unit) }
	ofTarget := func(v *task) bool { return v.targetIs(target) }
	switch f {
	case pdu.AbortTask:
		l.abortTask(t)
	case pdu.AbortTaskSet, pdu.ClearTaskSet:
		l.abortOwn(t, ofUnit)
	case pdu.LogicalUnitReset:
		l.abortEverywhere(t, func(v *task) bool { return v.mediumIs(unit.Medium()) }, func() { target.ResetLUN(unit) })
	case pdu.TargetWarmReset:
		l.abortEverywhere(t, ofTarget, target.Reset)
	case pdu.TargetColdReset:
		l.abortEverywhere(t, ofTarget, func() {
			target.Reset()
			l.eng.dropTarget(target, sess) // the issuer's goes when it has its answer
		})
	case pdu.TaskReassign:
		l.answerTaskMgmt(t, pdu.ReassignNotSupported)
	default: // CLEAR ACA too: there is no auto contingent allegiance
		l.answerTaskMgmt(t, pdu.FunctionNotSupported)
	}
	l.releaseHeld(sess) // numbers of requests that were aborted count as received
}

// deferred makes an immediate function that is about all commands before it wait
// when one is missing that another connection may bring. It reports whether t
// waits.
func (t *task) deferred() bool {
	sess := t.conn.sess
	switch t.bhs.TaskMgmt().Function() {
	case pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset:
	default:
		return false
	}
	if !t.immediate || len(sess.conns) == 1 || !sess.expCmdSN.Before(t.bhs.CmdSN()) {
		return false
	}
	t.state = taskHeld
	sess.deferred = append(sess.deferred, t)
	return true
}

// releaseDeferred carries out the functions for which all commands before them
// are here, or nobody is left who could bring them.
func (l *loop) releaseDeferred(s *Session) {
	for len(s.deferred) > 0 && (len(s.conns) == 1 || !s.expCmdSN.Before(s.deferred[0].bhs.CmdSN())) {
		t := s.deferred[0]
		s.unhold(t)
		l.request(t)
	}
}

func (t *task) isCommand() bool { return t.bhs.Opcode() == pdu.OpSCSICommand }

func (t *task) unitIs(u *scsi.Unit) bool {
	// A command that waits was not planned yet, so its LUN tells.
	return t.isCommand() && t.conn.sess.cfg.Nexus.Target().Lookup(t.bhs.LUN()) == u
}

// mediumIs reports whether t is a command for a unit over m, whatever the target
// through which it came.
func (t *task) mediumIs(m *scsi.Medium) bool {
	if !t.isCommand() {
		return false
	}
	u := t.conn.sess.cfg.Nexus.Target().Lookup(t.bhs.LUN())
	return u != nil && u.Medium() == m
}

func (t *task) targetIs(target *scsi.Target) bool {
	return t.isCommand() && t.conn.sess.cfg.Nexus.Target() == target
}

// covers reports whether the function t is about v, by the order in which they
// were sent. Of another session only what was delivered counts (RFC 7143,
// Section 4.2.3.3).
func (t *task) covers(v *task) bool {
	if v.conn.sess != t.conn.sess {
		return v.state != taskHeld
	}
	return v.bhs.CmdSN().Before(t.bhs.CmdSN()) || v.immediate && v.bhs.CmdSN() == t.bhs.CmdSN()
}

// abortTask ends one command of the session. One whose response is queued
// already does not exist any more; one that was aborted before does until its
// disk is done with it. One that never came is received by this: its
// number would else be waited for (RFC 7143, Section 11.6.1).
func (l *loop) abortTask(t *task) {
	sess, f := t.conn.sess, t.bhs.TaskMgmt()
	for _, c := range sess.conns {
		for v := c.tasks; v != nil; v = v.next {
			if v.isCommand() && v.bhs.ITT() == f.RefTag() && v.bhs.LUN() == t.bhs.LUN() && (v.state != taskEnded || v.abortd) && t.covers(v) {
				w := l.tmfWait(t, func() {})
				w.issuer = nil // nobody sends data for a command that he aborts
				l.abortFor(v, w)
				w.ended()
				return
			}
		}
	}
	if ref := f.RefCmdSN(); ref.Before(t.bhs.CmdSN()) && sess.order(ref) != ignore {
		sess.skip(ref)
		l.answerTaskMgmt(t, pdu.FunctionComplete)
		return
	}
	l.answerTaskMgmt(t, pdu.TaskDoesNotExist)
}

// tmfWait returns a wait, of which one part is the caller's own, after which
// then is called and t is answered.
func (l *loop) tmfWait(t *task, then func()) *abortWait {
	t.ops++ // t must stay until then
	c, f := t.conn, t.bhs.TaskMgmt().Function()
	answer := func() {
		t.ops--
		l.answerTaskMgmt(t, pdu.FunctionComplete)
		if f == pdu.TargetColdReset && c.serving() {
			l.closeAfterSend(c)
		}
	}
	return &abortWait{left: 1, issuer: c.sess, done: func() {
		then()
		if f == pdu.AbortTask {
			answer()
			return
		}
		l.fence(t, answer)
	}}
}

// abortOwn aborts the commands of the session that match.
func (l *loop) abortOwn(t *task, match func(*task) bool) {
	w := l.tmfWait(t, func() {})
	l.freeze(func() {
		for _, c := range t.conn.sess.conns {
			l.abortAll(c, w, func(v *task) bool { return match(v) && t.covers(v) })
		}
	})
	w.ended()
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
	covered := func(v *task) bool { return match(v) && t.covers(v) }
	issuer := t.conn.sess
	for _, other := range l.eng.loops {
		switch {
		case other == l: // at once: what waits for its turn must not have it before
			l.abortHere(issuer, covered, part)
		case !other.mail.post(func() { other.abortHere(issuer, covered, part) }):
			part() // a loop that has ended has no tasks
		}
	}
}

// abortHere aborts the commands of the loop that match and calls done when the
// last has ended. Those of issuer, if any, have the data of their R2Ts first.
func (l *loop) abortHere(issuer *Session, match func(*task) bool, done func()) {
	w := &abortWait{left: 1, issuer: issuer, done: done}
	l.freeze(func() {
		for _, c := range l.conns {
			if c.state != connFree {
				l.abortAll(c, w, match)
			}
		}
	})
	w.ended()
}

// answerTaskMgmt queues the response.
func (l *loop) answerTaskMgmt(t *task, r pdu.TaskResponse) {
	if t.state == taskEnded || !t.conn.serving() { // the connection closes
		l.end(t)
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
	t.conn.sess.leave(t)
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
					l.closeSession(c.sess, "target cold reset")
				}
			}
		})
	}
}
