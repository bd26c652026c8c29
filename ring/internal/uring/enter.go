// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// waitArg is struct io_uring_getevents_arg and the time that it points to, in
// memory of ours.
type waitArg struct {
	sigmask   uint64
	sigmaskSz uint32
	pad       uint32
	ts        uint64
	timeout   unix.Timespec
}

const getEventsArgLen = 24

// Submit hands the kernel every entry that was filled in and lets it deliver
// what is complete, without waiting. An interrupted or refused submission
// leaves the entries for the next one; the errno is returned.
//
// The Go scheduler is not told: the call does not block, and telling it costs a
// third more CPU for each request, since a call that does the sends runs long
// enough for the scheduler to give our processor away.
func (r *Ring) Submit() unix.Errno {
	r.enters++
	n := r.publish()
	if r.kernel != nil {
		return r.kernel.Enter(false, 0)
	}
	return r.enterUntold(n, 0)
}

// enterUntold submits n entries and waits until least completions are there, of
// which the Go scheduler is not told.
func (r *Ring) enterUntold(n, least uint32) unix.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), uintptr(least),
		uintptr(giouring.EnterGetEvents), 0, 0)
	return errno
}

// Wait is [Ring.Submit] that sleeps until a completion is there, or until
// timeout when that is not zero. It returns ETIME when the time is over and
// nothing was submitted either (the kernel prefers to tell the count), and
// EINTR for a signal: the caller looks at the queue, whatever is returned.
func (r *Ring) Wait(timeout time.Duration) unix.Errno {
	r.enters++
	n := r.publish()
	if r.kernel != nil {
		return r.kernel.Enter(true, timeout)
	}
	flags := uintptr(giouring.EnterGetEvents)
	var arg, argLen uintptr
	if timeout > 0 {
		a := (*waitArg)(unsafe.Pointer(unsafe.SliceData(r.wait)))
		a.timeout = unix.NsecToTimespec(int64(timeout))
		a.ts = uint64(uintptr(unsafe.Pointer(&a.timeout)))
		flags |= uintptr(giouring.EnterExtArg)
		arg, argLen = uintptr(unsafe.Pointer(a)), getEventsArgLen
	}
	_, _, errno := syscall.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 1, flags, arg, argLen)
	return errno
}

// Doze is [Ring.Wait] without a limit, of which the Go scheduler is not told: it
// costs less, and the thread keeps its processor of the scheduler, which lets the
// scheduler's watcher rest. Told of each short wait, the watcher takes the
// processor away every time, and looks every 20 us whether it can.
//
// It does not last: when the processor was held for 10 ms, and whenever the
// collector stops the world, the scheduler interrupts the thread by a signal: EINTR,
// as in Wait. Whoever has nothing to do then goes on with Wait. Where the scheduler
// sends no signals (GODEBUG=asyncpreemptoff=1), Doze must not be used.
func (r *Ring) Doze() unix.Errno {
	if r.kernel != nil {
		return unix.EINTR // a simulation has no scheduler to hide from
	}
	r.enters++
	return r.enterUntold(r.publish(), 1)
}

// Enters returns how many times the kernel was entered for the ring.
func (r *Ring) Enters() uint64 { return r.enters }

// publish shows the kernel the entries that were filled in and returns how many
// wait to be taken.
func (r *Ring) publish() uint32 {
	atomic.StoreUint32(r.sqTail, r.tail)
	return r.tail - atomic.LoadUint32(r.sqHead)
}
