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
	copyDescCommands    = 0x0001
	copyDescParameters  = 0x0004
	copyDescDescriptors = 0x0008
	copyDescGeneral     = 0x8001

	copyParametersDescLen = 0x1c
	copyGeneralDescLen    = 0x20

	copyDescHeaderLen = 4
)

// copyOpcodes are the operation codes of third-party copy.
var copyOpcodes = [...]byte{0x83, 0x84}

// appendThirdPartyCopy is the Third-party Copy page.
func appendThirdPartyCopy(dst []byte, u *unitState) []byte {
	dst = appendCopyCommands(dst)

	var p [copyParametersDescLen]byte
	binary.BigEndian.PutUint16(p[8-copyDescHeaderLen:], maxCSCDs)
	binary.BigEndian.PutUint16(p[10-copyDescHeaderLen:], maxSegments)
	binary.BigEndian.PutUint32(p[12-copyDescHeaderLen:], maxCopyListLen)
	dst = appendCopyDesc(dst, copyDescParameters, p[:])

	codes := append([]byte{byte(len(copyDescriptors))}, copyDescriptors[:]...)
	dst = appendCopyDesc(dst, copyDescDescriptors, codes)

	g := [copyGeneralDescLen]byte{16 - copyDescHeaderLen: byte(bits.TrailingZeros32(u.BlockSize))}
	binary.BigEndian.PutUint32(g[4-copyDescHeaderLen:], maxConcurrentCopies)
	binary.BigEndian.PutUint32(g[8-copyDescHeaderLen:], maxConcurrentCopies)
	binary.BigEndian.PutUint32(g[12-copyDescHeaderLen:], maxCopyLen)
	return appendCopyDesc(dst, copyDescGeneral, g[:])
}

// appendCopyCommands adds the Supported Commands descriptor, from the table of
// commands.
func appendCopyCommands(dst []byte) []byte {
	list := []byte{0}
	for _, opcode := range copyOpcodes {
		start := len(list)
		list = append(list, opcode, 0)
		for action := range byte(serviceActionBits + 1) {
			if commands[opcode].actions[action] != nil {
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
