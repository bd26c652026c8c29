// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// Fields of START STOP UNIT. See SBC-3.
const (
	startImmed   = 0x01 // byte 1
	startStart   = 0x01 // byte 4
	startLOEJ    = 0x02 // byte 4
	startNoFlush = 0x04 // byte 4
)

// powerStops tells for each POWER CONDITION whether it stops the medium, as
// far as the cache is concerned. What is not here is reserved.
var powerStops = map[byte]bool{
	0x1: false, // ACTIVE
	0x2: false, // IDLE
	0x3: true,  // STANDBY
	0x7: false, // LU_CONTROL
	0xa: false, // FORCE_IDLE_0
	0xb: true,  // FORCE_STANDBY_0
}

// planStartStop is START STOP UNIT of SBC-3. There is no motor: to stop is to
// flush, and the unit stays ready, for other nexuses use it too. LOEJ ejects
// and loads a medium that can be removed, and is refused on others. Where it can,
// a power condition that is reserved does nothing: libiscsi's suite tries them
// all to see that none ejects.
func planStartStop(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	m := p.Unit.medium
	stop := cdb[4]&startStart == 0
	power, loej := cdb[4]>>4, cdb[4]&startLOEJ != 0
	switch {
	case power != 0: // START and LOEJ are then ignored
		var known bool
		if stop, known = powerStops[power]; !known && !p.state.Removable {
			return InvalidFieldInCDB.AtCDB(4, 7)
		}
	case loej && !p.state.Removable:
		return InvalidFieldInCDB.AtCDB(4, 1)
	case loej && !stop:
		return m.load(n)
	case loej:
		was := m.tray.ejected.Load()
		if s := m.tray.eject(); s != Good || was {
			return s
		}
	case m.tray.ejected.Load():
		return MediumNotPresent
	}
	if stop && cdb[4]&startNoFlush == 0 {
		p.Action = ActionFlush
		p.Len = int(p.state.Blocks) * int(p.state.BlockSize)
		p.Immediate = cdb[1]&startImmed != 0
	}
	return Good
}
