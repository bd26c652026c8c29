// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package pdu is the iSCSI wire: the protocol data units of RFC 7143 as views
// of bytes, text keys, digests and serial numbers.
//
// A PDU is a 48-byte basic header segment (BHS), additional header segments,
// an optional header digest, a data segment padded to four bytes, and an
// optional data digest:
//
//	+-----+-----+---------------+------+-----+-------------+
//	| BHS | AHS | header digest | data | pad | data digest |
//	+-----+-----+---------------+------+-----+-------------+
//	  48   0..n      0 or 4       0..n  0..3     0 or 4
//
// A header is never decoded into a struct. [BHS] is an array type; each opcode
// has a type of the same layout whose methods are the fields, reached through
// one view function (h.SCSICommand, h.DataOut, …). Building is setting fields in
// a zeroed header that already lies where it will be sent from.
//
// [Check] looks at a header once, at the door, with the negotiated limits in
// hand; after it the accessors cannot fail. Multi-byte fields are big endian.
//
// The package knows RFC 7143 and nothing else: no sockets, no SCSI, no sessions.
package pdu
