// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// A Range is a piece of the medium, in bytes.
type Range struct{ Off, Len int64 }

// The limits of one UNMAP, which VPD B0h reports.
const (
	maxUnmapBlocks = 1 << 20 // logical blocks of all descriptors together
	maxUnmapRanges = 256     // block descriptors
)

// Lengths in the parameter list of UNMAP. See SBC-3.
const (
	unmapHeaderLen     = 8
	unmapDescriptorLen = 16
)

// isThin reports whether blocks of u can be given back.
func isThin(u *unitState) bool { return u.Thin }

// planUnmap is UNMAP of SBC-3. ANCHOR is refused as a reserved bit: a file system
// that gave room back does not keep it for the block.
func planUnmap(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	return p.collectParams(cdb, int(binary.BigEndian.Uint16(cdb[7:])))
}

// collectUnmap takes the parameter list of UNMAP. All descriptors are looked at
// before anything is unmapped. A descriptor that is there in part is passed over,
// as SBC-3 has it, but a list that is shorter than it says is not taken for
// complete.
func collectUnmap(_ *Nexus, p *Plan, data []byte) Sense {
	if len(data) < unmapHeaderLen || len(data) < p.OutLen {
		return ParamListLength
	}
	listLen := int(binary.BigEndian.Uint16(data[2:])) // BLOCK DESCRIPTOR DATA LENGTH
	if unmapHeaderLen+listLen > len(data) {
		return ParamListLength
	}
	count := listLen / unmapDescriptorLen
	if count > maxUnmapRanges {
		return InvalidFieldInParams.AtParam(2, 7)
	}
	left := uint32(maxUnmapBlocks)
	ranges := make([]Range, 0, count)
	for i := range count {
		off := unmapHeaderLen + i*unmapDescriptorLen
		s := span{lba: binary.BigEndian.Uint64(data[off:]), blocks: binary.BigEndian.Uint32(data[off+8:])}
		if s.lba > p.state.Blocks || uint64(s.blocks) > p.state.Blocks-s.lba {
			return LBAOutOfRange // no blocks right behind the last one are none
		}
		if s.blocks > left {
			return InvalidFieldInParams.AtParam(off+8, 7)
		}
		left -= s.blocks
		if s.blocks > 0 {
			ranges = append(ranges, p.state.rangeOf(s))
		}
	}
	if len(ranges) > 0 {
		p.Action, p.Ranges = ActionUnmap, ranges
		p.acknowledge(false)
	}
	return Good
}

// rangeOf returns the bytes of s, which are on the medium.
func (u *unitState) rangeOf(s span) Range {
	return Range{Off: int64(s.lba) * int64(u.BlockSize), Len: int64(s.blocks) * int64(u.BlockSize)}
}
