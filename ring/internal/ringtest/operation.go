// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ringtest

import (
	"math/rand/v2"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"

	"ietring/ring/internal/uring"
)

// An operation is what a submission asks for, until its last completion.
type operation struct {
	sqe  uring.SQE
	fd   int // of the file or socket
	sent int // bytes of a send that went out already
	over bool
}

func (o *operation) fixed() bool { return o.sqe.Flags&giouring.SqeFixedFile != 0 }

// begin takes a submission.
func (k *Kernel) begin(sqe uring.SQE) {
	o := &operation{sqe: sqe, fd: int(sqe.Fd)}
	if o.fixed() {
		if int(sqe.Fd) >= len(k.files) || k.files[sqe.Fd] < 0 {
			k.fail(o, unix.EBADF)
			return
		}
		o.fd = int(k.files[sqe.Fd])
	}
	switch sqe.OpCode {
	case giouring.OpReadFixed, giouring.OpWriteFixed:
		b := k.buffers[sqe.BufIG]
		if sqe.Addr < b[0] || sqe.Addr+uint64(sqe.Len) > b[0]+b[1] {
			k.fail(o, unix.EFAULT)
			return
		}
	case giouring.OpSendmsg:
		k.Messages[sqe.Addr] = true
	case giouring.OpAsyncCancel:
		k.cancel(o)
		return
	}
	if sqe.OpCode == giouring.OpReadFixed || sqe.OpCode == giouring.OpRead {
		// Until it has the data, the memory holds anything.
		fill(k.World.Rand, at[byte](sqe.Addr, int(sqe.Len)))
	}
	k.pending = append(k.pending, o)
}

// fill makes the first bytes of each block of b random.
func fill(r *rand.Rand, b []byte) {
	for i := 0; i < len(b); i += 512 {
		b[i] = byte(r.Uint32())
	}
}

// attempt carries o out as far as it goes and returns how many completions came
// of it.
func (k *Kernel) attempt(o *operation) int {
	switch o.sqe.OpCode {
	case giouring.OpRecv:
		return k.recv(o)
	case giouring.OpSendmsg:
		return k.send(o)
	case giouring.OpRead:
		if o.fd == k.Event {
			return k.event(o)
		}
		return k.transfer(o, false)
	case giouring.OpReadFixed:
		return k.transfer(o, false)
	case giouring.OpWrite, giouring.OpWriteFixed:
		return k.transfer(o, true)
	case giouring.OpFsync:
		return k.sync(o)
	}
	panic("ringtest: an operation that the simulation does not know")
}

// event reads the descriptor that wakes the ring's owner.
func (k *Kernel) event(o *operation) int {
	n, err := unix.Read(o.fd, at[byte](o.sqe.Addr, int(o.sqe.Len)))
	if err != nil {
		return 0 // nothing was written to it yet
	}
	return k.complete(o, int32(n), 0, false)
}

// cancel ends the operation that o names, or says why it cannot.
func (k *Kernel) cancel(o *operation) {
	for _, v := range k.pending {
		if v.over || v.sqe.UserData != o.sqe.Addr {
			continue
		}
		if k.World.Chance(k.Faults.Already) {
			k.fail(o, unix.EALREADY)
			return
		}
		if k.World.Chance(500) {
			k.complete(o, 0, 0, false)
			k.fail(v, unix.ECANCELED)
		} else {
			k.fail(v, unix.ECANCELED)
			k.complete(o, 0, 0, false)
		}
		return
	}
	k.fail(o, unix.ENOENT)
}
