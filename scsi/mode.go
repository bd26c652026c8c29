// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// A modePage is a row of the table of mode pages. The lengths are those of the
// whole page, with its two bytes of header.
type modePage struct {
	code   byte
	name   string
	length int

	// fill writes the parameters into d, the page, of which the header is
	// there and the rest is zero; mode has the bits that MODE SELECT changed,
	// 0 for the default values.
	fill func(d []byte, u *unitState, mode uint32)

	// changeable has a one for each bit that MODE SELECT may change; pages
	// without one have nil. See changeableIn.
	changeable []byte
}

// Mode page codes and the lengths of the pages. See SPC-4 and SBC-3; the format
// and geometry pages are obsolete since SBC-2 and kept because IET had them and
// old systems make their labels from them.
const (
	pageErrors     = 0x01
	pageDisconnect = 0x02
	pageFormat     = 0x03
	pageGeometry   = 0x04
	pageCaching    = 0x08
	pageControl    = 0x0a
	pageExceptions = 0x1c
	pageAll        = 0x3f // not a page: asks for all of them

	modePageHeaderLen = 2
)

// Bits of the mode pages, with their byte in the page.
const (
	cachingOffWCE = 2
	cachingWCE    = 0x04 // Caching: the volatile cache is on

	controlOffDSense = 2
	controlDSense    = 0x04 // sense data in descriptor format
	controlTST       = 0x20 // byte 2: TST 001b, each I_T nexus has a task set of its own
	controlGLTSD     = 0x02 // byte 2: log parameters are not saved
	controlReorder   = 0x10 // byte 3: QUEUE ALGORITHM MODIFIER 1, unrestricted
	controlOffSWP    = 4
	controlSWP       = 0x08 // software write protect

	exceptionsDEXCPT = 0x08 // byte 2: no informational exceptions are reported
)

// modePages are the mode pages, sorted by code: the order of page 3Fh.
var modePages = []modePage{
	// No read or write is tried again and no block replaced: that is for the backing.
	{code: pageErrors, name: "Read-Write Error Recovery", length: 12, fill: fillNothing},
	{code: pageDisconnect, name: "Disconnect-Reconnect", length: 16, fill: fillNothing},
	{code: pageFormat, name: "Format Device", length: 24, fill: fillFormat},
	{code: pageGeometry, name: "Rigid Disk Geometry", length: 24, fill: fillGeometry},
	{code: pageCaching, name: "Caching", length: 20, fill: fillCaching,
		changeable: []byte{cachingOffWCE: cachingWCE, 19: 0}},
	{code: pageControl, name: "Control", length: 12, fill: fillControl,
		changeable: []byte{controlOffDSense: controlDSense, controlOffSWP: controlSWP, 11: 0}},
	{code: pageExceptions, name: "Informational Exceptions Control", length: 12, fill: fillExceptions},
}

// modePagesLen is the length of all pages together.
const modePagesLen = 12 + 16 + 24 + 24 + 20 + 12 + 12

// modePageOf returns the page with code, nil when there is none.
func modePageOf(code byte) *modePage {
	for i := range modePages {
		if modePages[i].code == code {
			return &modePages[i]
		}
	}
	return nil
}

// changeableIn returns the changeable bits of the page of u. A unit that is not
// written has no write cache to turn on.
func (g *modePage) changeableIn(u *unitState) []byte {
	if g.code == pageCaching && u.ReadOnly {
		return nil
	}
	return g.changeable
}

// append adds the page of u with the parameters of mode to dst.
func (g *modePage) append(dst []byte, u *unitState, mode uint32) []byte {
	dst, d := g.appendHeader(dst)
	g.fill(d, u, mode)
	return dst
}

// appendChangeable adds the page of u to dst with a one for each changeable bit.
func (g *modePage) appendChangeable(dst []byte, u *unitState) []byte {
	dst, d := g.appendHeader(dst)
	for i, bits := range g.changeableIn(u) {
		d[i] |= bits
	}
	return dst
}

// appendHeader adds the page to dst with all parameters zero and returns the
// whole and a view of the page.
func (g *modePage) appendHeader(dst []byte) (all, page []byte) {
	start := len(dst)
	var zero [modePagesLen]byte
	dst = append(dst, zero[:g.length]...)
	page = dst[start:]
	page[0], page[1] = g.code, byte(g.length-modePageHeaderLen)
	return dst, page
}

// The geometry that pages 03h and 04h make up, so that a cylinder is 1 MiB in
// blocks of 512 bytes.
const (
	geometryHeads   = 64
	geometrySectors = 32 // a track
)

// fillNothing is for a page of which all parameters are zero: no limits.
func fillNothing([]byte, *unitState, uint32) {}

func fillFormat(d []byte, u *unitState, _ uint32) {
	binary.BigEndian.PutUint16(d[10:], geometrySectors)
	binary.BigEndian.PutUint16(d[12:], uint16(u.BlockSize))
	d[20] = 0x40 // HSEC: hard sectors
}

func fillGeometry(d []byte, u *unitState, _ uint32) {
	cylinders := max(u.Blocks/(geometryHeads*geometrySectors), 1)
	if cylinders > 0xffffff {
		cylinders = 0xffffff // the field has three bytes and no way to say more
	}
	d[2], d[3], d[4] = byte(cylinders>>16), byte(cylinders>>8), byte(cylinders)
	d[5] = geometryHeads
}

func fillCaching(d []byte, u *unitState, mode uint32) {
	if u.writeCache(mode) {
		d[cachingOffWCE] = cachingWCE
	}
}

func fillControl(d []byte, _ *unitState, mode uint32) {
	d[2], d[3] = controlTST|controlGLTSD, controlReorder
	if mode&modeDSense != 0 {
		d[controlOffDSense] |= controlDSense
	}
	if mode&modeSWP != 0 {
		d[controlOffSWP] |= controlSWP
	}
}

func fillExceptions(d []byte, _ *unitState, _ uint32) { d[2] = exceptionsDEXCPT }
