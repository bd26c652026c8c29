// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package ringtest is a Linux for the simulation: a seeded kernel behind
// uring's simulated rings, that does what io_uring does with the operations of
// the data plane, and all that it may do.
//
//	World    the random numbers and the clock that the kernels of one seed share
//	Kernel   one ring's kernel: takes operations, ends them when it likes
//	Faults   how often it is unkind, in thousandths
//
// Sockets and files are real, so closing, shutting down and the order of bytes
// are Linux's own; what is made up is when an operation is carried out and how
// it ends: in pieces, late, before one that was started earlier, or with an
// error. Memory is looked at when an operation is carried out, not when it is
// submitted: who gives it away too early is found out by what arrives.
//
// Everything happens in calls of Enter, on the caller's goroutine: a seed always
// gives the same run. The package knows io_uring, not iSCSI.
package ringtest
