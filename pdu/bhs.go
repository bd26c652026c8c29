// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// HeaderLen is the length in bytes of a basic header segment.
const HeaderLen = 48

// NoTag is the reserved Initiator Task Tag and Target Transfer Tag value.
const NoTag = 0xffffffff

// MaxAHSLen is the most that TotalAHSLength can say, in bytes.
const MaxAHSLen = 255 * 4

// MaxDataLen is the most that DataSegmentLength can say, in bytes.
const MaxDataLen = 1<<24 - 1

// Offsets of the fields that every header has. See RFC 7143, Section 11.2.1.
const (
	bhsOffOpcode  = 0
	bhsOffFlags   = 1
	bhsOffAHSLen  = 4
	bhsOffDataLen = 5
	bhsOffLUN     = 8
	bhsOffITT     = 16

	// What most initiator PDUs have. Data-Out and SNACK have no CmdSN.
	bhsOffCmdSN     = 24
	bhsOffExpStatSN = 28

	// What every target PDU has.
	bhsOffStatSN   = 24
	bhsOffExpCmdSN = 28
	bhsOffMaxCmdSN = 32

	bhsImmediate  = 0x40
	bhsFinal      = 0x80
	bhsContinue   = 0x40
	bhsOpcodeMask = 0x3f
)

// A BHS is a basic header segment in wire form, usually a view of a receive or
// send buffer. The zero value is a NOP-Out header.
type BHS [HeaderLen]byte

// View views the first 48 bytes of b as a header. It panics when b is shorter.
func View(b []byte) *BHS { return (*BHS)(b[:HeaderLen]) }

// Opcode returns the operation code.
func (h *BHS) Opcode() Opcode { return Opcode(h[bhsOffOpcode] & bhsOpcodeMask) }

// SetOpcode sets the operation code and clears the immediate bit.
func (h *BHS) SetOpcode(op Opcode) { h[bhsOffOpcode] = byte(op) & bhsOpcodeMask }

// Immediate reports whether the I bit marks the request for immediate delivery.
func (h *BHS) Immediate() bool { return h[bhsOffOpcode]&bhsImmediate != 0 }

// SetImmediate sets the I bit.
func (h *BHS) SetImmediate() { h[bhsOffOpcode] |= bhsImmediate }

// Final reports whether the F bit is set.
func (h *BHS) Final() bool { return h[bhsOffFlags]&bhsFinal != 0 }

// SetFinal sets the F bit.
func (h *BHS) SetFinal() { h[bhsOffFlags] |= bhsFinal }

// ClearFinal clears the F bit.
func (h *BHS) ClearFinal() { h[bhsOffFlags] &^= bhsFinal }

// AHSLen returns the length of all additional header segments in bytes, though
// the wire counts four-byte words.
func (h *BHS) AHSLen() int { return int(h[bhsOffAHSLen]) * 4 }

// SetAHSLen sets the length of all additional header segments; n is in bytes
// and a multiple of four.
func (h *BHS) SetAHSLen(n int) { h[bhsOffAHSLen] = byte(n / 4) }

// DataLen returns the length of the data segment in bytes, padding not counted.
func (h *BHS) DataLen() int {
	return int(h[bhsOffDataLen])<<16 | int(h[bhsOffDataLen+1])<<8 | int(h[bhsOffDataLen+2])
}

// SetDataLen sets the length of the data segment in bytes, at most [MaxDataLen].
func (h *BHS) SetDataLen(n int) {
	h[bhsOffDataLen] = byte(n >> 16)
	h[bhsOffDataLen+1] = byte(n >> 8)
	h[bhsOffDataLen+2] = byte(n)
}

// PadLen returns how many bytes pad a data segment of n bytes: 0 to 3.
func PadLen(n int) int { return -n & 3 }

// LUN returns the eight LUN bytes in SAM form.
func (h *BHS) LUN() [8]byte { return [8]byte(h[bhsOffLUN : bhsOffLUN+8]) }

// SetLUN sets the eight LUN bytes.
func (h *BHS) SetLUN(lun [8]byte) { copy(h[bhsOffLUN:], lun[:]) }

// ITT returns the Initiator Task Tag.
func (h *BHS) ITT() uint32 { return binary.BigEndian.Uint32(h[bhsOffITT:]) }

// SetITT sets the Initiator Task Tag.
func (h *BHS) SetITT(tag uint32) { binary.BigEndian.PutUint32(h[bhsOffITT:], tag) }

// CmdSN returns the command sequence number of a request that has one (see
// [Opcode.HasCmdSN]).
func (h *BHS) CmdSN() Serial { return h.serial(bhsOffCmdSN) }

// SetCmdSN sets the command sequence number.
func (h *BHS) SetCmdSN(sn Serial) { h.setSerial(bhsOffCmdSN, sn) }

// ExpStatSN returns which status the initiator expects next; all before are
// acknowledged. Every initiator PDU has it.
func (h *BHS) ExpStatSN() Serial { return h.serial(bhsOffExpStatSN) }

// SetExpStatSN sets the next expected status number.
func (h *BHS) SetExpStatSN(sn Serial) { h.setSerial(bhsOffExpStatSN, sn) }

// StatSN returns the status sequence number of a target PDU.
func (h *BHS) StatSN() Serial { return h.serial(bhsOffStatSN) }

// SetStatSN sets the status sequence number of a target PDU.
func (h *BHS) SetStatSN(sn Serial) { h.setSerial(bhsOffStatSN, sn) }

// ExpCmdSN returns the next command that the target expects.
func (h *BHS) ExpCmdSN() Serial { return h.serial(bhsOffExpCmdSN) }

// MaxCmdSN returns the last command that the target takes.
func (h *BHS) MaxCmdSN() Serial { return h.serial(bhsOffMaxCmdSN) }

// SetWindow sets ExpCmdSN and MaxCmdSN, which every target PDU carries.
func (h *BHS) SetWindow(expCmdSN, maxCmdSN Serial) {
	h.setSerial(bhsOffExpCmdSN, expCmdSN)
	h.setSerial(bhsOffMaxCmdSN, maxCmdSN)
}

func (h *BHS) serial(off int) Serial        { return Serial(binary.BigEndian.Uint32(h[off:])) }
func (h *BHS) setSerial(off int, sn Serial) { binary.BigEndian.PutUint32(h[off:], uint32(sn)) }

// mustBe panics when h does not carry op: the caller dispatched wrongly.
func (h *BHS) mustBe(op Opcode) {
	if h.Opcode() != op {
		panic("pdu: header viewed as an opcode that it does not carry")
	}
}
