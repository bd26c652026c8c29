// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of Logout Request and Logout Response. See RFC 7143, Sections 11.14
// and 11.15.
const (
	logoutOffResponse    = 2
	logoutOffCID         = 20
	logoutOffTime2Wait   = 40
	logoutOffTime2Retain = 42
	logoutReasonMask     = 0x7f
)

// A LogoutReason says what is to be closed (RFC 7143, Section 11.14.1).
type LogoutReason uint8

// Logout reasons.
const (
	LogoutCloseSession    LogoutReason = 0
	LogoutCloseConnection LogoutReason = 1
	LogoutRecovery        LogoutReason = 2
)

// A LogoutResult answers a logout (RFC 7143, Section 11.15.1).
type LogoutResult uint8

// Logout results.
const (
	LogoutClosed              LogoutResult = 0
	LogoutCIDNotFound         LogoutResult = 1
	LogoutRecoveryUnsupported LogoutResult = 2
	LogoutCleanupFailed       LogoutResult = 3
)

// A LogoutRequest is a BHS known to carry a Logout Request.
type LogoutRequest BHS

// LogoutRequest views h as a Logout Request.
func (h *BHS) LogoutRequest() *LogoutRequest {
	h.mustBe(OpLogout)
	return (*LogoutRequest)(h)
}

// Reason returns what is to be closed.
func (l *LogoutRequest) Reason() LogoutReason {
	return LogoutReason(l[bhsOffFlags] & logoutReasonMask)
}

// SetReason sets what is to be closed and the bit that is always 1.
func (l *LogoutRequest) SetReason(r LogoutReason) { l[bhsOffFlags] = bhsFinal | byte(r) }

// CID returns the connection that is meant.
func (l *LogoutRequest) CID() uint16 { return binary.BigEndian.Uint16(l[logoutOffCID:]) }

// SetCID sets the connection that is meant.
func (l *LogoutRequest) SetCID(v uint16) { binary.BigEndian.PutUint16(l[logoutOffCID:], v) }

// A LogoutResponse is a BHS known to carry a Logout Response.
type LogoutResponse BHS

// LogoutResponse views h as a Logout Response.
func (h *BHS) LogoutResponse() *LogoutResponse {
	h.mustBe(OpLogoutResponse)
	return (*LogoutResponse)(h)
}

// Result returns the outcome.
func (l *LogoutResponse) Result() LogoutResult { return LogoutResult(l[logoutOffResponse]) }

// SetResult sets the outcome.
func (l *LogoutResponse) SetResult(r LogoutResult) { l[logoutOffResponse] = byte(r) }

// SetTimes sets Time2Wait and Time2Retain in seconds.
func (l *LogoutResponse) SetTimes(wait, retain uint16) {
	binary.BigEndian.PutUint16(l[logoutOffTime2Wait:], wait)
	binary.BigEndian.PutUint16(l[logoutOffTime2Retain:], retain)
}
