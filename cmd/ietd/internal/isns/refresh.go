// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// initiatorTypes are the node types that an initiator can have: a query for a
// type finds the nodes that have that and no other. Control nodes are known by
// the server's operator and do no I/O.
var initiatorTypes = []uint32{nodeInitiator, nodeInitiator | nodeTarget}

// refresh asks the server for the initiators of every target. What was answered
// before an error counts.
func (c *Client) refresh(ctx context.Context) error {
	next := make(map[string]initiatorSet)
	if c.known == nil {
		c.initiators.Store(&next) // there are no targets
		return nil
	}
	old := *c.initiators.Load()
	for name := range c.known.targets {
		if set, ok := old[name]; ok {
			next[name] = set
		}
	}
	defer func() { c.initiators.Store(&next) }()
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.known.targets)) {
		set, err := c.initiatorsOf(ctx, name)
		if no := (*refusal)(nil); errors.As(err, &no) && no.status == statusSourceUnknown {
			c.known = nil // it has forgotten us: the next session registers anew
		}
		if err != nil {
			return fmt.Errorf("the initiators of %s: %w", name, err)
		}
		if total += len(set); total > maxInitiators {
			return fmt.Errorf("the server has more than %d initiators for our targets", maxInitiators)
		}
		next[name] = set
	}
	return nil
}

// initiatorsOf asks for the initiators that share a discovery domain with a
// target: the server's answer to any query is limited to those (RFC 4171,
// Section 5.6.5.2).
func (c *Client) initiatorsOf(ctx context.Context, target string) (initiatorSet, error) {
	set := make(initiatorSet)
	for _, kind := range initiatorTypes {
		var p payload
		p.text(tagName, target)
		p.number(tagNodeType, kind)
		p.delimiter()
		p.empty(tagName)
		p.empty(tagNodeType)
		list, err := c.request(ctx, devAttrQry, 0, p)
		if no := (*refusal)(nil); errors.As(err, &no) && no.status == statusNoSuchEntry {
			continue // how some servers say none
		}
		if err != nil {
			return nil, err
		}
		if err := set.add(list); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// add takes the initiators of an answer: after the delimiter, each is a name and
// then its type.
func (s initiatorSet) add(list []attr) error {
	start := slices.IndexFunc(list, func(a attr) bool { return a.tag == tagDelimiter })
	if start < 0 {
		return errors.New("the answer to DevAttrQry has no delimiter")
	}
	name := ""
	for _, a := range list[start+1:] {
		var err error
		switch a.tag {
		case tagName:
			name, err = a.text(maxName)
		case tagNodeType:
			var kind uint32
			if kind, err = a.number(); err == nil && kind&nodeInitiator != 0 && name != "" {
				s[strings.ToLower(name)] = struct{}{}
			}
			name = ""
		}
		if err != nil {
			return err
		}
	}
	return nil
}
