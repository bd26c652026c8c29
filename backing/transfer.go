// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// ReadAt fills p with the bytes at byte offset off. p may lie anywhere in memory
// and the range need not be aligned. Either all of p is filled or there is an
// error, which unwraps to a syscall.Errno: the device's own, or EIO when the file
// has become shorter. It panics when the range is outside the disk.
func (d *Disk) ReadAt(p []byte, off int64) error {
	d.checkRange(off, len(p))
	if d.null {
		clear(p)
		return nil
	}
	if d.wholeUnits(off, len(p)) && d.memoryFits(p) {
		return d.readFull(d.fd, p, off, d.offAlign)
	}
	head := d.beforeTail(off, len(p))
	if err := d.readWindows(p[:head], off); err != nil {
		return err
	}
	if head == len(p) {
		return nil
	}
	return d.readFull(d.tail, p[head:], off+int64(head), 1)
}

// WriteAt writes p at byte offset off, and returns when it is on stable storage if
// durable is set. p may lie anywhere in memory and the range need not be aligned: a
// unit of direct transfers that p fills in part is read, changed and written, alone
// among all changes to it but those on a ring (see RewriteUnit). On an error, which
// unwraps to a syscall.Errno, the range holds old bytes, new bytes or a mixture. EROFS is the error of a
// read-only disk. It panics when the range is outside the disk; a file never grows.
func (d *Disk) WriteAt(p []byte, off int64, durable bool) error {
	d.checkRange(off, len(p))
	switch {
	case d.null:
		return nil
	case d.readOnly:
		return d.pathError("write", unix.EROFS)
	case d.wholeUnits(off, len(p)):
		d.share(off, len(p))
		defer d.unshare(off, len(p))
		if d.memoryFits(p) {
			return d.writeFull(d.fd, p, off, d.offAlign, durable)
		}
		return d.writeWindows(p, off, durable)
	}
	d.own(off, len(p))
	defer d.disown(off, len(p))
	return d.writeParts(p, off, durable)
}

// writeParts writes a range that is not made of whole units. The caller owns
// the units.
func (d *Disk) writeParts(p []byte, off int64, durable bool) error {
	head := d.beforeTail(off, len(p))
	if err := d.writeWindows(p[:head], off, durable); err != nil {
		return err
	}
	if head == len(p) {
		return nil
	}
	return d.writeFull(d.tail, p[head:], off+int64(head), 1, durable)
}

// Sync returns when all writes that have ended, on a ring or through WriteAt, are
// on stable storage, with the metadata needed to read them back. The error unwraps
// to a syscall.Errno; after one, writes may have been lost that a later Sync does
// not report again (fsync(2)).
func (d *Disk) Sync() error {
	if d.null {
		return nil
	}
	for {
		err := unix.Fdatasync(d.fd)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return d.pathError("fdatasync", err)
		}
	}
}

// beforeTail returns how many of the n bytes at off lie before tailOff.
func (d *Disk) beforeTail(off int64, n int) int {
	return int(min(max(d.tailOff.Load()-off, 0), int64(n)))
}

// readFull reads all of p from fd at off. Reading goes on after a short read at the
// last multiple of unit, since a direct read cannot start elsewhere.
func (d *Disk) readFull(fd int, p []byte, off, unit int64) error {
	for len(p) > 0 {
		n, err := pread(fd, p, off)
		if err != nil {
			return d.pathError("read", err)
		}
		if n < len(p) {
			n &^= int(unit - 1)
		}
		if n == 0 {
			return fmt.Errorf("read %s: it has become shorter, nothing is at byte %d: %w", d.params.Path, off, unix.EIO)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// writeFull writes all of p to fd at off, going on after a short write as readFull
// does.
func (d *Disk) writeFull(fd int, p []byte, off, unit int64, durable bool) error {
	for len(p) > 0 {
		n, err := pwrite(fd, p, off, durable)
		if err != nil {
			return d.pathError("write", err)
		}
		if n < len(p) {
			n &^= int(unit - 1)
		}
		if n == 0 {
			return fmt.Errorf("write %s: nothing was taken at byte %d: %w", d.params.Path, off, unix.EIO)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// pread is pread(2) without EINTR.
func pread(fd int, p []byte, off int64) (int, error) {
	for {
		n, err := unix.Pread(fd, p, off)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// pwrite is pwrite(2), or pwritev2(2) with RWF_DSYNC, without EINTR.
func pwrite(fd int, p []byte, off int64, durable bool) (int, error) {
	for {
		var n int
		var err error
		if durable {
			one := [1][]byte{p}
			n, err = unix.Pwritev2(fd, one[:], off, unix.RWF_DSYNC)
		} else {
			n, err = unix.Pwrite(fd, p, off)
		}
		if err != unix.EINTR {
			return n, err
		}
	}
}

// pathError names the path and what was done to it.
func (d *Disk) pathError(op string, err error) error {
	return &fs.PathError{Op: op, Path: d.params.Path, Err: err}
}
