// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"context"
	"net/netip"
)

// usualGroup is the portal group tag that a server gives every pair of our nodes
// and portals by itself (RFC 4171, Section 5.6.5.1).
const usualGroup = 1

// registerGroups tells the portal group tags of the named targets at the portals
// that are in another group than the usual one, as many a message as fit (RFC
// 4171, Section 6.5). Targets and portals are registered already.
func (c *Client) registerGroups(ctx context.Context, names []string, source string, portals []netip.AddrPort) error {
	p, some := c.entity(source), false
	for _, name := range names {
		for _, at := range portals {
			group := c.cfg.Group(at.Addr())
			if group == usualGroup {
				continue
			}
			if len(p) >= maxRequest {
				if _, err := c.request(ctx, devAttrReg, 0, p); err != nil {
					return err
				}
				p = c.entity(source)
			}
			p.text(tagGroupName, name)
			p.addr(tagGroupAddr, at.Addr())
			p.number(tagGroupPort, uint32(at.Port()))
			p.number(tagGroup, uint32(group))
			some = true
		}
	}
	if !some {
		return nil
	}
	_, err := c.request(ctx, devAttrReg, 0, p)
	return err
}
