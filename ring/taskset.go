// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"

	"ietring/pdu"
	"ietring/scsi"
)

// Task attributes (RFC 7143, Section 11.3.1; SAM-5, task set management). A task
// set is what one I_T nexus has open at one logical unit: the Control mode page
// says so (TST 001b), and so no loop has to ask another.
//
//	SIMPLE         starts when no HEAD OF QUEUE and no older ORDERED command is open
//	ORDERED        starts when no HEAD OF QUEUE and no older command is open
//	HEAD OF QUEUE  starts at once
//	ACA            is refused: there is no auto contingent allegiance
//
// A command is open until the disk has nothing of it any more, aborted or not,
// so that what comes after an ORDERED command cannot be overtaken by what was
// before.
//
// As long as all commands are SIMPLE there is no task set: a session makes one
// when another attribute comes, counts what is open, and drops it with the last
// command of such an attribute.
type taskSet struct {
	unit      *scsi.Unit // nil: the LUN has none
	active    int        // commands that have started and are open
	heads     int        // HEAD OF QUEUE ones among them
	ordered   int        // ORDERED ones
	fences    int        // ORDERED and HEAD OF QUEUE commands that are open or blocked
	blocked   taskQueue  // in the order in which they came
	advancing bool       // advance is at work, further up the stack
}

// attr returns the task attribute as task sets see it. An attribute that plan
// refuses is SIMPLE here.
func (t *task) attr() pdu.TaskAttr {
	switch a := t.bhs.SCSICommand().Attr(); a {
	case pdu.AttrOrdered, pdu.AttrHeadOfQueue:
		return a
	}
	return pdu.AttrSimple
}

// mayStart reports whether a command at the head of the set may start.
func (s *taskSet) mayStart(a pdu.TaskAttr) bool {
	switch a {
	case pdu.AttrHeadOfQueue:
		return true
	case pdu.AttrOrdered:
		return s.active == 0
	}
	return s.heads+s.ordered == 0
}

// begin counts t as started.
func (s *taskSet) begin(t *task) {
	s.active++
	switch t.attr() {
	case pdu.AttrHeadOfQueue:
		s.heads++
	case pdu.AttrOrdered:
		s.ordered++
	}
}

// enter puts a command whose turn by CmdSN has come into its task set. It
// reports whether t may start; else t is blocked.
func (l *loop) enter(t *task) bool {
	s, a := t.conn.sess, t.attr()
	if len(s.sets) == 0 && a == pdu.AttrSimple {
		return true // the ordinary case
	}
	unit := s.cfg.Nexus.Target().Lookup(t.bhs.LUN())
	set := s.taskSet(unit)
	if set == nil {
		if a == pdu.AttrSimple {
			return true
		}
		set = s.newTaskSet(unit, t)
	}
	t.set = set
	if a != pdu.AttrSimple {
		set.fences++
	}
	if set.mayStart(a) && (set.blocked.first == nil || a == pdu.AttrHeadOfQueue) {
		set.begin(t)
		return true
	}
	t.state = taskBlocked
	set.blocked.push(t)
	return false
}

// taskSet returns the set of a unit, or nil.
func (s *Session) taskSet(unit *scsi.Unit) *taskSet {
	for _, set := range s.sets {
		if set.unit == unit {
			return set
		}
	}
	return nil
}

// newTaskSet makes the set of a unit, with all that is open there but t.
func (s *Session) newTaskSet(unit *scsi.Unit, t *task) *taskSet {
	set := &taskSet{unit: unit}
	s.sets = append(s.sets, set)
	for _, c := range s.conns {
		for v := c.tasks; v != nil; v = v.next {
			open := v.state > taskHeld && (v.state != taskEnded || v.ops > 0)
			if v != t && v.set == nil && v.isCommand() && open && v.unitIs(unit) {
				v.set = set
				set.active++
			}
		}
	}
	return set
}

// park keeps the memory of a blocked command out of its connection's share: the
// commands that it waits for may need the share themselves.
func (l *loop) park(t *task) {
	for _, s := range t.spans {
		t.parked += len(s.mem)
	}
	t.conn.parkedBytes += t.parked
}

// unblock takes t off the queue of its set and counts it as started.
func (l *loop) unblock(t *task) {
	t.set.blocked.remove(t)
	t.conn.parkedBytes -= t.parked
	t.parked = 0
	t.set.begin(t)
}

// leaveSet takes t, which is open no more, out of its set.
func (l *loop) leaveSet(t *task) {
	set := t.set
	t.set = nil
	set.active--
	switch t.attr() {
	case pdu.AttrHeadOfQueue:
		set.heads--
		set.fences--
	case pdu.AttrOrdered:
		set.ordered--
		set.fences--
	}
	l.advance(t.conn.sess, set)
}

// advance starts the blocked commands whose time has come, but for one that
// still arrives: the end of its PDU calls again.
func (l *loop) advance(s *Session, set *taskSet) {
	if set.advancing || l.frozen {
		return
	}
	set.advancing = true
	for t := set.blocked.first; t != nil && set.mayStart(t.attr()); t = set.blocked.first {
		if !t.conn.serving() || t.conn.recv.task == t {
			break
		}
		l.unblock(t)
		l.start(t)
	}
	set.advancing = false
	if set.fences == 0 && set.blocked.first == nil {
		s.dissolve(set)
	}
}

// dissolve drops a set that orders nothing any more.
func (s *Session) dissolve(set *taskSet) {
	for _, c := range s.conns {
		for t := c.tasks; t != nil; t = t.next {
			if t.set == set {
				t.set = nil
			}
		}
	}
	s.sets = slices.DeleteFunc(s.sets, func(v *taskSet) bool { return v == set })
}

// freeze keeps blocked commands from starting while f aborts some: what was
// blocked by one of them may be the next to be aborted.
func (l *loop) freeze(f func()) {
	l.frozen = true
	f()
	l.frozen = false
	for _, c := range l.conns {
		if c.sess == nil {
			continue
		}
		for _, set := range slices.Clone(c.sess.sets) {
			l.advance(c.sess, set)
		}
	}
}
