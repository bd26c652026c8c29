// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package backing is where blocks are kept: it opens a disk's backing, says what
// it is and can do, and reads, writes and flushes it.
//
//	nullio   keeps nothing: reads are zeros, writes are dropped
//	fileio   a regular file or a block device, O_DIRECT where it can, or the page cache
//	blockio  a block device, O_DIRECT, held alone (O_EXCL)
//
// There are two ways to the same bytes. An event loop gives a transfer to its
// ring as an operation on [Disk.FD] whenever [Disk.RingIO] allows it, for a write
// with an eye on [Disk.RewriteUnit]. What it does not allow, and what must be done in
// one piece, goes through [Disk.ReadAt], [Disk.WriteAt] and [Disk.Sync], which
// block and so belong on a worker:
//
//	             RingIO                            else
//	loop --------> ring: Disk.FD ---.     worker: Disk.ReadAt, WriteAt
//	                                 \      |  page-aligned bounce buffers,
//	                                  v     v  read-modify-write of units alone
//	                                 the file or device
//
// Durability is Linux's: a durable write is pwritev2 with RWF_DSYNC (pwritev2(2)),
// a flush is fdatasync(2), which on a block device empties the device's cache.
// The alignment of direct transfers is what statx(2) reports as STATX_DIOALIGN.
//
// Blocks that nobody needs are given back by [Disk.Discard], and [Disk.Zero]
// writes zeros without sending them; what there is of the two is said by
// [Disk.Thin] and found out when the disk is opened. [Disk.Extent] tells what is
// allocated. All belong on a worker, too.
//
// Ownership: a Disk owns its descriptors and bounce buffers, never the memory of
// a caller. All its methods but Close may be called at the same time. One file or
// device must have one Disk, however many logical units show it: two Disks would
// not see each other's read-modify-write, and the second exclusive open of a
// device fails.
//
// The package must not know SCSI, iSCSI, rings or configuration files. It deals in
// byte offsets, byte counts and errno values.
package backing
