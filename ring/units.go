// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"

	"ietring/backing"
	"ietring/scsi"
)

// A lu is a logical unit: what an initiator sees and where its blocks are. It
// is replaced as a whole when it gets another disk.
type lu struct {
	unit *scsi.Unit
	disk *backing.Disk // nil while there is none and the unit is not ready
	null bool          // nothing is stored: no ring operation, no memory
	lock *rangeLock    // of disk, shared by all units of it; nil where nothing is stored
	// lastError is when a disk error was last logged, in Unix nanoseconds.
	lastError atomic.Int64
	// gone is set once Control was told that the device has gone.
	gone atomic.Bool
}

// errTooManyUnits says that there are maxHandles.
var errTooManyUnits = errors.New("there are 65536 logical units, and no more can be")

// ErrInUse says that commands still work on a unit.
var ErrInUse = errors.New("commands are still with the disk")

// Describe fills in what c says of geometry, durability and limits from d.
func Describe(d *backing.Disk, c scsi.UnitConfig) scsi.UnitConfig {
	c.Blocks, c.BlockSize, c.PhysicalBlockSize = d.Blocks(), d.BlockSize(), d.PhysicalBlockSize()
	c.ReadOnly, c.WriteCache, c.NonRotating = d.ReadOnly(), d.WriteBack(), d.NonRotating()
	c.AtomicBlocks = d.AtomicUnit() / d.BlockSize()
	c.Thin, c.KnowsUnmapped = d.Thin(), d.KnowsExtents()
	c.KnowsSpace = d.Thin() && d.LimitedRoom()
	granule, granuleOff := d.Granule()
	c.UnmapGranularity = uint32(granule / int64(d.BlockSize()))
	c.UnmapAlignment = uint32(granuleOff / int64(d.BlockSize()))
	c.NotReady = false
	c.MaxTransfer = MaxTransfer
	return c
}

// AddUnit makes a logical unit of d and makes it known to every loop. It fills
// cfg in by Describe. The disk stays the caller's to close, after RemoveUnit or
// Shutdown. With a nil d the unit is not ready until SetDisk; cfg then says the
// block sizes, or leaves them to a guess.
func (e *Engine) AddUnit(d *backing.Disk, cfg scsi.UnitConfig) (*scsi.Unit, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return nil, ErrStopping
	}
	handle, ok := e.units.take()
	if !ok {
		return nil, errTooManyUnits
	}
	unit, err := e.makeUnit(d, cfg, handle)
	if err != nil {
		e.units.drop(handle)
	}
	return unit, err
}

// makeUnit is AddUnit with a handle.
func (e *Engine) makeUnit(d *backing.Disk, cfg scsi.UnitConfig, handle uint32) (*scsi.Unit, error) {
	cfg.Handle = handle
	if d != nil {
		cfg = Describe(d, cfg)
	} else {
		cfg.NotReady, cfg.MaxTransfer = true, MaxTransfer
		cfg.Blocks = max(cfg.Blocks, 1)
		cfg.BlockSize = max(cfg.BlockSize, 512)
		cfg.PhysicalBlockSize = max(cfg.PhysicalBlockSize, cfg.BlockSize)
	}
	unit, err := scsi.NewUnit(cfg)
	if err != nil {
		return nil, err
	}
	u, err := e.open(unit, d)
	if err != nil {
		return nil, err
	}
	e.units.set(handle, u)
	return unit, nil
}

// open makes the lu of unit with disk d, registered with every loop.
func (e *Engine) open(unit *scsi.Unit, d *backing.Disk) (*lu, error) {
	u := &lu{unit: unit, disk: d, null: d != nil && d.FD() < 0}
	if d != nil && !u.null {
		if err := e.registerFile(int(unit.Handle()), d.FD()); err != nil {
			return nil, err
		}
	}
	u.lock = e.lockOf(d)
	e.resumeErasure(u)
	return u, nil
}

// SetDisk gives unit, which is not ready and has no command under way (see
// Settle), the disk d; nil takes the old one away. The caller then makes it ready by scsi.Target.Change with
// what Describe says. The old disk, if there was one, is the caller's to close.
func (e *Engine) SetDisk(unit *scsi.Unit, d *backing.Disk) error {
	if unit.Ready() {
		panic("ring: a ready unit gets another disk")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopErasing(unit)
	if old := e.units.get(unit.Handle()).disk; d == nil && old != nil && old.FD() >= 0 {
		// The loops' file tables hold the device until they let it go.
		if err := e.registerFile(int(unit.Handle()), -1); err != nil {
			return err
		}
	}
	u, err := e.open(unit, d)
	if err != nil {
		return err
	}
	e.dropLock(e.units.get(unit.Handle()))
	e.units.set(unit.Handle(), u)
	return nil
}

// Settle waits until no command works on unit any more, which must not take new
// ones: it was removed from its target, or is not ready. When ctx ends first the
// commands that wait for their initiator are aborted; ErrInUse then says that
// some are with the disk, which nothing can end.
func (e *Engine) Settle(ctx context.Context, unit *scsi.Unit) error {
	done := e.watch(unit, false)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	done = e.watch(unit, true)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-last.Done():
		return ErrInUse
	}
}

// watch returns a channel that is closed when the commands of unit, on all
// loops, have ended.
func (e *Engine) watch(unit *scsi.Unit, abort bool) <-chan struct{} {
	done := make(chan struct{})
	var left atomic.Int32
	left.Store(int32(len(e.loops)))
	part := func() {
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	for _, l := range e.loops {
		posted := l.mail.post(func() {
			w := &abortWait{left: 1, done: part}
			for _, c := range l.conns {
				l.watchConn(c, w, unit, abort)
			}
			w.ended()
		})
		if !posted {
			part()
		}
	}
	return done
}

// watchConn has w wait for the commands of unit on c.
func (l *loop) watchConn(c *conn, w *abortWait, unit *scsi.Unit, abort bool) {
	for t := c.tasks; t != nil; {
		next := t.next
		if t.usesUnit(unit) {
			w.left++
			t.waits = append(t.waits, w)
			if abort {
				l.abort(t)
			}
		}
		t = next
	}
}

// RemoveUnit forgets unit, which was taken out of its target, when its last
// command has ended; ctx and errors are those of Settle. The disk may be closed
// when it returns nil.
func (e *Engine) RemoveUnit(ctx context.Context, unit *scsi.Unit) error {
	e.mu.Lock()
	e.stopErasing(unit) // its command would wait
	e.mu.Unlock()
	if err := e.Settle(ctx, unit); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if d := e.units.get(unit.Handle()).disk; d != nil && d.FD() >= 0 && !e.stopping {
		if err := e.registerFile(int(unit.Handle()), -1); err != nil {
			return err
		}
	}
	e.stopErasing(unit)
	e.dropLock(e.units.get(unit.Handle()))
	e.units.drop(unit.Handle())
	return nil
}

// registerFile puts fd into the file table of every loop, on its own thread.
func (e *Engine) registerFile(slot, fd int) error {
	errs := make(chan error, len(e.loops))
	for _, l := range e.loops {
		posted := l.mail.post(func() {
			if slot >= l.files {
				errs <- nil // reached by its descriptor
				return
			}
			errs <- l.ring.SetFile(slot, fd)
		})
		if !posted {
			return ErrStopping
		}
	}
	var err error
	for range e.loops {
		err = errors.Join(err, <-errs)
	}
	return err // it says that a file could not be registered, and why
}

// deviceGone reports whether an errno means that the device as a whole is not
// there any more, rather than that a block of it is bad.
func deviceGone(e syscall.Errno) bool {
	switch e {
	case syscall.ENODEV, syscall.ENXIO, syscall.ESHUTDOWN:
		return true
	}
	return false
}
