// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ringtest

import "golang.org/x/sys/unix"

// sector is the unit in which a transfer can come short.
const sector = 512

// transfer reads or writes, all or a part, or fails. A write that fails may have
// reached the disk in part.
func (k *Kernel) transfer(o *operation, write bool) int {
	w, f := k.World, &k.Faults
	mem := at[byte](o.sqe.Addr, int(o.sqe.Len))
	if write && k.MustSync[o.fd] && o.sqe.OpcodeFlags&unix.RWF_DSYNC == 0 {
		panic("ringtest: a write to a write-through disk is not durable")
	}
	switch {
	case w.Chance(f.DiskAgain):
		return k.fail(o, []unix.Errno{unix.EAGAIN, unix.EINTR}[w.Rand.IntN(2)])
	case w.Chance(f.DiskError):
		k.Failures = append(k.Failures, Failure{o.fd, int64(o.sqe.Off), len(mem)})
		if !write {
			return k.fail(o, unix.EIO)
		}
		k.move(o, mem[:w.Rand.IntN(len(mem)/sector+1)*sector], write)
		return k.fail(o, []unix.Errno{unix.EIO, unix.ENOSPC}[w.Rand.IntN(2)])
	case w.Chance(f.DiskShort):
		mem = mem[:w.Rand.IntN(len(mem)/sector+1)*sector]
	}
	return k.complete(o, int32(k.move(o, mem, write)), 0, false)
}

// move is pread or pwrite of the whole of mem.
func (k *Kernel) move(o *operation, mem []byte, write bool) int {
	if len(mem) == 0 {
		return 0
	}
	var n int
	var err error
	if write {
		n, err = unix.Pwrite(o.fd, mem, int64(o.sqe.Off))
	} else {
		n, err = unix.Pread(o.fd, mem, int64(o.sqe.Off))
	}
	if err != nil {
		panic("ringtest: the file behind the simulated disk cannot be used")
	}
	return n
}

// sync is fdatasync, which has nothing to do but to fail.
func (k *Kernel) sync(o *operation) int {
	w, f := k.World, &k.Faults
	switch {
	case w.Chance(f.DiskAgain):
		return k.fail(o, unix.EINTR)
	case w.Chance(f.DiskError):
		k.Failures = append(k.Failures, Failure{FD: o.fd, Len: -1})
		return k.fail(o, unix.EIO)
	}
	k.Syncs[o.fd]++
	return k.complete(o, 0, 0, false)
}
