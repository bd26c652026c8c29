// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"

	"ietring/scsi"
)

// A ROD token is good until one of its blocks changes. Who would notice costs the
// path of ordinary writes nothing while no token lives: a watch stands on the lock
// of the disk and counts in its busy, so that every write claims its range, and a
// claim that overlaps a watch revokes the token before anything is written.
//
// Why no write slips through. POPULATE TOKEN claims its blocks alone, changes
// nothing, and sets the watch while it has them: every write that began without a
// claim is done by then, and one that begins later sees busy. Writes that wait for
// the range meanwhile have claimed before there was a watch: setting it looks for
// them, and the token is revoked at once.
//
// Who copies by the token reads first and looks at it then. A write that could
// have changed what was read has revoked it before it began.

// A watch revokes token when its blocks change.
type watch struct{ token *scsi.Token }

// overlaps reports whether c may change blocks of w.
func (w *watch) overlaps(c *claim) bool {
	return !c.keeps && slices.ContainsFunc(w.token.Ranges(), func(r scsi.Range) bool {
		return c.off < r.Off+r.Len && r.Off < c.off+c.n
	})
}

// revoke ends the watches that c overlaps. The caller holds k.mu.
func (k *rangeLock) revoke(c *claim) {
	for i := len(k.watches) - 1; i >= 0; i-- {
		if w := k.watches[i]; w.overlaps(c) {
			w.token.Revoke()
			k.watches = slices.Delete(k.watches, i, i+1)
			k.busy.Add(-1)
		}
	}
}

// watch sets w. The caller has claimed its blocks alone.
func (k *rangeLock) watch(w *watch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := k.first; c != nil; c = c.next {
		if w.overlaps(c) {
			w.token.Revoke()
			return
		}
	}
	k.busy.Add(1)
	k.watches = append(k.watches, w)
}

// unwatch takes w away if it is still there.
func (k *rangeLock) unwatch(w *watch) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := slices.Index(k.watches, w); i >= 0 {
		k.watches = slices.Delete(k.watches, i, i+1)
		k.busy.Add(-1)
	}
}

// forget ends the watches on the blocks of unit, which gets another disk or none.
func (k *rangeLock) forget(unit *scsi.Unit) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.watches = slices.DeleteFunc(k.watches, func(w *watch) bool {
		if w.token.Unit() != unit {
			return false
		}
		w.token.Revoke()
		k.busy.Add(-1)
		return true
	})
}

// watched reports whether the blocks of token are watched here.
func (k *rangeLock) watched(token *scsi.Token) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.ContainsFunc(k.watches, func(w *watch) bool { return w.token == token })
}

// populate makes the token of t, which has claimed its blocks. A disk without
// blocks is always zeros.
func (l *loop) populate(t *task) {
	c := t.plan.Copy
	unwatch := func() {}
	if k := t.unit.lock; k != nil {
		w := &watch{token: c.Token}
		k.watch(w)
		unwatch = func() { k.unwatch(w) }
	}
	c.Token.Watched(unwatch)
	for _, r := range c.Token.Ranges() {
		c.Moved(r.Len, false)
	}
	c.End(scsi.StatusGood, scsi.Good)
	l.settled(t)
	l.respond(t)
}

// unchanged returns why what was read does not count, or Good.
func (s *step) unchanged() scsi.Sense {
	switch {
	case s.token == nil:
		return scsi.Good
	case s.token.Good() && s.from.lock != nil && !s.from.lock.watched(s.token):
		return scsi.TokenRevoked // the unit has another disk now
	}
	return s.token.Sense()
}

// zeroPiece writes the zeros of a piece without source.
func (t *task) zeroPiece(c *scsi.CopyPiece) scsi.Sense {
	e := t.conn.loop.eng
	to := e.units.get(c.To.Handle())
	if !to.is(c.To) {
		return scsi.CSCDNotReachable
	}
	for done := int64(0); done < c.Len; {
		if t.cancelled.Load() {
			return scsi.AbortedCommand
		}
		n := min(c.Len-done, zeroPiece)
		off, length, alone := to.change(c.ToOff+done, n)
		release := e.hold(to.lock, &claim{off: off, n: length, alone: alone})
		sense := scsi.CSCDNotReachable
		if c.To.Medium().Erasing() == scsi.Good {
			sense = scsi.Good
			if err := to.disk.Zero(c.ToOff+done, int(n)); err != nil {
				sense = copyFailed(errnoOf(err))
			}
		}
		release()
		if sense != scsi.Good {
			return sense
		}
		done += n
		t.plan.Copy.Moved(n, done == c.Len)
	}
	return to.settle()
}
