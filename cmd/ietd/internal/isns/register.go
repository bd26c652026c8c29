// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// A registration is what the server was told and has confirmed.
type registration struct {
	targets map[string]string // name, in small letters, to alias
	portals []netip.AddrPort
	// proof is how the server described our entity when all of it was there.
	// As soon as it says something else, something was lost.
	proof string
	link  *link // on which it was told
}

// source returns a node of ours that is known at the server: every request has
// one (RFC 4171, Section 5.6.1).
func (r *registration) source() string { return slices.Min(slices.Collect(maps.Keys(r.targets))) }

// wanted returns the targets that are to be known, by name in small letters.
func (c *Client) wanted() (map[string]string, error) {
	want := make(map[string]string)
	for _, t := range c.cfg.Targets() {
		if n := len(t.Name); n == 0 || n > maxName || strings.Contains(t.Name, "\x00") {
			return nil, fmt.Errorf("%q is not the name of a target", t.Name)
		}
		if len(t.Alias) > maxText || strings.Contains(t.Alias, "\x00") {
			return nil, fmt.Errorf("the alias of %s is longer than %d bytes, or has a NUL", t.Name, maxText)
		}
		want[strings.ToLower(t.Name)] = t.Alias
	}
	return want, nil
}

// round brings the server up to date, and us.
func (c *Client) round(ctx context.Context) error {
	if err := c.verify(ctx); err != nil {
		return err
	}
	if err := c.reconcile(ctx); err != nil {
		return err
	}
	if c.cfg.AccessControl {
		return c.refresh(ctx)
	}
	return nil
}

// verify asks whether the server still knows us as it did; if not, c.known is
// nil afterwards. The question keeps the registration alive, too (RFC 4171,
// Section 6.2.6).
func (c *Client) verify(ctx context.Context) error {
	if c.known == nil {
		return nil
	}
	proof, err := c.describe(ctx, c.known.source())
	if err != nil {
		return err
	}
	if proof == c.known.proof {
		return nil
	}
	sameServer := c.known.link == c.link // it has not been restarted since
	c.known = nil
	if sameServer && c.withESI && len(c.listeners) > 0 && !c.esiSeen.Load() {
		c.withESI = false
		c.cfg.Log.Warn().Msg("iSNS: the server forgot this host, and no inquiry (ESI) from it came through; it is not asked for them any more")
	}
	return nil
}

// describe returns what the server says about our entity and its portals, in a
// form that can be compared. A refusal is part of it.
func (c *Client) describe(ctx context.Context, source string) (string, error) {
	var p payload
	p.text(tagName, source)
	p.text(tagEntityID, c.cfg.EntityID)
	p.delimiter()
	p.empty(tagEntityID)
	p.empty(tagPortalAddr)
	p.empty(tagPortalPort)
	list, err := c.request(ctx, devAttrQry, 0, p)
	if no := (*refusal)(nil); errors.As(err, &no) && no.status != statusInternal && no.status != statusBusy {
		return no.Error(), nil
	}
	if err != nil {
		return "", err // trouble of the server says nothing about us
	}
	said := make([]string, 0, len(list))
	for _, a := range list {
		said = append(said, fmt.Sprintf("%d=%x", a.tag, a.value))
	}
	slices.Sort(said) // a server may list portals in another order
	return strings.Join(said, " "), nil
}

// reconcile registers what is wanted and not known, and forgets the opposite.
func (c *Client) reconcile(ctx context.Context) error {
	targets, err := c.wanted()
	if err != nil {
		return err
	}
	portals, err := c.portals()
	if err != nil {
		return err
	}
	if len(targets) == 0 || len(portals) == 0 {
		return c.deregister(ctx)
	}
	if c.known == nil || !slices.Equal(c.known.portals, portals) {
		return c.registerAll(ctx, targets, portals)
	}
	changed, gone := differences(c.known.targets, targets)
	if len(changed) == 0 && len(gone) == 0 {
		return nil
	}
	// First what is new, so that a source is left when all the old ones go.
	if err := c.register(ctx, changed, targets, c.known.source(), portals, false); err != nil {
		return err
	}
	if err := c.forget(ctx, gone, slices.Min(slices.Collect(maps.Keys(targets)))); err != nil {
		return err
	}
	return c.registered(ctx, targets, portals, len(changed), len(gone))
}

// differences returns the targets that are new or have another alias, and those
// that are not there any more, both in order.
func differences(old, now map[string]string) (changed, gone []string) {
	for name, alias := range now {
		if was, ok := old[name]; !ok || was != alias {
			changed = append(changed, name)
		}
	}
	for name := range old {
		if _, ok := now[name]; !ok {
			gone = append(gone, name)
		}
	}
	slices.Sort(changed)
	slices.Sort(gone)
	return changed, gone
}

// registerAll replaces whatever the server knows of our entity.
func (c *Client) registerAll(ctx context.Context, targets map[string]string, portals []netip.AddrPort) error {
	c.known = nil
	c.listen(portals)
	names := slices.Sorted(maps.Keys(targets))
	err := c.register(ctx, names, targets, names[0], portals, true)
	if no := (*refusal)(nil); errors.As(err, &no) && no.status == statusNoESI {
		c.withESI = false
		err = c.register(ctx, names, targets, names[0], portals, true)
	}
	if err != nil {
		return err
	}
	return c.registered(ctx, targets, portals, len(names), 0)
}

// registered notes what the server knows now.
func (c *Client) registered(ctx context.Context, targets map[string]string, portals []netip.AddrPort, added, gone int) error {
	proof, err := c.describe(ctx, slices.Min(slices.Collect(maps.Keys(targets))))
	if err != nil {
		return err
	}
	c.known = &registration{targets, portals, proof, c.link}
	c.cfg.Log.Info().Str("server", c.server).Str("entity", c.cfg.EntityID).
		Int("targets", len(targets)).Int("portals", len(portals)).Int("added", added).Int("removed", gone).
		Msg("iSNS: registered")
	return nil
}

// register sends the named targets, as many a message as fit, then their portal
// groups, and asks for notifications for each. With replace, the first message
// replaces our entity, and has the portals.
func (c *Client) register(ctx context.Context, names []string, targets map[string]string, source string, portals []netip.AddrPort, replace bool) error {
	flags := uint16(flagReplace)
	for first := true; len(names) > 0; first = false {
		p := c.entity(source)
		if first && replace {
			p.number(tagEntityProtocol, protocolISCSI)
			c.appendPortals(&p, portals)
		} else {
			flags = 0
		}
		n := c.appendNodes(&p, names, targets)
		if _, err := c.request(ctx, devAttrReg, flags, p); err != nil {
			return err
		}
		if err := c.registerGroups(ctx, names[:n], source, portals); err != nil {
			return err
		}
		for _, name := range names[:n] {
			if err := c.wantNotices(ctx, name); err != nil {
				return err
			}
		}
		names = names[n:]
	}
	return nil
}

// entity begins a registration of our entity.
func (c *Client) entity(source string) payload {
	var p payload
	p.text(tagName, source)
	p.text(tagEntityID, c.cfg.EntityID)
	p.delimiter()
	p.text(tagEntityID, c.cfg.EntityID)
	return p
}

// appendNodes appends storage nodes until the message is long enough, at least
// one, and returns how many.
func (c *Client) appendNodes(p *payload, names []string, targets map[string]string) int {
	for i, name := range names {
		if i > 0 && len(*p) >= maxRequest {
			return i
		}
		p.text(tagName, name)
		p.number(tagNodeType, nodeTarget)
		switch alias := targets[name]; {
		case alias != "":
			p.text(tagAlias, alias)
		case c.known != nil && c.known.targets[name] != "":
			p.empty(tagAlias) // takes it back
		}
	}
	return len(names)
}

// wantNotices asks for notifications of changes of the initiators that a target
// may have. A server that refuses is asked every 30 seconds instead.
func (c *Client) wantNotices(ctx context.Context, name string) error {
	if len(c.listeners) == 0 {
		return nil
	}
	var p payload
	p.text(tagName, name)
	p.text(tagName, name)
	p.delimiter()
	p.number(tagSCNBitmap, scnInitiatorAndSelf|scnRemoved|scnAdded|scnUpdated)
	_, err := c.request(ctx, scnReg, 0, p)
	if no := (*refusal)(nil); errors.As(err, &no) {
		c.cfg.Log.Debug().Err(err).Str("target", name).Msg("iSNS: no notifications")
		return nil
	}
	return err
}

// forget deregisters targets, as many a message as fit.
func (c *Client) forget(ctx context.Context, names []string, source string) error {
	for len(names) > 0 {
		var p payload
		p.text(tagName, source)
		p.delimiter()
		n := 0
		for ; n < len(names) && len(p) < maxRequest; n++ {
			p.text(tagName, names[n])
		}
		if _, err := c.request(ctx, devDereg, 0, p); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

// deregister removes all that the server knows of us.
func (c *Client) deregister(ctx context.Context) error {
	if c.known == nil {
		return nil
	}
	var p payload
	p.text(tagName, c.known.source())
	p.delimiter()
	p.text(tagEntityID, c.cfg.EntityID)
	if _, err := c.request(ctx, devDereg, 0, p); err != nil {
		return err
	}
	c.known = nil
	c.cfg.Log.Info().Str("server", c.server).Str("entity", c.cfg.EntityID).Msg("iSNS: deregistered")
	return nil
}

// leave is deregister when ctx is over: it has a little time of its own.
func (c *Client) leave(ctx context.Context) {
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.times.bye)
	defer cancel()
	if err := c.deregister(bye); err != nil {
		c.cfg.Log.Warn().Err(err).Msg("iSNS: cannot deregister; the server will find out by itself")
	}
}
