// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A registrar keeps the reservations of a medium. Commands are planned by what
// now says: one that was planned before a change, and may still collect its
// data, was in the enabled state of SAM-5 before it, and goes on. PREEMPT AND
// ABORT is what ends those too.
//
// mu may be held while a file is written, so an event loop never takes it: what
// changes reservations runs on a worker (Plan.Blocking), and what must be quick,
// the loss of a nexus and a reset, only marks a hold.
type registrar struct {
	now atomic.Pointer[reservationSnapshot] // nil: there was never anything

	mu   sync.Mutex // one change at a time
	keep func(Reservations) error
}

// snapshot returns what is now, an empty one for nothing.
func (g *registrar) snapshot() *reservationSnapshot {
	if s := g.now.Load(); s != nil {
		return s
	}
	return &emptyReservations
}

var emptyReservations reservationSnapshot

// endHold ends the reservation by RESERVE, as a reset does.
func (g *registrar) endHold() {
	if s := g.now.Load(); s != nil && s.hold != nil {
		s.hold.over.Store(true)
	}
}

// KeepReservations has every change of reservations that are to outlive a loss
// of power, and the one that ends this, given to keep before it holds. keep may
// wait for a disk; when it fails, the command does and nothing has changed. Without
// it APTPL is refused. It comes before the medium has a unit.
func (m *Medium) KeepReservations(keep func(Reservations) error) { m.reservations.keep = keep }

// Reservations returns the registrations and the persistent reservation of now.
func (m *Medium) Reservations() Reservations { return m.reservations.snapshot().Reservations }

// Holder returns the nexus that has reserved the medium by RESERVE of SPC-2. ok
// is false when none has.
func (m *Medium) Holder() (id NexusID, ok bool) {
	if h := m.reservations.snapshot().hold; h.live() {
		return h.nexus.id, true
	}
	return NexusID{}, false
}

// RestoreReservations makes r, which outlived a loss of power, the reservations
// of the medium. It is an error when r cannot be, or when commands have made
// others since.
func (m *Medium) RestoreReservations(r Reservations) error {
	if err := r.Check(); err != nil {
		return err
	}
	g := &m.reservations
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.snapshot(); now.Generation != 0 || len(now.Registrations) > 0 {
		return fmt.Errorf("there are others already on %s", m.name)
	}
	g.now.Store(newReservationSnapshot(r, nil))
	return nil
}

// KeepAgain gives the reservations of now to keep, as if they had changed.
func (m *Medium) KeepAgain() error {
	g := &m.reservations
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.keep(g.snapshot().Reservations)
}

// persistOut carries out a PERSISTENT RESERVE OUT of n. preempted are the nexuses
// whose tasks are to be aborted before it is answered.
func (m *Medium) persistOut(n *Nexus, r *persistRequest) (preempted []*Nexus, status Status, sense Sense) {
	g := &m.reservations
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.snapshot()
	if now.hold.live() {
		return nil, StatusReservationConflict, Good // SPC-2 shuts out all of them
	}
	c := newPersistChange(m, now.Reservations, n.id)
	if status, sense = c.carryOut(r); status != StatusGood || sense != Good || !c.changed {
		return nil, status, sense
	}
	if now.Persist || c.next.Persist {
		if g.keep(c.next) != nil { // who keeps them has told the operator why
			return nil, StatusGood, InternalTargetFailure
		}
	}
	g.now.Store(newReservationSnapshot(c.next, nil))
	return m.tellPreempted(c, r.action == persistPreemptAbort), StatusGood, Good
}

// tellPreempted makes pending what c has to tell, and returns the nexuses whose
// tasks are to be aborted.
func (m *Medium) tellPreempted(c *persistChange, abort bool) (preempted []*Nexus) {
	if len(c.told) == 0 {
		return nil
	}
	m.eachNexus(func(n *Nexus, u *Unit) {
		kind, there := c.told[n.id]
		if !there {
			return
		}
		n.attentionsOf(u).set(kind)
		if abort && kind&attPRPreempted != 0 {
			preempted = append(preempted, n)
		}
	})
	return preempted
}

// eachNexus calls f for each nexus and unit through which the medium is reached,
// while neither can go.
func (m *Medium) eachNexus(f func(n *Nexus, u *Unit)) {
	for _, u := range m.unitList() {
		t := u.target
		t.mu.Lock()
		if t.units[u.slot] == u { // it has not left meanwhile
			for n := range t.nexuses {
				f(n, u)
			}
		}
		t.mu.Unlock()
	}
}

// unitList returns the units of the medium that are in a target.
func (m *Medium) unitList() []*Unit {
	m.unitsMu.Lock()
	defer m.unitsMu.Unlock()
	return m.units
}

// join and leave keep the list of units. The caller holds the target's mutex,
// after which the one of the list comes.
func (m *Medium) join(u *Unit) {
	m.unitsMu.Lock()
	defer m.unitsMu.Unlock()
	m.units = append(m.units[:len(m.units):len(m.units)], u)
}

func (m *Medium) leave(u *Unit) {
	m.unitsMu.Lock()
	defer m.unitsMu.Unlock()
	var rest []*Unit
	for _, o := range m.units {
		if o != u {
			rest = append(rest, o)
		}
	}
	m.units = rest
}
