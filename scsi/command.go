// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// A Direction is where the data of a command goes.
type Direction uint8

// The directions. VERIFY and MODE SELECT are ToTarget though they may move
// nothing.
const (
	NoData Direction = iota + 1
	ToInitiator
	ToTarget
)

// A command is a row of the table of commands: all that is known of an
// operation code, or of one of its service actions.
type command struct {
	name string

	// usage is the CDB usage data of REPORT SUPPORTED OPERATION CODES: as
	// long as the CDB; the operation code, then (in byte 1) the service
	// action, else a one for each bit that is looked at. A bit that has no
	// one here must be zero.
	usage []byte

	dir    Direction
	access access
	writes bool // refused on a write-protected unit
	always bool // answered on a LUN without unit, and despite a unit attention

	erases     bool  // a new erasure, also of a medium of which one has failed
	mediumless bool  // answered while the unit is not ready, as those of always are
	noMedium   bool  // answered while the medium is ejected, as those of always and mediumless are
	reach      reach // in which access states of the port it is let through

	has func(u *unitState) bool // reports whether a unit has the command; nil: every one

	plan    func(n *Nexus, p *Plan, cdb *[16]byte) Sense
	collect func(n *Nexus, p *Plan, data []byte) Sense // of rows that plan ActionCollect

	// actions holds the rows of the service actions by number; the row itself
	// has then only a name.
	actions map[byte]*command
	// known is set where actions is known to initiators as a whole: another
	// service action is then an invalid field, not an unknown command.
	known bool

	reserved [2]uint64 // bits of the CDB that must be zero, big endian; filled in by init
}

// opTestUnitReady is the operation code whose end says whether a unit is ready.
const opTestUnitReady = 0x00

// serviceActionBits is the SERVICE ACTION field, in byte 1.
const serviceActionBits = 0x1f

// commands is the table of commands by operation code. What is not here is
// INVALID COMMAND OPERATION CODE.
//
// It is filled in by init because REPORT SUPPORTED OPERATION CODES, a row of
// it, reads it.
var commands [256]*command

func init() {
	commands = commandTable()
	for _, c := range commands {
		if c == nil {
			continue
		}
		c.reserved = reservedBits(c.usage, 0)
		for _, a := range c.actions {
			a.reserved = reservedBits(a.usage, serviceActionBits)
		}
	}
}

// reservedBits returns the bits that usage does not mention. Byte 0, the bits
// of byte 1 in known, and the padding behind the CDB are not checked.
func reservedBits(usage []byte, known byte) [2]uint64 {
	var r [16]byte
	for i, b := range usage {
		r[i] = ^b
	}
	r[0] = 0
	r[1] &^= known
	return [2]uint64{binary.BigEndian.Uint64(r[:8]), binary.BigEndian.Uint64(r[8:])}
}

// commandTable returns the rows. They are sorted by operation code. CONTROL,
// the last byte, is zero: NACA, LINK and the vendor's bits are refused.
func commandTable() [256]*command {
	return [256]*command{
		0x00: {name: "TEST UNIT READY", dir: NoData, access: accessReady, plan: planTestUnitReady,
			usage: []byte{0x00, 0, 0, 0, 0, 0}},
		0x03: {name: "REQUEST SENSE", dir: ToInitiator, access: accessAlways, always: true, plan: planRequestSense,
			usage: []byte{0x03, 0x01, 0, 0, 0xff, 0}},
		0x04: {name: "FORMAT UNIT", dir: ToTarget, access: accessConflict, writes: true, erases: true, plan: planFormat, collect: collectFormat,
			usage: []byte{0x04, 0x3f, 0, 0, 0, 0}},
		0x08: {name: "READ(6)", dir: ToInitiator, access: accessRead, plan: planRead,
			usage: []byte{0x08, 0x1f, 0xff, 0xff, 0xff, 0}},
		0x0a: {name: "WRITE(6)", dir: ToTarget, access: accessConflict, writes: true, plan: planWrite,
			usage: []byte{0x0a, 0x1f, 0xff, 0xff, 0xff, 0}},
		0x12: {name: "INQUIRY", dir: ToInitiator, access: accessAlways, always: true, plan: planInquiry,
			usage: []byte{0x12, 0x01, 0xff, 0xff, 0xff, 0}},
		0x15: {name: "MODE SELECT(6)", reach: reachStandby, dir: ToTarget, access: accessConflict, plan: planModeSelect6, collect: collectMode6,
			usage: []byte{0x15, 0x11, 0, 0, 0xff, 0}},
		0x16: {name: "RESERVE(6)", dir: NoData, access: accessAlways, plan: planReserve, collect: collectReserve,
			usage: []byte{0x16, 0, 0, 0, 0, 0}},
		0x17: {name: "RELEASE(6)", dir: NoData, access: accessAlways, plan: planReserve, collect: collectRelease,
			usage: []byte{0x17, 0, 0, 0, 0, 0}},
		0x1a: {name: "MODE SENSE(6)", noMedium: true, reach: reachStandby, dir: ToInitiator, access: accessRead, plan: planModeSense6,
			usage: []byte{0x1a, 0x08, 0xff, 0xff, 0xff, 0}},
		0x1b: {name: "START STOP UNIT", dir: NoData, access: accessStart, noMedium: true, plan: planStartStop,
			usage: []byte{0x1b, 0x01, 0, 0, 0xf7, 0}},
		0x1d: {name: "SEND DIAGNOSTIC", reach: reachStandby, dir: NoData, access: accessConflict, plan: planSendDiagnostic,
			usage: []byte{0x1d, 0x04, 0, 0, 0, 0}},
		0x1e: {name: "PREVENT ALLOW MEDIUM REMOVAL", dir: NoData, access: accessPrevent, noMedium: true, has: isRemovable, plan: planPreventAllow,
			usage: []byte{0x1e, 0, 0, 0, 0x03, 0}},
		0x25: {name: "READ CAPACITY(10)", dir: ToInitiator, access: accessReady, plan: planReadCapacity10,
			usage: []byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		0x28: {name: "READ(10)", dir: ToInitiator, access: accessRead, plan: planRead,
			usage: []byte{0x28, 0x18, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x2a: {name: "WRITE(10)", dir: ToTarget, access: accessConflict, writes: true, plan: planWrite,
			usage: []byte{0x2a, 0x18, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x2e: {name: "WRITE AND VERIFY(10)", dir: ToTarget, access: accessConflict, writes: true, plan: planWriteVerify,
			usage: []byte{0x2e, 0x12, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x2f: {name: "VERIFY(10)", dir: ToTarget, access: accessRead, plan: planVerify,
			usage: []byte{0x2f, 0x16, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x34: {name: "PRE-FETCH(10)", dir: NoData, access: accessRead, plan: planPrefetch,
			usage: []byte{0x34, 0x02, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x35: {name: "SYNCHRONIZE CACHE(10)", dir: NoData, access: accessConflict, plan: planSynchronizeCache,
			usage: []byte{0x35, 0x02, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x37: {name: "READ DEFECT DATA(10)", dir: ToInitiator, access: accessRead, plan: planDefects10,
			usage: []byte{0x37, 0, 0x1f, 0, 0, 0, 0, 0xff, 0xff, 0}},
		0x41: {name: "WRITE SAME(10)", dir: ToTarget, access: accessConflict, writes: true, plan: planWriteSame,
			usage: []byte{0x41, 0x08, 0xff, 0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0}},
		0x42: {name: "UNMAP", dir: ToTarget, access: accessConflict, writes: true, has: isThin, plan: planUnmap, collect: collectUnmap,
			usage: []byte{0x42, 0, 0, 0, 0, 0, 0x1f, 0xff, 0xff, 0}},
		0x48: {name: "SANITIZE", known: true, actions: sanitizeRows()},
		0x4d: {name: "LOG SENSE", reach: reachStandby, dir: ToInitiator, access: accessReady, mediumless: true, plan: planLogSense,
			usage: []byte{0x4d, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0}},
		0x55: {name: "MODE SELECT(10)", reach: reachStandby, dir: ToTarget, access: accessConflict, plan: planModeSelect10, collect: collectMode10,
			usage: []byte{0x55, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0}},
		0x56: {name: "RESERVE(10)", dir: NoData, access: accessAlways, plan: planReserve, collect: collectReserve,
			usage: []byte{0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		0x57: {name: "RELEASE(10)", dir: NoData, access: accessAlways, plan: planReserve, collect: collectRelease,
			usage: []byte{0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		0x5a: {name: "MODE SENSE(10)", noMedium: true, reach: reachStandby, dir: ToInitiator, access: accessRead, plan: planModeSense10,
			usage: []byte{0x5a, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0}},
		0x5e: {name: "PERSISTENT RESERVE IN", known: true, actions: persistInRows()},
		0x5f: {name: "PERSISTENT RESERVE OUT", known: true, actions: persistOutRows()},
		0x83: {name: "THIRD-PARTY COPY OUT", actions: map[byte]*command{
			0x00: {name: "EXTENDED COPY(LID1)", dir: ToTarget, access: accessConflict, has: isCopied, plan: planExtendedCopy, collect: collectExtendedCopy,
				usage: []byte{0x83, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			actionPopulateToken: {name: "POPULATE TOKEN", dir: ToTarget, access: accessRead, plan: planTokenCommand, collect: collectPopulateToken,
				usage: []byte{0x83, 0x10, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
			actionWriteUsingToken: {name: "WRITE USING TOKEN", dir: ToTarget, access: accessConflict, writes: true, plan: planTokenCommand, collect: collectWriteUsingToken,
				usage: []byte{0x83, 0x11, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		}},
		0x84: {name: "THIRD-PARTY COPY IN", actions: map[byte]*command{
			0x00: {name: "RECEIVE COPY STATUS(LID1)", dir: ToInitiator, access: accessConflict, has: isCopied, plan: planCopyStatus,
				usage: []byte{0x84, 0x00, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x01: {name: "RECEIVE COPY DATA(LID1)", dir: ToInitiator, access: accessConflict, has: isCopied, plan: planCopyData,
				usage: []byte{0x84, 0x01, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x03: {name: "RECEIVE COPY OPERATING PARAMETERS", dir: ToInitiator, access: accessConflict, has: isCopied, plan: planCopyParameters,
				usage: []byte{0x84, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x04: {name: "RECEIVE COPY FAILURE DETAILS(LID1)", dir: ToInitiator, access: accessConflict, has: isCopied, plan: planCopyFailure,
				usage: []byte{0x84, 0x04, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x07: {name: "RECEIVE ROD TOKEN INFORMATION", dir: ToInitiator, access: accessRead, plan: planTokenInformation,
				usage: []byte{0x84, 0x07, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
		}},
		0x88: {name: "READ(16)", dir: ToInitiator, access: accessRead, plan: planRead,
			usage: []byte{0x88, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x8a: {name: "WRITE(16)", dir: ToTarget, access: accessConflict, writes: true, plan: planWrite,
			usage: []byte{0x8a, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x89: {name: "COMPARE AND WRITE", dir: ToTarget, access: accessConflict, writes: true, plan: planCompareAndWrite,
			usage: []byte{0x89, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0xff, 0x1f, 0}},
		0x8b: {name: "ORWRITE(16)", dir: ToTarget, access: accessConflict, writes: true, plan: planOrWrite,
			usage: []byte{0x8b, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x8e: {name: "WRITE AND VERIFY(16)", dir: ToTarget, access: accessConflict, writes: true, plan: planWriteVerify,
			usage: []byte{0x8e, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x8f: {name: "VERIFY(16)", dir: ToTarget, access: accessRead, plan: planVerify,
			usage: []byte{0x8f, 0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x90: {name: "PRE-FETCH(16)", dir: NoData, access: accessRead, plan: planPrefetch,
			usage: []byte{0x90, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x91: {name: "SYNCHRONIZE CACHE(16)", dir: NoData, access: accessConflict, plan: planSynchronizeCache,
			usage: []byte{0x91, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x93: {name: "WRITE SAME(16)", dir: ToTarget, access: accessConflict, writes: true, plan: planWriteSame,
			usage: []byte{0x93, 0x09, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x9c: {name: "WRITE ATOMIC(16)", dir: ToTarget, access: accessConflict, writes: true, has: isAtomic, plan: planWriteAtomic,
			usage: []byte{0x9c, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0x9e: {name: "SERVICE ACTION IN(16)", actions: map[byte]*command{
			0x10: {name: "READ CAPACITY(16)", dir: ToInitiator, access: accessReady, plan: planReadCapacity16,
				usage: []byte{0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x12: {name: "GET LBA STATUS", dir: ToInitiator, access: accessRead, plan: planLBAStatus,
				usage: []byte{0x9e, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
		}},
		0xa0: {name: "REPORT LUNS", dir: ToInitiator, access: accessAlways, always: true, plan: planReportLUNs,
			usage: []byte{0xa0, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
		0xa3: {name: "MAINTENANCE IN", actions: map[byte]*command{
			0x0a: {name: "REPORT TARGET PORT GROUPS", dir: ToInitiator, access: accessAlways, mediumless: true, reach: reachAny, plan: planReportPortGroups,
				usage: []byte{0xa3, 0xea, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x0c: {name: "REPORT SUPPORTED OPERATION CODES", dir: ToInitiator, access: accessRead, mediumless: true, reach: reachStandby, plan: planReportOpcodes,
				usage: []byte{0xa3, 0x0c, 0x87, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
			0x0d: {name: "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", dir: ToInitiator, access: accessRead, mediumless: true, reach: reachStandby, plan: planReportTaskFunctions,
				usage: []byte{0xa3, 0x0d, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
		}},
		0xa4: {name: "MAINTENANCE OUT", actions: map[byte]*command{
			0x0a: {name: "SET TARGET PORT GROUPS", dir: ToTarget, access: accessConflict, mediumless: true, reach: reachAny, has: hasExplicitGroup, plan: planSetPortGroups, collect: collectSetPortGroups,
				usage: []byte{0xa4, 0x0a, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0}},
		}},
		0xa8: {name: "READ(12)", dir: ToInitiator, access: accessRead, plan: planRead,
			usage: []byte{0xa8, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0xaa: {name: "WRITE(12)", dir: ToTarget, access: accessConflict, writes: true, plan: planWrite,
			usage: []byte{0xaa, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0xae: {name: "WRITE AND VERIFY(12)", dir: ToTarget, access: accessConflict, writes: true, plan: planWriteVerify,
			usage: []byte{0xae, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0xaf: {name: "VERIFY(12)", dir: ToTarget, access: accessRead, plan: planVerify,
			usage: []byte{0xaf, 0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0}},
		0xb7: {name: "READ DEFECT DATA(12)", dir: ToInitiator, access: accessRead, plan: planDefects12,
			usage: []byte{0xb7, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0}},
	}
}

// commandOf returns the row of the command in cdb, nil when there is none.
func commandOf(cdb *[16]byte) *command {
	c := commands[cdb[0]]
	if c != nil && c.actions != nil {
		return c.actions[cdb[1]&serviceActionBits]
	}
	return c
}

// in reports whether u has the command. u is nil for a LUN without unit.
func (c *command) in(u *unitState) bool { return c.has == nil || u != nil && c.has(u) }

// Describe returns the T10 name of the command in cdb and where its data goes,
// for logs and counters. ok is false for a command that is not supported.
func Describe(cdb *[16]byte) (name string, dir Direction, ok bool) {
	c := commandOf(cdb)
	if c == nil {
		return "", 0, false
	}
	return c.name, c.dir, true
}
