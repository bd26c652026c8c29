// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"ietring/cmd/ietd/internal/config"
	"ietring/scsi"
)

// joinGroup puts a target into the group that its configuration names; a group
// that is there already takes over what is different from was. The caller
// holds m.mu.
func (m *Manager) joinGroup(h *hosted, was config.PortGroup) {
	want := h.cfg.Group
	if want.Number == 0 {
		h.scsi.JoinGroup(nil)
		return
	}
	g := m.groups[want.Number]
	if g == nil {
		g = scsi.NewPortGroup(want.Number, want.State, want.Explicit)
		m.groups[want.Number] = g
	} else if want != was {
		g.SetExplicit(want.Explicit)
		g.SetState(want.State)
	}
	h.scsi.JoinGroup(g)
}

// shareGroup gives the other targets of the group of h what h says of it. The
// caller holds m.mu.
func (m *Manager) shareGroup(h *hosted) {
	for _, o := range m.targets {
		if o != h && o.cfg.Group.Number == h.cfg.Group.Number {
			o.cfg.Group = h.cfg.Group
		}
	}
}
