// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Offsets of WRITE ATOMIC(16) in the CDB. See SBC-4.
const (
	atomicBoundaryOff = 10
	atomicLengthOff   = 12
)

// isAtomic reports whether u can be written atomically.
func isAtomic(u *unitState) bool { return u.AtomicBlocks > 0 }

// planWriteAtomic is WRITE ATOMIC(16) of SBC-4. There is one length, which is
// granularity, alignment and maximum at once, and no atomic boundaries.
func planWriteAtomic(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	u := p.state
	unit := uint64(u.AtomicBlocks)
	s := span{lba: binary.BigEndian.Uint64(cdb[2:]), blocks: uint32(binary.BigEndian.Uint16(cdb[atomicLengthOff:]))}
	switch {
	case !u.contains(s):
		return LBAOutOfRange
	case cdb[atomicBoundaryOff]|cdb[atomicBoundaryOff+1] != 0:
		return InvalidFieldInCDB.AtCDB(atomicBoundaryOff, 7)
	case s.blocks == 0:
		return Good
	case uint64(s.blocks) != unit:
		return InvalidFieldInCDB.AtCDB(atomicLengthOff, 7)
	case s.lba%unit != 0:
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	p.Action, p.Atomic, p.Exact = ActionWrite, true, true
	p.Off, p.Len = int64(s.lba)*int64(u.BlockSize), int(s.blocks)*int(u.BlockSize)
	p.OutLen = p.Len
	p.acknowledge(fua(cdb))
	return Good
}

// putAtomicLimits fills in the fields of VPD page B0h, d.
func putAtomicLimits(d []byte, u *unitState) {
	binary.BigEndian.PutUint32(d[44:], u.AtomicBlocks) // MAXIMUM ATOMIC TRANSFER LENGTH
	binary.BigEndian.PutUint32(d[48:], u.AtomicBlocks) // ATOMIC ALIGNMENT
	binary.BigEndian.PutUint32(d[52:], u.AtomicBlocks) // ATOMIC TRANSFER LENGTH GRANULARITY
}
