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
func planInquiry(n *Nexus, p *Plan, cdb *[16]byte) Sense {
	allocLen := uint32(binary.BigEndian.Uint16(cdb[3:]))
	if cdb[1]&inquiryEVPD == 0 {
		if cdb[2] != 0 {
			return InvalidFieldInCDB.AtCDB(2, 7)
		}
		p.Reply = appendInquiry(p.Reply, n, p.Unit, p.state)
		return p.cut(allocLen)
	}
	// Where there is no unit there is nothing to say about one.
	row := vpdPageOf(cdb[2])
	if row == nil || p.Unit == nil || !row.in(p.state) {
		return InvalidFieldInCDB.AtCDB(2, 7)
	}
	p.Reply = appendVPD(p.Reply, n, p.state, row)
	return p.cut(allocLen)
}

// Standard INQUIRY data. See SPC-4.
const (
	inquiryLen = 96 // all of it, version descriptors and the reserved end included

	inquiryVersionSPC4 = 0x06
	inquiryHiSup       = 0x10 // LUNs have the hierarchical form
	inquiryFormat      = 0x02 // response data format
	inquiry3PC         = 0x08 // byte 5: third-party copy commands are there
	inquiryCmdQue      = 0x02 // byte 7: tasks are queued
	inquiryRMB         = 0x80 // byte 1: the medium can be removed
	inquiryImplicit    = 0x10 // byte 5, TPGS: access states change, and initiators cannot change them
	inquiryBoth        = 0x30 // byte 5, TPGS: initiators can, too
	inquiryMultiPort   = 0x10 // byte 6, MULTIP: there are several ports

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

// appendInquiry adds the standard INQUIRY data of u in state s (nil: of a LUN
// without unit), as n sees it, to dst.
func appendInquiry(dst []byte, n *Nexus, u *Unit, s *unitState) []byte {
	d := [inquiryLen]byte{
		0: peripheralDisk,
		2: inquiryVersionSPC4,
		3: inquiryHiSup | inquiryFormat,
		4: inquiryLen - 5,
		5: inquiryImplicit | inquiry3PC,
		7: inquiryCmdQue,
	}
	if u == nil {
		d[0], d[5] = peripheralNone, 0
	} else {
		describePorts(&d, u.medium)
		if s.Removable {
			d[1] = inquiryRMB
		}
	}
	copy(d[8:], vendorID)
	copy(d[16:], productID)
	copy(d[32:], productRev)
	for i, v := range versionDescriptors {
		binary.BigEndian.PutUint16(d[inquiryVersionsOff+2*i:], v)
	}
	return append(dst, d[:]...)
}

// describePorts fills in what depends on the ports through which m is reached.
func describePorts(d *[inquiryLen]byte, m *Medium) {
	units := m.unitList()
	for _, u := range units {
		if u.target.Group().explicit.Load() {
			d[5] |= inquiryBoth
		}
		if u.target != units[0].target || len(u.target.Ports()) > 1 {
			d[6] |= inquiryMultiPort
		}
	}
}
