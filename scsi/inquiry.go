// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "encoding/binary"

// Byte 0 of INQUIRY data: peripheral qualifier and device type. See SPC-4.
const (
	peripheralDisk = 0x00 // a direct access block device is connected
	peripheralNone = 0x7f // qualifier 3, type 1Fh: no unit can be there
)

// inquiryEVPD is EVPD of INQUIRY, in byte 1.
const inquiryEVPD = 0x01

// planInquiry is INQUIRY of SPC-4.
func planInquiry(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	allocLen := uint32(binary.BigEndian.Uint16(cdb[3:]))
	if cdb[1]&inquiryEVPD == 0 {
		if cdb[2] != 0 {
			return InvalidFieldInCDB.AtCDB(2, 7)
		}
		p.Reply = appendInquiry(p.Reply, p.state)
		return p.cut(allocLen)
	}
	// Where there is no unit there is nothing to say about one.
	row := vpdPageOf(cdb[2])
	if row == nil || p.Unit == nil {
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	p.Reply = appendVPD(p.Reply, p.state, row)
	return p.cut(allocLen)
}

// Standard INQUIRY data. See SPC-4.
const (
	inquiryLen = 96 // all of it, version descriptors and the reserved end included

	inquiryVersionSPC4 = 0x06
	inquiryHiSup       = 0x10 // LUNs have the hierarchical form
	inquiryFormat      = 0x02 // response data format
	inquiryCmdQue      = 0x02 // tasks are queued

	inquiryVersionsOff = 58
)

// versionDescriptors are the standards that the target claims. See SPC-4,
// version descriptor values.
var versionDescriptors = [...]uint16{
	0x00a0, // SAM-5
	0x0460, // SPC-4
	0x04c0, // SBC-3
	0x0960, // iSCSI
}

// appendInquiry adds the standard INQUIRY data of u (nil: of a LUN without
// unit) to dst.
func appendInquiry(dst []byte, u *unitState) []byte {
	d := [inquiryLen]byte{
		0: peripheralDisk,
		2: inquiryVersionSPC4,
		3: inquiryHiSup | inquiryFormat,
		4: inquiryLen - 5,
		7: inquiryCmdQue,
	}
	if u == nil {
		d[0] = peripheralNone
	}
	copy(d[8:], vendorID)
	copy(d[16:], productID)
	copy(d[32:], productRev)
	for i, v := range versionDescriptors {
		binary.BigEndian.PutUint16(d[inquiryVersionsOff+2*i:], v)
	}
	return append(dst, d[:]...)
}
