// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of an Asynchronous Message. See RFC 7143, Section 11.9.
const (
	asyncOffEvent  = 36
	asyncOffVCode  = 37
	asyncOffParam1 = 38
	asyncOffParam2 = 40
	asyncOffParam3 = 42
)

// An AsyncEvent says what an Asynchronous Message is about (RFC 7143, Section
// 11.9.1).
type AsyncEvent uint8

// Asynchronous events.
const (
	AsyncSCSI           AsyncEvent = 0
	AsyncLogoutRequest  AsyncEvent = 1
	AsyncDropConnection AsyncEvent = 2
	AsyncDropSession    AsyncEvent = 3
	AsyncNegotiation    AsyncEvent = 4
	AsyncTaskTerminated AsyncEvent = 5
	AsyncVendor         AsyncEvent = 255
)

// An AsyncMessage is a BHS known to carry an Asynchronous Message.
type AsyncMessage BHS

// AsyncMessage views h as an Asynchronous Message.
func (h *BHS) AsyncMessage() *AsyncMessage {
	h.mustBe(OpAsync)
	return (*AsyncMessage)(h)
}

// Event returns what the message is about.
func (a *AsyncMessage) Event() AsyncEvent { return AsyncEvent(a[asyncOffEvent]) }

// SetEvent sets what the message is about.
func (a *AsyncMessage) SetEvent(e AsyncEvent) { a[asyncOffEvent] = byte(e) }

// VCode returns the vendor's code of an AsyncVendor event.
func (a *AsyncMessage) VCode() uint8 { return a[asyncOffVCode] }

// Params returns the three parameters whose meaning depends on the event.
func (a *AsyncMessage) Params() (p1, p2, p3 uint16) {
	return binary.BigEndian.Uint16(a[asyncOffParam1:]),
		binary.BigEndian.Uint16(a[asyncOffParam2:]),
		binary.BigEndian.Uint16(a[asyncOffParam3:])
}

// SetParams sets the three parameters whose meaning depends on the event.
func (a *AsyncMessage) SetParams(p1, p2, p3 uint16) {
	binary.BigEndian.PutUint16(a[asyncOffParam1:], p1)
	binary.BigEndian.PutUint16(a[asyncOffParam2:], p2)
	binary.BigEndian.PutUint16(a[asyncOffParam3:], p3)
}
