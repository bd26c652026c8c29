// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
)

// EXTENDED COPY moves blocks between logical units without the initiator. The
// sources and destinations (CSCDs) are the units of the target that the command
// came to, as the nexus sees them: it could read and write them itself. Units of
// other targets are not reached: what an initiator may do there is known only
// when it logs in there.

// isCopied reports whether EXTENDED COPY can name u. A CSCD descriptor has room for
// 20 bytes of a designator, which IET's is too long for: an NAA designator is not.
func isCopied(u *unitState) bool { return u.NAA }

// The limits of an EXTENDED COPY, which RECEIVE COPY OPERATING PARAMETERS and
// VPD 8Fh report.
const (
	maxCSCDs    = 16
	maxSegments = 64
	maxCopyLen  = 256 << 20 // bytes of one segment

	// maxCopyListLen is the most bytes of descriptors.
	maxCopyListLen = maxCSCDs*cscdLen + maxSegments*segmentOffsetLen
)

// Lengths and codes in the parameter list of EXTENDED COPY(LID1). See SPC-4.
const (
	copyHeaderLen = 16

	listUsage     = 0x18 // byte 1: LIST ID USAGE
	listUsageRsvd = 0x08
	listUsageNone = 0x18 // there is no list identifier, and nothing is kept

	cscdIdentification = 0xe4
	cscdLen            = 32
	cscdReserved       = 0xc0 // of the byte with ASSOCIATION and DESIGNATOR TYPE
	cscdNull           = 0x20 // byte 1: the descriptor names nothing
	cscdType           = 0x1f // byte 1: peripheral device type
	cscdDesignatorLen  = 20   // the most

	segmentBlocks    = 0x02 // block device to block device
	segmentBlocksLen = 28
	segmentOffset    = 0x0a // the same from byte to byte
	segmentOffsetLen = 32
	segmentHeaderLen = 4
	segmentDC        = 0x02 // byte 1: NUMBER OF BLOCKS is of the destination
)

// A Copy is what an EXTENDED COPY or WRITE USING TOKEN asks for: pieces that are to be copied in their
// order. The data plane copies, tells the progress by Moved and ends it by End.
type Copy struct {
	Pieces []CopyPiece

	// Token, unless nil, stands for what is copied: what was read counts only
	// when the token is Good afterwards. Of ActionToken it is the one to watch.
	Token *Token

	delete bool // Token is of no more use when the copy has ended
	record *copyRecord
}

// A CopyPiece is one segment. Both ranges are on their media; offsets and lengths
// are bytes and need not be whole blocks.
type CopyPiece struct {
	From, To       *Unit // without From it is zeros that are written
	FromOff, ToOff int64
	Len            int64
}

// Uses reports whether the copy has to do with u.
func (c *Copy) Uses(u *Unit) bool {
	if c.Token != nil && c.Token.unit == u {
		return true
	}
	for i := range c.Pieces {
		if c.Pieces[i].From == u || c.Pieces[i].To == u {
			return true
		}
	}
	return false
}

// planExtendedCopy is EXTENDED COPY(LID1) of SPC-4.
func planExtendedCopy(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	p.Blocking = true // to find a unit by its designator is to look at all there are
	return p.collectParams(cdb, int(binary.BigEndian.Uint32(cdb[10:])))
}

// collectExtendedCopy takes the parameter list. Everything in it is looked at
// before anything is copied.
func collectExtendedCopy(n *Nexus, p *Plan, data []byte) Sense {
	if len(data) < copyHeaderLen || len(data) < p.OutLen {
		return ParamListLength
	}
	usage := data[1] & listUsage
	switch {
	case usage == listUsageRsvd:
		return InvalidFieldInParams.AtParam(1, 4)
	case usage == listUsageNone && data[0] != 0:
		return InvalidFieldInParams.AtParam(0, 7)
	}
	cscds, segments, s := copyLists(data)
	if s != Good {
		return s
	}
	units, s := n.cscdUnits(cscds)
	if s != Good {
		return s
	}
	c := &Copy{}
	for off := copyHeaderLen + len(cscds); len(segments) > 0; {
		piece, size, s := n.segment(segments, off, units)
		if s != Good {
			return s
		}
		if len(c.Pieces) == maxSegments {
			return TooManySegments
		}
		c.Pieces = append(c.Pieces, piece)
		segments, off = segments[size:], off+size
	}
	if len(c.Pieces) == 0 {
		return Good
	}
	if c.record, s = n.copies.begin(uint32(data[0]), usage != listUsageNone); s != Good {
		return s
	}
	p.Action, p.Copy = ActionCopy, c
	return Good
}

// copyLists returns the lists of CSCD and of segment descriptors.
func copyLists(data []byte) (cscds, segments []byte, s Sense) {
	cscdsLen, segmentsLen := uint64(binary.BigEndian.Uint16(data[2:])), uint64(binary.BigEndian.Uint32(data[8:]))
	switch {
	case cscdsLen+segmentsLen > maxCopyListLen:
		return nil, nil, ParamListLength
	case cscdsLen%cscdLen != 0, copyHeaderLen+cscdsLen+segmentsLen > uint64(len(data)):
		return nil, nil, ParamListLength
	case binary.BigEndian.Uint32(data[12:]) > 0:
		return nil, nil, InlineDataExceeded // no segment uses any
	case cscdsLen/cscdLen > maxCSCDs:
		return nil, nil, TooManyCSCDs
	}
	data = data[copyHeaderLen:]
	return data[:cscdsLen], data[cscdsLen : cscdsLen+segmentsLen], Good
}

// cscdUnits returns the unit of each descriptor, nil where the nexus has none
// that is so called.
func (n *Nexus) cscdUnits(cscds []byte) ([]*Unit, Sense) {
	units := make([]*Unit, 0, maxCSCDs)
	for off := 0; off < len(cscds); off += cscdLen {
		d, at := cscds[off:off+cscdLen], copyHeaderLen+off
		switch {
		case d[0] != cscdIdentification:
			return nil, UnsupportedCSCD.AtParam(at, 7)
		case d[7] > cscdDesignatorLen:
			return nil, InvalidFieldInParams.AtParam(at+7, 7)
		case d[1]&cscdNull != 0:
			units = append(units, nil)
			continue
		case d[1]&cscdType != peripheralDisk:
			return nil, IncorrectCSCDType
		}
		u := n.designated(d[4 : 8+d[7]])
		if u != nil {
			block := binary.BigEndian.Uint32(d[28:]) & 0xffffff
			if block != 0 && block != u.state.Load().BlockSize {
				return nil, InvalidFieldInParams.AtParam(at+29, 7)
			}
		}
		units = append(units, u)
	}
	return units, Good
}

// designated returns the unit that a designation descriptor names, as it stands
// in its VPD page 83h, or nil. Only units that the nexus sees are looked at.
func (n *Nexus) designated(d []byte) *Unit {
	var page []byte
	for _, u := range n.target.Units() {
		if !n.sees(u) {
			continue
		}
		page = n.designators(page[:0], u)
		for rest := page; len(rest) >= 4; rest = rest[4+rest[3]:] {
			if rest[1] == d[1]&^cscdReserved && rest[0]&0xf == d[0] && bytes.Equal(rest[3:4+rest[3]], d[3:]) {
				return u
			}
		}
	}
	return nil
}

// designators adds the descriptors of VPD page 83h of u to dst.
func (n *Nexus) designators(dst []byte, u *Unit) []byte {
	return appendIdentification(dst, n, u.state.Load())
}

// segment takes the segment descriptor at the start of d, at bytes from the start
// of the parameter list, and returns how long it is.
func (n *Nexus) segment(d []byte, at int, units []*Unit) (c CopyPiece, size int, s Sense) {
	if len(d) < segmentHeaderLen {
		return c, 0, ParamListLength
	}
	switch d[0] {
	case segmentBlocks:
		size = segmentBlocksLen
	case segmentOffset:
		size = segmentOffsetLen
	default:
		return c, 0, UnsupportedSegment.AtParam(at, 7)
	}
	switch {
	case len(d) < size:
		return c, 0, ParamListLength
	case int(binary.BigEndian.Uint16(d[2:])) != size-segmentHeaderLen:
		return c, 0, InvalidFieldInParams.AtParam(at+2, 7)
	}
	from, to := int(binary.BigEndian.Uint16(d[4:])), int(binary.BigEndian.Uint16(d[6:]))
	if from >= len(units) || to >= len(units) {
		return c, 0, UnreachableCSCD
	}
	c.From, c.To = units[from], units[to]
	if c.From == nil || c.To == nil {
		return c, 0, CSCDNotReachable
	}
	return c, size, c.place(n, d, at)
}

// place fills in the ranges of a piece from its descriptor and checks that n may
// read the one and write the other.
func (c *CopyPiece) place(n *Nexus, d []byte, at int) Sense {
	source, dest := c.From.state.Load(), c.To.state.Load()
	from, to := binary.BigEndian.Uint64(d[12:]), binary.BigEndian.Uint64(d[20:])
	var fromOff, toOff, length int64
	if d[0] == segmentBlocks {
		length = int64(binary.BigEndian.Uint16(d[10:])) * int64(source.BlockSize)
		if d[1]&segmentDC != 0 {
			length = length / int64(source.BlockSize) * int64(dest.BlockSize)
		}
		if length%int64(source.BlockSize) != 0 || length%int64(dest.BlockSize) != 0 {
			return UnexpectedInexactLength
		}
	} else {
		length = int64(binary.BigEndian.Uint32(d[8:]))
		fromOff, toOff = int64(binary.BigEndian.Uint16(d[28:])), int64(binary.BigEndian.Uint16(d[30:]))
	}
	switch {
	case length > maxCopyLen:
		return InvalidFieldInParams.AtParam(at+8, 7)
	}
	if s := n.mayCopy(c.From, source, commands[0x88]); s != Good { // READ(16)
		return s
	}
	if s := n.mayCopy(c.To, dest, commands[0x8a]); s != Good { // WRITE(16)
		return s
	}
	var inside bool
	if c.FromOff, inside = source.byteRange(from, fromOff, length); !inside {
		return CSCDNotReachable
	}
	if c.ToOff, inside = dest.byteRange(to, toOff, length); !inside {
		return CSCDNotReachable
	}
	c.Len = length
	return Good
}

// mayCopy returns Good when n could itself send a command of row to u now, or why a
// copy cannot do in its place what that does.
func (n *Nexus) mayCopy(u *Unit, s *unitState, row *command) Sense {
	if n.readiness(u, s, row) != Good || u.medium.refuses(row) != Good {
		return CSCDNotReachable
	}
	if r := u.medium.reservations.now.Load(); r != nil && r.conflicts(n, row.access) {
		return CSCDFailure
	}
	if row.writes && n.writeProtection(s, u.medium.modes.now.Load()) != Good {
		return CSCDFailure
	}
	return Good
}

// byteRange returns where length bytes begin that are more bytes behind the start
// of block lba, and whether all of them are on the medium.
func (u *unitState) byteRange(lba uint64, more, length int64) (off int64, inside bool) {
	if lba > u.Blocks {
		return 0, false
	}
	off = int64(lba) * int64(u.BlockSize)
	left := int64(u.Blocks)*int64(u.BlockSize) - off
	return off + more, more <= left && length <= left-more
}
