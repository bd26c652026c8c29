// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// MaxLUN is the largest LUN of a target, which is IET's limit and what flat
// space addressing can say in two bytes.
const MaxLUN = 16383

// lunLen is the length of a LUN field in bytes.
const lunLen = 8

// maxPeripheralLUN is the largest LUN that REPORT LUNS gives in the peripheral
// device addressing method; the ones above get flat space addressing.
const maxPeripheralLUN = 255

// lunNumber returns the number that the LUN field f names. ok is false for a
// form or a level that no unit of ours can have. See SAM-5, logical unit
// number; the forms are peripheral device addressing on bus 0, flat space
// addressing, and extended flat space addressing of 3 and 5 bytes.
func lunNumber(f [8]byte) (lun uint64, ok bool) {
	v := binary.BigEndian.Uint64(f[:])
	switch {
	case v<<16 == 0 && v>>56 == 0x00:
		return v >> 48, true
	case v<<16 == 0 && v>>62 == 0x1:
		return v >> 48 & 0x3fff, true
	case v<<32 == 0 && v>>56 == 0xd2:
		return v >> 32 & 0xff_ffff, true
	case v<<48 == 0 && v>>56 == 0xe2:
		return v >> 16 & 0xff_ffff_ffff, true
	}
	return 0, false
}

// appendLUN adds the LUN field of lun to dst: 8 bytes.
func appendLUN(dst []byte, lun uint16) []byte {
	if lun > maxPeripheralLUN {
		lun |= 0x4000
	}
	return append(dst, byte(lun>>8), byte(lun), 0, 0, 0, 0, 0, 0)
}
