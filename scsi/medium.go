// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math"
)

// planTestUnitReady is TEST UNIT READY of SPC-4.
func planTestUnitReady(*Nexus, *Plan, *[16]byte) Sense { return Good }

// atMost32 returns v, or FFFFFFFFh when it is larger: what SBC-3 puts in a
// four-byte number of blocks that the medium exceeds.
func atMost32(v uint64) uint32 { return uint32(min(v, math.MaxUint32)) }

// planReadCapacity10 is READ CAPACITY(10) of SBC-3: 8 bytes. A medium too large
// for it reports FFFFFFFFh, which tells the initiator to use the 16-byte form.
func planReadCapacity10(_ *Nexus, p *Plan, _ *[16]byte) Sense {
	p.Reply = binary.BigEndian.AppendUint32(p.Reply, atMost32(p.state.Blocks-1))
	p.Reply = binary.BigEndian.AppendUint32(p.Reply, p.state.BlockSize)
	return Good
}

// readCapacity16Len is the length of the READ CAPACITY(16) parameter data.
const readCapacity16Len = 32

// Bits of byte 14 of the READ CAPACITY(16) parameter data.
const (
	capacityLBPME = 0x80 // logical block provisioning management: blocks can be unmapped
	capacityLBPRZ = 0x40 // what is unmapped reads as zeros
)

// planReadCapacity16 is READ CAPACITY(16) of SBC-3: no protection information,
// the first block aligned to a physical block.
func planReadCapacity16(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	d := [readCapacity16Len]byte{13: p.state.ppbExp}
	if p.state.Thin {
		d[14] = capacityLBPME | capacityLBPRZ
	}
	binary.BigEndian.PutUint64(d[0:], p.state.Blocks-1)
	binary.BigEndian.PutUint32(d[8:], p.state.BlockSize)
	p.Reply = append(p.Reply, d[:]...)
	return p.cut(binary.BigEndian.Uint32(cdb[10:]))
}

// planSynchronizeCache is SYNCHRONIZE CACHE(10) and (16) of SBC-3.
func planSynchronizeCache(_ *Nexus, p *Plan, cdb *[16]byte) Sense { return p.toEnd(cdb, ActionFlush) }

// cacheImmed is IMMED of SYNCHRONIZE CACHE and PRE-FETCH, in byte 1.
const cacheImmed = 0x02

// toEnd plans an action without data on a range; no blocks means all from the
// LBA to the end.
func (p *Plan) toEnd(cdb *[16]byte, a Action) Sense {
	u, s := p.state, spanOf(cdb)
	if !u.contains(s) {
		return LBAOutOfRange
	}
	blocks := uint64(s.blocks)
	if blocks == 0 {
		blocks = u.Blocks - s.lba
	}
	p.Action = a
	p.Off, p.Len = int64(s.lba)*int64(u.BlockSize), int(blocks)*int(u.BlockSize)
	p.Immediate = cdb[1]&cacheImmed != 0
	return Good
}
