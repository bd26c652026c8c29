// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Command roundtrip writes a real ext4 image onto a LUN with QEMU's initiator,
// reads it back and compares: go run ./.ci/roundtrip.
//
//	real folder ──mkfs.ext4 -d──> image ──qemu-img convert──> LUN
//	                               │                           │
//	                            SHA-256 ══ must be equal ══ SHA-256 of the backing,
//	                               ║                           │ ietd stopped
//	                               ╚════ SHA-256 <──qemu-img convert──┘
//
//	matrix.go  the rows: which disk, which promise, which session
//	image.go   the image, its copies and their sums
//	tools.go   what iscsi-ls, iscsi-inq and iscsi-readcapacity16 must say
//	main.go    one row, and all of them
//
// Without flags it runs the rows that show each value of each column; -full
// runs every combination. Before each row the backing is full of another
// pattern, so that a block which is not written does not look right.
//
// Data digests are not here: libiscsi 1.19 offers DataDigest=None and nothing
// else. The kernel's initiator in .ci/guest has them on.
package main
