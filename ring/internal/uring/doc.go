// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package uring is a thin, checked layer over giouring: one io_uring for one
// locked thread, and the memory that the kernel may look at.
//
//	Ring      submission and completion queue, the enter system call
//	BufRing   provided buffers for multishot receives
//	Memory    pages outside the Go heap
//	Probe     what of the machine is missing, in one sentence
//	Kernel    what answers a simulated Ring instead of Linux
//
// giouring sets the ring up and maps it. What this package does itself, and
// why, since the release that we depend on (August 2023) is the last:
//
//   - entries are zeroed before use: giouring's Prepare functions leave the
//     flags of the slot's last use behind;
//   - entering is our own: giouring can neither publish the submission tail
//     without entering nor enter without telling the Go scheduler;
//   - registering is our own: giouring passes 8-byte file descriptors where the
//     kernel reads 4, ignores flags and swallows errors;
//   - buffer rings are our own: giouring multiplies in 16 bits;
//   - everything that the kernel reads or writes lives in [Memory]: giouring
//     hands it addresses of variables on a stack that moves.
//
// It does not link with Go 1.23 and later unless the linker is told
// -checklinkname=0; the Makefile does.
//
// A Ring belongs to the OS thread that made it (IORING_SETUP_SINGLE_ISSUER):
// every method is called on that thread. The package knows nothing of iSCSI.
package uring
