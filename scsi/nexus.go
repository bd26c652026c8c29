// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "sync/atomic"

// pendingSnapshot holds the attentions of a nexus by the slot of the unit. The
// slice is never changed once published; growing it copies the pointers, so a
// condition that is taken or raised meanwhile is neither lost nor doubled.
type pendingSnapshot []*attentions

// A Nexus is an I_T nexus: one session of one initiator with a target. Any
// loop may call Plan and Collected, several at once.
type Nexus struct {
	target    *Target
	initiator string
	id        NexusID
	gone      atomic.Bool // Detach was called
	pending   atomic.Pointer[pendingSnapshot]
	view      atomic.Pointer[View] // nil: the whole target
	copies    copyLog
}

// Initiator returns the name that Attach was given.
func (n *Nexus) Initiator() string { return n.initiator }

// ID returns what names the nexus beyond its session.
func (n *Nexus) ID() NexusID { return n.id }

// Target returns the target of the nexus.
func (n *Nexus) Target() *Target { return n.target }

// Detach ends the nexus: it gets no more unit attentions, and what it reserved
// by RESERVE is free. Its ROD tokens are unknown. Its registrations stay. Commands that are under way may
// still be planned and collected.
func (n *Nexus) Detach() {
	n.gone.Store(true)
	n.target.tokens.dropOf(n)
	n.target.mu.Lock()
	defer n.target.mu.Unlock()
	delete(n.target.nexuses, n)
	for _, u := range n.target.units {
		if u != nil {
			u.medium.tray.prevent(n, false)
		}
	}
}

// Cleared makes COMMANDS CLEARED BY ANOTHER INITIATOR pending on u, a unit of the
// target of n: another nexus had tasks of n aborted. Any loop may call it.
func (n *Nexus) Cleared(u *Unit) {
	n.target.mu.Lock()
	defer n.target.mu.Unlock()
	if n.target.units[u.slot] == u {
		n.attentionsOf(u).set(attCleared)
	}
}

// grow makes attentions for units up to slot count-1, with a power-on
// condition pending on the new ones. The caller holds the target's mutex.
func (n *Nexus) grow(count int) {
	pending := append(pendingSnapshot(nil), *n.pending.Load()...)
	for len(pending) < count {
		pending = append(pending, newAttentions())
	}
	n.pending.Store(&pending)
}

// renew makes attentions for a new unit in slot, which another may have had.
// The caller holds the target's mutex.
func (n *Nexus) renew(slot int) {
	pending := append(pendingSnapshot(nil), *n.pending.Load()...)
	if slot == len(pending) {
		pending = append(pending, nil)
	}
	pending[slot] = newAttentions()
	n.pending.Store(&pending)
}

// newAttentions are those of a unit that the nexus meets for the first time.
func newAttentions() *attentions {
	a := new(attentions)
	a.set(attPowerOn)
	return a
}

// detachedAttentions stands for a unit that came after its nexus was detached.
// Nothing is ever set in it.
var detachedAttentions attentions

// attentionsOf returns the attentions of n on u, a unit of its target.
func (n *Nexus) attentionsOf(u *Unit) *attentions {
	pending := *n.pending.Load()
	if int(u.slot) >= len(pending) {
		return &detachedAttentions
	}
	return pending[u.slot]
}
