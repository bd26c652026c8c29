// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// MaxCompareBlocks is the most blocks of a COMPARE AND WRITE: what its one byte
// can say. VPD B0h reports it, or fewer where the longest transfer is shorter.
const MaxCompareBlocks = 255

// Offsets of COMPARE AND WRITE in the CDB. See SBC-3.
const compareBlocksOff = 13

// maxCompare returns MAXIMUM COMPARE AND WRITE LENGTH in blocks. The data-out is
// twice as long.
func (u *unitState) maxCompare() byte { return byte(min(MaxCompareBlocks, u.maxBlocks/2)) }

// planCompareAndWrite is COMPARE AND WRITE of SBC-3. Its data-out is the blocks to
// compare with, and then as many to write.
func planCompareAndWrite(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	u := p.state
	s := spanOf(cdb)
	s.blocks = uint32(cdb[compareBlocksOff])
	p.Exact = true
	switch {
	case s.blocks > uint32(u.maxCompare()):
		return InvalidFieldInCDB.AtCDB(compareBlocksOff, 7)
	case !u.contains(s):
		return LBAOutOfRange
	case s.blocks == 0:
		return Good
	}
	p.Action = ActionCompareAndWrite
	p.Off, p.Len = int64(s.lba)*int64(u.BlockSize), int(s.blocks)*int(u.BlockSize)
	p.OutLen = 2 * p.Len
	p.acknowledge(fua(cdb))
	return Good
}

// planOrWrite is ORWRITE(16) of SBC-3.
func planOrWrite(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.acknowledge(fua(cdb))
	s := p.transfer(cdb, ActionOrWrite)
	p.OutLen = p.Len
	return s
}

// planPrefetch is PRE-FETCH(10) and (16) of SBC-3.
func planPrefetch(_ *Nexus, p *Plan, cdb *[16]byte) Sense { return p.toEnd(cdb, ActionPrefetch) }
