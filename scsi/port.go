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
// A target has one portal group, so its name is that of its only port.
type NexusID struct {
	Initiator string // iSCSI name in small letters, as names are compared
	ISID      ISID
	Target    string // iSCSI name in small letters
}

// String names the initiator port as iSCSI does, and the target.
func (id NexusID) String() string {
	return fmt.Sprintf("%s,i,0x%x %s", id.Initiator, id.ISID[:], id.Target)
}

// portName is the form of an iSCSI name that is compared.
func portName(name string) string { return strings.ToLower(name) }
