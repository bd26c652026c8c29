// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "fmt"

// An Opcode names the kind of a PDU. See RFC 7143, Section 11.2.1.2.
type Opcode uint8

// Initiator opcodes.
const (
	OpNopOut      Opcode = 0x00
	OpSCSICommand Opcode = 0x01
	OpTaskMgmt    Opcode = 0x02
	OpLogin       Opcode = 0x03
	OpText        Opcode = 0x04
	OpDataOut     Opcode = 0x05
	OpLogout      Opcode = 0x06
	OpSNACK       Opcode = 0x10
)

// Target opcodes.
const (
	OpNopIn          Opcode = 0x20
	OpSCSIResponse   Opcode = 0x21
	OpTaskMgmtResp   Opcode = 0x22
	OpLoginResponse  Opcode = 0x23
	OpTextResponse   Opcode = 0x24
	OpDataIn         Opcode = 0x25
	OpLogoutResponse Opcode = 0x26
	OpR2T            Opcode = 0x31
	OpAsync          Opcode = 0x32
	OpReject         Opcode = 0x3f
)

// sender says who may send an opcode.
type sender uint8

const (
	nobody sender = iota
	initiator
	target
)

// opcodeInfo is what is known of an opcode; a row with sender nobody is not
// assigned.
type opcodeInfo struct {
	name    string
	sender  sender
	section string // of RFC 7143
	hasSN   bool   // carries a CmdSN (initiator)
	hasAHS  bool   // may have additional header segments
	hasData bool   // may have a data segment
}

var opcodes = [64]opcodeInfo{
	OpNopOut:      {"NOP-Out", initiator, "11.18", true, false, true},
	OpSCSICommand: {"SCSI Command", initiator, "11.3", true, true, true},
	OpTaskMgmt:    {"Task Management Function Request", initiator, "11.5", true, false, false},
	OpLogin:       {"Login Request", initiator, "11.12", true, false, true},
	OpText:        {"Text Request", initiator, "11.10", true, false, true},
	OpDataOut:     {"SCSI Data-Out", initiator, "11.7", false, false, true},
	OpLogout:      {"Logout Request", initiator, "11.14", true, false, false},
	OpSNACK:       {"SNACK Request", initiator, "11.16", false, false, false},

	OpNopIn:          {"NOP-In", target, "11.19", false, false, true},
	OpSCSIResponse:   {"SCSI Response", target, "11.4", false, false, true},
	OpTaskMgmtResp:   {"Task Management Function Response", target, "11.6", false, false, false},
	OpLoginResponse:  {"Login Response", target, "11.13", false, false, true},
	OpTextResponse:   {"Text Response", target, "11.11", false, false, true},
	OpDataIn:         {"SCSI Data-In", target, "11.7", false, false, true},
	OpLogoutResponse: {"Logout Response", target, "11.15", false, false, false},
	OpR2T:            {"Ready To Transfer", target, "11.8", false, false, false},
	OpAsync:          {"Asynchronous Message", target, "11.9", false, false, true},
	OpReject:         {"Reject", target, "11.17", false, false, true},
}

// String returns the RFC's name of the opcode.
func (op Opcode) String() string {
	if o := &opcodes[op&bhsOpcodeMask]; o.sender != nobody {
		return o.name
	}
	return fmt.Sprintf("opcode %#02x", uint8(op))
}

// FromInitiator reports whether an initiator may send op.
func (op Opcode) FromInitiator() bool { return opcodes[op&bhsOpcodeMask].sender == initiator }

// FromTarget reports whether a target may send op.
func (op Opcode) FromTarget() bool { return opcodes[op&bhsOpcodeMask].sender == target }

// HasCmdSN reports whether requests with op are numbered, so that they take
// their place in the command window.
func (op Opcode) HasCmdSN() bool { return opcodes[op&bhsOpcodeMask].hasSN }
