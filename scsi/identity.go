// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
)

// What IET's disks call themselves in INQUIRY. Multipath tables, VMFS
// signatures and udev rules in the field match on these bytes.
const (
	vendorID   = "IET     "
	productID  = "VIRTUAL-DISK    "
	productRev = "0   "

	// t10Vendor begins the designator of VPD 83h: zeros, not the blanks that
	// SPC-4 asks for, because that is what IET sent and WWIDs are made of it.
	t10Vendor = "IET\x00\x00\x00\x00\x00"
)

// maxScsiSN is the longest serial number in bytes, IET's limit.
const maxScsiSN = 32

// DefaultScsiID returns the 16 bytes that IET gives the LUN of a target when
// the configuration has no ScsiId: MD5 of the target name and the LUN as a
// 32-bit number in the byte order of the machine.
func DefaultScsiID(target string, lun uint32) [16]byte {
	return md5.Sum(binary.NativeEndian.AppendUint32([]byte(target), lun))
}

// DefaultScsiSN returns the serial number that IET gives a disk when the
// configuration has no ScsiSN: the ScsiId in 32 hexadecimal digits.
func DefaultScsiSN(id [16]byte) string { return hex.EncodeToString(id[:]) }

// appendSerial adds the PRODUCT SERIAL NUMBER of VPD 80h to dst: right
// justified and padded with blanks in 16 bytes, or in 32 when it is longer.
func appendSerial(dst []byte, sn string) []byte {
	field := 16
	if len(sn) > field {
		field = maxScsiSN
	}
	for range field - len(sn) {
		dst = append(dst, ' ')
	}
	return append(dst, sn...)
}
