// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// A View is what one nexus sees of its target: which LUNs, and whether it may
// write. It is not changed once a nexus has it.
type View struct {
	// Sees reports whether a LUN is there for the nexus. It is called for
	// each command: it must be quick and not allocate. nil: all are.
	Sees func(lun uint16) bool
	// ReadOnly refuses this nexus every write.
	ReadOnly bool
}

// SetView gives the nexus another view of its target; nil is the whole of it.
// What it sees of LUNs may be news: REPORTED LUNS DATA HAS CHANGED.
func (n *Nexus) SetView(v *View) {
	t := n.target
	t.mu.Lock()
	defer t.mu.Unlock()
	n.view.Store(v)
	for _, u := range t.units {
		if u == nil {
			continue
		}
		// A nexus that has not looked yet has nothing to unlearn.
		if a := n.attentionsOf(u); attention(a.bits.Load())&attPowerOn == 0 {
			a.set(attLUNsChanged | attModeChanged)
		}
	}
}

// sees reports whether u is there for the nexus.
func (n *Nexus) sees(u *Unit) bool {
	v := n.view.Load()
	return v == nil || v.Sees == nil || v.Sees(u.lun)
}

// lookup returns the unit that the nexus finds at the LUN field of a PDU.
func (n *Nexus) lookup(lun [8]byte) *Unit {
	u := n.target.Lookup(lun)
	if u != nil && !n.sees(u) {
		return nil
	}
	return u
}

// protected reports whether the view of the nexus refuses writes.
func (n *Nexus) protected() bool {
	v := n.view.Load()
	return v != nil && v.ReadOnly
}

// writeProtection returns the sense that refuses the nexus a write to a unit, of
// which s is the state and mode the mode parameters, or Good.
func (n *Nexus) writeProtection(s *unitState, mode uint32) Sense {
	switch {
	case s.ReadOnly, n.protected():
		return WriteProtected
	case mode&modeSWP != 0:
		return SoftwareProtected
	}
	return Good
}
