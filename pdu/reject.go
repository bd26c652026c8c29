// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"encoding/binary"
	"fmt"
)

// Offsets of a Reject. See RFC 7143, Section 11.17.
const (
	rejectOffReason = 2
	rejectOffDataSN = 36
)

// A RejectReason says why a PDU was refused (RFC 7143, Section 11.17.1).
type RejectReason uint8

// Reject reasons.
const (
	ReasonDataDigest          RejectReason = 0x02
	ReasonSNACK               RejectReason = 0x03
	ReasonProtocolError       RejectReason = 0x04
	ReasonCommandNotSupported RejectReason = 0x05
	ReasonTooManyImmediate    RejectReason = 0x06
	ReasonTaskInProgress      RejectReason = 0x07
	ReasonInvalidDataACK      RejectReason = 0x08
	ReasonInvalidPDUField     RejectReason = 0x09
	ReasonLongOperation       RejectReason = 0x0a
	ReasonNegotiationReset    RejectReason = 0x0b
	ReasonWaitingForLogout    RejectReason = 0x0c
)

var reasonNames = map[RejectReason]string{
	ReasonDataDigest:          "data digest error",
	ReasonSNACK:               "SNACK reject",
	ReasonProtocolError:       "protocol error",
	ReasonCommandNotSupported: "command not supported",
	ReasonTooManyImmediate:    "too many immediate commands",
	ReasonTaskInProgress:      "task in progress",
	ReasonInvalidDataACK:      "invalid data ACK",
	ReasonInvalidPDUField:     "invalid PDU field",
	ReasonLongOperation:       "long operation reject",
	ReasonNegotiationReset:    "negotiation reset",
	ReasonWaitingForLogout:    "waiting for logout",
}

// String returns the RFC's words for the reason.
func (r RejectReason) String() string {
	if s, ok := reasonNames[r]; ok {
		return s
	}
	return fmt.Sprintf("reject reason %#02x", uint8(r))
}

// A Reject is a BHS known to carry a Reject. Its data segment is the header of
// the PDU that was refused.
type Reject BHS

// Reject views h as a Reject.
func (h *BHS) Reject() *Reject {
	h.mustBe(OpReject)
	return (*Reject)(h)
}

// Reason returns why the PDU was refused.
func (r *Reject) Reason() RejectReason { return RejectReason(r[rejectOffReason]) }

// SetReason sets why the PDU was refused.
func (r *Reject) SetReason(v RejectReason) { r[rejectOffReason] = byte(v) }

// DataSN returns the next DataSN or R2TSN of the task that is meant.
func (r *Reject) DataSN() uint32 { return binary.BigEndian.Uint32(r[rejectOffDataSN:]) }

// SetDataSN sets the next DataSN or R2TSN of the task that is meant.
func (r *Reject) SetDataSN(n uint32) { binary.BigEndian.PutUint32(r[rejectOffDataSN:], n) }
