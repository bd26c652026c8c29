// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// RESERVE and RELEASE of SPC-2, for which VMFS and old clusters still ask. Third
// party reservations and extents are refused as reserved bits. While nexuses are
// registered these commands follow SPC-4, exceptions to SPC-2 RESERVE and RELEASE
// behavior (CRH).

// planReserve is RESERVE(6), RESERVE(10), RELEASE(6) and RELEASE(10) of SPC-2.
// They have no parameter data, but must wait their turn behind who writes a file.
func planReserve(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.Action, p.Blocking = ActionCollect, true
	p.row, p.cdb = commandOf(cdb), *cdb
	return Good
}

// collectReserve is RESERVE, when its turn has come.
func collectReserve(n *Nexus, p *Plan, _ []byte) Sense {
	p.Status = p.Unit.medium.reserve(n)
	return Good
}

// collectRelease is RELEASE, when its turn has come.
func collectRelease(n *Nexus, p *Plan, _ []byte) Sense {
	p.Status = p.Unit.medium.release(n)
	return Good
}

func (m *Medium) reserve(n *Nexus) Status {
	g := &m.reservations
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.snapshot()
	switch {
	case now.hold.live() && now.hold.nexus == n:
		return StatusGood
	case now.hold.live():
		return StatusReservationConflict
	case len(now.Registrations) > 0:
		return now.compatible(n)
	}
	g.now.Store(newReservationSnapshot(now.Reservations, &hold{nexus: n}))
	return StatusGood
}

func (m *Medium) release(n *Nexus) Status {
	g := &m.reservations
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.snapshot()
	switch {
	case now.hold.live() && now.hold.nexus == n:
		g.now.Store(newReservationSnapshot(now.Reservations, nil))
	case !now.hold.live() && len(now.Registrations) > 0:
		return now.compatible(n)
	}
	return StatusGood // SPC-2: to release what one does not hold is no error
}

// compatible returns the status of RESERVE and RELEASE where nexuses are
// registered: for who has the access of a holder they do nothing.
func (s *reservationSnapshot) compatible(n *Nexus) Status {
	if s.find(n.id) != nil && (s.Holds(n.id) || s.Type.toRegistrants()) {
		return StatusGood
	}
	return StatusReservationConflict
}
