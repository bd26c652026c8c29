// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package uring is the io_uring of the benchmark: what the floor server and the
// load generator need to move bytes over TCP, and no more.
//
//	Ring      queues, one enter that submits and waits
//	BufRing   provided buffers for multishot receives
//	Memory    pages outside the Go heap
//	Outbox    what is to be sent on one connection, gathered
//
// It stands beside the layer of the data plane on purpose: a floor that shared
// the code under test could not show what that code costs. It needs Linux 6.1
// and sets the ring up by the system calls themselves (see io_uring_setup(2)).
//
// Every enter is a raw system call, also the one that sleeps: the Go scheduler
// is not told, which is the cheapest way there is. Whoever uses a Ring must
// therefore have GOMAXPROCS above the number of rings, and a goroutine that
// allocates nothing.
//
// A Ring belongs to the locked OS thread that made it. The package knows nothing
// of iSCSI.
package uring
