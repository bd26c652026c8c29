// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FIEMAP, as in linux/fiemap.h.
const (
	fsIocFiemap = 0xc020660b // _IOWR('f', 11, struct fiemap)

	fiemapBatch = 64 // extents of one call
)

// A fiemap is struct fiemap with room for extents.
type fiemap struct {
	start, length           uint64
	flags, mapped, count, _ uint32
	extents                 [fiemapBatch]fiemapExtent
}

// A fiemapExtent is struct fiemap_extent. Offsets and lengths are bytes.
type fiemapExtent struct {
	logical, physical, length uint64
	_                         [2]uint64
	flags                     uint32
	_                         [3]uint32
}

// Extent tells whether room is allocated for what is at byte offset off, and for
// how many of the n bytes from there on the answer is the same: at least one
// block, a whole number of blocks. Neighbouring answers may be equal. A block of
// which only a part is allocated is. Where nothing is known (see KnowsExtents)
// all is. Other operations may be under way; the answer is of some instant. off
// and n are whole blocks. It panics when the range is outside the disk.
func (d *Disk) Extent(off int64, n int) (length int, allocated bool, err error) {
	d.checkRange(off, n)
	switch {
	case d.null:
		return n, false, nil
	case !d.thin.known:
		return n, true, nil
	}
	data, end, err := d.nextData(off, int64(n))
	if err != nil {
		return 0, false, d.pathError("fiemap", err)
	}
	block := int64(d.blockSize)
	if hole := (data - off) / block * block; hole > 0 {
		return int(hole), false, nil
	}
	return int(min((end-off+block-1)/block*block, int64(n))), true, nil
}

// nextData returns the first allocated bytes in a range, from off+n on when it
// has none. FIEMAP tells a hole from room that is reserved and reads as zeros;
// file systems without it have SEEK_HOLE, which does not.
func (d *Disk) nextData(off, n int64) (from, to int64, err error) {
	m := fiemap{start: uint64(off), length: uint64(n), count: fiemapBatch}
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(d.fd), fsIocFiemap, uintptr(unsafe.Pointer(&m)))
	switch e {
	case 0:
	case unix.EOPNOTSUPP, unix.ENOTTY, unix.EINVAL, unix.ENOSYS:
		return d.seekData(off, n)
	default:
		return 0, 0, e
	}
	if m.mapped == 0 {
		return off + n, off + n, nil
	}
	from = max(int64(m.extents[0].logical), off)
	to = from
	for _, x := range m.extents[:min(m.mapped, fiemapBatch)] {
		if int64(x.logical) > to {
			break
		}
		to = int64(x.logical + x.length)
	}
	return min(from, off+n), min(to, off+n), nil
}

// seekData is nextData by lseek(2) with SEEK_DATA and SEEK_HOLE. No transfer uses
// the file's position.
func (d *Disk) seekData(off, n int64) (from, to int64, err error) {
	from, err = unix.Seek(d.fd, off, unix.SEEK_DATA)
	if err == unix.ENXIO || err == nil && from >= off+n {
		return off + n, off + n, nil
	}
	if err != nil {
		return 0, 0, err
	}
	to, err = unix.Seek(d.fd, from, unix.SEEK_HOLE)
	return from, min(to, off+n), err
}

// LimitedRoom reports whether the disk takes room of a file system, which Usage
// tells. A block device has its own, and nullio needs none.
func (d *Disk) LimitedRoom() bool { return !d.null && d.thin.known }

// Usage returns how many bytes the file at path takes of its file system, and how
// many more that could give. It asks by path, so that no open disk is held by a
// file system that does not answer.
func Usage(path string) (used, available int64, err error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, 0, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	var f unix.Statfs_t
	if err := unix.Statfs(path, &f); err != nil {
		return 0, 0, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	const sector = 512 // st_blocks, whatever the file system's block is (stat(2))
	return st.Blocks * sector, int64(f.Bavail) * f.Bsize, nil
}
