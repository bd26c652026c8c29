// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "math/bits"

// A tagTable finds the open requests of a session by their Initiator Task Tags,
// which no two of them may share (RFC 7143, Section 11.2.1.8). It is made with the
// session and allocates nothing afterwards: requests that share a slot are linked.
type tagTable struct {
	chains []*task // a power of two of them
	shift  uint8
}

// newTagTable makes a table for a session that may have so many commands open.
func newTagTable(depth int) tagTable {
	n := bits.Len(uint(min(depth, maxTagChains) - 1))
	return tagTable{chains: make([]*task, 1<<n), shift: uint8(32 - n)}
}

// chain returns where requests with tag itt are. Some initiators count tags up,
// others keep a generation in the high bits: Fibonacci hashing spreads both.
func (g *tagTable) chain(itt uint32) **task { return &g.chains[itt*0x9e3779b1>>g.shift] }

// taken reports whether an open request has tag itt.
func (g *tagTable) taken(itt uint32) bool {
	for t := *g.chain(itt); t != nil; t = t.sameChain {
		if t.bhs.ITT() == itt {
			return true
		}
	}
	return false
}

// add takes the tag of t.
func (g *tagTable) add(t *task) {
	at := g.chain(t.bhs.ITT())
	t.sameChain, *at = *at, t
	t.tagged = true
}

// remove gives the tag of t free, if that was not done before.
func (g *tagTable) remove(t *task) {
	if !t.tagged {
		return
	}
	at := g.chain(t.bhs.ITT())
	for *at != t {
		at = &(*at).sameChain
	}
	*at, t.sameChain = t.sameChain, nil
	t.tagged = false
}
