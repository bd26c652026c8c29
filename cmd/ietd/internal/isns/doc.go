// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package isns is the client of an iSNS server (RFC 4171): it makes the targets
// known there and, with access control, lets in those initiators that share a
// discovery domain with a target.
//
//	            connect, back-off
//	Run --> session --> round: still known? register what is new, forget what
//	          ^  |             is gone, query the initiators of each target
//	          |  v
//	        pause 30 s, or until a notification (SCN) or TargetsChanged
//
//	server --SCN, ESI--> listener at each portal's address --wake--> Run
//
// Login asks Allowed, which reads an immutable map and waits for nothing: while
// the server is away the last answer holds, and a target that never had one
// lets nobody in.
//
// A Client's Run goroutine owns its registration and its connection; the
// listeners only answer and wake it. Messages are not signed (the
// authentication block of RFC 4171, Section 5.5), as with IET, so the way to the
// server has to be trusted. The package must not know what a session is.
package isns
