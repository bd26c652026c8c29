// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Kernel stands in for Linux behind a simulated [Ring]: it answers the two
// system calls, and moves entries by the ring's [Queues].
type Kernel interface {
	// Enter is io_uring_enter. When wait is set it sleeps until a completion
	// is there, but no longer than timeout unless that is zero.
	Enter(wait bool, timeout time.Duration) unix.Errno
	// Register is io_uring_register; arg and n are as the opcode wants them.
	Register(op uint32, arg unsafe.Pointer, n int) unix.Errno
}

// Queues are the kernel's ends of a simulated ring's queues.
type Queues struct {
	r          *Ring
	head, tail uint32 // the fields that the real kernel would map: see NewSimulated
	sqTail     uint32
	sqFlags    uint32
	cqHead     uint32
	sqes       []SQE
	cqes       []CQE
}

// NewSimulated makes a Ring that k answers instead of Linux, and its kernel's
// ends. Both numbers of entries are powers of two.
func NewSimulated(entries, completions int, k Kernel) (*Ring, *Queues) {
	q := &Queues{sqes: make([]SQE, entries), cqes: make([]CQE, completions)}
	q.r = &Ring{
		kernel: k,
		fd:     -1,
		sqHead: &q.head, sqTail: &q.sqTail, sqFlags: &q.sqFlags,
		sqes: unsafe.Pointer(unsafe.SliceData(q.sqes)), sqMask: uint32(entries - 1),
		cqHead: &q.cqHead, cqTail: &q.tail,
		cqes: unsafe.Pointer(unsafe.SliceData(q.cqes)), cqMask: uint32(completions - 1),
	}
	return q.r, q
}

// Take returns the oldest submission that the ring has published; ok is false
// when there is none.
func (q *Queues) Take() (e SQE, ok bool) {
	if q.head == atomic.LoadUint32(&q.sqTail) {
		return SQE{}, false
	}
	e = q.sqes[q.head&q.r.sqMask]
	atomic.StoreUint32(&q.head, q.head+1)
	return e, true
}

// Put delivers a completion; false says that the queue is full.
func (q *Queues) Put(c CQE) bool {
	if q.tail-atomic.LoadUint32(&q.cqHead) > q.r.cqMask {
		return false
	}
	q.cqes[q.tail&q.r.cqMask] = c
	atomic.StoreUint32(&q.tail, q.tail+1)
	return true
}

// SetFlags sets the flags that the kernel shows in the submission queue
// (IORING_SQ_TASKRUN, IORING_SQ_CQ_OVERFLOW).
func (q *Queues) SetFlags(f uint32) { atomic.StoreUint32(&q.sqFlags, f) }
