// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

// allocSpans gives t memory for n bytes, all or nothing. A connection that
// holds something already gets more only while what it holds is small beside
// what is free: however many connections are slow to let go, there is always
// some left for the others, and a connection that is alone may have much.
func (l *loop) allocSpans(t *task, n int) bool {
	c := t.conn
	if held := c.heldBytes - c.parkedBytes; held > 0 && held+n > (l.arena.limit-l.arena.used)/heldShare {
		return false
	}
	for at := 0; at < n; at += maxSpan {
		s, ok := l.arena.alloc(min(n-at, maxSpan))
		if !ok {
			l.freeSpans(t)
			return false
		}
		t.spans = append(t.spans, s)
		c.heldBytes += len(s.mem)
	}
	t.length = n
	return true
}

func (l *loop) freeSpans(t *task) {
	for _, s := range t.spans {
		t.conn.heldBytes -= len(s.mem)
		l.arena.release(s)
	}
	clear(t.spans)
	t.spans = t.spans[:0]
	t.length = 0
}

// starve puts t on the queue for memory.
func (l *loop) starve(t *task) {
	l.tickFrom(l.eng.now()) // being short of memory is no ordinary state
	t.state = taskStarved
	l.counters.Starvations++
	l.starved.push(t)
}

// feedStarved gives memory to the tasks that wait for it, first come first
// served; one whose connection holds its share is passed over.
func (l *loop) feedStarved() {
	for t := l.starved.first; t != nil; {
		switch {
		case l.allocSpans(t, t.need()):
			l.starved.remove(t)
			l.fed(t)
			t = l.starved.first // what was fed may have changed the queue
		case t.conn.heldBytes == t.conn.parkedBytes:
			return // the arena is empty: later ones would only overtake
		default:
			t = t.queued
		}
	}
}

// store keeps b as the data of t from byte off.
func (t *task) store(off int, b []byte) {
	for len(b) > 0 && off < t.length {
		s := &t.spans[off/maxSpan]
		n := copy(s.mem[off%maxSpan:], b[:min(len(b), t.length-off)])
		b = b[n:]
		off += n
	}
}

// piece returns the data of t from byte off, as much as lies in one span and
// at most n bytes.
func (t *task) piece(off, n int) []byte {
	s := &t.spans[off/maxSpan]
	at := off % maxSpan
	return s.mem[at:min(at+n, len(s.mem))]
}

// fill copies b into the data of t from byte 0.
func (t *task) fill(b []byte) { t.store(0, b) }

// bytes returns the first n bytes of the data of t, which lie in one span.
func (t *task) bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	if n > maxSpan {
		panic("ring: data of several spans asked for as one")
	}
	return t.spans[0].mem[:n]
}

// dataLen returns how long a data segment may be so that n bytes more go out:
// no more than the initiator takes, whole words but at the end.
func (c *conn) dataLen(n int) int {
	if n <= c.params.MaxXmitDataSegmentLength {
		return n
	}
	return c.params.MaxXmitDataSegmentLength - c.params.MaxXmitDataSegmentLength%wordLen
}

// wordLen is the unit that data segments are padded to.
const wordLen = 4
