// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"golang.org/x/sys/unix"
)

// cloneUnit is what both offsets of a clone are multiples of: the block of the
// file systems that can. One with larger blocks refuses what does not suit it.
const cloneUnit = 4096

// Clones reports whether CloneFrom may share blocks with d: d is a file, it can be
// written, and its file system has not said that it does not do that.
func (d *Disk) Clones() bool {
	return d.file && !d.readOnly && !d.noClone.Load()
}

// CloneFrom lets d have the bytes of src from srcOff on at dstOff, up to n of
// them, without moving any: the two files share blocks until one is written
// (FICLONERANGE of ioctl_ficlonerange(2)). It returns for how many bytes that was
// done, 0 where it cannot be: other file systems, offsets that are no multiples of
// their blocks, ranges of one file that overlap. It is as durable as a write that
// is not durable. The error unwraps to a syscall.Errno; the range then holds old
// bytes, new ones, or both. It panics when a range is outside of its disk.
func (d *Disk) CloneFrom(src *Disk, srcOff, dstOff, n int64) (done int64, err error) {
	src.checkRange(srcOff, int(n))
	d.checkRange(dstOff, int(n))
	n &^= cloneUnit - 1
	if !d.Clones() || !src.file || (srcOff|dstOff)&(cloneUnit-1) != 0 || n == 0 {
		return 0, nil
	}
	d.own(dstOff, int(n))
	defer d.disown(dstOff, int(n))
	r := unix.FileCloneRange{Src_fd: int64(src.fd), Src_offset: uint64(srcOff), Src_length: uint64(n), Dest_offset: uint64(dstOff)}
	for {
		err = unix.IoctlFileCloneRange(d.fd, &r)
		if err != unix.EINTR {
			break
		}
	}
	switch err {
	case nil:
		return n, nil
	case unix.EOPNOTSUPP, unix.ENOTTY, unix.ENOSYS:
		d.noClone.Store(true)
		return 0, nil
	case unix.EXDEV, unix.EINVAL, unix.ETXTBSY, unix.EPERM:
		return 0, nil
	}
	return 0, d.pathError("ficlonerange", err)
}
