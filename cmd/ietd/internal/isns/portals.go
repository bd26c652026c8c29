// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// portals returns the portals that are to be known, in order. Wildcards become
// the addresses of this host: first the one that the server sees, then those
// that other hosts could reach.
func (c *Client) portals() ([]netip.AddrPort, error) {
	var list []netip.AddrPort
	add := func(a netip.Addr, port uint16) {
		list = append(list, netip.AddrPortFrom(a.Unmap().WithZone(""), port))
	}
	for _, p := range c.cfg.Portals() {
		if !p.Addr().IsUnspecified() {
			add(p.Addr(), p.Port())
			continue
		}
		addrs, err := c.ownAddrs(p.Addr().Is4())
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			add(a, p.Port())
		}
	}
	slices.SortFunc(list, netip.AddrPort.Compare)
	list = slices.Compact(list)
	if len(list) > maxPortals {
		return nil, fmt.Errorf("there are %d portals, and at most %d can be registered; bind fewer addresses", len(list), maxPortals)
	}
	return list, nil
}

// ownAddrs returns the addresses of this host of one family: the one that the
// connection to the server has, and global ones.
func (c *Client) ownAddrs(v4 bool) ([]netip.Addr, error) {
	local := c.link.conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("the addresses of this host: %w", err)
	}
	var list []netip.Addr
	if local.Is4() == v4 {
		list = append(list, local)
	}
	for _, one := range all {
		p, err := netip.ParsePrefix(one.String())
		if err == nil && p.Addr().Is4() == v4 && p.Addr().IsGlobalUnicast() {
			list = append(list, p.Addr())
		}
	}
	return list, nil
}

// listen opens notification ports at the addresses of portals, in place of
// those that are open. Where none can be had, the address of a gateway for
// instance, the server is left without one.
func (c *Client) listen(portals []netip.AddrPort) {
	c.closeListeners()
	c.esiSeen.Store(false)
	for _, p := range portals {
		if c.listenerAt(p.Addr()) != nil {
			continue
		}
		n, err := listen(p.Addr(), c.slots, c.notice)
		if err != nil {
			c.cfg.Log.Debug().Err(err).Stringer("address", p.Addr()).Msg("iSNS: no port for notifications")
			continue
		}
		c.listeners = append(c.listeners, n)
	}
}

func (c *Client) listenerAt(a netip.Addr) *listener {
	i := slices.IndexFunc(c.listeners, func(n *listener) bool { return n.addr == a })
	if i < 0 {
		return nil
	}
	return c.listeners[i]
}

func (c *Client) closeListeners() {
	for _, n := range c.listeners {
		if err := n.close(); err != nil {
			c.cfg.Log.Debug().Err(err).Msg("iSNS: cannot close a port")
		}
	}
	c.listeners = nil
}

// appendPortals appends the portals with their notification ports. A port
// number below 65536 is a TCP port (RFC 4171, Section 6.3.5).
func (c *Client) appendPortals(p *payload, portals []netip.AddrPort) {
	for _, one := range portals {
		p.addr(tagPortalAddr, one.Addr())
		p.number(tagPortalPort, uint32(one.Port()))
		n := c.listenerAt(one.Addr())
		if n == nil {
			continue
		}
		if c.withESI {
			p.number(tagESIInterval, uint32(esiInterval.Seconds()))
			p.number(tagESIPort, n.port())
		}
		p.number(tagSCNPort, n.port())
	}
}
