// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package login is the login phase of RFC 7143, Sections 6.2, 6.3 and 13: from
// the first byte of a connection to the moment when it is a discovery session or
// a loop's.
//
// One goroutine reads it top to bottom:
//
//	first        version, stage, the leading keys        0205 0200 0207
//	identify     names, session type, target, TSIH       0203 0206 0207 0208 0209 020a
//	             who is admitted, where the target is    0203 0101 0102
//	security     an authenticator's steps: none, CHAP    0201
//	operational  keys by the table of package textkey    0200
//	finish       registry, last answer                   0206 0301 0302
//	hand-off     the socket becomes a loop's, or discovery goes on with it
//
// A refusal is a status of Section 11.13.5 and a sentence for the log; whoever
// refuses returns one and run sends it. Login reads exactly one PDU at a time,
// so that no byte of full feature phase is taken from the loop. All that a peer
// can make us keep is bounded (limits.go); its time is the deadline of the
// connection, which the caller sets.
//
// A server is shared; a negotiation belongs to its goroutine. The package must
// not know listeners, SCSI commands, or how a loop works.
package login
