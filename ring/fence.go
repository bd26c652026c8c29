// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"

	"ietring/pdu"
)

// What a function on several tasks waits for at the initiator's side before it is
// answered (RFC 7143, Section 4.2.3.3): the data of the R2Ts that are open for
// those of its own session, and, on the session's other connections, that what
// was sent there is acknowledged. An initiator that gives neither is waited for
// patienceTicks each: open-iscsi sends no data for a write once it has asked for
// a reset, though it must.
//
// Sessions of others have no such fence before the first response after a reset
// (Section 4.2.2.3.4): with one connection each, as initiators have it, the order of
// the stream is one. So login selects RFC3720 of the values of TaskReporting, and
// not ResponseFence or FastAbort, which promise that fence.

// A fence is what an initiator has not acknowledged yet on a connection, and who
// waits for it.
type fence struct {
	statSN pdu.Serial // all before it are meant
	wait   *abortWait
}

// solicits reports whether R2Ts of t are open, whose data can still come.
func (t *task) solicits() bool {
	return t.state == taskCollecting && t.r2tSN != t.burstSN && t.conn.serving() && !t.conn.lastWords
}

// yield aborts t but for the data that its R2Ts asked for: that is taken and
// dropped, and with the last of it t ends.
func (l *loop) yield(t *task) {
	t.abortd, t.discard, t.want = true, true, 0
	l.freeSpans(t)
	l.await(t)
}

// await has the ticks end what t waits for when the initiator does not.
func (l *loop) await(t *task) {
	l.tickFrom(l.eng.now()) // once a task of a function
	t.awaits, t.awaited = true, 0
	l.awaiting++
}

// gotten is the end of await.
func (l *loop) gotten(t *task) {
	if t.awaits {
		t.awaits = false
		l.awaiting--
	}
}

// checkAwaited gives up on initiators, once a tick.
func (l *loop) checkAwaited() {
	if l.awaiting == 0 {
		return
	}
	for _, t := range l.tasks {
		switch {
		case !t.awaits:
		case t.awaited < patienceTicks:
			t.awaited++
		case t.isCommand():
			l.abort(t)
		default:
			l.lift(t)
		}
	}
}

// fence calls then when the initiator has acknowledged what was sent on the other
// connections of the function t: it is asked by a ping on each (RFC 7143, Section
// 4.2.2.3.3). On the own connection the order of the stream does it.
func (l *loop) fence(t *task, then func()) {
	w := &abortWait{left: 1, done: func() {
		l.gotten(t)
		then()
	}}
	for _, c := range t.conn.sess.conns {
		if c == t.conn || !c.serving() || c.lastWords {
			continue
		}
		w.left++
		c.fences = append(c.fences, fence{statSN: c.statSN, wait: w})
		l.sendPing(c)
	}
	if w.left > 1 {
		t.fenced = w
		l.await(t)
	}
	w.ended()
}

// acknowledged ends the fences that the PDU which c has received satisfies.
func (l *loop) acknowledged(c *conn) {
	exp := c.recv.bhs.ExpStatSN()
	for len(c.fences) > 0 && !exp.Before(c.fences[0].statSN) {
		l.endFence(c)
	}
}

// endFence takes the first fence off c.
func (l *loop) endFence(c *conn) {
	w := c.fences[0].wait
	c.fences = c.fences[1:]
	w.ended()
}

// dropFences ends all fences of a connection that will acknowledge no more.
func (l *loop) dropFences(c *conn) {
	for len(c.fences) > 0 {
		l.endFence(c)
	}
	c.fences = nil
}

// lift has the function t waited long enough for acknowledgements.
func (l *loop) lift(t *task) {
	w := t.fenced
	for _, c := range t.conn.sess.conns {
		c.fences = slices.DeleteFunc(c.fences, func(f fence) bool { return f.wait == w })
	}
	w.left = 1
	w.ended()
}
