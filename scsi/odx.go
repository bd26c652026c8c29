// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"time"
)

// POPULATE TOKEN and WRITE USING TOKEN are what Windows calls ODX, Offloaded Data
// Transfer: the one makes a token of blocks, the other has a target write what a
// token stands for, and RECEIVE ROD TOKEN INFORMATION tells the token, and how it
// went. See SBC-3; the model is in SPC-4.

// Service actions of operation code 83h.
const (
	actionPopulateToken   = 0x10
	actionWriteUsingToken = 0x11
)

// Parameter lists. All lengths are bytes.
const (
	populateHeaderLen = 16
	populateRTV       = 0x02 // byte 2: ROD TYPE is valid
	populateTypeOff   = 8

	writeTokenHeaderLen = 536
	writeTokenDELTKN    = 0x02 // byte 2: the token is deleted when the command has ended
	writeTokenOff       = 16

	tokenIMMED    = 0x01 // byte 2: the status is sent before the work is done
	tokenRangeLen = 16   // block device range descriptor
)

// planTokenCommand is POPULATE TOKEN and WRITE USING TOKEN of SBC-3.
func planTokenCommand(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	return p.collectParams(cdb, int(binary.BigEndian.Uint32(cdb[10:])))
}

// tokenRanges returns the ranges of the list that ends the header of headerLen
// bytes, and their bytes.
func (u *unitState) tokenRanges(data []byte, headerLen int) (ranges []Range, size int64, s Sense) {
	at := headerLen - 2
	length := int(binary.BigEndian.Uint16(data[at:]))
	switch {
	case int(binary.BigEndian.Uint16(data))+2 < headerLen+length:
		return nil, 0, InvalidFieldInParams.AtParam(0, 7)
	case length == 0, length%tokenRangeLen != 0, length/tokenRangeLen > maxTokenRanges:
		return nil, 0, InvalidFieldInParams.AtParam(at, 7)
	case int(binary.BigEndian.Uint16(data))+2 > len(data):
		return nil, 0, ParamListLength
	}
	for off := headerLen; off < headerLen+length; off += tokenRangeLen {
		b := span{lba: binary.BigEndian.Uint64(data[off:]), blocks: binary.BigEndian.Uint32(data[off+8:])}
		if !u.contains(b) {
			return nil, 0, LBAOutOfRange
		}
		r := Range{Off: int64(b.lba) * int64(u.BlockSize), Len: int64(b.blocks) * int64(u.BlockSize)}
		for _, o := range ranges {
			if r.Off < o.Off+o.Len && o.Off < r.Off+r.Len {
				return nil, 0, InvalidFieldInParams.AtParam(off, 7)
			}
		}
		if r.Len > 0 {
			ranges, size = append(ranges, r), size+r.Len
		}
	}
	if size == 0 || size > maxTokenLen {
		return nil, 0, InvalidFieldInParams.AtParam(headerLen+8, 7)
	}
	return ranges, size, Good
}

// collectPopulateToken takes the parameter list of POPULATE TOKEN.
func collectPopulateToken(n *Nexus, p *Plan, data []byte) Sense {
	if len(data) < populateHeaderLen || len(data) < p.OutLen {
		return ParamListLength
	}
	timeout := binary.BigEndian.Uint32(data[4:])
	switch {
	case data[2]&populateRTV != 0 && binary.BigEndian.Uint32(data[populateTypeOff:]) != rodVulnerable:
		return InvalidFieldInParams.AtParam(populateTypeOff, 7)
	case timeout > maxTokenTimeout:
		return InvalidFieldInParams.AtParam(4, 7)
	case timeout == 0:
		timeout = tokenTimeout
	}
	ranges, size, s := p.Unit.state.Load().tokenRanges(data, populateHeaderLen)
	if s != Good {
		return s
	}
	c, s := n.beginToken(p, actionPopulateToken, data)
	if s != Good {
		return s
	}
	c.Token = n.target.tokens.add(n, p.Unit, ranges, size, time.Duration(timeout)*time.Second)
	c.record.token = c.Token
	p.Action, p.Copy = ActionToken, c
	return Good
}

// beginToken makes the record of the command of p, a service action with the
// parameter list data.
func (n *Nexus) beginToken(p *Plan, action byte, data []byte) (*Copy, Sense) {
	p.Immediate = data[2]&tokenIMMED != 0
	r := &copyRecord{
		id: binary.BigEndian.Uint32(p.cdb[6:]), known: true,
		action: action, blockSize: p.Unit.state.Load().BlockSize, background: p.Immediate,
	}
	return &Copy{record: r}, n.copies.enter(r)
}

// collectWriteUsingToken takes the parameter list of WRITE USING TOKEN.
func collectWriteUsingToken(n *Nexus, p *Plan, data []byte) Sense {
	if len(data) < writeTokenHeaderLen || len(data) < p.OutLen {
		return ParamListLength
	}
	u := p.Unit.state.Load()
	ranges, size, s := u.tokenRanges(data, writeTokenHeaderLen)
	if s != Good {
		return s
	}
	t, s := n.target.tokens.find(data[writeTokenOff : writeTokenOff+tokenLen])
	if s != Good {
		return s
	}
	pieces, s := zeroPieces(p.Unit, ranges), Good
	if t != nil {
		pieces, s = n.tokenPieces(t, p.Unit, ranges, size, binary.BigEndian.Uint64(data[8:]))
		t.use()
	}
	if s != Good {
		return s
	}
	c, s := n.beginToken(p, actionWriteUsingToken, data)
	if s != Good {
		return s
	}
	c.Token, c.Pieces, c.delete = t, pieces, data[2]&writeTokenDELTKN != 0
	p.Action, p.Copy = ActionCopy, c
	return Good
}

// zeroPieces are the pieces that make ranges of to zeros.
func zeroPieces(to *Unit, ranges []Range) []CopyPiece {
	var pieces []CopyPiece
	for _, r := range ranges {
		pieces = append(pieces, CopyPiece{To: to, ToOff: r.Off, Len: r.Len})
	}
	return pieces
}

// tokenPieces are the pieces that bring size bytes of what t stands for, from skip
// blocks of to on, into ranges of to. n may read the one; that it may write the
// other is known.
func (n *Nexus) tokenPieces(t *Token, to *Unit, ranges []Range, size int64, skip uint64) (pieces []CopyPiece, s Sense) {
	source, block := t.unit, uint64(to.state.Load().BlockSize)
	if skip > uint64(t.size)/block || size > t.size-int64(skip*block) {
		return nil, InvalidFieldInParams.AtParam(8, 7)
	}
	if !n.sees(source) {
		return nil, CSCDNotReachable
	}
	state := source.state.Load()
	if s := n.mayCopy(source, state, commands[0x88]); s != Good { // READ(16)
		return nil, s
	}
	from, passed := 0, int64(skip*block) // of t.ranges, and of its bytes before what is next
	for passed >= t.ranges[from].Len {   // there are size bytes more, so it ends
		passed -= t.ranges[from].Len
		from++
	}
	for _, r := range ranges {
		for r.Len > 0 {
			f := t.ranges[from]
			if f.Off+f.Len > int64(state.Blocks)*int64(state.BlockSize) {
				return nil, TokenRevoked // the medium has shrunk
			}
			length := min(r.Len, f.Len-passed)
			pieces = append(pieces, CopyPiece{From: source, FromOff: f.Off + passed, To: to, ToOff: r.Off, Len: length})
			r.Off, r.Len, passed = r.Off+length, r.Len-length, passed+length
			if passed == f.Len {
				from, passed = from+1, 0
			}
		}
	}
	return pieces, Good
}
