// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// A ReservationType is the TYPE of a persistent reservation. See SPC-4,
// persistent reservations type.
type ReservationType uint8

// The types of SPC-4.
const (
	NoReservation          ReservationType = 0x0
	WriteExclusive         ReservationType = 0x1
	ExclusiveAccess        ReservationType = 0x3
	WriteExclusiveRegOnly  ReservationType = 0x5 // Registrants Only
	ExclusiveAccessRegOnly ReservationType = 0x6
	WriteExclusiveAllRegs  ReservationType = 0x7 // All Registrants
	ExclusiveAccessAllRegs ReservationType = 0x8

	reservedByReserve   ReservationType = 0x9 // no type: RESERVE(6) or RESERVE(10) of SPC-2
	numReservationTypes                 = 0xa
)

// maxRegistrations is the most nexuses that can be registered with a medium:
// PERSISTENT RESERVE OUT makes as many as an initiator asks for, and READ FULL
// STATUS must fit in MaxReplyLen.
const maxRegistrations = 256

// reservationTypeNames are as SPC-4 spells them.
var reservationTypeNames = [numReservationTypes]string{
	WriteExclusive:         "Write Exclusive",
	ExclusiveAccess:        "Exclusive Access",
	WriteExclusiveRegOnly:  "Write Exclusive - Registrants Only",
	ExclusiveAccessRegOnly: "Exclusive Access - Registrants Only",
	WriteExclusiveAllRegs:  "Write Exclusive - All Registrants",
	ExclusiveAccessAllRegs: "Exclusive Access - All Registrants",
}

// Valid reports whether t is a type that can be reserved.
func (t ReservationType) Valid() bool {
	return t < numReservationTypes && reservationTypeNames[t] != ""
}

// String returns the name in SPC-4's words.
func (t ReservationType) String() string {
	if t.Valid() {
		return reservationTypeNames[t]
	}
	return fmt.Sprintf("reservation type %#x", uint8(t))
}

// allRegistrants reports whether every registered nexus holds a t.
func (t ReservationType) allRegistrants() bool {
	return t == WriteExclusiveAllRegs || t == ExclusiveAccessAllRegs
}

// toRegistrants reports whether registered nexuses have the access of the
// holder.
func (t ReservationType) toRegistrants() bool {
	return t == WriteExclusiveRegOnly || t == ExclusiveAccessRegOnly || t.allRegistrants()
}

// A Registration is a reservation key and the I_T nexus that registered it.
type Registration struct {
	Nexus NexusID
	Key   uint64 // never 0
}

// Reservations are the registrations and the persistent reservation of a
// medium. See SPC-4, reservations. They are not changed once published.
type Reservations struct {
	Generation    uint32 // PRGENERATION
	Persist       bool   // APTPL: they outlive a loss of power
	Registrations []Registration
	Type          ReservationType
	Holder        NexusID // zero when all registrants hold it, or nobody
}

// find returns the registration of id, or nil.
func (r *Reservations) find(id NexusID) *Registration {
	for i := range r.Registrations {
		if r.Registrations[i].Nexus == id {
			return &r.Registrations[i]
		}
	}
	return nil
}

// Holds reports whether id, which is registered, is a reservation holder.
func (r *Reservations) Holds(id NexusID) bool {
	return r.Type.allRegistrants() || r.Type != NoReservation && r.Holder == id
}

// Check returns an error for what no sequence of commands can lead to.
func (r *Reservations) Check() error {
	if len(r.Registrations) > maxRegistrations {
		return fmt.Errorf("%d registrations, more than %d", len(r.Registrations), maxRegistrations)
	}
	for i, g := range r.Registrations {
		if g.Key == 0 {
			return fmt.Errorf("%s is registered by the key 0", g.Nexus)
		}
		if slices.ContainsFunc(r.Registrations[:i], func(o Registration) bool { return o.Nexus == g.Nexus }) {
			return fmt.Errorf("%s is registered twice", g.Nexus)
		}
	}
	registered := r.find(r.Holder) != nil
	switch {
	case r.Type == NoReservation && r.Holder == NexusID{}:
	case !r.Type.Valid():
		return fmt.Errorf("%s, which is none, or a holder without reservation", r.Type)
	case r.Type.allRegistrants() && (r.Holder != NexusID{} || len(r.Registrations) == 0):
		return fmt.Errorf("%s has a holder of its own, or no registrant", r.Type)
	case !r.Type.allRegistrants() && !registered:
		return fmt.Errorf("%s is held by %s, which is not registered", r.Type, r.Holder)
	}
	return nil
}

// A hold is a reservation by RESERVE(6) or RESERVE(10) of SPC-2. It ends with
// its nexus and with any reset; both happen on event loops and must not wait for
// who changes reservations, so they only mark it.
type hold struct {
	nexus *Nexus
	over  atomic.Bool
}

// live reports whether h reserves anything.
func (h *hold) live() bool { return h != nil && !h.over.Load() && !h.nexus.gone.Load() }

// A reservationSnapshot is who may do what on a medium. It is not changed once
// published, but for hold.over.
type reservationSnapshot struct {
	Reservations
	registered map[NexusID]struct{}
	hold       *hold // nil: none; there are no registrations then, or it is over
}

func newReservationSnapshot(r Reservations, h *hold) *reservationSnapshot {
	s := &reservationSnapshot{Reservations: r, hold: h}
	s.registered = make(map[NexusID]struct{}, len(r.Registrations))
	for _, g := range r.Registrations {
		s.registered[g.Nexus] = struct{}{}
	}
	return s
}

// A role is what a nexus is to a reservation.
type role uint8

const (
	roleHolder role = iota
	roleRegistered
	roleOther
	numRoles
)

// place returns the reservation that there is, NoReservation for none, and what
// n is to it.
func (s *reservationSnapshot) place(n *Nexus) (ReservationType, role) {
	switch {
	case s.hold.live():
		if s.hold.nexus == n {
			return reservedByReserve, roleHolder
		}
		return reservedByReserve, roleOther
	case s.Type == NoReservation:
		return NoReservation, roleOther
	case s.Holder == n.id:
		return s.Type, roleHolder
	}
	if _, registered := s.registered[n.id]; !registered {
		return s.Type, roleOther
	}
	if s.Type.allRegistrants() {
		return s.Type, roleHolder
	}
	return s.Type, roleRegistered
}

// conflicts reports whether a command of class is not for n.
func (s *reservationSnapshot) conflicts(n *Nexus, class access) bool {
	t, as := s.place(n)
	return conflictMatrix[t][as]&(1<<class) != 0
}
