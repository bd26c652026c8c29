// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package initiator is an iSCSI initiator for tests and benchmarks: strict
// about what the target sends, and able to do wrong things on purpose. It
// follows RFC 7143.
//
//	Dial -> Login -> Session --Start--> pending --window--> batch --> socket
//	                    ^                                               |
//	                    +-- Done <-- check every number <-- reader <----+
//
// A [Session] has one connection. Many commands are in flight; a command that
// the window (MaxCmdSN) does not admit yet waits in line. Requests are gathered
// into a batch which whoever comes first writes without blocking; what the
// socket does not take is left to a writer goroutine, so the reader never waits
// for the socket to drain.
//
// Ownership: the reader goroutine alone reads the socket, fills Command.In and
// completes commands, the failed ones of a dead session too; after Done nothing
// of the session touches the command or its buffers. Data to be written is
// copied when the request is queued.
//
// Strict means: StatSN, ExpCmdSN, MaxCmdSN, DataSN, R2TSN, ExpDataSN, offsets,
// burst lengths, residuals, digests, padding and the answers of login are
// compared with what the RFC allows. The first breach ends the session with a
// [Violation] that names the section.
//
// The package knows the socket and package pdu. It must not know the target.
package initiator
