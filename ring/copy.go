// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"syscall"

	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// A third-party copy can take minutes, so it has workers of its own. Each has one
// buffer of a span; where the file system can share blocks between the two files
// no bytes are moved at all; else a span that is a hole stays one. What is copied at a time is claimed at the
// destination, as a write is, so that no COMPARE AND WRITE reads half of it.
//
// The units of a copy stay until it has ended: see usesUnit. An abort ends it
// between two steps; what was copied stays.

// copyOut does the copy of t and ends its record.
func (t *task) copyOut(scratch *uring.Memory) {
	c := t.plan.Copy
	for i := range c.Pieces {
		if s := t.copyPiece(&c.Pieces[i], scratch); s != scsi.Good {
			c.End(scsi.StatusCheckCondition, s)
			if !t.plan.Immediate { // else the loop has the status
				t.status, t.sense = scsi.StatusCheckCondition, s
			}
			return
		}
	}
	c.End(scsi.StatusGood, scsi.Good)
}

// copyPiece copies one piece, and makes it durable where that is promised.
func (t *task) copyPiece(c *scsi.CopyPiece, scratch *uring.Memory) scsi.Sense {
	e := t.conn.loop.eng
	if c.From == nil {
		return t.zeroPiece(c)
	}
	from, to := e.units.get(c.From.Handle()), e.units.get(c.To.Handle())
	if !from.is(c.From) || !to.is(c.To) {
		return scsi.CSCDNotReachable // taken away since the command was planned
	}
	backwards := from.disk == to.disk && c.FromOff < c.ToOff && c.ToOff < c.FromOff+c.Len
	for done := int64(0); done < c.Len; {
		if t.cancelled.Load() {
			return scsi.AbortedCommand
		}
		n := min(c.Len-done, maxSpan)
		s := step{token: t.plan.Copy.Token, from: from, to: to, fromOff: c.FromOff + done, toOff: c.ToOff + done, n: n, most: c.Len - done}
		if backwards { // what is yet to be read must not be overwritten
			s.fromOff, s.toOff, s.most = c.FromOff+c.Len-done-n, c.ToOff+c.Len-done-n, n
		}
		if sense := s.do(e, scratch); sense != scsi.Good {
			return sense
		}
		done += s.n
		t.plan.Copy.Moved(s.n, done == c.Len)
	}
	if c.Len == 0 {
		t.plan.Copy.Moved(0, true)
	}
	return to.settle()
}

// settle makes what was copied to u durable where that is promised.
func (u *lu) settle() scsi.Sense {
	if u.unit.WriteCache() {
		return scsi.Good
	}
	if err := u.disk.Sync(); err != nil {
		return copyFailed(errnoOf(err))
	}
	return scsi.Good
}

// is reports whether u is the unit v and has a disk.
func (u *lu) is(v *scsi.Unit) bool { return u != nil && u.unit == v && u.disk != nil }

// A step is what is copied under one claim: n bytes, or up to most when blocks
// are shared.
type step struct {
	token          *scsi.Token // stands for the source; nil: nothing does
	from, to       *lu
	fromOff, toOff int64
	n, most        int64
}

// do copies under one claim, and sets n to how many bytes.
func (s *step) do(e *Engine, scratch *uring.Memory) scsi.Sense {
	clones := s.to.disk.Clones()
	length := s.n
	if clones {
		length = min(s.most, maxClone)
	}
	off, n, alone := s.to.change(s.toOff, length)
	release := e.hold(s.to.lock, &claim{off: off, n: n, alone: alone})
	defer release()
	// An eraser waits for the claims that there are when it begins. Who claims
	// later sees it here: nothing is written behind it.
	if s.from.unit.Medium().Erasing() != scsi.Good || s.to.unit.Medium().Erasing() != scsi.Good {
		return scsi.CSCDNotReachable
	}
	if clones {
		done, err := s.to.disk.CloneFrom(s.from.disk, s.fromOff, s.toOff, length)
		if err != nil {
			return copyFailed(errnoOf(err))
		}
		if done > 0 {
			s.n = done
			return s.unchanged()
		}
	}
	return s.move(scratch)
}

// move copies through scratch.
func (s *step) move(scratch *uring.Memory) scsi.Sense {
	if err := needScratch(scratch); err != nil {
		return copyFailed(errnoOf(err))
	}
	b := (*scratch)[:s.n]
	if err := s.from.disk.ReadAt(b, s.fromOff); err != nil {
		return copyFailed(errnoOf(err))
	}
	if sense := s.unchanged(); sense != scsi.Good {
		return sense
	}
	put := func() error { return s.to.disk.WriteAt(b, s.toOff, false) }
	if s.isHole(b) {
		put = func() error { return s.to.disk.Discard(s.toOff, len(b)) }
	}
	if err := put(); err != nil {
		return copyFailed(errnoOf(err))
	}
	return scsi.Good
}

// isHole reports whether b, which was read, is a hole that the copy keeps: the
// source has no room for it, and the destination can give room back. That no room
// is allocated is of some instant, so the bytes have the last word.
func (s *step) isHole(b []byte) bool {
	if block := int64(s.from.disk.BlockSize()); !s.to.disk.Thin() || (s.fromOff|int64(len(b)))&(block-1) != 0 {
		return false
	}
	n, allocated, err := s.from.disk.Extent(s.fromOff, len(b))
	return err == nil && !allocated && n == len(b) && b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

// hold waits until c is held; the function gives it back. The caller is no loop.
func (e *Engine) hold(k *rangeLock, c *claim) (release func()) {
	if k == nil {
		return func() {}
	}
	held := make(chan struct{})
	c.begin = func() { close(held) }
	e.claim(k, c)
	<-held
	return func() { k.leave(c) }
}

// copyFailed says that one of the disks of a copy failed. What the errno would be
// to who reads or writes it himself is lost, but for the room that is missing.
func copyFailed(e syscall.Errno) scsi.Sense {
	if s := scsi.WriteSense(e); s == scsi.SpaceAllocationFailed {
		return s
	}
	return scsi.CSCDFailure
}

// usesUnit reports whether t works with u: it came to it, or copies from or to
// it, or is finding out which units it names.
func (t *task) usesUnit(u *scsi.Unit) bool {
	switch {
	case t.unit != nil && t.unit.unit == u, t.asking:
		return true
	}
	return t.copying && t.plan.Copy.Uses(u)
}

// copy gives t to a worker for copies.
func (l *loop) copy(t *task) {
	t.copying = true
	l.opStarted(t)
	l.eng.copies.push(t)
}

// cancelCopy ends a copy that nobody wants any more: at once when it has not
// begun, else after its step.
func (l *loop) cancelCopy(t *task) {
	if l.eng.copies.withdraw(t) {
		l.opEnded(t)
		return
	}
	t.cancelled.Store(true)
}
