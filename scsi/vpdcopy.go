// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math/bits"
)

// Third-party copy descriptors of VPD page 8Fh. See SPC-4, Third-party Copy VPD
// page.
const (
	copyDescTokenLimits = 0x0000
	copyDescCommands    = 0x0001
	copyDescParameters  = 0x0004
	copyDescDescriptors = 0x0008
	copyDescFeatures    = 0x0106
	copyDescTypes       = 0x0108
	copyDescGeneral     = 0x8001

	copyParametersDescLen = 0x1c
	copyGeneralDescLen    = 0x20
	copyTokenLimitsLen    = 0x20
	copyFeaturesLen       = 44 // before the device type specific descriptors
	copyBlockRODLen       = 40 // the one of block devices
	copyTypesLen          = 4  // before the types
	copyTypeLen           = 64

	copyTokenIn  = 0x02 // of a type: WRITE USING TOKEN takes it
	copyTokenOut = 0x01 // POPULATE TOKEN makes it

	copyDescHeaderLen = 4
)

// copyOpcodes are the operation codes of third-party copy.
var copyOpcodes = [...]byte{0x83, 0x84}

// appendThirdPartyCopy is the Third-party Copy page.
func appendThirdPartyCopy(dst []byte, u *unitState) []byte {
	dst = appendTokenLimits(dst, u)
	dst = appendCopyCommands(dst, u)
	if isCopied(u) {
		dst = appendCopyLimits(dst)
	}
	dst = appendTokenFeatures(dst, u)
	dst = appendTokenTypes(dst)

	g := [copyGeneralDescLen]byte{16 - copyDescHeaderLen: byte(bits.TrailingZeros32(u.BlockSize))}
	binary.BigEndian.PutUint32(g[4-copyDescHeaderLen:], maxConcurrentCopies)
	binary.BigEndian.PutUint32(g[8-copyDescHeaderLen:], maxConcurrentCopies)
	binary.BigEndian.PutUint32(g[12-copyDescHeaderLen:], maxCopyLen)
	return appendCopyDesc(dst, copyDescGeneral, g[:])
}

// appendTokenLimits adds the Block Device ROD Token Limits descriptor of SBC-3.
func appendTokenLimits(dst []byte, u *unitState) []byte {
	var l [copyTokenLimitsLen]byte
	binary.BigEndian.PutUint16(l[10-copyDescHeaderLen:], maxTokenRanges)
	binary.BigEndian.PutUint32(l[12-copyDescHeaderLen:], maxTokenTimeout)
	binary.BigEndian.PutUint32(l[16-copyDescHeaderLen:], tokenTimeout)
	binary.BigEndian.PutUint64(l[20-copyDescHeaderLen:], maxTokenLen/uint64(u.BlockSize))
	binary.BigEndian.PutUint64(l[28-copyDescHeaderLen:], bestTokenLen/uint64(u.BlockSize))
	return appendCopyDesc(dst, copyDescTokenLimits, l[:])
}

// appendTokenFeatures adds the ROD Token Features descriptor. Tokens of other
// copy managers are not taken; how long one lives is bounded by inactivity only.
func appendTokenFeatures(dst []byte, u *unitState) []byte {
	var f [copyFeaturesLen + copyBlockRODLen]byte
	binary.BigEndian.PutUint32(f[24-copyDescHeaderLen:], maxTokenTimeout)
	binary.BigEndian.PutUint16(f[46-copyDescHeaderLen:], copyBlockRODLen)
	b := f[copyFeaturesLen:]
	b[0] = peripheralDisk
	binary.BigEndian.PutUint16(b[2:], copyBlockRODLen-copyDescHeaderLen)
	binary.BigEndian.PutUint16(b[6:], 1) // OPTIMAL BLOCK ROD LENGTH GRANULARITY
	binary.BigEndian.PutUint64(b[8:], maxTokenLen)
	binary.BigEndian.PutUint64(b[16:], bestTokenLen)
	return appendCopyDesc(dst, copyDescFeatures, f[:])
}

// appendTokenTypes adds the Supported ROD Token and ROD Types descriptor.
func appendTokenTypes(dst []byte) []byte {
	var d [copyTypesLen + 2*copyTypeLen]byte
	binary.BigEndian.PutUint16(d[6-copyDescHeaderLen:], 2*copyTypeLen)
	for i, kind := range []struct {
		rod   uint32
		usage byte
	}{{rodVulnerable, copyTokenIn | copyTokenOut}, {rodZero, copyTokenIn}} {
		b := d[copyTypesLen+i*copyTypeLen:]
		binary.BigEndian.PutUint32(b, kind.rod)
		b[4] = kind.usage
	}
	return appendCopyDesc(dst, copyDescTypes, d[:])
}

// appendCopyLimits adds what EXTENDED COPY takes: the Parameter Data and the
// Supported Descriptors descriptors.
func appendCopyLimits(dst []byte) []byte {
	var p [copyParametersDescLen]byte
	binary.BigEndian.PutUint16(p[8-copyDescHeaderLen:], maxCSCDs)
	binary.BigEndian.PutUint16(p[10-copyDescHeaderLen:], maxSegments)
	binary.BigEndian.PutUint32(p[12-copyDescHeaderLen:], maxCopyListLen)
	dst = appendCopyDesc(dst, copyDescParameters, p[:])

	codes := append([]byte{byte(len(copyDescriptors))}, copyDescriptors[:]...)
	return appendCopyDesc(dst, copyDescDescriptors, codes)
}

// appendCopyCommands adds the Supported Commands descriptor, from the table of
// commands that u has.
func appendCopyCommands(dst []byte, u *unitState) []byte {
	list := []byte{0}
	for _, opcode := range copyOpcodes {
		start := len(list)
		list = append(list, opcode, 0)
		for action := range byte(serviceActionBits + 1) {
			if row := commands[opcode].actions[action]; row != nil && row.in(u) {
				list = append(list, action)
			}
		}
		list[start+1] = byte(len(list) - start - 2)
	}
	list[0] = byte(len(list) - 1)
	return appendCopyDesc(dst, copyDescCommands, list)
}

// appendCopyDesc adds a descriptor with body, filled up to a multiple of four
// bytes.
func appendCopyDesc(dst []byte, code uint16, body []byte) []byte {
	length := (len(body) + 3) &^ 3
	dst = binary.BigEndian.AppendUint16(dst, code)
	dst = binary.BigEndian.AppendUint16(dst, uint16(length))
	dst = append(dst, body...)
	for range length - len(body) {
		dst = append(dst, 0)
	}
	return dst
}
