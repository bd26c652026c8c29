// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package floor is the least server that there can be: it answers 48 bytes with
// 48 bytes and a payload, or 48 bytes and a payload with 48 bytes, and does
// nothing else. What it reaches is what the machine's TCP can do at all; a
// target is measured as a ratio to it.
//
//	request   48 bytes: magic, tag, how many bytes follow, how many to answer
//	          then the bytes that follow, which are received and dropped
//	answer    the same 48 bytes, then as many zeros as were asked for
//
// One thread, one io_uring: multishot receive with provided buffers, one
// gathered send a turn and connection, one enter that submits and waits. It
// never spins, so at depth 1 its figures contain a wake-up for each request.
//
// The package speaks no iSCSI and knows no target.
package floor
