// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "time"

// What a loop does once a tick, while there is a reason to: ping silent
// initiators, give up on peers that do not close, on those that hold memory that
// others wait for, and on what a function waits for.

// ticking reports whether there is a reason to.
func (l *loop) ticking() bool {
	return l.pinging+l.lingering+l.awaiting > 0 || l.starved.first != nil
}

// tickFrom begins to count ticks at now, when nobody did before.
func (l *loop) tickFrom(now time.Time) {
	if !l.ticking() {
		l.ticked = now
	}
}

// tick does what is to be done when its time has come.
func (l *loop) tick(now time.Time) {
	if !l.ticking() || now.Sub(l.ticked) < tickTime {
		return
	}
	l.ticked = now
	l.ping()
	l.checkAwaited()
	for _, c := range l.conns {
		switch c.state {
		case connLingering:
			if c.quiet++; c.quiet > lingerTicks {
				l.drain(c, "the initiator does not close")
			}
		case connServing:
			if c.lastWords {
				l.checkLastWords(c)
			} else {
				l.checkStall(c)
			}
		}
	}
}

// checkStall drops a connection that holds buffer memory, while others wait for
// some, and neither takes nor sends anything for a time: a reader that has
// stopped, or a write whose data does not come.
func (l *loop) checkStall(c *conn) {
	if l.starved.first == nil || c.heldBytes == 0 || c.working() {
		c.stalled = 0
		return
	}
	if c.stalled++; c.stalled > stallTicks {
		l.drain(c, "it holds memory that others wait for, and does nothing with it")
	}
}

// checkLastWords gives up on a connection whose peer does not take our last PDU.
func (l *loop) checkLastWords(c *conn) {
	limit := stallTicks
	if c.curt != "" {
		limit = curtTicks
	}
	if c.stalled++; c.stalled > limit {
		l.drain(c, "the initiator does not take our last PDU")
	}
}

// working reports whether the target is at work for c: then it is not the
// initiator that holds things up.
func (c *conn) working() bool {
	for t := c.tasks; t != nil; t = t.next {
		if t.ops > 0 {
			return true
		}
	}
	return false
}
