// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Service actions of PERSISTENT RESERVE OUT. See SPC-4.
const (
	persistRegister       = 0x00
	persistReserve        = 0x01
	persistRelease        = 0x02
	persistClear          = 0x03
	persistPreempt        = 0x04
	persistPreemptAbort   = 0x05
	persistRegisterIgnore = 0x06
	persistMove           = 0x07
)

// Fields of its parameter list, the basic one and that of REGISTER AND MOVE. See
// SPC-4.
const (
	persistListLen  = 24 // without TransportIDs
	persistOffKey   = 0
	persistOffNew   = 8 // SERVICE ACTION RESERVATION KEY
	persistOffFlags = 20
	persistOffIDLen = 24 // TRANSPORTID PARAMETER DATA LENGTH
	persistOffIDs   = 28

	persistSpecIPT = 0x08
	persistAllTgPt = 0x04
	persistAPTPL   = 0x01

	moveOffFlags = 17
	moveOffPort  = 18 // RELATIVE TARGET PORT IDENTIFIER
	moveOffIDLen = 20
	moveOffID    = 24

	moveUnreg = 0x02
	moveAPTPL = 0x01
)

// A persistRequest is a PERSISTENT RESERVE OUT, taken apart.
type persistRequest struct {
	action byte
	scope  byte
	kind   ReservationType // as it came: any value of four bits
	key    uint64          // RESERVATION KEY
	newKey uint64          // SERVICE ACTION RESERVATION KEY

	allPorts bool          // ALL_TG_PT
	persist  bool          // APTPL
	specific bool          // SPEC_I_PT
	ports    []transportID // of SPEC_I_PT, or the one of REGISTER AND MOVE

	unregister bool   // UNREG
	port       uint16 // RELATIVE TARGET PORT IDENTIFIER of REGISTER AND MOVE
}

// persistInRows are the commands of PERSISTENT RESERVE IN.
func persistInRows() map[byte]*command {
	row := func(action byte, name string, plan func(*Nexus, *Plan, *[16]byte) Sense) *command {
		return &command{name: "PERSISTENT RESERVE IN, " + name, dir: ToInitiator, access: accessPersist, reach: reachStandby, plan: plan,
			usage: []byte{0x5e, action, 0, 0, 0, 0, 0, 0xff, 0xff, 0}}
	}
	return map[byte]*command{
		0x00: row(0x00, "READ KEYS", planReadKeys),
		0x01: row(0x01, "READ RESERVATION", planReadReservation),
		0x02: row(0x02, "REPORT CAPABILITIES", planReportCapabilities),
		0x03: row(0x03, "READ FULL STATUS", planReadFullStatus),
	}
}

// persistOutRows are the commands of PERSISTENT RESERVE OUT. SCOPE and TYPE are
// there for all: initiators send them where SPC-4 ignores them.
func persistOutRows() map[byte]*command {
	rows := make(map[byte]*command)
	for action, name := range persistActionNames {
		rows[byte(action)] = &command{name: "PERSISTENT RESERVE OUT, " + name, dir: ToTarget, access: accessPersist, reach: reachStandby, plan: planPersistOut, collect: collectPersistOut,
			usage: []byte{0x5f, byte(action), 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0}}
	}
	return rows
}

var persistActionNames = [...]string{
	persistRegister:       "REGISTER",
	persistReserve:        "RESERVE",
	persistRelease:        "RELEASE",
	persistClear:          "CLEAR",
	persistPreempt:        "PREEMPT",
	persistPreemptAbort:   "PREEMPT AND ABORT",
	persistRegisterIgnore: "REGISTER AND IGNORE EXISTING KEY",
	persistMove:           "REGISTER AND MOVE",
}

// planPersistOut is PERSISTENT RESERVE OUT of SPC-4. It may write a file.
func planPersistOut(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	listLen := binary.BigEndian.Uint32(cdb[5:])
	fixed := cdb[1]&serviceActionBits != persistRegister && cdb[1]&serviceActionBits != persistMove
	if listLen < persistListLen || listLen > MaxCollectLen || fixed && listLen != persistListLen {
		return ParamListLength
	}
	p.Blocking = true
	return p.collectParams(cdb, int(listLen))
}

// collectPersistOut has the parameter list.
func collectPersistOut(n *Nexus, p *Plan, data []byte) Sense {
	if len(data) < p.OutLen {
		return ParamListLength
	}
	m := p.Unit.medium
	r, s := parsePersist(&p.cdb, data, m.reservations.keep != nil)
	if s != Good {
		return s
	}
	preempted, status, s := m.persistOut(n, r)
	p.Status = status
	if len(preempted) > 0 {
		p.Action, p.Preempted = ActionAbort, preempted
	}
	return s
}

// parsePersist takes the command apart. persists is false where there is no
// place that outlives a loss of power.
func parsePersist(cdb *[16]byte, data []byte, persists bool) (*persistRequest, Sense) {
	r := &persistRequest{
		action: cdb[1] & serviceActionBits, scope: cdb[2] >> 4, kind: ReservationType(cdb[2] & 0x0f),
		key: binary.BigEndian.Uint64(data[persistOffKey:]), newKey: binary.BigEndian.Uint64(data[persistOffNew:]),
	}
	if r.action == persistMove {
		return r, r.parseMove(data, persists)
	}
	flags := data[persistOffFlags]
	if reserved := flags &^ (persistSpecIPT | persistAllTgPt | persistAPTPL); reserved != 0 {
		return nil, InvalidFieldInParams.AtParam(persistOffFlags, topBit(reserved))
	}
	r.specific = flags&persistSpecIPT != 0
	switch r.action {
	case persistRegister:
		if !r.specific && len(data) != persistListLen {
			return nil, ParamListLength
		}
	default:
		if r.specific {
			return nil, InvalidFieldInParams.AtParam(persistOffFlags, 3)
		}
	}
	// The other service actions do not look at these two.
	if r.action == persistRegister || r.action == persistRegisterIgnore {
		r.allPorts, r.persist = flags&persistAllTgPt != 0, flags&persistAPTPL != 0
		if r.persist && !persists {
			return nil, InvalidFieldInParams.AtParam(persistOffFlags, 0)
		}
	}
	if !r.specific {
		return r, Good
	}
	if len(data) < persistOffIDs || uint64(binary.BigEndian.Uint32(data[persistOffIDLen:])) != uint64(len(data)-persistOffIDs) {
		return nil, ParamListLength
	}
	var s Sense
	r.ports, s = parseTransportIDs(data, persistOffIDs)
	return r, s
}

// parseMove takes the parameter list of REGISTER AND MOVE apart.
func (r *persistRequest) parseMove(data []byte, persists bool) Sense {
	flags := data[moveOffFlags]
	if reserved := flags &^ (moveUnreg | moveAPTPL); reserved != 0 {
		return InvalidFieldInParams.AtParam(moveOffFlags, topBit(reserved))
	}
	r.unregister, r.persist = flags&moveUnreg != 0, flags&moveAPTPL != 0
	r.port = binary.BigEndian.Uint16(data[moveOffPort:])
	if r.persist && !persists {
		return InvalidFieldInParams.AtParam(moveOffFlags, 0)
	}
	if uint64(binary.BigEndian.Uint32(data[moveOffIDLen:])) != uint64(len(data)-moveOffID) {
		return ParamListLength
	}
	var s Sense
	if r.ports, s = parseTransportIDs(data, moveOffID); s != Good {
		return s
	}
	if len(r.ports) != 1 {
		return InvalidFieldInParams.AtParam(moveOffIDLen, 7)
	}
	return Good
}
