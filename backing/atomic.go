// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// maxAtomic is the largest AtomicWrite in bytes: what lies together in a buffer.
const maxAtomic = 1 << 20

// statxAttrWriteAtomic says in stx_attributes that a file can be written
// atomically (STATX_ATTR_WRITE_ATOMIC of linux/stat.h).
const statxAttrWriteAtomic = 0x400000

// checkAtomic is the part of Check about AtomicWrite.
func (p Params) checkAtomic() error {
	switch n := p.AtomicWrite; {
	case n == 0:
	case !powerOfTwo(n) || n < 512 || n > maxAtomic:
		return fmt.Errorf("AtomicWrite=%d: it can be a power of two from 512 to %d", n, maxAtomic)
	case p.kindName() == "nullio":
		return fmt.Errorf("AtomicWrite=%d: nullio keeps nothing and has no atomic writes", n)
	case n < p.BlockSize:
		return fmt.Errorf("AtomicWrite=%d: it is less than a block of %d", n, p.BlockSize)
	}
	return nil
}

// setAtomic asks the kernel whether atomic writes of the size that was asked for
// can be.
//
// The kernel takes sizes that are powers of two, at multiples of themselves. SCSI
// has no words for that: an initiator may send any multiple of a granularity. So
// there is one size, and who configures the disk says which.
func (d *Disk) setAtomic() error {
	n := d.params.AtomicWrite
	if n == 0 {
		return nil
	}
	var st unix.Statx_t
	err := unix.Statx(d.fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS|unix.STATX_WRITE_ATOMIC, &st)
	if err != nil {
		return fmt.Errorf("cannot ask about %s: %w", d.params.Path, err)
	}
	least, most := st.Atomic_write_unit_min, min(st.Atomic_write_unit_max, maxAtomic)
	switch {
	case !d.direct:
		return fmt.Errorf("AtomicWrite=%d: %s is written through the page cache, which cannot be atomic", n, d.params.Path)
	case st.Mask&unix.STATX_WRITE_ATOMIC == 0, st.Attributes&statxAttrWriteAtomic == 0, most == 0:
		return fmt.Errorf("AtomicWrite=%d: %s cannot be written atomically, says its file system or device", n, d.params.Path)
	case n < least || n > most:
		return fmt.Errorf("AtomicWrite=%d: %s can be written atomically in powers of two from %d to %d bytes", n, d.params.Path, least, most)
	case n < d.blockSize:
		return fmt.Errorf("AtomicWrite=%d: it is less than a block of %d", n, d.blockSize)
	}
	return nil
}

// AtomicUnit returns the bytes of an atomic write, a power of two and at least a
// block; 0 where there are none.
func (d *Disk) AtomicUnit() uint32 { return d.params.AtomicWrite }

// WriteAtomic writes p, of AtomicUnit bytes, at byte offset off, a multiple of
// that: whatever happens, a loss of power too, the range afterwards holds all old
// bytes or all new ones, and a read sees the one or the other (RWF_ATOMIC of
// pwritev2(2)). Otherwise it is as WriteAt. p lies in page-aligned memory.
func (d *Disk) WriteAtomic(p []byte, off int64, durable bool) error {
	d.checkRange(off, len(p))
	unit := int64(d.params.AtomicWrite)
	if unit == 0 || int64(len(p)) != unit || off%unit != 0 {
		panic("backing: an atomic write of another size or place than AtomicUnit has it")
	}
	d.share(off, len(p))
	defer d.unshare(off, len(p))
	flags := unix.RWF_ATOMIC
	if durable {
		flags |= unix.RWF_DSYNC
	}
	one := [1][]byte{p}
	for {
		n, err := unix.Pwritev2(d.fd, one[:], off, flags)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return d.pathError("atomic write", err)
		case n != len(p):
			return d.pathError("atomic write", unix.EIO)
		default:
			return nil
		}
	}
}
