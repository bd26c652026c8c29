// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of Text Request and Text Response. See RFC 7143, Sections 11.10 and
// 11.11.
const textOffTTT = 20

// A TextRequest is a BHS known to carry a Text Request.
type TextRequest BHS

// TextRequest views h as a Text Request.
func (h *BHS) TextRequest() *TextRequest {
	h.mustBe(OpText)
	return (*TextRequest)(h)
}

// Continue reports whether the C bit says that the text goes on in another PDU.
func (t *TextRequest) Continue() bool { return t[bhsOffFlags]&bhsContinue != 0 }

// SetContinue sets the C bit.
func (t *TextRequest) SetContinue() { t[bhsOffFlags] |= bhsContinue }

// TTT returns the tag of the negotiation that goes on, or [NoTag] for a new one.
func (t *TextRequest) TTT() uint32 { return binary.BigEndian.Uint32(t[textOffTTT:]) }

// SetTTT sets the tag of the negotiation that goes on.
func (t *TextRequest) SetTTT(tag uint32) { binary.BigEndian.PutUint32(t[textOffTTT:], tag) }

// A TextResponse is a BHS known to carry a Text Response.
type TextResponse BHS

// TextResponse views h as a Text Response.
func (h *BHS) TextResponse() *TextResponse {
	h.mustBe(OpTextResponse)
	return (*TextResponse)(h)
}

// Continue reports whether the C bit says that the text goes on in another PDU.
func (t *TextResponse) Continue() bool { return t[bhsOffFlags]&bhsContinue != 0 }

// SetContinue sets the C bit.
func (t *TextResponse) SetContinue() { t[bhsOffFlags] |= bhsContinue }

// TTT returns the tag that the next request of the negotiation must bear.
func (t *TextResponse) TTT() uint32 { return binary.BigEndian.Uint32(t[textOffTTT:]) }

// SetTTT sets the tag that the next request must bear, or [NoTag] at the end.
func (t *TextResponse) SetTTT(tag uint32) { binary.BigEndian.PutUint32(t[textOffTTT:], tag) }
