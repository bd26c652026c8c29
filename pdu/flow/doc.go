// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package flow reads and writes golden flows: one connection byte for byte, as
// text that people can read and compare. Tests use it; files are called *.flow.
//
//	# open-iscsi 2.1, CHAP one way. Recorded 2026-01-10.
//	>>> initiator
//	43 81 00 00  00 00 01 5c  ...  # Login Request, 348 bytes of data
//	<<< target
//	23 00 00 00  00 00 00 2a  ...  # Login Response, 42 bytes of data
//
// The first line says who and when. What follows a # is for people. "* 3" stands
// for the line above it, three times more.
package flow
