// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// An SQE is a submission queue entry, 64 bytes that the kernel reads.
type SQE = giouring.SubmissionQueueEntry

// A CQE is a completion queue entry: UserData of the SQE, Res (negative errno
// or a count) and Flags.
type CQE = giouring.CompletionQueueEvent

// params has the layout of struct io_uring_params, whose fields giouring keeps
// to itself. A test compares the two.
type params struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle uint32
	features, wqFD                                         uint32
	resv                                                   [3]uint32
	sqOff                                                  sqOffsets
	cqOff                                                  cqOffsets
}

type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array, resv1 uint32
	userAddr                                                        uint64
}

type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags, resv1 uint32
	userAddr                                                        uint64
}

// setupFlags: one issuer, completions delivered only when we ask (no
// interrupts of the thread), a flag in memory that says when to ask, and a
// submission goes on past an entry that fails.
const setupFlags = giouring.SetupSingleIssuer | giouring.SetupDeferTaskrun |
	giouring.SetupTaskrunFlag | giouring.SetupSubmitAll |
	giouring.SetupCQSize | giouring.SetupClamp

// A Ring is one io_uring. Its thread owns it.
type Ring struct {
	giou   *giouring.Ring
	fd     int
	kernel Kernel // answers instead of Linux when it is not nil

	sqHead, sqTail, sqFlags *uint32
	sqes                    unsafe.Pointer
	sqMask                  uint32
	tail                    uint32 // our end of the submission queue; the kernel sees *sqTail

	cqHead, cqTail *uint32
	cqes           unsafe.Pointer
	cqMask         uint32

	wait   Memory // a waitArg
	enters uint64 // calls of io_uring_enter
}

// New makes a ring with room for entries submissions, a power of two, and four
// times as many completions, on the calling thread, which must be locked
// (runtime.LockOSThread) and must be the only one to use the ring.
func New(entries int) (*Ring, error) {
	p := &params{flags: setupFlags, cqEntries: uint32(max(4*entries, minCompletions))}
	g := giouring.NewRing()
	if err := g.QueueInitParams(uint32(entries), (*giouring.Params)(unsafe.Pointer(p))); err != nil {
		return nil, fmt.Errorf("set up io_uring: %w", err)
	}
	wait, err := NewMemory(int(unsafe.Sizeof(waitArg{})))
	if err != nil {
		g.QueueExit()
		return nil, err
	}
	r := &Ring{giou: g, fd: g.RingFd(), wait: wait}
	r.mapQueues(g, p)
	return r, nil
}

// minCompletions is the smallest completion queue: a turn of a busy loop reaps
// hundreds, and an overflow costs an extra enter.
const minCompletions = 4096

// mapQueues finds the queues' fields. giouring mapped them and has pointers in
// private fields, which reflection may read as plain pointers.
func (r *Ring) mapQueues(g *giouring.Ring, p *params) {
	v := reflect.ValueOf(g).Elem()
	sq := v.FieldByName("sqRing").Elem()
	cq := v.FieldByName("cqRing").Elem()
	ptr := func(q reflect.Value, field string) unsafe.Pointer { return q.FieldByName(field).UnsafePointer() }
	r.sqHead, r.sqTail, r.sqFlags = (*uint32)(ptr(sq, "head")), (*uint32)(ptr(sq, "tail")), (*uint32)(ptr(sq, "flags"))
	r.sqes = ptr(sq, "sqes")
	r.sqMask = p.sqEntries - 1
	r.cqHead, r.cqTail = (*uint32)(ptr(cq, "head")), (*uint32)(ptr(cq, "tail"))
	r.cqes = ptr(cq, "cqes")
	r.cqMask = p.cqEntries - 1
}

// Close ends the ring. Operations in flight are cancelled by the kernel, some
// time later; their memory must stay.
func (r *Ring) Close() {
	if r.kernel != nil {
		return
	}
	r.giou.QueueExit()
	_ = r.wait.Free() // mapped by New; unmapping it cannot fail
}

// Entries returns how many submissions fit the queue.
func (r *Ring) Entries() int { return int(r.sqMask) + 1 }

// SQE returns the next entry to fill in, all zero. When the queue is full it
// submits what is there first; it never fails.
func (r *Ring) SQE() *SQE {
	for r.tail-atomic.LoadUint32(r.sqHead) > r.sqMask {
		// The kernel takes all entries unless it is out of memory or its
		// completions overflow, both of which pass.
		if err := r.Submit(); err != 0 && !transient(err) {
			panic("uring: the kernel refuses to take submissions")
		}
	}
	e := (*SQE)(unsafe.Add(r.sqes, uintptr(r.tail&r.sqMask)*unsafe.Sizeof(SQE{})))
	r.tail++
	*e = SQE{}
	return e
}

// Unsubmitted returns how many entries were filled in and not yet taken.
func (r *Ring) Unsubmitted() int { return int(r.tail - atomic.LoadUint32(r.sqHead)) }

// Ready returns how many completions can be read now.
func (r *Ring) Ready() int { return int(atomic.LoadUint32(r.cqTail) - atomic.LoadUint32(r.cqHead)) }

// HasWork reports whether an enter would bring completions in without waiting:
// the kernel has task work for us, or completions that did not fit.
func (r *Ring) HasWork() bool {
	return atomic.LoadUint32(r.sqFlags)&(giouring.SQTaskrun|giouring.SQCQOverflow) != 0
}

// Reap calls each for the completions that are there, at most limit of them,
// and frees their slots. It returns how many there were.
func (r *Ring) Reap(limit int, each func(CQE)) int {
	head := *r.cqHead
	n := min(atomic.LoadUint32(r.cqTail)-head, uint32(limit))
	for i := range n {
		each(*(*CQE)(unsafe.Add(r.cqes, uintptr((head+i)&r.cqMask)*unsafe.Sizeof(CQE{}))))
	}
	atomic.StoreUint32(r.cqHead, head+n)
	return int(n)
}

func transient(err unix.Errno) bool {
	return err == unix.EINTR || err == unix.EAGAIN || err == unix.EBUSY
}
