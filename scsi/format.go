// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// opFormat is the operation code of FORMAT UNIT.
const opFormat = 0x04

// Bits of byte 1 of FORMAT UNIT. CMPLST and DEFECT LIST FORMAT say what a defect
// list means, of which only an empty one is taken. FMTPINFO is refused as a
// reserved field. See SBC-3.
const (
	formatLONGLIST = 0x20
	formatFMTDATA  = 0x10
)

// Bits of byte 1 of the parameter list of FORMAT UNIT. See SBC-3.
const (
	formatFOV   = 0x80 // the options DPRY, DCRT, STPF and IP are valid
	formatIP    = 0x08 // an initialization pattern follows
	formatIMMED = 0x02
	formatAny   = 0x70 // DPRY, DCRT and STPF: about defects and certification, of which there are none

	formatShortLen = 4
	formatLongLen  = 8
)

// planFormat is FORMAT UNIT of SBC-3: all blocks become zeros, the default
// pattern, and are given back where that can be. There is no protection
// information, and the block size stays.
func planFormat(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	switch {
	case cdb[1]&formatFMTDATA == 0 && cdb[1] != 0:
		return InvalidFieldInCDB.AtCDB(1, topBit(cdb[1]))
	case cdb[1]&formatFMTDATA == 0:
		p.format(false)
		return Good
	case cdb[1]&formatLONGLIST != 0:
		return p.collectParams(cdb, formatLongLen)
	}
	return p.collectParams(cdb, formatShortLen)
}

// format plans the erasure.
func (p *Plan) format(immediate bool) {
	p.Action, p.Immediate = ActionErase, immediate
	p.Erasure = &Erasure{Format: true, Unmap: p.state.Thin}
}

// collectFormat takes the parameter list header, short or long.
func collectFormat(_ *Nexus, p *Plan, data []byte) Sense {
	if len(data) < p.OutLen {
		return ParamListLength
	}
	defects, at := uint32(binary.BigEndian.Uint16(data[2:])), 2
	if p.OutLen == formatLongLen {
		if data[2] != 0 {
			return InvalidFieldInParams.AtParam(2, topBit(data[2]))
		}
		if data[3] != 0 { // P_I_INFORMATION and PROTECTION INTERVAL EXPONENT
			return InvalidFieldInParams.AtParam(3, topBit(data[3]))
		}
		defects, at = binary.BigEndian.Uint32(data[4:]), 4
	}
	options := data[1]
	switch {
	case data[0] != 0: // PROTECTION FIELD USAGE
		return InvalidFieldInParams.AtParam(0, topBit(data[0]))
	case options&formatFOV == 0 && options&formatAny != 0:
		return InvalidFieldInParams.AtParam(1, topBit(options&formatAny))
	case options&formatIP != 0:
		return InvalidFieldInParams.AtParam(1, 3)
	case options&^(formatFOV|formatAny|formatIMMED) != 0:
		return InvalidFieldInParams.AtParam(1, topBit(options&^(formatFOV|formatAny|formatIMMED)))
	case defects != 0:
		return InvalidFieldInParams.AtParam(at, 7)
	}
	p.format(options&formatIMMED != 0)
	return Good
}

// defectBits are REQ_PLIST or PLISTV, REQ_GLIST or GLISTV, and DEFECT LIST FORMAT.
const defectBits = 0x1f

// planDefects10 is READ DEFECT DATA(10) of SBC-3: the lists that were asked for,
// in the format that was asked for, are empty. Files and devices hide theirs.
func planDefects10(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.Reply = append(p.Reply, 0, cdb[2]&defectBits, 0, 0)
	return p.cut(uint32(binary.BigEndian.Uint16(cdb[7:])))
}

// planDefects12 is READ DEFECT DATA(12). Behind any ADDRESS DESCRIPTOR INDEX of an
// empty list there is nothing, too.
func planDefects12(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.Reply = append(p.Reply, 0, cdb[1]&defectBits, 0, 0, 0, 0, 0, 0)
	return p.cut(binary.BigEndian.Uint32(cdb[6:]))
}
