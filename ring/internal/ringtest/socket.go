// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ringtest

import (
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// recv delivers bytes that are there, in provided buffers.
func (k *Kernel) recv(o *operation) int {
	w, f := k.World, &k.Faults
	if o.sqe.Flags&giouring.SqeBufferSelect == 0 || o.sqe.IoPrio&giouring.RecvMultishot == 0 || o.sqe.BufIG != k.group.id {
		panic("ringtest: a receive that is not multishot into the group of provided buffers")
	}
	n := 0
	for {
		var one [1]byte
		got, _, err := unix.Recvfrom(o.fd, one[:], unix.MSG_DONTWAIT|unix.MSG_PEEK)
		switch {
		case err == unix.EAGAIN:
			return n
		case err != nil:
			return n + k.fail(o, errnoOf(err))
		case got == 0:
			return n + k.complete(o, 0, 0, false)
		case w.Chance(f.RecvError):
			return n + k.fail(o, []unix.Errno{unix.ECONNRESET, unix.ETIMEDOUT, unix.EHOSTUNREACH}[w.Rand.IntN(3)])
		case k.group.free() == 0, w.Chance(f.NoBuffers):
			return n + k.fail(o, unix.ENOBUFS)
		}
		id, mem := k.group.take()
		if w.Chance(f.Fragment) {
			mem = mem[:1+w.Rand.IntN(100)]
		}
		got, _, err = unix.Recvfrom(o.fd, mem, unix.MSG_DONTWAIT)
		if err != nil || got == 0 {
			panic("ringtest: the bytes that were there are not")
		}
		more := !w.Chance(f.Terminate)
		n += k.complete(o, int32(got), giouring.CQEFBuffer|uint32(id)<<giouring.CQEBufferShift, more)
		if !more || w.Chance(f.Late) {
			return n
		}
	}
}

// send sends what the message gathers. The memory is read now, not when the
// send was submitted.
func (k *Kernel) send(o *operation) int {
	w, f := k.World, &k.Faults
	if w.Chance(f.SendError) {
		if o.sent > 0 {
			return k.complete(o, int32(o.sent), 0, false)
		}
		return k.fail(o, []unix.Errno{unix.EPIPE, unix.ECONNRESET, unix.ETIMEDOUT}[w.Rand.IntN(3)])
	}
	msg := at[unix.Msghdr](o.sqe.Addr, 1)[0]
	var all []byte
	for _, iov := range unsafe.Slice(msg.Iov, msg.Iovlen) {
		all = append(all, unsafe.Slice(iov.Base, iov.Len)...)
	}
	rest := all[o.sent:]
	if w.Chance(f.SendPart) {
		rest = rest[:1+w.Rand.IntN(len(rest))]
	}
	n, err := unix.SendmsgN(o.fd, rest, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	switch {
	case err == unix.EAGAIN:
		return 0
	case err != nil && o.sent > 0:
		return k.complete(o, int32(o.sent), 0, false)
	case err != nil:
		return k.fail(o, errnoOf(err))
	}
	o.sent += n
	if o.sent == len(all) || w.Chance(f.SendShort) {
		return k.complete(o, int32(o.sent), 0, false)
	}
	return 0
}

func errnoOf(err error) unix.Errno {
	e, ok := err.(unix.Errno)
	if !ok {
		panic("ringtest: a system call failed without an errno")
	}
	return e
}
