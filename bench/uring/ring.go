// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const setupFlags = setupSingleIssuer | setupDeferTaskrun | setupTaskrunFlag |
	setupSubmitAll | setupCQSize | setupClamp

// completions is the size of the completion queue: a turn of a busy loop reaps
// hundreds, and an overflow costs an extra enter.
const completions = 4096

// A Ring is one io_uring. Its thread owns it.
type Ring struct {
	fd     int
	queues Memory // both rings, which the kernel maps as one since 5.4
	sqes   Memory

	sqHead, sqTail, sqFlags *uint32
	sqMask, tail            uint32 // tail: our end, the kernel sees *sqTail
	cqHead, cqTail          *uint32
	cqMask, head            uint32 // head: our end, the kernel sees *cqHead
	cqes                    unsafe.Pointer

	arg    Memory // an eventsArg
	enters uint64
}

// New makes a ring with room for entries submissions, a power of two, on the
// calling thread, which must be locked and must be the only one to use it.
func New(entries int) (*Ring, error) {
	p := &params{flags: setupFlags, cqEntries: completions}
	fd, _, errno := syscall.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("set up io_uring: %w", errno)
	}
	r := &Ring{fd: int(fd)}
	if err := r.mapQueues(p); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Ring) mapQueues(p *params) error {
	size := max(int(p.sqOff.array+p.sqEntries*4), int(p.cqOff.cqes)+int(p.cqEntries)*int(unsafe.Sizeof(CQE{})))
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	var err error
	if r.queues, err = unix.Mmap(r.fd, offSQRing, size, prot, flags); err != nil {
		return fmt.Errorf("map io_uring: %w", err)
	}
	if r.sqes, err = unix.Mmap(r.fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(SQE{})), prot, flags); err != nil {
		return fmt.Errorf("map io_uring: %w", err)
	}
	if r.arg, err = NewMemory(int(unsafe.Sizeof(eventsArg{}))); err != nil {
		return err
	}
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[off])) }
	r.sqHead, r.sqTail, r.sqFlags = word(p.sqOff.head), word(p.sqOff.tail), word(p.sqOff.flags)
	r.cqHead, r.cqTail = word(p.cqOff.head), word(p.cqOff.tail)
	r.sqMask, r.cqMask = p.sqEntries-1, p.cqEntries-1
	r.cqes = unsafe.Pointer(&r.queues[p.cqOff.cqes])
	for i := range p.sqEntries { // entry i of the queue is SQE i, for ever
		*word(p.sqOff.array + 4*i) = i
	}
	return nil
}

// Close ends the ring. Operations in flight are cancelled by the kernel some
// time later; their memory must stay.
func (r *Ring) Close() error {
	var err error
	for _, m := range []Memory{r.queues, r.sqes, r.arg} {
		err = errors.Join(err, m.Free())
	}
	return errors.Join(err, unix.Close(r.fd))
}

// sqe returns the next entry to fill in, all zero. A full queue is submitted
// first.
func (r *Ring) sqe() *SQE {
	for r.tail-atomic.LoadUint32(r.sqHead) > r.sqMask {
		// The kernel takes all of them unless it is short of memory or its
		// completions overflow, which the next enter mends.
		if err := r.Enter(0, 0); err != 0 && !Passing(err) {
			panic("uring: the kernel takes no submissions")
		}
	}
	e := (*SQE)(unsafe.Pointer(&r.sqes[uintptr(r.tail&r.sqMask)*unsafe.Sizeof(SQE{})]))
	r.tail++
	*e = SQE{}
	return e
}

// Enter submits all that was filled in and waits until n completions are there,
// but no longer than timeout (0: for ever). With n = 0 it does not wait. See
// [Passing] for what it returns in good order.
func (r *Ring) Enter(n int, timeout time.Duration) unix.Errno {
	atomic.StoreUint32(r.cqHead, r.head)
	atomic.StoreUint32(r.sqTail, r.tail)
	submit := r.tail - atomic.LoadUint32(r.sqHead)
	flags := uintptr(enterGetEvents)
	var arg, argLen uintptr
	if n > 0 && timeout > 0 {
		a := (*eventsArg)(unsafe.Pointer(unsafe.SliceData(r.arg)))
		a.sec, a.nsec = int64(timeout/time.Second), int64(timeout%time.Second)
		a.ts = uint64(uintptr(unsafe.Pointer(&a.sec)))
		flags |= enterExtArg
		arg, argLen = uintptr(unsafe.Pointer(a)), eventsArgLen
	}
	r.enters++
	_, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(n), flags, arg, argLen)
	return errno
}

// Passing reports whether an errno of [Ring.Enter] only ends a turn: time is
// over, a signal came, or the kernel wants its completions read first.
func Passing(errno unix.Errno) bool {
	return errno == unix.ETIME || errno == unix.EINTR || errno == unix.EAGAIN || errno == unix.EBUSY
}

// Enters returns how many system calls the ring has made.
func (r *Ring) Enters() uint64 { return r.enters }

// Next takes one completion; ok is false when there is none.
func (r *Ring) Next() (c CQE, ok bool) {
	if r.head == atomic.LoadUint32(r.cqTail) {
		return CQE{}, false
	}
	c = *(*CQE)(unsafe.Add(r.cqes, uintptr(r.head&r.cqMask)*unsafe.Sizeof(CQE{})))
	r.head++
	return c, true
}

// Recv receives into the buffers of b until it fails, the peer ends, or no
// buffer is left: see [CQE.More] and [CQE.Buffer].
func (r *Ring) Recv(fd int, b *BufRing, ud uint64) {
	e := r.sqe()
	e.opcode, e.flags, e.ioPrio = opRecv, sqeBufferSelect, recvMultishot
	e.fd, e.bufGroup, e.userData = int32(fd), b.group, ud
}

// Accept accepts connections of a listening socket until it fails; Res is the
// descriptor of each.
func (r *Ring) Accept(fd int, ud uint64) {
	e := r.sqe()
	e.opcode, e.ioPrio = opAccept, acceptMultishot
	e.fd, e.opFlags, e.userData = int32(fd), unix.SOCK_CLOEXEC, ud
}

// send sends what msg, in a [Memory], gathers: all of it unless the connection
// fails.
func (r *Ring) send(fd int, msg *unix.Msghdr, ud uint64) {
	e := r.sqe()
	e.opcode, e.fd, e.userData = opSendmsg, int32(fd), ud
	e.addr, e.len = uint64(uintptr(unsafe.Pointer(msg))), 1
	e.opFlags = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
}
