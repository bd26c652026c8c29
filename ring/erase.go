// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"ietring/backing"
	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// SANITIZE and FORMAT UNIT erase a whole disk, which can take hours. A goroutine
// does it, an eraser: no loop, worker, task or session is held by it, and no
// abort or reset ends it. While it works the medium refuses commands (package
// scsi). It stops when the unit is taken away or the process ends, and begins
// anew when the disk is there again: what was to be erased stays refused.
//
// EraseRate of the unit through which it came bounds what a pass takes of the disk,
// at any time: pieces become smaller, and the eraser rests after each.

// An eraser is the goroutine that erases one disk.
type eraser struct {
	erasure *scsi.Erasure
	stop    chan struct{} // closed when it is to stop
	done    chan struct{} // closed when it has
	once    sync.Once     // closes stop
	now     func() time.Time
}

// erasers are those that work, one a disk at most.
type erasers struct {
	mu     sync.Mutex // not for commands that move data
	byDisk map[*backing.Disk]*eraser
	over   bool // no new ones: the engine stops
}

// add returns a new eraser for d, nil when there is one or none may be.
func (s *erasers) add(d *backing.Disk, er *scsi.Erasure) *eraser {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.byDisk[d] != nil {
		return nil
	}
	if s.byDisk == nil {
		s.byDisk = make(map[*backing.Disk]*eraser)
	}
	x := &eraser{erasure: er, stop: make(chan struct{}), done: make(chan struct{})}
	s.byDisk[d] = x
	return x
}

// remove is the end of an eraser.
func (s *erasers) remove(d *backing.Disk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.byDisk[d]
	delete(s.byDisk, d)
	close(x.done)
}

// halt asks x to stop.
func (x *eraser) halt() { x.once.Do(func() { close(x.stop) }) }

// stopOne returns when nobody erases d any more: after one piece.
func (s *erasers) stopOne(d *backing.Disk) {
	s.mu.Lock()
	x := s.byDisk[d]
	s.mu.Unlock()
	if x != nil {
		x.halt()
		<-x.done
	}
}

// stopAll ends all of them, and lets none begin.
func (s *erasers) stopAll(ctx context.Context) error {
	s.mu.Lock()
	s.over = true
	var all []*eraser
	for _, x := range s.byDisk {
		x.halt()
		all = append(all, x)
	}
	s.mu.Unlock()
	for _, x := range all {
		select {
		case <-x.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// erase begins the erasure that t asks for, or leaves the failure of one. With
// IMMED the status is sent when it is written down that it goes on, else when all
// is erased; t may be aborted meanwhile, which changes nothing for the disk.
func (l *loop) erase(t *task) {
	er, m, u := t.plan.Erasure, t.plan.Unit.Medium(), t.unit
	if er == nil {
		x := new(eraser)
		t.eraser = x
		l.eng.spawn(func() { l.tellErased(t, x, m.Leave()) })
		return
	}
	sense := t.plan.Begin()
	var x *eraser
	if sense == scsi.Good {
		if x = l.eng.erasers.add(u.disk, er); x == nil { // the engine stops
			m.Abandon(er)
			sense = scsi.AbortedCommand
		}
	}
	if sense != scsi.Good {
		t.status, t.sense = scsi.StatusCheckCondition, sense
		l.respond(t)
		return
	}
	l.freeSpans(t)
	t.eraser = x
	immediate := t.plan.Immediate
	l.eng.spawn(func() {
		if err := m.Kept(er); err != nil {
			m.Abandon(er)
			l.eng.erasers.remove(u.disk)
			l.tellErased(t, x, scsi.InternalTargetFailure)
			return
		}
		if immediate {
			l.tellErased(t, x, scsi.Good)
		}
		l.tellErased(t, x, l.eng.runEraser(u, m, x))
	})
}

// tellErased ends t with sense if it still waits for x. Any goroutine may call it.
func (l *loop) tellErased(t *task, x *eraser, sense scsi.Sense) {
	l.mail.post(func() {
		if t.eraser != x || t.state != taskWorking {
			return // it was aborted or answered, and the slot may be another's
		}
		t.eraser = nil
		if sense != scsi.Good {
			t.status, t.sense = scsi.StatusCheckCondition, sense
		}
		l.respond(t)
	})
}

// resumeErasure goes on with the erasure that the medium of u has, now that its
// disk is there. The caller holds e.mu.
func (e *Engine) resumeErasure(u *lu) {
	m := u.unit.Medium()
	er := m.Pending()
	if er == nil || u.disk == nil {
		return
	}
	if x := e.erasers.add(u.disk, er); x != nil {
		e.spawn(func() { e.runEraser(u, m, x) })
	}
}

// stopErasing stops who erases the disk of unit, unless other units have it too.
// The caller holds e.mu.
func (e *Engine) stopErasing(unit *scsi.Unit) {
	u := e.units.get(unit.Handle())
	if u.disk != nil && (u.lock == nil || u.lock.users == 1) {
		e.erasers.stopOne(u.disk)
	}
}

// runEraser erases the disk of u. It returns the sense to end the command with:
// Good when all is erased.
func (e *Engine) runEraser(u *lu, m *scsi.Medium, x *eraser) scsi.Sense {
	defer e.erasers.remove(u.disk)
	e.awaitWriters(u)
	x.now = e.now
	err := x.run(u)
	errno := errnoOf(err)
	switch {
	case err == nil:
		return m.Ended(x.erasure, false)
	case errors.Is(err, errHalted):
		return m.Erasing()
	case deviceGone(errno):
		if u.gone.CompareAndSwap(false, true) {
			e.spawn(func() { e.ctl.DeviceGone(u.unit, errno) })
		}
		return m.Erasing()
	}
	e.log.Error().Err(err).Str("path", u.disk.Path()).Msg("the disk could not be erased")
	return m.Ended(x.erasure, true)
}

// errHalted says that an eraser was asked to stop.
var errHalted = errors.New("erasing was stopped")

// awaitWriters returns when what writes to the disk of u, or waits to, has seen
// that the medium is closed or is done.
func (e *Engine) awaitWriters(u *lu) {
	if u.lock == nil {
		return
	}
	begun := make(chan struct{})
	c := &claim{n: u.disk.Size(), alone: true, begin: func() { close(begun) }}
	e.claim(u.lock, c)
	<-begun
	u.lock.leave(c)
}

// run does the passes of the erasure, and then gives all back or zeroes it.
func (x *eraser) run(u *lu) error {
	if u.null {
		return nil
	}
	er, d := x.erasure, u.disk
	rounds := er.Passes
	last := d.Discard
	switch {
	case er.Unmap && d.Thin():
		rounds++
	case er.Passes == 0:
		last = d.Zero
		rounds++
	}
	var buf uring.Memory
	if er.Passes > 0 {
		var err error
		if buf, err = uring.NewMemory(maxSpan); err != nil {
			return syscall.ENOMEM
		}
		defer func() { _ = buf.Free() }() // nobody else has it; unmapping cannot fail
	}
	for round := range rounds {
		each, piece := func(off int64, n int) error { return last(off, n) }, zeroPiece
		if round < er.Passes {
			fillPattern(buf, er.Pattern, er.Invert && round%2 == 1)
			each, piece = func(off int64, n int) error { return d.WriteAt(buf[:n], off, false) }, maxSpan
		}
		if err := x.pass(u, int64(round), int64(rounds), piece, each); err != nil {
			return err
		}
	}
	return nil
}

// pass calls each for all of the disk in pieces, and makes it durable.
func (x *eraser) pass(u *lu, round, rounds int64, piece int, each func(off int64, n int) error) error {
	d := u.disk
	for off := int64(0); off < d.Size(); {
		select {
		case <-x.stop:
			return errHalted
		default:
		}
		rate := u.unit.Config().EraseRate
		n, began := pieceAt(rate, min(d.Size()-off, int64(piece))), x.now()
		if err := each(off, int(n)); err != nil {
			return err
		}
		off += n
		x.erasure.Progress(round*d.Size()+off, rounds*d.Size())
		if !x.rest(restAfter(rate, n) - x.now().Sub(began)) {
			return errHalted
		}
	}
	return d.Sync()
}

// pieceAt returns how much is erased at once, in bytes: n, or, where rate bounds it,
// about an eighth of a second's.
func pieceAt(rate, n int64) int64 {
	if rate == 0 {
		return n
	}
	return min(n, max(rate/8&^(maxSpan-1), maxSpan))
}

// restAfter returns how long a piece of n bytes takes at rate; no time where
// nothing bounds it.
func restAfter(rate, n int64) time.Duration {
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(rate) * float64(time.Second))
}

// rest waits for d, and reports whether to go on.
func (x *eraser) rest(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-x.stop:
		return false
	case <-timer.C:
		return true
	}
}

// fillPattern fills buf with pattern, which divides it, or with its complement;
// without one it is zeros.
func fillPattern(buf, pattern []byte, invert bool) {
	clear(buf)
	for at := 0; len(pattern) > 0 && at < len(buf); at += len(pattern) {
		copy(buf[at:], pattern)
	}
	if invert {
		for i := range buf {
			buf[i] = ^buf[i]
		}
	}
}
