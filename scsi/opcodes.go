// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Fields of REPORT SUPPORTED OPERATION CODES. See SPC-4.
const (
	opcodesRCTD    = 0x80 // byte 2: with command timeouts descriptors
	opcodesOptions = 0x07 // byte 2: reporting options

	optionsAll    = 0 // every command
	optionsOpcode = 1 // one that has no service actions
	optionsAction = 2 // one service action
	optionsEither = 3 // one, by the service action where it has them
)

// Bits and lengths of its parameter data. See SPC-4.
const (
	descriptorSERVACTV = 0x01 // byte 5 of a command descriptor
	descriptorCTDP     = 0x02 // byte 5 of a command descriptor

	oneCTDP         = 0x80 // byte 1 of the one-command form
	oneNotSupported = 0x01 // SUPPORT: no such command
	oneStandard     = 0x03 // SUPPORT: as the standard has it

	timeoutsLen = 12
)

// planReportOpcodes is REPORT SUPPORTED OPERATION CODES of SPC-4. All that it
// tells comes from the table of commands.
func planReportOpcodes(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	var s Sense
	timeouts := cdb[2]&opcodesRCTD != 0
	if options := cdb[2] & opcodesOptions; options == optionsAll {
		p.Reply = appendCommands(p.Reply, p.state, timeouts)
	} else {
		var row *command
		if row, s = requestedCommand(p.state, cdb, options); s != Good {
			return s
		}
		p.Reply = appendOneCommand(p.Reply, row, timeouts)
	}
	return p.cut(binary.BigEndian.Uint32(cdb[6:]))
}

// requestedCommand returns the row of the command that cdb asks about by
// options, nil when u does not support it, or the sense for a question that
// cannot be asked.
func requestedCommand(u *unitState, cdb *[16]byte, options byte) (*command, Sense) {
	row, action := commands[cdb[3]], binary.BigEndian.Uint16(cdb[4:])
	if row != nil && !row.in(u) {
		row = nil
	}
	hasActions := row != nil && row.actions != nil
	switch options {
	case optionsOpcode:
		if hasActions {
			return nil, InvalidFieldInCDB.AtCDB(2, 2)
		}
		return row, Good
	case optionsAction:
		if row != nil && !hasActions {
			return nil, InvalidFieldInCDB.AtCDB(2, 2)
		}
	case optionsEither:
		if row != nil && !hasActions {
			if action != 0 {
				return nil, Good
			}
			return row, Good
		}
	default:
		return nil, InvalidFieldInCDB.AtCDB(2, 2)
	}
	if !hasActions || action > serviceActionBits {
		return nil, Good
	}
	if a := row.actions[byte(action)]; a != nil && a.in(u) {
		return a, Good
	}
	return nil, Good
}

// appendCommands adds the list of all commands of u to dst, by operation code and
// service action.
func appendCommands(dst []byte, u *unitState, timeouts bool) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for opcode, row := range commands {
		if row == nil || !row.in(u) {
			continue
		}
		if row.actions == nil {
			dst = appendDescriptor(dst, row, byte(opcode), 0, 0, timeouts)
			continue
		}
		for action := range byte(serviceActionBits + 1) {
			if a := row.actions[action]; a != nil && a.in(u) {
				dst = appendDescriptor(dst, a, byte(opcode), action, descriptorSERVACTV, timeouts)
			}
		}
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

func appendDescriptor(dst []byte, row *command, opcode, action, flags byte, timeouts bool) []byte {
	if timeouts {
		flags |= descriptorCTDP
	}
	dst = append(dst, opcode, 0, 0, action, 0, flags, 0, byte(len(row.usage)))
	if timeouts {
		dst = appendTimeouts(dst)
	}
	return dst
}

// appendOneCommand adds what is known of row, nil for an unsupported command.
func appendOneCommand(dst []byte, row *command, timeouts bool) []byte {
	if row == nil {
		return append(dst, 0, oneNotSupported, 0, 0)
	}
	flags := byte(oneStandard)
	if timeouts {
		flags |= oneCTDP
	}
	dst = append(dst, 0, flags, 0, byte(len(row.usage)))
	dst = append(dst, row.usage...)
	if timeouts {
		dst = appendTimeouts(dst)
	}
	return dst
}

// appendTimeouts adds a command timeouts descriptor: no timeouts are told, for
// how long a command takes is up to what is behind the unit.
func appendTimeouts(dst []byte) []byte {
	d := [timeoutsLen]byte{1: timeoutsLen - 2}
	return append(dst, d[:]...)
}

// Task management functions, byte 0 of the parameter data. See SPC-4, REPORT
// SUPPORTED TASK MANAGEMENT FUNCTIONS.
const (
	taskAbort      = 0x80
	taskAbortSet   = 0x40
	taskClearSet   = 0x10
	taskUnitReset  = 0x08
	taskTargetRset = 0x02

	tasksREPD        = 0x80 // byte 2 of the CDB: the extended form
	tasksLen         = 4
	tasksExtendedLen = 16
)

// planReportTaskFunctions is REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS of
// SPC-4: those of IET and CLEAR TASK SET. No timeouts are told in the extended form.
func planReportTaskFunctions(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	d := [tasksExtendedLen]byte{0: taskAbort | taskAbortSet | taskClearSet | taskUnitReset | taskTargetRset}
	if cdb[2]&tasksREPD != 0 {
		d[3] = tasksExtendedLen - tasksLen
		p.Reply = append(p.Reply, d[:]...)
	} else {
		p.Reply = append(p.Reply, d[:tasksLen]...)
	}
	return p.cut(binary.BigEndian.Uint32(cdb[6:]))
}
