// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"sync"
	"sync/atomic"
)

// A tray holds a medium that can be removed: whether it is in, and which
// nexuses prevent that it goes. It is the medium's, so that all ways to it see
// the same.
type tray struct {
	ejected atomic.Bool

	mu        sync.Mutex          // taken after those of targets
	prevented map[*Nexus]struct{} // by PREVENT ALLOW MEDIUM REMOVAL
}

// prevent lets n prevent the removal, or ends that. A nexus that has been
// detached has nothing to say.
func (t *tray) prevent(n *Nexus, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !on:
		delete(t.prevented, n)
	case t.prevented == nil:
		t.prevented = map[*Nexus]struct{}{n: {}}
	default:
		t.prevented[n] = struct{}{}
	}
}

// allow ends all prevention, as a reset does.
func (t *tray) allow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.prevented)
}

// eject takes the medium out, or returns the sense that says why it stays.
func (t *tray) eject() Sense {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.prevented) > 0 {
		return RemovalPrevented
	}
	t.ejected.Store(true)
	return Good
}

// insert puts the medium in, or returns the sense that says why the tray does
// not move. was says that it was out.
func (t *tray) insert() (was bool, s Sense) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.prevented) > 0 && t.ejected.Load() {
		return true, RemovalPrevented
	}
	return t.ejected.Swap(false), Good
}

// load puts the medium back in: all nexuses but by find NOT READY TO READY
// CHANGE pending.
func (m *Medium) load(by *Nexus) Sense {
	was, s := m.tray.insert()
	if s != Good || !was {
		return s
	}
	m.eachNexus(func(n *Nexus, u *Unit) {
		if n != by {
			n.attentionsOf(u).set(attReady)
		}
	})
	return Good
}

// isRemovable reports whether the medium of u can be ejected.
func isRemovable(u *unitState) bool { return u.Removable }

// Fields of PREVENT ALLOW MEDIUM REMOVAL. See SPC-4; the values 10b and 11b of
// PREVENT are obsolete.
const (
	preventField    = 0x03 // byte 4
	preventAllowed  = 0x00
	preventRemoval  = 0x01
	preventFieldBit = 1
)

// planPreventAllow is PREVENT ALLOW MEDIUM REMOVAL of SPC-4.
func planPreventAllow(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	prevent := cdb[4] & preventField
	if prevent > preventRemoval {
		return InvalidFieldInCDB.AtCDB(4, preventFieldBit)
	}
	p.Unit.medium.tray.prevent(n, prevent == preventRemoval)
	return Good
}
