// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Parameter data of PERSISTENT RESERVE IN. See SPC-4.
const (
	persistHeaderLen      = 8 // PRGENERATION and ADDITIONAL LENGTH
	persistKeyLen         = 8
	persistReservationLen = 16
	persistStatusLen      = 24 // full status descriptor, less its TransportID

	statusOffHolder = 12
	statusOffType   = 13
	statusOffPort   = 18
	statusOffIDLen  = 20
	statusHolder    = 0x01 // R_HOLDER

	capabilitiesLen   = 8
	capabilitiesCRH   = 0x10 // byte 2: RESERVE and RELEASE as SPC-4 has it
	capabilitiesSIP   = 0x08 // byte 2: SPEC_I_PT
	capabilitiesATP   = 0x04 // byte 2: ALL_TG_PT
	capabilitiesPTPL  = 0x01 // byte 2: APTPL
	capabilitiesTMV   = 0x80 // byte 3: the type mask is valid
	capabilitiesReady = 0x10 // byte 3: ALLOW COMMANDS, TEST UNIT READY under all types
	capabilitiesPTPLA = 0x01 // byte 3: they outlive a loss of power now
)

// replyPersist plans the header, with the length of what body would add, and as
// much of that as the allocation length takes.
func (p *Plan) replyPersist(cdb *[16]byte, r *Reservations, bodyLen int, body func(dst []byte) []byte) Sense {
	p.Reply = binary.BigEndian.AppendUint32(p.Reply, r.Generation)
	p.Reply = binary.BigEndian.AppendUint32(p.Reply, uint32(bodyLen))
	p.Reply = body(p.Reply)
	return p.cut(uint32(binary.BigEndian.Uint16(cdb[7:])))
}

// planReadKeys is READ KEYS of PERSISTENT RESERVE IN.
func planReadKeys(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	r := &p.Unit.medium.reservations.snapshot().Reservations
	return p.replyPersist(cdb, r, persistKeyLen*len(r.Registrations), func(dst []byte) []byte {
		for _, g := range r.Registrations {
			dst = binary.BigEndian.AppendUint64(dst, g.Key)
		}
		return dst
	})
}

// planReadReservation is READ RESERVATION of PERSISTENT RESERVE IN. The key is 0
// when all registrants hold it.
func planReadReservation(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	r := &p.Unit.medium.reservations.snapshot().Reservations
	if r.Type == NoReservation {
		return p.replyPersist(cdb, r, 0, func(dst []byte) []byte { return dst })
	}
	return p.replyPersist(cdb, r, persistReservationLen, func(dst []byte) []byte {
		var d [persistReservationLen]byte
		if g := r.find(r.Holder); g != nil {
			binary.BigEndian.PutUint64(d[:], g.Key)
		}
		d[13] = byte(r.Type) // the scope is that of the unit, 0
		return append(dst, d[:]...)
	})
}

// planReportCapabilities is REPORT CAPABILITIES of PERSISTENT RESERVE IN.
func planReportCapabilities(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	g := &p.Unit.medium.reservations
	d := [capabilitiesLen]byte{
		1: capabilitiesLen,
		2: capabilitiesCRH | capabilitiesSIP | capabilitiesATP,
		3: capabilitiesTMV | capabilitiesReady,
		4: 1<<WriteExclusive | 1<<ExclusiveAccess | 1<<WriteExclusiveRegOnly | 1<<ExclusiveAccessRegOnly | 1<<WriteExclusiveAllRegs,
		5: 1 << (ExclusiveAccessAllRegs - 8),
	}
	if g.keep != nil {
		d[2] |= capabilitiesPTPL
	}
	if g.snapshot().Persist {
		d[3] |= capabilitiesPTPLA
	}
	p.Reply = append(p.Reply, d[:]...)
	return p.cut(uint32(binary.BigEndian.Uint16(cdb[7:])))
}

// planReadFullStatus is READ FULL STATUS of PERSISTENT RESERVE IN. A registration
// through a target that the unit is not behind any more has the relative target
// port identifier 0.
func planReadFullStatus(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	m := p.Unit.medium
	r := &m.reservations.snapshot().Reservations
	ports, length := m.portIDs(), 0
	for i := range r.Registrations {
		length += persistStatusLen + transportIDLen(r.Registrations[i].Nexus)
	}
	return p.replyPersist(cdb, r, length, func(dst []byte) []byte {
		for _, g := range r.Registrations {
			var d [persistStatusLen]byte
			binary.BigEndian.PutUint64(d[:], g.Key)
			if r.Holds(g.Nexus) {
				d[statusOffHolder], d[statusOffType] = statusHolder, byte(r.Type)
			}
			binary.BigEndian.PutUint16(d[statusOffPort:], ports[g.Nexus.port()])
			binary.BigEndian.PutUint32(d[statusOffIDLen:], uint32(transportIDLen(g.Nexus)))
			dst = appendTransportID(append(dst, d[:]...), g.Nexus)
		}
		return dst
	})
}
