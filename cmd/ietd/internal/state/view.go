// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"net/netip"
	"slices"
	"strings"

	"ietring/cmd/ietd/internal/config"
	"ietring/ring"
	"ietring/scsi"
)

// Masks decide what a session sees of its target: the first that matches the
// initiator. They are looked at when a session begins, and again for all
// sessions of a target whose masks change.

// Admit gives the nexus of a session that begins its view of the target. It is
// called after the session is in the registry and before a loop has it, so that
// no change of the masks is missed.
func (m *Manager) Admit(s *ring.Session, remote netip.Addr) {
	cfg := s.Config()
	m.mu.RLock()
	defer m.mu.RUnlock()
	h := m.byName[key(cfg.TargetName)]
	if h == nil || len(h.cfg.Masks) == 0 {
		return
	}
	cfg.Nexus.SetView(viewOf(maskFor(h.cfg.Masks, cfg.Initiator, remote)))
}

// review gives the sessions of h their view by its masks, which were old
// before. Who sees what it saw is not disturbed. The caller holds m.mu.
func (m *Manager) review(h *hosted, old []config.Mask) {
	list := m.Sessions.List(h.name)
	for i := range list {
		s, ok := list[i].Live.(*ring.Session)
		if !ok {
			continue
		}
		was := maskFor(old, list[i].Initiator, list[i].Remote.Addr())
		is := maskFor(h.cfg.Masks, list[i].Initiator, list[i].Remote.Addr())
		if was.ReadOnly == is.ReadOnly && slices.Equal(was.Luns, is.Luns) {
			continue
		}
		s.Config().Nexus.SetView(viewOf(is))
	}
}

// everything is what an initiator sees of a target without masks.
var everything = config.Mask{Luns: []config.LunRange{{First: 0, Last: config.MaxLun}}}

// maskFor returns the mask that decides for an initiator. Where there are masks
// and none matches, it is one without LUNs.
func maskFor(masks []config.Mask, initiator string, remote netip.Addr) config.Mask {
	if len(masks) == 0 {
		return everything
	}
	for _, mask := range masks {
		if matches(mask.Initiator, initiator, remote) {
			return mask
		}
	}
	return config.Mask{}
}

// viewOf returns what a mask lets be seen; nil is all.
func viewOf(mask config.Mask) *scsi.View {
	if !mask.ReadOnly && slices.Equal(mask.Luns, everything.Luns) {
		return nil
	}
	ranges := slices.Clone(mask.Luns)
	return &scsi.View{
		ReadOnly: mask.ReadOnly,
		Sees: func(lun uint16) bool {
			for _, r := range ranges {
				if r.First <= lun && lun <= r.Last {
					return true
				}
			}
			return false
		},
	}
}

// matches reports whether who is an address or prefix that remote is of, or a
// pattern of the initiator's name.
func matches(who, initiator string, remote netip.Addr) bool {
	remote = remote.Unmap().WithZone("")
	if addr, err := netip.ParseAddr(who); err == nil {
		return addr == remote
	}
	if prefix, err := netip.ParsePrefix(who); err == nil {
		return prefix.Contains(remote)
	}
	return glob(strings.ToLower(who), strings.ToLower(initiator))
}

// glob reports whether name is what the pattern says: * is any characters, ? is
// one. It goes back to the last * only, so its time is bounded by the product
// of the lengths.
func glob(pattern, name string) bool {
	p, n := []rune(pattern), []rune(name)
	star, from := -1, 0
	i, j := 0, 0
	for j < len(n) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == n[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
