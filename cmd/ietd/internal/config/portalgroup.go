// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// defaultGroup is the portal group of an address that was given no other, as in
// IET.
const defaultGroup = 1

// PortalGroups holds the portal group tags (RFC 7143, Section 13.9) of the
// addresses that were given one. A session's connections are all in one group.
type PortalGroups map[netip.Addr]uint16

// Tag returns the portal group tag of an address that a connection came to. An
// address that was not named has the tag of the wildcard of its family.
func (g PortalGroups) Tag(a netip.Addr) uint16 {
	a = a.Unmap().WithZone("")
	if tag, ok := g[a]; ok {
		return tag
	}
	every := netip.IPv4Unspecified()
	if a.Is6() {
		every = netip.IPv6Unspecified()
	}
	if tag, ok := g[every]; ok {
		return tag
	}
	return defaultGroup
}

// Tags returns the portal group tags that there can be, in order.
func (g PortalGroups) Tags() []uint16 {
	tags := []uint16{defaultGroup} // of an address that is not named
	for _, tag := range g {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// address takes ADDR or ADDR,TAG, the form that SendTargets has.
func (p *parser) address(s string) error {
	bare, tagText, tagged := strings.Cut(s, ",")
	if strings.HasPrefix(bare, "[") && strings.HasSuffix(bare, "]") {
		bare = bare[1 : len(bare)-1]
	}
	addr, err := netip.ParseAddr(bare)
	if err != nil {
		return fmt.Errorf("%q is not an IP address; write it as 192.0.2.1 or 2001:db8::1, the port goes to --port", bare)
	}
	addr = addr.Unmap()
	if slices.Contains(p.cfg.Portals, addr) {
		return fmt.Errorf("%s is there twice", addr)
	}
	if tagged {
		tag, err := strconv.ParseUint(tagText, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is not a portal group tag; write a number from 0 to 65535 after the comma, as in 192.0.2.1,2", tagText)
		}
		if p.cfg.Groups == nil {
			p.cfg.Groups = make(PortalGroups)
		}
		p.cfg.Groups[addr.WithZone("")] = uint16(tag)
	}
	p.cfg.Portals = append(p.cfg.Portals, addr)
	return nil
}
