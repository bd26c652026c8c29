// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package load puts a logical unit under load and knows what every byte must
// be: [Verify]. The stopwatch is package engine.
//
//	private areas, one a stream                       shared area, all streams
//	+-----------+-----------+-----------+-----------+------------------------+
//	| s0, task0 | s0, task1 | s1, task0 | s1, task1 | every block: a history |
//	+-----------+-----------+-----------+-----------+------------------------+
//
// A block's content follows from its number, a generation and the seed, so a
// block that is read tells which write it came from. The [Model] keeps for each
// block the writes that it may still show: those that no later, already
// acknowledged write has certainly replaced. A private block has one such write;
// a shared one may have several, from several sessions.
//
// Ownership: a stream is a goroutine and has one command in flight; the model
// has a mutex.
//
// The package speaks through initiator and must not know which target it talks
// to.
package load
