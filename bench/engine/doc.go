// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package engine is the stopwatch: a load generator on one thread and one
// io_uring, light enough that it is not what is measured.
//
//	        +--> conn: lanes --request--> outbox --one send a turn--> socket
//	loop ---+                                                           |
//	        +--- conn: lanes <--answer--- protocol <--provided buffers--+
//
// A lane has one command in flight all the time; a session has as many as its
// depth. The same loop speaks two protocols: iSCSI (RFC 7143), and that of
// package floor, so that a target and the floor are measured by the same hand.
//
// The loop never spins: it sleeps in the kernel when nothing is there, and at
// depth 1 every figure contains the wake-ups of both sides, for every server
// alike. A command's time runs from the turn that queued it to the turn that
// found its answer; the clock is read once a turn. Nothing is allocated for each
// command.
//
// What is checked of the target is what a wrong target would gain by: numbers,
// tags, offsets, lengths, status, digests. The data itself is not looked at:
// that is package load's verify.
//
// Ownership: the thread that runs [Run] owns everything.
package engine
