// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"errors"
	"fmt"
)

// What the operator changes while initiators use a target. Each change is a new
// snapshot; commands that are planned already go on by the old one.

// Remove takes the unit of lun out of the LUN map: commands that come from now
// on find no unit there, and the other units have REPORTED LUNS DATA HAS CHANGED
// pending. It returns the unit, which can never be added again, or nil when
// there is none. Commands that were planned before may still be under way.
func (t *Target) Remove(lun uint16) *Unit {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := *t.luns.Load()
	if int(lun) >= len(old) || old[lun] == nil {
		return nil
	}
	u := old[lun]
	luns := make(lunSnapshot, len(old))
	copy(luns, old)
	luns[lun] = nil
	t.luns.Store(&luns)
	t.units[u.slot] = nil
	u.medium.leave(u)
	t.tellLUNsChanged(u)
	return u
}

// Units returns the units of the target in the order of their LUNs.
func (t *Target) Units() []*Unit {
	var list []*Unit
	for _, u := range *t.luns.Load() {
		if u != nil {
			list = append(list, u)
		}
	}
	return list
}

// errIdentity is returned by Change.
var errIdentity = errors.New("scsi: the handle and the identity of a unit cannot change")

// Change gives u, a unit of t, the description c, of which Handle, Medium, ScsiID
// and ScsiSN are as they were. Each nexus finds the news pending: CAPACITY DATA HAS
// CHANGED for another number of blocks or provisioning, MODE PARAMETERS CHANGED for another
// protection or cache, NOT READY TO READY CHANGE for a unit that has a medium
// again. While it has none, commands but INQUIRY, REPORT LUNS and their like end
// with NOT READY.
func (t *Target) Change(u *Unit, c UnitConfig) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := u.state.Load()
	if c.Handle != old.Handle || c.Medium != old.Medium || c.ScsiID != old.ScsiID || c.ScsiSN != old.ScsiSN {
		return errIdentity
	}
	next, err := newState(c)
	if err != nil {
		return fmt.Errorf("change LUN %d of %s: %w", u.lun, t.name, err)
	}
	u.state.Store(next)
	switch {
	case c.NotReady:
		return nil
	case old.NotReady:
		t.tellAll(u, attReady) // an initiator looks at everything again
		return nil
	}
	if c.Blocks != old.Blocks || c.BlockSize != old.BlockSize || c.Thin != old.Thin {
		t.tellAll(u, attCapacity)
	}
	if c.ReadOnly != old.ReadOnly || c.WriteCache != old.WriteCache {
		t.tellAll(u, attModeChanged)
	}
	return nil
}

// tellAll makes kind pending on u for every nexus. The caller holds t.mu.
func (t *Target) tellAll(u *Unit, kind attention) {
	for n := range t.nexuses {
		n.attentionsOf(u).set(kind)
	}
}
