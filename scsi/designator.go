// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"slices"
)

// Designation descriptors of VPD 83h and 88h. See SPC-4, designation descriptor.
const (
	codeSetBinary = 0x01
	codeSetUTF8   = 0x03

	protocolISCSI = 0x50 // byte 0: the PROTOCOL IDENTIFIER of iSCSI

	// Byte 1: PIV, for the protocol identifier is valid; ASSOCIATION; DESIGNATOR
	// TYPE.
	associationPort   = 0x90
	associationTarget = 0xa0

	designatorT10      = 0x01
	designatorNAA      = 0x03
	designatorRelative = 0x04
	designatorGroup    = 0x05
	designatorName     = 0x08

	naaLocal = 0x30 // byte 0 of an NAA designator: locally assigned
)

// naaOf returns the locally assigned NAA designator of a unit: 60 bits that
// its ScsiId gives. See SPC-4, NAA Locally Assigned designator format.
func naaOf(u *unitState) [8]byte {
	sum := md5.Sum(append([]byte("naa"), u.ScsiID[:]...))
	naa := [8]byte(sum[:])
	naa[0] = naaLocal | naa[0]&0x0f
	return naa
}

// appendIdentification begins with IET's one designator, T10 vendor ID based
// and binary; initiators build the WWID from these bytes. An NAA designator, of
// which they would build it rather, is there only for a unit that wants one.
// What follows names the port, and the target.
func appendIdentification(dst []byte, n *Nexus, u *unitState) []byte {
	dst = append(dst, codeSetBinary, designatorT10, 0, byte(len(t10Vendor)+len(u.ScsiID)))
	dst = append(dst, t10Vendor...)
	dst = append(dst, u.ScsiID[:]...)
	if u.NAA {
		naa := naaOf(u)
		dst = append(dst, codeSetBinary, designatorNAA, 0, byte(len(naa)))
		dst = append(dst, naa[:]...)
	}
	t := n.target
	dst = append(dst, protocolISCSI|codeSetBinary, associationPort|designatorRelative, 0, 4, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, t.Ports()[n.id.Group])
	dst = append(dst, protocolISCSI|codeSetBinary, associationPort|designatorGroup, 0, 4, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, t.Group().ID())
	dst = appendName(dst, associationPort, t.portName(n.id.Group))
	return appendName(dst, associationTarget, t.name)
}

// portName is the iSCSI name of a target port, which is a portal group. See RFC
// 7143, Section 4.4.1.
func (t *Target) portName(group uint16) string { return fmt.Sprintf("%s,t,0x%04x", t.name, group) }

// appendName adds a SCSI name string designator to dst: UTF-8, ended by a zero
// byte and filled up with them to a multiple of four bytes.
func appendName(dst []byte, association byte, name string) []byte {
	length := (len(name) + 1 + 3) &^ 3
	dst = append(dst, protocolISCSI|codeSetUTF8, association|designatorName, 0, byte(length))
	dst = append(dst, name...)
	for range length - len(name) {
		dst = append(dst, 0)
	}
	return dst
}

// A namedPort is a target port of SCSI Ports.
type namedPort struct {
	id   uint16 // relative target port identifier
	name string
}

// namedPorts returns the ports through which the medium is reached, by their
// identifiers.
func (m *Medium) namedPorts() []namedPort {
	var ports []namedPort
	for _, u := range m.unitList() {
		for group, id := range u.target.Ports() {
			ports = append(ports, namedPort{id, u.target.portName(group)})
		}
	}
	slices.SortFunc(ports, func(a, b namedPort) int { return cmp.Compare(a.id, b.id) })
	return slices.Compact(ports) // a target may have the disk twice
}

// maxReportedPorts is how many ports SCSI Ports has at most: the length of the
// page has two bytes, and a port takes up to 300.
const maxReportedPorts = 200

// appendPorts is SCSI Ports: the target ports through which the medium of the
// unit is reached, each with its name. See SPC-4.
func appendPorts(dst []byte, _ *Nexus, u *unitState) []byte {
	ports := u.Medium.namedPorts()
	for _, port := range ports[:min(len(ports), maxReportedPorts)] {
		dst = append(dst, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, port.id)
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // reserved; no name of an initiator port; reserved; a length
		start := len(dst)
		dst = appendName(dst, associationPort, port.name)
		binary.BigEndian.PutUint16(dst[start-2:], uint16(len(dst)-start))
	}
	return dst
}
