// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"sync"

	"golang.org/x/sys/unix"
)

// Two ways make a range read as zeros without its bytes being sent, and both are
// fallocate(2), on files and on block devices:
//
//	Discard   FALLOC_FL_PUNCH_HOLE   the room is given back
//	Zero      FALLOC_FL_ZERO_RANGE   the room is kept
//
// On a block device they become WRITE_ZEROES with and without leave to unmap.
// What a file system or device does not take, and the parts of its units at
// either end, are zeros that are written, a piece of zeroLen at a time.
//
// Both own the units of the range. Where a block is smaller than a unit of direct
// transfers, a write of one block reads its neighbours and writes them back: it
// could bring back what was just given up, or, when a unit is zeroed in part, lose
// the write of a neighbour. So neither runs while the other does. A write to a block
// inside the range, acknowledged or not before Discard or Zero returns, may be
// seen or be zeros: SCSI does not order the two. Bytes outside of the range are
// never touched by anything but the write that was asked for.

// zeroLen is how many zeros are written at once where they must be written.
const zeroLen = 1 << 20

// zeros returns zeroLen zeros, page aligned and never written to: the kernel
// gives one page for all of them.
var zeros = sync.OnceValues(func() ([]byte, error) {
	return unix.Mmap(-1, 0, zeroLen, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
})

// Discard gives n bytes at byte offset off back: they read as zeros, and what of
// them makes whole granules is not allocated any more. The disk must be Thin.
// Nothing is durable before Sync. On an error, which unwraps to a syscall.Errno,
// each byte is an old one or zero. EROFS is the error of a read-only disk. It
// panics when the range is outside the disk.
func (d *Disk) Discard(off int64, n int) error {
	if !d.thin.on {
		panic("backing: Discard of a disk that is not thin")
	}
	return d.empty(off, n, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE)
}

// Zero makes n bytes at byte offset off zeros and keeps the room for them.
// Otherwise it is as Discard, and works on every disk.
func (d *Disk) Zero(off int64, n int) error {
	return d.empty(off, n, unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE)
}

// empty makes a range zeros by fallocate with mode, and by writing what that
// does not take.
func (d *Disk) empty(off int64, n int, mode uint32) error {
	d.checkRange(off, n)
	switch {
	case d.null || n == 0:
		return nil
	case d.readOnly:
		return d.pathError("fallocate", unix.EROFS)
	}
	d.own(off, n)
	defer d.disown(off, n)
	from, to := d.wholeRange(off, int64(n))
	if from >= to {
		return d.writeZeros(off, int64(n))
	}
	err := d.fallocate(mode, from, to-from)
	if err == unix.EOPNOTSUPP {
		return d.writeZeros(off, int64(n))
	}
	if err != nil {
		return d.pathError("fallocate", err)
	}
	if err := d.writeZeros(off, from-off); err != nil {
		return err
	}
	return d.writeZeros(to, off+int64(n)-to)
}

// wholeRange returns the part of a range that fallocate takes: of a file all, of
// a block device whole logical blocks.
func (d *Disk) wholeRange(off, n int64) (from, to int64) {
	unit := d.thin.unit
	return (off + unit - 1) &^ (unit - 1), (off + n) &^ (unit - 1)
}

// writeZeros writes n zeros at off. The caller owns the units.
func (d *Disk) writeZeros(off, n int64) error {
	if n == 0 {
		return nil
	}
	zero, err := zeros()
	if err != nil {
		return err
	}
	for n > 0 {
		p := zero[:min(n, zeroLen)]
		if d.wholeUnits(off, len(p)) {
			err = d.writeFull(d.fd, p, off, d.offAlign, false)
		} else {
			err = d.writeParts(p, off, false)
		}
		if err != nil {
			return err
		}
		off, n = off+int64(len(p)), n-int64(len(p))
	}
	return nil
}

// fallocate is fallocate(2) without EINTR.
func (d *Disk) fallocate(mode uint32, off, n int64) error {
	for {
		if err := unix.Fallocate(d.fd, mode, off, n); err != unix.EINTR {
			return err
		}
	}
}
