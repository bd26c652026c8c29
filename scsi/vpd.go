// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
)

// A vpdPage is a vital product data page: its code and what follows the four
// bytes of header.
type vpdPage struct {
	code byte
	name string
	body func(dst []byte, u *unitState) []byte
	port func(dst []byte, n *Nexus, u *unitState) []byte // in place of body: depends on the port
	has  func(u *unitState) bool                         // reports whether a unit has the page; nil: every one
}

// vpdPages are the pages, sorted by code as page 00h must list them. It is
// filled in by init because page 00h, a row of it, reads it.
var vpdPages []vpdPage

func init() {
	vpdPages = []vpdPage{
		{code: 0x00, name: "Supported VPD Pages", body: appendSupportedPages},
		{code: 0x80, name: "Unit Serial Number", body: appendUnitSerial},
		{code: 0x83, name: "Device Identification", port: appendIdentification},
		{code: 0x85, name: "Management Network Addresses", body: appendNoAddresses},
		{code: 0x86, name: "Extended INQUIRY Data", body: appendExtendedInquiry},
		{code: 0x87, name: "Mode Page Policy", body: appendModePolicy},
		{code: 0x88, name: "SCSI Ports", port: appendPorts},
		{code: 0x8f, name: "Third-party Copy", body: appendThirdPartyCopy},
		{code: 0xb0, name: "Block Limits", body: appendBlockLimits},
		{code: 0xb1, name: "Block Device Characteristics", body: appendCharacteristics},
		{code: 0xb2, name: "Logical Block Provisioning", body: appendProvisioning},
	}
}

// in reports whether u has the page.
func (g *vpdPage) in(u *unitState) bool { return g.has == nil || g.has(u) }

// vpdPageOf returns the page with code, nil when there is none.
func vpdPageOf(code byte) *vpdPage {
	for i := range vpdPages {
		if vpdPages[i].code == code {
			return &vpdPages[i]
		}
	}
	return nil
}

// vpdHeaderLen is the length of the header of a page: peripheral byte, code,
// and the length of what follows in two bytes.
const vpdHeaderLen = 4

// appendVPD adds a page about u, as n sees it, to dst.
func appendVPD(dst []byte, n *Nexus, u *unitState, page *vpdPage) []byte {
	start := len(dst)
	dst = append(dst, peripheralDisk, page.code, 0, 0)
	if page.port != nil {
		dst = page.port(dst, n, u)
	} else {
		dst = page.body(dst, u)
	}
	binary.BigEndian.PutUint16(dst[start+2:], uint16(len(dst)-start-vpdHeaderLen))
	return dst
}

func appendSupportedPages(dst []byte, u *unitState) []byte {
	for i := range vpdPages {
		if vpdPages[i].in(u) {
			dst = append(dst, vpdPages[i].code)
		}
	}
	return dst
}

func appendUnitSerial(dst []byte, u *unitState) []byte { return appendSerial(dst, u.ScsiSN) }

// appendNoAddresses is Management Network Addresses without one: ietadm talks
// over a socket of the machine, not over a network.
func appendNoAddresses(dst []byte, _ *unitState) []byte { return dst }

// appendModePolicy says of all mode pages and subpages that the nexuses share
// them. See SPC-4, Mode Page Policy.
func appendModePolicy(dst []byte, _ *unitState) []byte {
	const policyShared = 0x00
	return append(dst, pageAll, subpageAll, policyShared, 0)
}

// Extended INQUIRY Data. See SPC-4.
const (
	extendedLen = 60

	extendedAttrs = 0x07 // byte 5: the task attributes HEAD OF QUEUE, ORDERED and SIMPLE
	extendedVSUP  = 0x01 // byte 6: there is a volatile cache
)

func appendExtendedInquiry(dst []byte, u *unitState) []byte {
	// Offsets are those of the page less its header.
	d := [extendedLen]byte{5 - vpdHeaderLen: extendedAttrs, 13 - vpdHeaderLen: MaxSenseLen}
	if u.WriteCache || !u.ReadOnly { // MODE SELECT can turn it on
		d[6-vpdHeaderLen] = extendedVSUP
	}
	return append(dst, d[:]...)
}

// blockLimitsLen is 3Ch, which SBC-3 fixes; libiscsi's suite checks it.
const blockLimitsLen = 60

// Bits of Block Limits. See SBC-3.
const (
	limitsWSNZ     = 0x01 // byte 4
	limitsUGAVALID = 0x80 // byte 32
)

// appendBlockLimits reports the longest transfer, the physical block as its
// granularity, and the limits of UNMAP and WRITE SAME. All fields of commands that
// do not exist are zero.
func appendBlockLimits(dst []byte, u *unitState) []byte {
	var d [vpdHeaderLen + blockLimitsLen]byte // offsets are those of the page
	if u.WSNZ {
		d[4] = limitsWSNZ
	}
	d[5] = u.maxCompare()
	binary.BigEndian.PutUint16(d[6:], 1<<u.ppbExp)
	binary.BigEndian.PutUint32(d[8:], u.maxBlocks)
	binary.BigEndian.PutUint64(d[36:], maxSameBlocks)
	if u.Thin {
		binary.BigEndian.PutUint32(d[20:], maxUnmapBlocks)
		binary.BigEndian.PutUint32(d[24:], maxUnmapRanges)
		binary.BigEndian.PutUint32(d[28:], max(u.UnmapGranularity, 1))
		binary.BigEndian.PutUint32(d[32:], u.UnmapAlignment)
		d[32] |= limitsUGAVALID
	}
	putAtomicLimits(d[:], u)
	return append(dst, d[vpdHeaderLen:]...)
}

// characteristicsLen is the length of Block Device Characteristics in SBC-3.
const characteristicsLen = 60

// The fields of byte 7 of Block Device Characteristics: what was sanitized can be
// read without being written first. They are zero without the command.
const (
	characteristicsWABEREQ = 0x40 // BLOCK ERASE
	characteristicsWACEREQ = 0x10 // CRYPTO ERASE
)

// appendCharacteristics says 1 (no medium that turns) or 0 (not reported) for
// the rotation rate: the host's disks are not ours to describe.
func appendCharacteristics(dst []byte, u *unitState) []byte {
	var d [characteristicsLen]byte
	if u.NonRotating {
		binary.BigEndian.PutUint16(d[4-vpdHeaderLen:], 1)
	}
	d[7-vpdHeaderLen] = characteristicsWACEREQ
	if canBlockErase(u) {
		d[7-vpdHeaderLen] |= characteristicsWABEREQ
	}
	return append(dst, d[:]...)
}

// Logical Block Provisioning. See SBC-3.
const (
	provisioningLBPU    = 0x80 // byte 5: UNMAP
	provisioningLBPWS   = 0x40 // byte 5: UNMAP of WRITE SAME(16)
	provisioningLBPWS10 = 0x20 // byte 5: UNMAP of WRITE SAME(10)
	provisioningLBPRZ   = 0x04 // byte 5: what is unmapped reads as zeros
	provisioningThin    = 0x02 // byte 6: PROVISIONING TYPE
)

// appendProvisioning tells how blocks can be given back: all zero for a unit
// that keeps them, fully provisioned. No block is ever anchored.
func appendProvisioning(dst []byte, u *unitState) []byte {
	if !u.Thin {
		return append(dst, 0, 0, 0, 0)
	}
	exponent := byte(0) // no thresholds
	if u.KnowsSpace {
		exponent = u.thresholdExponent()
	}
	return append(dst, exponent, provisioningLBPU|provisioningLBPWS|provisioningLBPWS10|provisioningLBPRZ, provisioningThin, 0)
}
