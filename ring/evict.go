// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"
	"sync/atomic"
)

// evict is the second half of PREEMPT AND ABORT (SPC-4, preempting and aborting):
// the commands of the nexuses that t has preempted are aborted on all loops, and t
// is answered when the last has ended, so that no disk works on one of theirs any
// more. What they send from now on meets the new reservations. A command of theirs
// that itself evicts is left alone: it has no business with a disk, and two that
// wait for each other would wait for ever.
func (l *loop) evict(t *task) {
	nexuses, medium := t.plan.Preempted, t.plan.Unit.Medium()
	match := func(v *task) bool {
		n := v.conn.sess.cfg.Nexus
		if v == t || v.evicts || v.state == taskHeld || !v.isCommand() || !slices.Contains(nexuses, n) {
			return false
		}
		unit := n.Target().Lookup(v.bhs.LUN())
		if unit == nil || unit.Medium() != medium {
			return false
		}
		if v.state != taskEnded {
			n.Cleared(unit)
		}
		return true
	}
	t.ops++ // t must stay until then
	t.evicts = true
	var left atomic.Int32
	left.Store(int32(len(l.eng.loops)))
	part := func() {
		if left.Add(-1) == 0 {
			l.mail.post(func() { l.evicted(t) })
		}
	}
	for _, other := range l.eng.loops {
		if !other.mail.post(func() { other.abortHere(nil, match, part) }) {
			part() // a loop that has ended has no tasks
		}
	}
}

// evicted answers t: those whom it has preempted have no command left.
func (l *loop) evicted(t *task) {
	t.ops--
	if t.state == taskEnded {
		l.retire(t)
		return
	}
	l.respond(t)
}
