// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Bits of byte 1 of MODE SELECT. See SPC-4.
const (
	selectPF = 0x10 // the parameters are mode pages
	selectSP = 0x01 // the values are saved
)

// Bits of byte 0 of a mode page in parameter data. See SPC-4.
const (
	modePagePS  = 0x80 // can be saved; in MODE SELECT reserved, and not looked at
	modePageSPF = 0x40 // subpage format, of which there are no pages
)

// maxModeList is the longest parameter list that is looked at: more than all
// pages together.
const maxModeList = 512

// planModeSelect6 is MODE SELECT(6) of SPC-4.
func planModeSelect6(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	return planModeSelect(p, cdb, int(cdb[4]))
}

// planModeSelect10 is MODE SELECT(10) of SPC-4.
func planModeSelect10(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	return planModeSelect(p, cdb, int(binary.BigEndian.Uint16(cdb[7:])))
}

func planModeSelect(p *Plan, cdb *[16]byte, listLen int) Sense {
	if listLen != 0 && cdb[1]&selectPF == 0 {
		return InvalidFieldInCDB.AtCDB(1, 4)
	}
	if listLen > maxModeList {
		return ParamListLength
	}
	save := cdb[1]&selectSP != 0
	if save && !p.Unit.medium.modes.savable() {
		return InvalidFieldInCDB.AtCDB(1, 0)
	}
	if listLen == 0 && !save {
		return Good // SPC-4: no data is not an error
	}
	// What is saved goes to a file, for which others wait, too.
	p.Action, p.OutLen, p.Blocking = ActionCollect, listLen, true
	p.row, p.cdb = commandOf(cdb), *cdb
	return Good
}

// collectMode6 takes the parameter list of MODE SELECT(6). MODE DATA LENGTH and
// the device-specific parameter, which are of use in MODE SENSE only, may be
// what MODE SENSE said.
func collectMode6(n *Nexus, p *Plan, data []byte) Sense {
	if p.OutLen == 0 {
		return n.saveModes(p)
	}
	if len(data) < modeHeader6Len || len(data) < p.OutLen {
		return ParamListLength
	}
	if data[1] != 0 { // MEDIUM TYPE
		return InvalidFieldInParams.AtParam(1, 7)
	}
	want := appendShortDescriptor(nil, p.state)
	return n.selectModes(p, data, modeList{
		descriptorOff: modeHeader6Len, descriptorLen: int(data[3]), lengthOff: 3, want: want,
	})
}

// collectMode10 takes the parameter list of MODE SELECT(10).
func collectMode10(n *Nexus, p *Plan, data []byte) Sense {
	if p.OutLen == 0 {
		return n.saveModes(p)
	}
	if len(data) < modeHeader10Len || len(data) < p.OutLen {
		return ParamListLength
	}
	if data[2] != 0 { // MEDIUM TYPE
		return InvalidFieldInParams.AtParam(2, 7)
	}
	if reserved := data[4] &^ headerLongLBA; reserved != 0 {
		return InvalidFieldInParams.AtParam(4, topBit(reserved))
	}
	want := appendShortDescriptor(nil, p.state)
	if data[4]&headerLongLBA != 0 {
		want = appendLongDescriptor(nil, p.state)
	}
	return n.selectModes(p, data, modeList{
		descriptorOff: modeHeader10Len, descriptorLen: int(binary.BigEndian.Uint16(data[6:])), lengthOff: 6, want: want,
	})
}

// topBit returns the number (7..0) of the highest bit set in b.
func topBit(b byte) int { return bits.Len8(b) - 1 }

// A modeList tells where in the parameter data of a MODE SELECT the block
// descriptor is.
type modeList struct {
	descriptorOff int    // behind the header
	descriptorLen int    // bytes, as the header says
	lengthOff     int    // where the header says it
	want          []byte // the descriptor of the unit
}

// selectModes takes the block descriptor and the pages of a MODE SELECT. All
// pages are looked at before anything changes.
func (n *Nexus) selectModes(p *Plan, data []byte, l modeList) Sense {
	if s := l.check(data); s != Good {
		return s
	}
	return n.changeModes(p, func(mode uint32) (uint32, Sense) {
		for off := l.descriptorOff + l.descriptorLen; off < len(data); {
			page, s := modePageAt(data, off)
			if s != Good {
				return mode, s
			}
			if mode, s = page.selected(p.state, data[off:off+page.length], off, mode); s != Good {
				return mode, s
			}
			off += page.length
		}
		return mode, Good
	})
}

// saveModes is a MODE SELECT without parameters but with SP: the current values
// are saved.
func (n *Nexus) saveModes(p *Plan) Sense {
	return n.changeModes(p, func(mode uint32) (uint32, Sense) { return mode, Good })
}

// changeModes makes what next returns the mode parameters of the medium, and saves
// them when SP is set. From then on writes are planned by them; what is in a write
// cache that was turned off is flushed before the status (SBC-3, Caching mode page).
func (n *Nexus) changeModes(p *Plan, next func(mode uint32) (uint32, Sense)) Sense {
	old, mode, s := p.Unit.medium.modes.change(next, p.cdb[1]&selectSP != 0)
	if s != Good || mode == old {
		return s
	}
	p.Unit.medium.tellOthers(n, p.Unit, attModeChanged)
	if p.state.writeCache(old) && !p.state.writeCache(mode) {
		p.Action = ActionFlush
		p.Off, p.Len = 0, int(p.state.Blocks)*int(p.state.BlockSize)
	}
	return Good
}

// check returns the sense for a block descriptor that is not the one of the
// unit, or Good when it is, or is not there. The number of blocks may also be
// 0, which SBC-3 defines as "leave it". The data has a complete header.
func (l modeList) check(data []byte) Sense {
	if l.descriptorLen == 0 {
		return Good
	}
	if l.descriptorLen != len(l.want) {
		return InvalidFieldInParams.AtParam(l.lengthOff, 7)
	}
	end := l.descriptorOff + l.descriptorLen
	if len(data) < end {
		return ParamListLength
	}
	got := data[l.descriptorOff:end]
	half := len(got) / 2 // the number of blocks, then the block size
	for _, b := range got[:half] {
		if b != 0 && !bytes.Equal(got[:half], l.want[:half]) {
			return InvalidFieldInParams.AtParam(l.descriptorOff, 7)
		}
	}
	if !bytes.Equal(got[half:], l.want[half:]) {
		return InvalidFieldInParams.AtParam(l.descriptorOff+half, 7)
	}
	return Good
}

// modePageAt returns the row of the page that begins at off, of which all
// bytes are in data, or the sense to refuse it with.
func modePageAt(data []byte, off int) (*modePage, Sense) {
	d := data[off:]
	if len(d) < modePageHeaderLen {
		return nil, ParamListLength
	}
	if d[0]&modePageSPF != 0 {
		return nil, InvalidFieldInParams.AtParam(off, 6)
	}
	// PS is as MODE SENSE gave it: libiscsi sends it back.
	page := modePageOf(d[0] &^ modePagePS)
	if page == nil {
		return nil, InvalidFieldInParams.AtParam(off, 5)
	}
	if int(d[1]) != page.length-modePageHeaderLen {
		return nil, InvalidFieldInParams.AtParam(off+1, 7)
	}
	if len(d) < page.length {
		return nil, ParamListLength
	}
	return page, Good
}

// selected returns mode as page d, which is at off of the parameter data,
// wants it. A bit that is not changeable must be as it is.
func (g *modePage) selected(u *unitState, d []byte, off int, mode uint32) (uint32, Sense) {
	now, changeable := g.append(nil, u, mode), g.changeableIn(u)
	now[0] |= d[0] & modePagePS
	for i := range d {
		diff := d[i] ^ now[i]
		if i < len(changeable) {
			diff &^= changeable[i]
		}
		if diff != 0 {
			return mode, InvalidFieldInParams.AtParam(off+i, topBit(diff))
		}
	}
	switch g.code {
	case pageCaching:
		return u.withWriteCache(mode, d[cachingOffWCE]&cachingWCE != 0), Good
	case pageControl:
		mode &^= modeDSense | modeSWP
		if d[controlOffDSense]&controlDSense != 0 {
			mode |= modeDSense
		}
		if d[controlOffSWP]&controlSWP != 0 {
			mode |= modeSWP
		}
	}
	return mode, Good
}
