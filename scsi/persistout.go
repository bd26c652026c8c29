// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"cmp"
	"slices"
)

// A persistChange is a PERSISTENT RESERVE OUT while it is worked out: nothing is
// seen of it before it is whole. See SPC-4, persistent reservations.
type persistChange struct {
	medium  *Medium
	by      NexusID // who asks
	next    Reservations
	changed bool
	told    map[NexusID]attention // what nexuses other than by will find pending
}

func newPersistChange(m *Medium, now Reservations, by NexusID) *persistChange {
	now.Registrations = slices.Clone(now.Registrations)
	return &persistChange{medium: m, by: by, next: now, told: make(map[NexusID]attention)}
}

// carryOut works out what r makes of the reservations. A status other than GOOD
// or a sense other than Good refuses it.
func (c *persistChange) carryOut(r *persistRequest) (Status, Sense) {
	switch r.action {
	case persistRegister, persistRegisterIgnore:
		return c.register(r)
	}
	if me := c.next.find(c.by); me == nil || me.Key != r.key {
		return StatusReservationConflict, Good
	}
	switch r.action {
	case persistReserve:
		return c.reserve(r)
	case persistRelease:
		return StatusGood, c.release(r)
	case persistClear:
		c.clear()
		return StatusGood, Good
	case persistPreempt, persistPreemptAbort:
		return c.preempt(r)
	}
	return c.move(r)
}

// register is REGISTER and REGISTER AND IGNORE EXISTING KEY.
func (c *persistChange) register(r *persistRequest) (Status, Sense) {
	ids, s := c.registrants(r)
	if s != Good {
		return StatusGood, s
	}
	if r.action == persistRegister {
		for _, id := range ids {
			g := c.next.find(id)
			if g == nil && (id != c.by || r.key == 0) {
				continue // another port need not be registered already
			}
			if g == nil || g.Key != r.key {
				return StatusReservationConflict, Good
			}
		}
		if r.specific && c.next.find(c.by) != nil {
			return StatusGood, InvalidFieldInParams.AtParam(persistOffFlags, 3)
		}
	}
	if r.newKey == 0 && c.next.find(c.by) == nil {
		return StatusGood, Good // SPC-4: do nothing except return GOOD status
	}
	for _, id := range ids {
		if r.newKey == 0 {
			c.unregister(id)
		} else if !c.enter(id, r.newKey) {
			return StatusGood, RegistrationsFull
		}
	}
	c.next.Persist = r.persist
	c.next.Generation++
	c.changed = true
	return StatusGood, Good
}

// registrants returns the nexuses that a REGISTER is for, by itself first: the
// asking one's, through all target ports with ALL_TG_PT, and those of SPEC_I_PT.
func (c *persistChange) registrants(r *persistRequest) ([]NexusID, Sense) {
	ports := []targetPort{c.by.port()}
	if r.allPorts {
		for port := range c.medium.portIDs() {
			if port != ports[0] {
				ports = append(ports, port)
			}
		}
		slices.SortFunc(ports[1:], func(a, b targetPort) int {
			return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.group, b.group))
		})
	}
	var ids []NexusID
	for _, port := range ports {
		ids = append(ids, NexusID{c.by.Initiator, c.by.ISID, port.target, port.group})
	}
	for i := range r.ports {
		for _, port := range ports {
			more := c.portsOf(&r.ports[i], port)
			if len(more) == 0 {
				return nil, InvalidFieldInParams.AtParam(persistOffIDs, NoBit)
			}
			for _, id := range more {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			if len(ids) > maxRegistrations {
				return nil, RegistrationsFull
			}
		}
	}
	return ids, Good
}

// portsOf returns the nexuses of a TransportID with a target port: one, or for a
// node those that are there now.
func (c *persistChange) portsOf(id *transportID, port targetPort) (ids []NexusID) {
	if !id.node {
		return []NexusID{{id.initiator, id.isid, port.target, port.group}}
	}
	c.medium.eachNexus(func(n *Nexus, _ *Unit) {
		if n.id.Initiator == id.initiator && n.id.port() == port && !slices.Contains(ids, n.id) {
			ids = append(ids, n.id)
		}
	})
	return ids
}

// enter registers id by key, or changes its key. It is false when no more can
// be registered.
func (c *persistChange) enter(id NexusID, key uint64) bool {
	if g := c.next.find(id); g != nil {
		g.Key = key
		return true
	}
	if len(c.next.Registrations) == maxRegistrations {
		return false
	}
	c.next.Registrations = append(c.next.Registrations, Registration{id, key})
	return true
}

// unregister ends the registration of id, if it has one, and the reservation
// that it alone holds.
func (c *persistChange) unregister(id NexusID) {
	c.remove(func(g *Registration) bool { return g.Nexus == id })
	if c.next.Type != NoReservation && c.next.Holder == id {
		if c.next.Type.toRegistrants() {
			c.tellRegistrants(attPRReleased)
		}
		c.next.Type, c.next.Holder = NoReservation, NexusID{}
	}
}

// remove ends the registrations that match and returns whose they were. A
// reservation of all registrants ends with the last one.
func (c *persistChange) remove(match func(g *Registration) bool) (lost []NexusID) {
	c.next.Registrations = slices.DeleteFunc(c.next.Registrations, func(g Registration) bool {
		if match(&g) {
			lost = append(lost, g.Nexus)
			return true
		}
		return false
	})
	if len(c.next.Registrations) == 0 && c.next.Type.allRegistrants() {
		c.next.Type = NoReservation
	}
	return lost
}

func (c *persistChange) tell(ids []NexusID, kind attention) {
	for _, id := range ids {
		if id != c.by {
			c.told[id] |= kind
		}
	}
}

// tellRegistrants tells all who are registered.
func (c *persistChange) tellRegistrants(kind attention) {
	for _, g := range c.next.Registrations {
		c.tell([]NexusID{g.Nexus}, kind)
	}
}

// scopeAndType returns the sense for a reservation that there cannot be.
func (r *persistRequest) scopeAndType() Sense {
	switch {
	case r.scope != scopeUnit:
		return InvalidFieldInCDB.AtCDB(2, 7)
	case !r.kind.Valid():
		return InvalidFieldInCDB.AtCDB(2, 3)
	}
	return Good
}

// scopeUnit is LU_SCOPE, the only one that is not obsolete.
const scopeUnit = 0x0

// reserve is RESERVE of PERSISTENT RESERVE OUT.
func (c *persistChange) reserve(r *persistRequest) (Status, Sense) {
	if s := r.scopeAndType(); s != Good {
		return StatusGood, s
	}
	switch {
	case c.next.Type == NoReservation:
		c.establish(r.kind)
	case !c.next.Holds(c.by) || c.next.Type != r.kind:
		return StatusReservationConflict, Good
	}
	return StatusGood, Good
}

// establish makes by the holder of a reservation.
func (c *persistChange) establish(kind ReservationType) {
	c.next.Type, c.next.Holder = kind, NexusID{}
	if !kind.allRegistrants() {
		c.next.Holder = c.by
	}
	c.changed = true
}

// release is RELEASE of PERSISTENT RESERVE OUT.
func (c *persistChange) release(r *persistRequest) Sense {
	if !c.next.Holds(c.by) {
		return Good
	}
	if r.scope != scopeUnit || r.kind != c.next.Type {
		return InvalidRelease
	}
	if c.next.Type.toRegistrants() {
		c.tellRegistrants(attPRReleased)
	}
	c.next.Type, c.next.Holder = NoReservation, NexusID{}
	c.changed = true
	return Good
}

// clear is CLEAR of PERSISTENT RESERVE OUT.
func (c *persistChange) clear() {
	c.tellRegistrants(attPRCleared)
	c.next.Registrations = nil
	c.next.Type, c.next.Holder = NoReservation, NexusID{}
	c.next.Generation++
	c.changed = true
}

// preempt is PREEMPT and, but for the tasks, PREEMPT AND ABORT.
func (c *persistChange) preempt(r *persistRequest) (Status, Sense) {
	all := c.next.Type.allRegistrants()
	var held uint64 // key of the one holder
	if g := c.next.find(c.next.Holder); g != nil {
		held = g.Key
	}
	switch {
	case r.newKey == 0 && !all:
		return StatusGood, InvalidFieldInParams.AtParam(persistOffNew, 7)
	case r.newKey == 0, held != 0 && r.newKey == held:
		if s := r.scopeAndType(); s != Good {
			return StatusGood, s
		}
		c.takeOver(r)
	default:
		lost := c.remove(func(g *Registration) bool { return g.Key == r.newKey })
		if len(lost) == 0 {
			return StatusReservationConflict, Good
		}
		c.tell(lost, attPRPreempted)
	}
	c.next.Generation++
	c.changed = true
	return StatusGood, Good
}

// takeOver gives by the reservation of another holder, and ends the registrations
// of that, or of all others with the key 0.
func (c *persistChange) takeOver(r *persistRequest) {
	before := c.next.Type
	lost := c.remove(func(g *Registration) bool {
		return g.Nexus != c.by && (r.newKey == 0 || g.Key == r.newKey)
	})
	c.tell(lost, attPRPreempted)
	c.establish(r.kind)
	if before != r.kind {
		c.tellRegistrants(attPRReleased)
	}
}

// move is REGISTER AND MOVE.
func (c *persistChange) move(r *persistRequest) (Status, Sense) {
	switch {
	case c.next.Type == NoReservation:
		return StatusGood, InvalidFieldInCDB.AtCDB(1, 4)
	case c.next.Type.allRegistrants(), c.next.Holder != c.by:
		return StatusReservationConflict, Good
	case r.newKey == 0:
		return StatusGood, InvalidFieldInParams.AtParam(persistOffNew, 7)
	}
	var ports []targetPort
	for port, id := range c.medium.portIDs() {
		if id == r.port {
			ports = append(ports, port)
		}
	}
	if len(ports) != 1 {
		return StatusGood, InvalidFieldInParams.AtParam(moveOffPort, 7)
	}
	to := c.portsOf(&r.ports[0], ports[0])
	if len(to) != 1 || to[0] == c.by {
		return StatusGood, InvalidFieldInParams.AtParam(moveOffID, NoBit)
	}
	if !c.enter(to[0], r.newKey) {
		return StatusGood, RegistrationsFull
	}
	c.next.Holder = to[0]
	if r.unregister {
		c.remove(func(g *Registration) bool { return g.Nexus == c.by })
	}
	c.next.Persist = r.persist
	c.next.Generation++
	c.changed = true
	return StatusGood, Good
}
