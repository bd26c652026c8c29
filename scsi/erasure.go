// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"sync/atomic"
)

// An Erasure is a SANITIZE or a FORMAT UNIT, which go on in the background
// whatever becomes of the command and the nexus that asked for them. What it does
// does not change; another one takes its place when it has failed.
//
//	Begin, on a loop --> Kept --> the data plane works, Progress --> Ended
//	                                            |
//	a new process: Medium.RestoreErasure -------+
//
// From Begin to Ended the medium refuses all commands but INQUIRY and its like.
// The exported fields are what is kept over a restart.
type Erasure struct {
	Format  bool   // FORMAT UNIT; else SANITIZE
	Pattern []byte // what a pass writes, a whole number of times in a block; none: zeros
	Passes  int    // how often all blocks are overwritten
	Invert  bool   // every other pass writes the complement of Pattern
	Unmap   bool   // in the end all blocks are given back; without that and Passes they become zeros
	AUSE    bool   // EXIT FAILURE MODE may end the failure of a SANITIZE
	Failed  bool   // it has ended, and not all was erased

	progress atomic.Uint32 // 65536ths
}

// Check returns what of e cannot be, for one that comes from a file.
func (e *Erasure) Check() error {
	switch n := len(e.Pattern); {
	case e.Passes < 0 || e.Passes > overwriteCOUNT:
		return fmt.Errorf("scsi: an erasure of %d passes", e.Passes)
	case n != 0 && n != 512 && n != 1024 && n != 2048 && n != 4096:
		return fmt.Errorf("scsi: an erasure with a pattern of %d bytes, which is no block", n)
	}
	return nil
}

// Progress notes that done of total are done.
func (e *Erasure) Progress(done, total int64) {
	e.progress.Store(uint32(min(float64(done)/float64(total)*65536, 65535)))
}

// sense is what a command is refused with while e is there.
func (e *Erasure) sense() Sense {
	switch {
	case e.Failed && e.Format:
		return FormatCorrupted
	case e.Failed:
		return SanitizeFailed
	case e.Format:
		return FormatInProgress.AtProgress(uint16(e.progress.Load()))
	}
	return SanitizeInProgress.AtProgress(uint16(e.progress.Load()))
}

// refuses returns the sense that a command of row is refused with, or Good. A
// failed SANITIZE is followed by another or EXIT FAILURE MODE only, a failed
// FORMAT UNIT by either.
func (m *Medium) refuses(row *command) Sense {
	e := m.erasure.Load()
	if e == nil || e.Failed && row.erases && (e.Format || row.usage[0] != opFormat) {
		return Good
	}
	return e.sense()
}

// Erasing returns the sense of the erasure that the medium has, as REQUEST SENSE
// says it; Good without one.
func (m *Medium) Erasing() Sense {
	if e := m.erasure.Load(); e != nil {
		return e.sense()
	}
	return Good
}

// Refused returns the sense of a planned command whose medium is being erased
// since, or Good.
func (p *Plan) Refused() Sense {
	if !p.waits || p.Action == ActionErase {
		return Good
	}
	return p.Unit.medium.Erasing()
}

// Begin makes the planned Erasure the one of the medium. When there is another
// under way by now, it returns the sense to end the command with.
func (p *Plan) Begin() Sense {
	m := p.Unit.medium
	old := m.erasure.Load()
	if old != nil && !old.Failed || !m.erasure.CompareAndSwap(old, p.Erasure) {
		return m.Erasing()
	}
	return Good
}

// Kept writes down that e goes on, or has failed, so that it outlives the
// process. It may block. Without a place to keep it there is nothing to do.
func (m *Medium) Kept(e *Erasure) error {
	if m.keepErasures == nil {
		return nil
	}
	return m.keepErasures(e)
}

// Ended ends e: all is erased, or not, and then the medium stays closed. It may
// block, and returns the sense to end the command with.
func (m *Medium) Ended(e *Erasure, failed bool) Sense {
	if !failed && m.Kept(nil) == nil {
		m.erasure.CompareAndSwap(e, nil)
		return Good
	}
	// Either not all is erased, or it stays written down that e goes on: then the
	// next process erases again, and nothing may be on the medium till then.
	next := &Erasure{Format: e.Format, Pattern: e.Pattern, Passes: e.Passes, Invert: e.Invert, Unmap: e.Unmap, AUSE: e.AUSE, Failed: true}
	_ = m.Kept(next) // who keeps them tells the operator
	m.erasure.CompareAndSwap(e, next)
	if e.Format {
		return FormatFailed
	}
	return SanitizeFailed
}

// Abandon takes back Begin: e could not be kept, and nothing was erased.
func (m *Medium) Abandon(e *Erasure) { m.erasure.CompareAndSwap(e, nil) }

// Leave is EXIT FAILURE MODE: the failure of a SANITIZE is forgotten. It may
// block.
func (m *Medium) Leave() Sense {
	e := m.erasure.Load()
	if e == nil || !e.Failed || e.Format {
		return Good
	}
	if m.Kept(nil) != nil {
		return InternalTargetFailure
	}
	m.erasure.CompareAndSwap(e, nil)
	return Good
}

// Pending returns the erasure that is under way, nil when none is.
func (m *Medium) Pending() *Erasure {
	if e := m.erasure.Load(); e != nil && !e.Failed {
		return e
	}
	return nil
}

// KeepErasures has keep write down each erasure, and nil when it is over. It
// may be called on any goroutine but a loop. It is set before the medium has a
// unit.
func (m *Medium) KeepErasures(keep func(*Erasure) error) { m.keepErasures = keep }

// RestoreErasure makes e, which an earlier process kept, the one of the medium,
// unless that has one. It is called before the unit is added.
func (m *Medium) RestoreErasure(e *Erasure) { m.erasure.CompareAndSwap(nil, e) }
