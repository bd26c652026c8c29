// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import "fmt"

// A function is what a message is about (RFC 4171, Section 5.1.2).
type function uint16

const (
	devAttrReg function = 0x0001
	devAttrQry function = 0x0002
	devDereg   function = 0x0004
	scnReg     function = 0x0005
	scn        function = 0x0008
	esi        function = 0x000d

	// isResponse is set in the function of an answer.
	isResponse function = 0x8000
)

var functionNames = map[function]string{
	devAttrReg: "DevAttrReg", devAttrQry: "DevAttrQry", devDereg: "DevDereg",
	scnReg: "SCNReg", scn: "SCN", esi: "ESI",
}

func (f function) String() string {
	name, known := functionNames[f&^isResponse]
	switch {
	case !known:
		return fmt.Sprintf("function %#04x", uint16(f))
	case f&isResponse != 0:
		return name + "Rsp"
	}
	return name
}

// Flags of a PDU (RFC 4171, Section 5.1.4).
const (
	flagFromClient = 0x8000
	flagFromServer = 0x4000
	flagSigned     = 0x2000 // an authentication block follows
	flagReplace    = 0x1000 // DevAttrReg replaces the object of its key
	flagLast       = 0x0800
	flagFirst      = 0x0400
)

// A tag names an attribute (RFC 4171, Section 6.1).
type tag uint32

const (
	tagDelimiter      tag = 0
	tagEntityID       tag = 1
	tagEntityProtocol tag = 2
	tagTimestamp      tag = 4
	tagPortalAddr     tag = 16
	tagPortalPort     tag = 17
	tagESIInterval    tag = 19
	tagESIPort        tag = 20
	tagSCNPort        tag = 23
	tagName           tag = 32
	tagNodeType       tag = 33
	tagAlias          tag = 34
	tagSCNBitmap      tag = 35
	tagGroupName      tag = 48
	tagGroupAddr      tag = 49
	tagGroupPort      tag = 50
	tagGroup          tag = 51 // the portal group tag itself
)

// Values of attributes.
const (
	protocolISCSI = 2 // Entity Protocol, Section 6.2.2

	// iSCSI Node Type, Section 6.4.2
	nodeTarget    = 1
	nodeInitiator = 2

	// iSCSI Node SCN Bitmap, Section 6.4.4; its bit 31 is the lowest
	scnInitiatorAndSelf = 1 << (31 - 24)
	scnRemoved          = 1 << (31 - 27)
	scnAdded            = 1 << (31 - 28)
	scnUpdated          = 1 << (31 - 29)
)

// A Status is the code that begins every answer (RFC 4171, Section 5.4).
type Status uint32

const (
	statusOK            Status = 0
	statusFormat        Status = 2
	statusSourceUnknown Status = 6
	statusNoSuchEntry   Status = 9
	statusInternal      Status = 11
	statusBusy          Status = 12
	statusNotSupported  Status = 15
	statusNoESI         Status = 21
)

var statusNames = [...]string{
	"successful", "unknown error", "message format error", "invalid registration", "reserved",
	"invalid query", "source unknown", "source absent", "source unauthorized", "no such entry",
	"version not supported", "internal error", "busy", "option not understood", "invalid update",
	"message not supported", "SCN event rejected", "SCN registration rejected",
	"attribute not implemented", "FC_DOMAIN_ID not available", "FC_DOMAIN_ID not allocated",
	"ESI not available", "invalid deregistration", "registration feature not supported",
}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return fmt.Sprintf("%s (status %d)", statusNames[s], uint32(s))
	}
	return fmt.Sprintf("status %d", uint32(s))
}

// A refusal is an answer that is not successful.
type refusal struct {
	function function
	status   Status
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the server refuses %s: %s", r.function, r.status)
}
