// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// lunSnapshot is a LUN map: the units of a target by LUN, nil where there is
// none. It is never changed once published.
type lunSnapshot []*Unit

// A Target holds the LUN map that all its nexuses see.
type Target struct {
	name string
	luns atomic.Pointer[lunSnapshot]

	ports atomic.Pointer[Ports]

	group atomic.Pointer[PortGroup] // never nil

	tokens tokens

	mu      sync.Mutex          // serialises all changes; not taken by Plan
	units   []*Unit             // by slot; nil where one was removed
	nexuses map[*Nexus]struct{} // attached ones
}

// NewTarget returns a target without units. The name is for messages.
func NewTarget(name string) *Target {
	t := &Target{name: name, nexuses: make(map[*Nexus]struct{})}
	t.luns.Store(new(lunSnapshot))
	t.SetPorts(Ports{1: 1})
	t.group.Store(firstGroup)
	return t
}

// Name returns the name of the target.
func (t *Target) Name() string { return t.name }

// Add makes u the unit of lun (0..MaxLUN). It is an error when the LUN is
// taken or u is a unit of some target already. Nexuses that exist find
// REPORTED LUNS DATA HAS CHANGED pending on the other units and a power-on
// condition on the new one.
func (t *Target) Add(lun uint16, u *Unit) error {
	if lun > MaxLUN {
		return fmt.Errorf("scsi: LUN %d of %s is above %d", lun, t.name, MaxLUN)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := *t.luns.Load()
	if int(lun) < len(old) && old[lun] != nil {
		return fmt.Errorf("scsi: %s has a LUN %d already", t.name, lun)
	}
	if !u.added.CompareAndSwap(false, true) {
		return fmt.Errorf("scsi: the unit for LUN %d of %s is a unit already", lun, t.name)
	}
	u.lun, u.slot, u.target = lun, t.freeSlot(), t
	t.units[u.slot] = u
	// The nexuses come first: a unit that Plan can find has its attentions.
	for n := range t.nexuses {
		n.renew(int(u.slot))
	}
	u.medium.join(u)
	luns := make(lunSnapshot, max(len(old), int(lun)+1))
	copy(luns, old)
	luns[lun] = u
	t.luns.Store(&luns)
	// The news comes last: a REPORT LUNS that clears it has seen the new map.
	t.tellLUNsChanged(u)
	return nil
}

// freeSlot returns a slot that no unit has. The caller holds t.mu.
func (t *Target) freeSlot() uint16 {
	for i, u := range t.units {
		if u == nil {
			return uint16(i)
		}
	}
	t.units = append(t.units, nil)
	return uint16(len(t.units) - 1)
}

// tellLUNsChanged makes REPORTED LUNS DATA HAS CHANGED pending on all units but
// one. The caller holds t.mu.
func (t *Target) tellLUNsChanged(but *Unit) {
	for n := range t.nexuses {
		for _, u := range t.units {
			if u != nil && u != but {
				n.attentionsOf(u).set(attLUNsChanged)
			}
		}
	}
}

// Lookup returns the unit that the LUN field of a PDU names, nil when there is
// none. Any loop may call it.
func (t *Target) Lookup(lun [8]byte) *Unit {
	n, ok := lunNumber(lun)
	luns := *t.luns.Load()
	if !ok || n >= uint64(len(luns)) {
		return nil
	}
	return luns[n]
}

// Attach returns a new I_T nexus, of the port isid of initiator and a portal group.
// A power-on condition is pending on each unit.
func (t *Target) Attach(initiator string, isid ISID, group uint16) *Nexus {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := &Nexus{target: t, initiator: initiator, id: NexusID{portName(initiator), isid, portName(t.name), group}}
	n.pending.Store(new(pendingSnapshot))
	n.grow(len(t.units))
	t.nexuses[n] = struct{}{}
	return n
}

// ResetLUN is the LOGICAL UNIT RESET of SAM-5 for u, a unit of t: mode parameters go
// back to the saved values, a RESERVE and a PREVENT are over, and each nexus, through
// whichever target it reaches the medium, finds the reset pending; the issuer too, as
// IET did it. The data plane aborts the tasks.
func (t *Target) ResetLUN(u *Unit) { u.medium.reset(attUnitReset) }

// Reset is the hard reset of SAM-5, what TARGET WARM RESET and TARGET COLD RESET ask
// for: ResetLUN for all units with the condition of a hard reset.
func (t *Target) Reset() {
	for _, u := range t.Units() {
		u.medium.reset(attTargetReset)
	}
}

// reset returns the medium to what it is after a reset and makes kind pending.
func (m *Medium) reset(kind attention) {
	m.modes.reset()
	m.reservations.endHold()
	m.tray.allow()
	m.eachNexus(func(n *Nexus, u *Unit) { n.attentionsOf(u).set(kind) })
}

// tellOthers makes kind pending on the medium for all nexuses but by, which changed
// something through u.
func (m *Medium) tellOthers(by *Nexus, u *Unit, kind attention) {
	m.eachNexus(func(n *Nexus, o *Unit) {
		if n != by || o != u {
			n.attentionsOf(o).set(kind)
		}
	})
}
