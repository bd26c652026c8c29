// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of NOP-Out and NOP-In. See RFC 7143, Sections 11.18 and 11.19.
const nopOffTTT = 20

// A NopOut is a BHS known to carry NOP-Out.
type NopOut BHS

// NopOut views h as NOP-Out.
func (h *BHS) NopOut() *NopOut {
	h.mustBe(OpNopOut)
	return (*NopOut)(h)
}

// TTT returns the tag of the NOP-In that is answered, or [NoTag].
func (n *NopOut) TTT() uint32 { return binary.BigEndian.Uint32(n[nopOffTTT:]) }

// SetTTT sets the tag of the NOP-In that is answered.
func (n *NopOut) SetTTT(tag uint32) { binary.BigEndian.PutUint32(n[nopOffTTT:], tag) }

// A NopIn is a BHS known to carry NOP-In.
type NopIn BHS

// NopIn views h as NOP-In.
func (h *BHS) NopIn() *NopIn {
	h.mustBe(OpNopIn)
	return (*NopIn)(h)
}

// TTT returns the tag that an answer must bear, or [NoTag] when none is wanted.
func (n *NopIn) TTT() uint32 { return binary.BigEndian.Uint32(n[nopOffTTT:]) }

// SetTTT sets the tag that an answer must bear.
func (n *NopIn) SetTTT(tag uint32) { binary.BigEndian.PutUint32(n[nopOffTTT:], tag) }
