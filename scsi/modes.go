// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"sync"
	"sync/atomic"
)

// The mode parameters that MODE SELECT can change, as bits. None is set in the
// default values: the write cache is then as UnitConfig.WriteCache says.
const (
	modeDSense uint32 = 1 << iota // D_SENSE: sense data in descriptor format
	modeSWP                       // SWP: software write protect
	modeWCE                       // WCE was set where the default is clear
	modeNoWCE                     // WCE was cleared where the default is set
)

// Modes are the mode parameters of a medium as they are saved over a restart.
// See SPC-4, Control mode page, and SBC-3, Caching mode page.
type Modes struct {
	DSense bool  // D_SENSE
	SWP    bool  // SWP
	WCE    *bool `json:",omitempty"` // nil: as the unit is configured
}

// modesOf returns what the bits of mode say.
func modesOf(mode uint32) Modes {
	v := Modes{DSense: mode&modeDSense != 0, SWP: mode&modeSWP != 0}
	if mode&(modeWCE|modeNoWCE) != 0 {
		on := mode&modeWCE != 0
		v.WCE = &on
	}
	return v
}

// bits is modesOf the other way.
func (v Modes) bits() (mode uint32) {
	if v.DSense {
		mode |= modeDSense
	}
	if v.SWP {
		mode |= modeSWP
	}
	switch {
	case v.WCE == nil:
	case *v.WCE:
		mode |= modeWCE
	default:
		mode |= modeNoWCE
	}
	return mode
}

// modes are the mode parameters of a medium: all units over the same blocks, and
// all nexuses, share them.
type modes struct {
	changing   sync.Mutex    // one MODE SELECT at a time, which may wait for a file
	now, saved atomic.Uint32 // bits
	keep       func(Modes) error
}

// KeepModes has keep write down the values that MODE SELECT saves, before they
// hold. keep may wait for a disk; when it fails, the command does and nothing has
// changed. Without it nothing can be saved. It comes before the medium has a unit.
func (m *Medium) KeepModes(keep func(Modes) error) { m.modes.keep = keep }

// SavedModes returns the saved values.
func (m *Medium) SavedModes() Modes { return modesOf(m.modes.saved.Load()) }

// RestoreModes makes v, which an earlier process saved, the saved values and the
// current ones. A medium that has a unit in a target, or saved values, stays as it
// is.
func (m *Medium) RestoreModes(v Modes) {
	if len(m.unitList()) == 0 && m.modes.saved.CompareAndSwap(0, v.bits()) {
		m.modes.now.CompareAndSwap(0, v.bits())
	}
}

// change makes what next returns for the current values the current ones, and
// saves them when save is set. It returns both. It may block. Nothing has changed
// when the sense is not Good.
func (m *modes) change(next func(mode uint32) (uint32, Sense), save bool) (old, mode uint32, s Sense) {
	m.changing.Lock()
	defer m.changing.Unlock()
	old = m.now.Load()
	if mode, s = next(old); s != Good {
		return old, old, s
	}
	if save {
		if m.keep(modesOf(mode)) != nil { // who keeps them has told the operator why
			return old, old, InternalTargetFailure
		}
		m.saved.Store(mode)
	}
	m.now.Store(mode)
	return old, mode, Good
}

// reset makes the saved values the current ones.
func (m *modes) reset() { m.now.Store(m.saved.Load()) }

// savable reports whether mode parameters can be saved.
func (m *modes) savable() bool { return m.keep != nil }

// writeCache reports whether WCE is set in mode: an acknowledged write may still be
// volatile. A read-only unit has nothing to cache.
func (u *unitState) writeCache(mode uint32) bool {
	switch {
	case u.ReadOnly:
		return u.WriteCache
	case mode&modeWCE != 0:
		return true
	case mode&modeNoWCE != 0:
		return false
	}
	return u.WriteCache
}

// withWriteCache returns mode with WCE as on says. A unit that has it so already
// has nothing to note: where ietd.conf changes the default, it goes on to count.
func (u *unitState) withWriteCache(mode uint32, on bool) uint32 {
	if u.writeCache(mode) == on {
		return mode
	}
	mode &^= modeWCE | modeNoWCE
	switch {
	case on == u.WriteCache:
	case on:
		mode |= modeWCE
	default:
		mode |= modeNoWCE
	}
	return mode
}

// WriteCache reports whether WCE is set now.
func (u *Unit) WriteCache() bool { return u.state.Load().writeCache(u.medium.modes.now.Load()) }

// acknowledge plans when a write may be acknowledged: with fua, or without a write
// cache, when it is durable.
func (p *Plan) acknowledge(fua bool) {
	p.cached = p.state.writeCache(p.mode) && !fua
	p.Durable = !p.cached
}

// MustFlush reports whether the write cache that a write was planned with was
// turned off since: what the write has changed must be flushed before its status,
// for MODE SELECT did not wait for it. Who flushes sets Durable.
func (p *Plan) MustFlush() bool {
	return p.cached && !p.Durable && !p.state.writeCache(p.Unit.medium.modes.now.Load())
}
