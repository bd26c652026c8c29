// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"sync"
	"sync/atomic"

	"ietring/backing"
	"ietring/scsi"
)

// COMPARE AND WRITE and ORWRITE read blocks and write what follows from them:
// nothing else may change the blocks in between, whoever sent it, through
// whichever LUN and loop. They claim their range alone. A command that only
// writes shares its range with others of its kind, and an ordinary one claims
// nothing: it pays one atomic load.
//
// Where a block is smaller than what the disk can write, a write of a part of such a
// unit rewrites the blocks beside it, and a write of one of them that is in flight on
// a ring would be lost. So it claims the whole unit, alone; see lu.change.
//
// Why no write slips through. Let A be a claim to be alone, and W a write that
// overlaps it.
//
//  1. A raises busy, then posts a function to every loop, and A begins only
//     when each loop has run it and all that it found is done.
//  2. A loop looks at busy and starts W in one go, as it does everything. So W
//     starts either before the function runs on its loop, or after it.
//  3. Before: W has writing set, the function finds it, and A waits until the
//     disk is done with W.
//  4. After: the mailbox orders the raise of busy before the function, so W
//     sees it, and claims. Claims that conflict begin in the order in which
//     they came, so W waits for A, or A for W.
//
// Nobody waits in a circle: a write in flight waits for nothing, a claim only
// for earlier ones and for writes in flight, and no command has two claims. A
// command that waits is a task with an operation under way, as if a disk had
// it: an abort takes effect when its turn comes.
//
// Reads claim nothing. A read beside a COMPARE AND WRITE may see some blocks of
// it and not others, as beside any WRITE of several blocks: SBC-3 does not ask
// for more, and who needs one state of several blocks compares them.

// A rangeLock orders the claims on the blocks of one disk.
type rangeLock struct {
	busy atomic.Int32 // claims that there are, and watches

	users int // units of the disk; guarded by Engine.mu

	mu          sync.Mutex // never held while anything waits
	first, last *claim     // in the order in which they came
	watches     []*watch   // each counts in busy: see token.go
}

// A claim is a range that a command has, or waits for.
type claim struct {
	off, n int64
	alone  bool   // nobody else may change the range
	keeps  bool   // nor does who has it
	begin  func() // called once, when the range is the claim's; from any goroutine

	// left counts what the claim waits for: each earlier claim that conflicts,
	// each loop's writes in flight when it is alone, and its own arrival.
	left       atomic.Int32
	next, prev *claim
}

// conflicts reports whether two claims cannot be held together.
func (c *claim) conflicts(o *claim) bool {
	return (c.alone || o.alone) && c.off < o.off+o.n && o.off < c.off+c.n
}

// arrive takes one off what the claim waits for.
func (c *claim) arrive() {
	if c.left.Add(-1) == 0 {
		c.begin()
	}
}

// enter puts c behind the claims that there are. It begins when those that
// conflict have left and arrive was called once more.
func (k *rangeLock) enter(c *claim) {
	k.busy.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	c.left.Store(1)
	k.revoke(c)
	for o := k.first; o != nil; o = o.next {
		if o.conflicts(c) {
			c.left.Add(1)
		}
	}
	if c.prev = k.last; c.prev != nil {
		c.prev.next = c
	} else {
		k.first = c
	}
	k.last = c
}

// leave ends c, which has begun.
func (k *rangeLock) leave(c *claim) {
	k.mu.Lock()
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		k.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		k.last = c.prev
	}
	for o := c.next; o != nil; o = o.next {
		if o.conflicts(c) {
			o.arrive() // begin only posts
		}
	}
	c.next, c.prev, c.begin = nil, nil, nil
	k.mu.Unlock()
	k.busy.Add(-1)
}

// claim has c begin as soon as it can. The caller may be any goroutine.
func (e *Engine) claim(k *rangeLock, c *claim) {
	k.enter(c)
	if c.alone {
		c.left.Add(int32(len(e.loops)))
		for _, l := range e.loops {
			if !l.mail.post(func() { l.awaitWrites(k, c) }) {
				c.arrive() // a loop that has ended writes nothing
			}
		}
	}
	c.arrive()
}

// awaitWrites has c wait for the writes of this loop that overlap it and began
// without a claim.
func (l *loop) awaitWrites(k *rangeLock, c *claim) {
	w := &abortWait{left: 1, done: c.arrive}
	for _, conn := range l.conns {
		for t := conn.tasks; t != nil; t = t.next {
			if t.writing && !t.claims && t.unit.lock == k && t.overlaps(c) {
				w.left++
				t.watchers = append(t.watchers, w)
			}
		}
	}
	w.ended()
}

// overlaps reports whether t, which writes, changes blocks of c.
func (t *task) overlaps(c *claim) bool {
	own := t.changes()
	own.alone = true
	return own.conflicts(c)
}

// changes returns the range that t changes, as a claim that was not made. An
// action that this file does not know may change every block.
func (t *task) changes() claim {
	switch p := &t.plan; p.Action {
	case scsi.ActionReply, scsi.ActionRead, scsi.ActionVerify, scsi.ActionFlush, scsi.ActionCollect, scsi.ActionPrefetch, scsi.ActionLBAStatus, scsi.ActionErase, scsi.ActionCopy:
		return claim{}
	case scsi.ActionWrite, scsi.ActionWriteVerify, scsi.ActionWriteSame:
		off, n, alone := t.unit.change(p.Off, int64(p.Len))
		return claim{off: off, n: n, alone: alone}
	case scsi.ActionCompareAndWrite, scsi.ActionOrWrite:
		off, n, _ := t.unit.change(p.Off, int64(p.Len))
		return claim{off: off, n: n, alone: true}
	case scsi.ActionUnmap:
		off, n, alone := t.unit.changeAll(p.Ranges)
		return claim{off: off, n: n, alone: alone}
	case scsi.ActionToken:
		off, n := hull(p.Copy.Token.Ranges())
		return claim{off: off, n: n, alone: true, keeps: true}
	}
	return claim{n: t.unit.disk.Size()}
}

// change returns what is to be claimed to change n bytes at off: these, and where
// they are parts of blocks, or the disk rewrites their neighbours with them, those
// too, which nobody else may change meanwhile.
func (u *lu) change(off, n int64) (from, length int64, alone bool) {
	unit := max(int64(u.disk.BlockSize()), u.disk.RewriteUnit())
	if unit == 0 || (off|n)&(unit-1) == 0 {
		return off, n, false
	}
	from = off &^ (unit - 1)
	return from, (off+n+unit-1)&^(unit-1) - from, true
}

// changeAll is change for several ranges, which are claimed as one.
func (u *lu) changeAll(ranges []scsi.Range) (from, length int64, alone bool) {
	from, length, alone = u.change(hull(ranges))
	for _, r := range ranges {
		_, _, part := u.change(r.Off, r.Len)
		alone = alone || part
	}
	return from, length, alone
}

// hull returns the range that all of ranges lie in: an UNMAP has at most a few
// hundred, mostly near each other.
func hull(ranges []scsi.Range) (off, n int64) {
	for i, r := range ranges {
		end := max(off+n, r.Off+r.Len)
		if i == 0 {
			off = r.Off
		}
		off = min(off, r.Off)
		n = end - off
	}
	return off, n
}

// admit reports whether t may begin with its action. When it may not, the loop
// does when its turn has come.
func (l *loop) admit(t *task) bool {
	if t.unit == nil || t.unit.lock == nil {
		return true
	}
	c := t.changes()
	switch {
	case c.n == 0:
		return true
	case !c.alone && t.unit.lock.busy.Load() == 0:
		t.writing = true
		return true
	}
	t.writing, t.claims = true, true
	t.claim.off, t.claim.n, t.claim.alone, t.claim.keeps = c.off, c.n, c.alone, c.keeps
	t.claim.begin = func() { l.mail.post(func() { l.claimed(t) }) } // the loop lives while it has tasks
	t.ops++
	l.eng.claim(t.unit.lock, &t.claim)
	return false
}

// claimed goes on with t, whose turn has come.
func (l *loop) claimed(t *task) {
	t.ops--
	if t.state == taskEnded { // aborted meanwhile
		l.retire(t)
		return
	}
	l.carryOut(t)
}

// settled tells those who wait that no operation writes for t any more.
func (l *loop) settled(t *task) {
	if !t.writing {
		return
	}
	t.writing = false
	if t.claims {
		t.claims = false
		t.unit.lock.leave(&t.claim)
	}
	for i, w := range t.watchers {
		t.watchers[i] = nil
		w.ended()
	}
	t.watchers = t.watchers[:0]
}

// lockOf returns the lock of d for one more unit; nil for a disk without
// blocks. The caller holds e.mu.
func (e *Engine) lockOf(d *backing.Disk) *rangeLock {
	if d == nil || d.FD() < 0 {
		return nil
	}
	k := e.locks[d]
	if k == nil {
		k = new(rangeLock)
		e.locks[d] = k
	}
	k.users++
	return k
}

// dropLock is the end of a unit's use of its disk's lock. The caller holds e.mu.
func (e *Engine) dropLock(u *lu) {
	if u.lock == nil {
		return
	}
	u.lock.forget(u.unit)
	if u.lock.users--; u.lock.users == 0 {
		delete(e.locks, u.disk)
	}
}
