// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package textkey is the table of every text key that an initiator may send:
// those of RFC 7143, Section 13, of iSER (RFC 7145) and the obsolete ones of
// RFC 3720, with the rules by which two sides agree on a value.
//
// One row says all of a key: how a value comes about, where and by whom it may
// be sent, its range and default, and whether a discovery session has it:
//
//	declared        Declarative   says what is; no answer
//	negotiated      Minimum, Maximum, And, Or, List: an offer and one answer
//	fixed           Constant      known, not supported: always the same answer
//
// The package knows no connection and holds no state; package login carries
// the negotiation out. It must not know sockets, targets or the operator's
// configuration.
package textkey
