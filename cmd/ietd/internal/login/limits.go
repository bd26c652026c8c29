// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

// Bounds of what a peer can make login do or keep.
const (
	// maxLoginData is the data segment that login takes and sends: the
	// MaxRecvDataSegmentLength that holds before one is agreed on (RFC 7143,
	// Section 13.12).
	maxLoginData = 8192
	// maxTextLen is the text of one request over all its PDUs. RFC 7143,
	// Section 6.1 wants values of 8192 bytes to be possible; several keys
	// of that size never come.
	maxTextLen = 64 << 10
	// maxKeys is the keys of one request. The table has fewer than 64, so a
	// peer may send as many again that nobody knows.
	maxKeys = 128
	// maxPDUs is the Login Requests of a whole login. A text of maxTextLen in
	// PDUs of maxLoginData is 8; known initiators need 2 to 6.
	maxPDUs = 64
	// maxInitiatorName is the most bytes of an iSCSI name (RFC 7143, Section
	// 4.2.7.1).
	maxInitiatorName = 223
)
