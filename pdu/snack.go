// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of a SNACK Request. See RFC 7143, Section 11.16.
const (
	snackOffTTT    = 20
	snackOffBegRun = 40
	snackOffRunLen = 44
	snackTypeMask  = 0x0f
)

// A SNACKType says what is asked for again (RFC 7143, Section 11.16.1).
type SNACKType uint8

// SNACK types.
const (
	SNACKData    SNACKType = 0 // Data-In or R2T
	SNACKStatus  SNACKType = 1
	SNACKDataACK SNACKType = 2
	SNACKRData   SNACKType = 3
)

// A SNACK is a BHS known to carry a SNACK Request.
type SNACK BHS

// SNACK views h as a SNACK Request.
func (h *BHS) SNACK() *SNACK {
	h.mustBe(OpSNACK)
	return (*SNACK)(h)
}

// Type returns what is asked for again.
func (s *SNACK) Type() SNACKType { return SNACKType(s[bhsOffFlags] & snackTypeMask) }

// TTT returns the Target Transfer Tag or SNACK Tag.
func (s *SNACK) TTT() uint32 { return binary.BigEndian.Uint32(s[snackOffTTT:]) }

// BegRun returns the first DataSN, R2TSN or StatSN that is asked for.
func (s *SNACK) BegRun() Serial { return Serial(binary.BigEndian.Uint32(s[snackOffBegRun:])) }

// RunLen returns how many are asked for: 0 means all that were sent.
func (s *SNACK) RunLen() uint32 { return binary.BigEndian.Uint32(s[snackOffRunLen:]) }
