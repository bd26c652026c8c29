// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

// Bits of byte 1 of WRITE SAME. See SBC-3. ANCHOR (10h) is refused as a reserved
// bit, as in UNMAP, and so are the obsolete LBDATA and PBDATA.
const (
	sameUNMAP = 0x08
	sameNDOB  = 0x01 // of the 16-byte form: no data-out, zeros are meant
)

// maxSameBlocks is the most blocks that one WRITE SAME writes, which VPD B0h
// reports: all that the 10-byte form can say.
const maxSameBlocks = 1<<16 - 1

// planWriteSame is WRITE SAME(10) and (16) of SBC-3. No blocks means all from
// the LBA to the end, where the unit does not have WSNZ.
func planWriteSame(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	u, s := p.state, spanOf(cdb)
	p.Unmap = cdb[1]&sameUNMAP != 0
	if p.Unmap && !u.Thin {
		return InvalidFieldInCDB.AtCDB(1, 3)
	}
	if !u.contains(s) {
		return LBAOutOfRange
	}
	if s.blocks == 0 && u.WSNZ {
		return InvalidFieldInCDB.AtCDB(int(s.lenOff), 7)
	}
	blocks := uint64(s.blocks)
	if blocks == 0 {
		blocks = u.Blocks - s.lba
	}
	if blocks > maxSameBlocks {
		return InvalidFieldInCDB.AtCDB(int(s.lenOff), 7)
	}
	p.Action = ActionWriteSame
	p.Off = int64(s.lba) * int64(u.BlockSize)
	p.Len = int(blocks) * int(u.BlockSize)
	p.acknowledge(false)
	p.Exact = true
	if cdb[1]&sameNDOB == 0 {
		p.OutLen = int(u.BlockSize)
	}
	return Good
}
