// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// An AccessState is how good the way to a disk through the ports of a group
// is. See SPC-4, asymmetric access state; LBA dependent and offline are not
// for iSCSI targets that share their disks.
type AccessState uint8

// The asymmetric access states of SPC-4.
const (
	ActiveOptimized    AccessState = 0x0
	ActiveNonOptimized AccessState = 0x1
	Standby            AccessState = 0x2
	Unavailable        AccessState = 0x3
	Transitioning      AccessState = 0xf
)

// An accessState is a row of what is known of an AccessState.
type accessState struct {
	state AccessState
	name  string // operators' word
	bit   byte   // of REPORT TARGET PORT GROUPS: the state is supported
	sense Sense  // of a command that the state does not let through
	open  bool   // all commands are let through
}

var accessStates = []accessState{
	{state: ActiveOptimized, name: "optimized", bit: 0x01, open: true},
	{state: ActiveNonOptimized, name: "non-optimized", bit: 0x02, open: true},
	{state: Standby, name: "standby", bit: 0x04, sense: PortStandby},
	{state: Unavailable, name: "unavailable", bit: 0x08, sense: PortUnavailable},
	{state: Transitioning, name: "transitioning", bit: 0x80, sense: PortTransition},
}

// row returns what is known of s, nil when it is no state.
func (s AccessState) row() *accessState {
	for i := range accessStates {
		if accessStates[i].state == s {
			return &accessStates[i]
		}
	}
	return nil
}

// String returns the word of s that ParseAccessState takes.
func (s AccessState) String() string {
	if row := s.row(); row != nil {
		return row.name
	}
	return fmt.Sprintf("access state 0x%x", uint8(s))
}

// AccessStateNames are the words of all states.
func AccessStateNames() []string {
	names := make([]string, len(accessStates))
	for i := range accessStates {
		names[i] = accessStates[i].name
	}
	return names
}

// ParseAccessState returns the state of a word.
func ParseAccessState(word string) (AccessState, bool) {
	for i := range accessStates {
		if accessStates[i].name == word {
			return accessStates[i].state, true
		}
	}
	return 0, false
}

// A reach says in which access states of the port a command is let through, but
// for the active ones, which let all through. See SPC-4, "asymmetric logical
// unit access", for the commands that each state must let through.
type reach uint8

const (
	reachActive  reach = iota // in no other
	reachStandby              // standby too
	reachAny                  // in all: those that tell which port is the better one
)

// A PortGroup is a target port group: targets whose access state is one.
type PortGroup struct {
	id       uint16
	explicit atomic.Bool // initiators may change the state, by SET TARGET PORT GROUPS
	state    atomic.Uint32
	reason   atomic.Uint32 // STATUS CODE: who changed the state last

	mu      sync.Mutex // taken before those of targets
	targets []*Target
}

// The values of STATUS CODE. See SPC-4, REPORT TARGET PORT GROUPS.
const (
	changedNever    = 0
	changedExplicit = 1 // by SET TARGET PORT GROUPS
	changedImplicit = 2 // by the operator
)

// NewPortGroup returns the group id, 1 to 65535, in a state. explicit lets
// initiators change that.
func NewPortGroup(id uint16, s AccessState, explicit bool) *PortGroup {
	g := &PortGroup{id: id}
	g.explicit.Store(explicit)
	g.state.Store(uint32(s))
	return g
}

// firstGroup is the group of the targets that were put in none. It stays
// active.
var firstGroup = NewPortGroup(1, ActiveOptimized, false)

// ID returns the number of the group.
func (g *PortGroup) ID() uint16 { return g.id }

// State returns the access state of now.
func (g *PortGroup) State() AccessState { return AccessState(g.state.Load()) }

// SetExplicit says whether initiators may change the state from now on.
func (g *PortGroup) SetExplicit(may bool) { g.explicit.Store(may) }

// SetState is the operator's change of the access state: an implicit one, of
// which every nexus that reaches a disk of the group is told.
func (g *PortGroup) SetState(s AccessState) { g.change(s, changedImplicit, nil) }

// change makes s the state of the group, and ASYMMETRIC ACCESS STATE CHANGED
// pending for all nexuses that reach one of its disks, but not for by.
func (g *PortGroup) change(s AccessState, reason uint32, by *Nexus) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.state.Swap(uint32(s)); old == uint32(s) {
		return
	}
	g.reason.Store(reason)
	for _, t := range g.targets {
		for _, u := range t.Units() {
			u.medium.eachNexus(func(n *Nexus, u *Unit) {
				if n != by {
					n.attentionsOf(u).set(attAccessState)
				}
			})
		}
	}
}

// JoinGroup puts the target into a group; nil is the one of all targets that
// are in none. Its nexuses find ASYMMETRIC ACCESS STATE CHANGED pending when
// that gives them another state.
func (t *Target) JoinGroup(g *PortGroup) {
	if g == nil {
		g = firstGroup
	}
	old := t.Group()
	if old == g {
		return
	}
	if old != firstGroup {
		old.mu.Lock()
		old.targets = slices.DeleteFunc(slices.Clone(old.targets), func(o *Target) bool { return o == t })
		old.mu.Unlock()
	}
	t.group.Store(g)
	if g != firstGroup {
		g.mu.Lock()
		g.targets = append(slices.Clone(g.targets), t)
		g.mu.Unlock()
	}
	for _, u := range t.Units() {
		u.medium.eachNexus(func(n *Nexus, u *Unit) { n.attentionsOf(u).set(attAccessState) })
	}
}

// Group returns the target port group of the target.
func (t *Target) Group() *PortGroup { return t.group.Load() }

// accessSense returns the sense that keeps a command of row from a unit of the
// target while its group is not active, or Good.
func (t *Target) accessSense(row *command) Sense {
	state := t.group.Load().State()
	if state <= ActiveNonOptimized || row.always || row.reach == reachAny || row.reach == reachStandby && state == Standby {
		return Good
	}
	return state.row().sense
}
