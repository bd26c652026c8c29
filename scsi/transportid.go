// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// A TransportID of iSCSI. See SPC-4, TransportID for initiator ports using SCSI
// over iSCSI.
const (
	transportIDHeaderLen = 4
	transportIDLeast     = 20 // of what follows the header; a multiple of 4
	transportIDISCSI     = 0x05
	transportIDProtocol  = 0x0f
	transportIDReserved  = 0x30
	transportIDFormat    = 0xc0
	transportIDNode      = 0x00 // all ports of an iSCSI node
	transportIDPort      = 0x40 // with the ISID

	transportIDSeparator = ",i,0x"

	// maxNameLen is RFC 7143, Section 4.2.7.1.
	maxNameLen = 223
	// maxTransportIDLen has the longest name, the separator, the ISID in
	// hexadecimal, the zero byte that ends it, and padding.
	maxTransportIDLen = transportIDHeaderLen + (maxNameLen+len(transportIDSeparator)+2*len(ISID{})+1+3)/4*4
)

// A transportID names an initiator port, or all ports of a node.
type transportID struct {
	initiator string
	isid      ISID
	node      bool // isid has no meaning
}

// appendTransportID adds the TransportID of the initiator port of id.
func appendTransportID(dst []byte, id NexusID) []byte {
	start := len(dst)
	dst = append(dst, transportIDPort|transportIDISCSI, 0, 0, 0)
	dst = append(dst, id.Initiator...)
	dst = append(dst, transportIDSeparator...)
	dst = hex.AppendEncode(dst, id.ISID[:])
	dst = append(dst, 0)
	for n := len(dst) - start; n%4 != 0 || n < transportIDHeaderLen+transportIDLeast; n++ {
		dst = append(dst, 0)
	}
	binary.BigEndian.PutUint16(dst[start+2:], uint16(len(dst)-start-transportIDHeaderLen))
	return dst
}

// transportIDLen is how much appendTransportID adds.
func transportIDLen(id NexusID) int {
	n := len(id.Initiator) + len(transportIDSeparator) + 2*len(id.ISID) + 1
	return transportIDHeaderLen + max((n+3)/4*4, transportIDLeast)
}

// parseTransportIDs takes the TransportIDs from off to the end of the parameter
// list. One that is cut off is an error in its length.
func parseTransportIDs(list []byte, off int) ([]transportID, Sense) {
	var ids []transportID
	for off < len(list) {
		d := list[off:]
		if len(d) < transportIDHeaderLen {
			return nil, ParamListLength
		}
		if d[0]&transportIDProtocol != transportIDISCSI {
			return nil, InvalidFieldInParams.AtParam(off, 3)
		}
		if reserved := d[0] & transportIDReserved; reserved != 0 {
			return nil, InvalidFieldInParams.AtParam(off, topBit(reserved))
		}
		n := int(binary.BigEndian.Uint16(d[2:]))
		if n < transportIDLeast || n%4 != 0 {
			return nil, InvalidFieldInParams.AtParam(off+2, 7)
		}
		if len(d) < transportIDHeaderLen+n {
			return nil, ParamListLength
		}
		name, _, ended := bytes.Cut(d[transportIDHeaderLen:transportIDHeaderLen+n], []byte{0})
		id, ok := parsePortName(string(name), d[0]&transportIDFormat)
		if !ended || !ok {
			return nil, InvalidFieldInParams.AtParam(off+transportIDHeaderLen, NoBit)
		}
		ids = append(ids, id)
		off += transportIDHeaderLen + n
	}
	return ids, Good
}

// parsePortName takes the name in a TransportID of this format apart.
func parsePortName(name string, format byte) (id transportID, ok bool) {
	switch format {
	case transportIDNode:
		id.node = true
	case transportIDPort:
		var isid string
		if name, isid, ok = strings.Cut(name, transportIDSeparator); !ok || len(isid) != 2*len(id.isid) {
			return id, false
		}
		if _, err := hex.Decode(id.isid[:], []byte(isid)); err != nil {
			return id, false
		}
	default:
		return id, false
	}
	id.initiator = portName(name)
	return id, ValidPortName(name)
}

// ValidPortName reports whether name can be that of an iSCSI node: 1 to 223 bytes
// of UTF-8 without blanks and control characters. See RFC 7143, Section 4.2.7.
func ValidPortName(name string) bool {
	return name != "" && len(name) <= maxNameLen && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c == 0x7f })
}
