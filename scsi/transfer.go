// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Bits of byte 1 of READ, WRITE, WRITE AND VERIFY and VERIFY, where the CDB
// has more than 6 bytes. DPO (10h) is a hint that changes nothing here. See
// SBC-3.
const (
	readFUA = 0x08

	bytchk    = 0x06 // BYTCHK of VERIFY: 10b is reserved
	bytchkAll = 0x02 // 01b: the data-out is all blocks. The only one of WRITE AND VERIFY
	bytchkOne = 0x06 // 11b: the data-out is one block, like which all others are
)

// A span is the blocks that a command names.
type span struct {
	lba    uint64
	blocks uint32
	lenOff uint8 // offset of the length field in the CDB
}

// spanOf returns the blocks named by cdb, whose group code gives the layout.
// See SPC-4, typical CDB formats. The 6-byte form has no way to say 0 blocks:
// 0 means 256.
func spanOf(cdb *[16]byte) span {
	switch cdb[0] >> 5 {
	case 0:
		s := span{lba: uint64(binary.BigEndian.Uint32(cdb[:]) & 0x1fffff), blocks: uint32(cdb[4]), lenOff: 4}
		if s.blocks == 0 {
			s.blocks = 256
		}
		return s
	case 4:
		return span{lba: binary.BigEndian.Uint64(cdb[2:]), blocks: binary.BigEndian.Uint32(cdb[10:]), lenOff: 10}
	case 5:
		return span{lba: uint64(binary.BigEndian.Uint32(cdb[2:])), blocks: binary.BigEndian.Uint32(cdb[6:]), lenOff: 6}
	}
	return span{lba: uint64(binary.BigEndian.Uint32(cdb[2:])), blocks: uint32(binary.BigEndian.Uint16(cdb[7:])), lenOff: 7}
}

// contains reports whether the blocks of s are on the medium. The LBA must be
// there even when no blocks are asked for.
func (u *unitState) contains(s span) bool {
	return s.lba < u.Blocks && uint64(s.blocks) <= u.Blocks-s.lba
}

// transfer sets Off and Len of p to the blocks of cdb and Action to a. When
// there is nothing to move it leaves Action at ActionReply.
func (p *Plan) transfer(cdb *[16]byte, a Action) Sense {
	u, s := p.state, spanOf(cdb)
	if !u.contains(s) {
		return LBAOutOfRange
	}
	if s.blocks > u.maxBlocks {
		return InvalidFieldInCDB.AtCDB(int(s.lenOff), 7)
	}
	if s.blocks == 0 {
		return Good
	}
	p.Action = a
	p.Off = int64(s.lba) * int64(u.BlockSize)
	p.Len = int(s.blocks) * int(u.BlockSize)
	return Good
}

// fua reports whether cdb has FUA set; the 6-byte form has none.
func fua(cdb *[16]byte) bool { return cdb[0]>>5 != 0 && cdb[1]&readFUA != 0 }

// planRead is READ(6), (10), (12) and (16) of SBC-3.
func planRead(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.FromMedium = p.state.writeCache(p.mode) && fua(cdb)
	return p.transfer(cdb, ActionRead)
}

// planWrite is WRITE(6), (10), (12) and (16) of SBC-3.
func planWrite(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.acknowledge(fua(cdb))
	s := p.transfer(cdb, ActionWrite)
	p.OutLen = p.Len
	return s
}

// planWriteVerify is WRITE AND VERIFY(10), (12) and (16) of SBC-3. It has no
// FUA bit: to verify is to have written.
func planWriteVerify(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.Durable = true
	p.Compare = cdb[1]&bytchkAll != 0
	s := p.transfer(cdb, ActionWriteVerify)
	p.OutLen = p.Len
	return s
}

// planVerify is VERIFY(10), (12) and (16) of SBC-3. It looks at the medium, so
// what a volatile cache holds goes there first.
func planVerify(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	if cdb[1]&bytchk == bytchkOne&^bytchkAll {
		return InvalidFieldInCDB.AtCDB(1, 2)
	}
	p.FromMedium = p.state.writeCache(p.mode)
	s := p.transfer(cdb, ActionVerify)
	if p.Len == 0 {
		return s
	}
	switch cdb[1] & bytchk {
	case bytchkAll:
		p.Compare, p.OutLen = true, p.Len
	case bytchkOne:
		p.Compare, p.Repeat, p.Exact = true, true, true
		p.OutLen = int(p.state.BlockSize)
	}
	return s
}
