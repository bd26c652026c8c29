// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math"
)

// Lengths in the parameter data of GET LBA STATUS, and PROVISIONING STATUS. See
// SBC-3.
const (
	statusHeaderLen     = 8
	statusDescriptorLen = 16

	statusMapped      = 0x0 // or nothing is known, as SBC-4 words it
	statusDeallocated = 0x1
)

// maxStatusDescriptors is the most LBA status descriptors of one answer. SBC-3
// lets a device server return fewer than asked for, but one.
const maxStatusDescriptors = 256

// planLBAStatus is GET LBA STATUS of SBC-3. A unit that is fully provisioned
// answers too.
func planLBAStatus(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	u, s := p.state, span{lba: binary.BigEndian.Uint64(cdb[2:])}
	if !u.contains(s) {
		return LBAOutOfRange
	}
	p.Action = ActionLBAStatus
	p.Off = int64(s.lba) * int64(u.BlockSize)
	p.Len = int(u.Blocks-s.lba) * int(u.BlockSize)
	p.allocLen = binary.BigEndian.Uint32(cdb[10:])
	p.Reply = append(p.Reply, make([]byte, statusHeaderLen)...)
	return Good
}

// AddStatus tells of an ActionLBAStatus what the next n bytes are, whole blocks
// and at least one; what was told before ends where they begin. It reports
// whether more is wanted. A worker may call it.
func (p *Plan) AddStatus(n int, allocated bool) (more bool) {
	blocks := n / int(p.state.BlockSize)
	lba, status := uint64(p.Off)/uint64(p.state.BlockSize), byte(statusDeallocated)
	if allocated {
		status = statusMapped
	}
	if len(p.Reply) > statusHeaderLen {
		last := p.Reply[len(p.Reply)-statusDescriptorLen:]
		count := binary.BigEndian.Uint32(last[8:])
		if last[12] == status && uint64(count)+uint64(blocks) <= math.MaxUint32 {
			binary.BigEndian.PutUint32(last[8:], count+uint32(blocks))
			blocks = 0
		}
		lba = binary.BigEndian.Uint64(last) + uint64(count)
	}
	for blocks > 0 && p.wantsStatus() {
		count := min(blocks, math.MaxUint32)
		p.Reply = binary.BigEndian.AppendUint64(p.Reply, lba)
		p.Reply = binary.BigEndian.AppendUint32(p.Reply, uint32(count))
		p.Reply = append(p.Reply, status, 0, 0, 0)
		lba, blocks = lba+uint64(count), blocks-count
	}
	return p.wantsStatus()
}

// wantsStatus reports whether one more descriptor is to be told.
func (p *Plan) wantsStatus() bool {
	n := (len(p.Reply) - statusHeaderLen) / statusDescriptorLen
	return n == 0 || n < maxStatusDescriptors && len(p.Reply) < int(min(p.allocLen, math.MaxInt32))
}

// EndStatus makes an ActionReply of an ActionLBAStatus, of which at least one
// descriptor was told.
func (p *Plan) EndStatus() {
	binary.BigEndian.PutUint32(p.Reply, uint32(len(p.Reply)-4))
	p.Action = ActionReply
	p.cut(p.allocLen)
}
