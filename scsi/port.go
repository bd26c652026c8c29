// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"strings"
)

// An ISID tells the initiator ports of an iSCSI node apart. See RFC 7143,
// Section 11.12.5.
type ISID [6]byte

// A NexusID names an I_T nexus: an initiator port and a target port. Unlike a
// Nexus, which is one session, it outlives the session: an initiator that logs
// in again by the same name and ISID is the same. Registrations belong to it. See
// RFC 7143, Section 4.4.1, and SAM-5, I_T nexus.
//
// A target port is a portal group of a target.
type NexusID struct {
	Initiator string // iSCSI name in small letters, as names are compared
	ISID      ISID
	Target    string // iSCSI name in small letters
	Group     uint16 // portal group tag
}

// String names the two ports as RFC 7143 does.
func (id NexusID) String() string {
	return fmt.Sprintf("%s,i,0x%x with %s,t,0x%04x", id.Initiator, id.ISID[:], id.Target, id.Group)
}

// Ports are the target ports of a target: relative target port identifiers, 1 to
// 65535, by portal group tag. See SPC-4, relative target port identifier.
type Ports map[uint16]uint16

// SetPorts gives the target its ports, which are not changed afterwards. Their
// identifiers are not those of another target over the same blocks. Before, there is
// the portal group 1 with the identifier 1.
func (t *Target) SetPorts(p Ports) { t.ports.Store(&p) }

// Ports returns the target ports.
func (t *Target) Ports() Ports { return *t.ports.Load() }

// A targetPort is a portal group of a target.
type targetPort struct {
	target string // as NexusID has it
	group  uint16
}

func (id NexusID) port() targetPort { return targetPort{id.Target, id.Group} }

// portIDs returns the target ports through which the medium is reached, with their
// relative target port identifiers.
func (m *Medium) portIDs() map[targetPort]uint16 {
	all := make(map[targetPort]uint16)
	for _, u := range m.unitList() {
		for group, id := range u.target.Ports() {
			all[targetPort{portName(u.target.name), group}] = id
		}
	}
	return all
}

// portName is the form of an iSCSI name that is compared.
func portName(name string) string { return strings.ToLower(name) }
