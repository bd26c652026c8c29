// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package backingtest is the suite of tests every backing passes. It knows a disk
// only by the methods of backing.Disk, and a backing's own tests say where it is to
// be made:
//
//	func TestFileio(t *testing.T) {
//		backingtest.Suite(t, func(t *testing.T) backing.Params {
//			return backing.Params{Type: "fileio", Path: newFile(t)}
//		})
//	}
//
// The suite writes to what it is given. It must not know where a disk's bytes are,
// only that they come back.
package backingtest
