// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

// A Serial is a sequence number of RFC 7143 (CmdSN, StatSN, DataSN, R2TSN): a
// 32-bit counter that wraps, compared by the rules of RFC 1982. The operator <
// compiles on it and is wrong at the wrap.
type Serial uint32

// Before reports whether s comes before t.
func (s Serial) Before(t Serial) bool { return int32(s-t) < 0 }

// InWindow reports whether first <= s <= last. An empty window has last ==
// first-1.
func (s Serial) InWindow(first, last Serial) bool {
	return !s.Before(first) && !last.Before(s)
}
