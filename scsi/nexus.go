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
	pending   atomic.Pointer[pendingSnapshot]
}

// Initiator returns the name that Attach was given.
func (n *Nexus) Initiator() string { return n.initiator }

// Target returns the target of the nexus.
func (n *Nexus) Target() *Target { return n.target }

// Detach ends the nexus: it gets no more unit attentions. Commands that are
// under way may still be planned and collected.
func (n *Nexus) Detach() {
	n.target.mu.Lock()
	defer n.target.mu.Unlock()
	delete(n.target.nexuses, n)
}

// grow makes attentions for units up to slot count-1, with a power-on
// condition pending on the new ones. The caller holds the target's mutex.
func (n *Nexus) grow(count int) {
	pending := append(pendingSnapshot(nil), *n.pending.Load()...)
	for len(pending) < count {
		a := new(attentions)
		a.set(attPowerOn)
		pending = append(pending, a)
	}
	n.pending.Store(&pending)
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
