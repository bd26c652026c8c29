// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// SELECT REPORT of REPORT LUNS. See SPC-4.
const (
	selectAddressed = 0x00 // units, not the well-known ones
	selectWellKnown = 0x01 // well-known units, of which there are none
	selectAll       = 0x02

	selectAdministrative = 0x10 // administrative units, of which there are none
	selectTopLevel       = 0x11 // administrative units, and those of no conglomerate: all of ours
)

// selectsUnits tells for each SELECT REPORT whether the units of the target are in
// the list. What is not here is refused: 12h is for administrative units to answer.
var selectsUnits = map[byte]bool{
	selectAddressed: true, selectWellKnown: false, selectAll: true,
	selectAdministrative: false, selectTopLevel: true,
}

// reportLUNsHeaderLen is LUN LIST LENGTH and four reserved bytes.
const reportLUNsHeaderLen = 8

// planReportLUNs is REPORT LUNS of SPC-4. The list it gives is the news of
// REPORTED LUNS DATA HAS CHANGED, which is therefore no longer pending.
func planReportLUNs(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	units, known := selectsUnits[cdb[2]]
	if !known {
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	for _, a := range *n.pending.Load() {
		a.clear(attLUNsChanged)
	}
	var header [reportLUNsHeaderLen]byte
	p.Reply = append(p.Reply, header[:]...)
	if units {
		for lun, u := range *n.target.luns.Load() {
			if u != nil && n.sees(u) {
				p.Reply = appendLUN(p.Reply, uint16(lun))
			}
		}
	}
	binary.BigEndian.PutUint32(p.Reply, uint32(len(p.Reply)-reportLUNsHeaderLen))
	return p.cut(binary.BigEndian.Uint32(cdb[6:]))
}

// requestDESC is DESC of REQUEST SENSE, in byte 1.
const requestDESC = 0x01

// planRequestSense is REQUEST SENSE of SPC-4: sense data as data. It is the
// pending unit attention, which is thereby reported, else why TEST UNIT READY
// would not end well, else NO SENSE.
func planRequestSense(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	s := LUNotSupported
	if p.Unit != nil {
		if s = n.attentionsOf(p.Unit).take(); s == Good {
			s = n.readiness(p.Unit, p.state, commands[opTestUnitReady])
		}
		if s == Good {
			s = p.Unit.medium.Erasing()
		}
	}
	p.Reply = s.Append(p.Reply, cdb[1]&requestDESC != 0)
	return p.cut(uint32(cdb[4]))
}
