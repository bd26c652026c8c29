// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Fields of MODE SENSE. See SPC-4.
const (
	senseDBD     = 0x08 // byte 1: no block descriptor
	senseLLBAA   = 0x10 // byte 1 of the 10-byte form: a long block descriptor is fine
	sensePage    = 0x3f // byte 2: page code
	subpageNone  = 0x00
	subpageAll   = 0xff
	pcCurrent    = 0 // page control, byte 2 bits 7 and 6
	pcChangeable = 1
	pcDefault    = 2
	pcSaved      = 3
)

// Lengths and bits of the mode parameter header and the block descriptors. See
// SPC-4 and, for direct access devices, SBC-3.
const (
	modeHeader6Len  = 4
	modeHeader10Len = 8

	shortDescriptorLen = 8
	longDescriptorLen  = 16

	headerWP      = 0x80 // device-specific parameter: writes are refused
	headerDPOFUA  = 0x10 // device-specific parameter: DPO and FUA are looked at
	headerLongLBA = 0x01 // byte 4 of the 10-byte header: the descriptor is long
)

// planModeSense6 is MODE SENSE(6) of SPC-4.
func planModeSense6(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	if s := checkModeSense(p, cdb); s != Good {
		return s
	}
	p.Reply = append(p.Reply, 0, 0, deviceSpecific(p.state, p.mode, n.protected()), 0)
	if cdb[1]&senseDBD == 0 {
		p.Reply[3] = shortDescriptorLen
		p.Reply = appendShortDescriptor(p.Reply, p.state)
	}
	p.Reply = p.appendModePages(cdb)
	p.Reply[0] = byte(len(p.Reply) - 1)
	return p.cut(uint32(cdb[4]))
}

// planModeSense10 is MODE SENSE(10) of SPC-4.
func planModeSense10(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	if s := checkModeSense(p, cdb); s != Good {
		return s
	}
	p.Reply = append(p.Reply, 0, 0, 0, deviceSpecific(p.state, p.mode, n.protected()), 0, 0, 0, 0)
	switch {
	case cdb[1]&senseDBD != 0:
	case cdb[1]&senseLLBAA != 0:
		p.Reply[4], p.Reply[7] = headerLongLBA, longDescriptorLen
		p.Reply = appendLongDescriptor(p.Reply, p.state)
	default:
		p.Reply[7] = shortDescriptorLen
		p.Reply = appendShortDescriptor(p.Reply, p.state)
	}
	p.Reply = p.appendModePages(cdb)
	binary.BigEndian.PutUint16(p.Reply, uint16(len(p.Reply)-2))
	return p.cut(uint32(binary.BigEndian.Uint16(cdb[7:])))
}

// checkModeSense returns the sense for a page, subpage or page control of cdb
// that does not exist, or Good. No page has subpages but the page itself.
func checkModeSense(p *Plan, cdb *[16]byte) Sense {
	page := cdb[2] & sensePage
	if page != pageAll && modePageOf(page) == nil {
		return InvalidFieldInCDB.AtCDB(2, 5)
	}
	if cdb[3] != subpageNone && cdb[3] != subpageAll {
		return InvalidFieldInCDB.AtCDB(3, 7)
	}
	if cdb[2]>>6 == pcSaved && !p.Unit.medium.modes.savable() {
		return SavingNotSupported
	}
	return Good
}

// appendModePages returns the reply with the pages that cdb asks for behind it. PS
// is set in those of which something can be saved.
func (p *Plan) appendModePages(cdb *[16]byte) []byte {
	dst, u, m := p.Reply, p.state, &p.Unit.medium.modes
	asked, control := cdb[2]&sensePage, cdb[2]>>6
	mode := p.mode
	switch control {
	case pcDefault:
		mode = 0
	case pcSaved:
		mode = m.saved.Load()
	}
	for i := range modePages {
		g := &modePages[i]
		if asked != pageAll && asked != g.code {
			continue
		}
		start := len(dst)
		if control == pcChangeable {
			dst = g.appendChangeable(dst, u)
		} else {
			dst = g.append(dst, u, mode)
		}
		if m.savable() && g.changeableIn(u) != nil {
			dst[start] |= modePagePS
		}
	}
	return dst
}

// deviceSpecific returns the device-specific parameter of the mode parameter
// header. protected says that the nexus may not write.
func deviceSpecific(u *unitState, mode uint32, protected bool) byte {
	if protected || u.ReadOnly || mode&modeSWP != 0 {
		return headerWP | headerDPOFUA
	}
	return headerDPOFUA
}

// appendShortDescriptor adds the short LBA block descriptor of u to dst.
func appendShortDescriptor(dst []byte, u *unitState) []byte {
	dst = binary.BigEndian.AppendUint32(dst, atMost32(u.Blocks))
	return binary.BigEndian.AppendUint32(dst, u.BlockSize) // byte 4 is reserved; the size has three
}

// appendLongDescriptor adds the long LBA block descriptor of u to dst.
func appendLongDescriptor(dst []byte, u *unitState) []byte {
	dst = binary.BigEndian.AppendUint64(dst, u.Blocks)
	dst = append(dst, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint32(dst, u.BlockSize)
}
