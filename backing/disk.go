// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A Disk is an open backing. Its nature does not change while it is open; its
// size only by Grow.
type Disk struct {
	params Params
	kind   string
	notes  []string

	fd   int // -1: nullio, or closed
	tail int // second descriptor through the page cache for [tailOff, size), -1 when that is empty

	size              atomic.Int64 // bytes, a whole number of blocks; only Grow changes it
	blockSize         uint32       // bytes
	physicalBlockSize uint32       // bytes, a power of two

	// Direct transfers need offset and length in multiples of offAlign and
	// memory at multiples of memAlign; both are powers of two, 1 without O_DIRECT.
	offAlign int64
	memAlign int64

	// tailOff is size rounded down to offAlign. A file can end inside an
	// alignment unit; writing that whole unit would grow the file. Only direct
	// disks have it: with units of one byte nothing asks.
	tailOff atomic.Int64

	null        bool // true exactly when nothing is kept
	file        bool // true exactly when it is a regular file
	readOnly    bool
	writeBack   bool
	direct      bool
	nonRotating bool
	thin        thin

	bounces bounces

	noClone atomic.Bool // its file system does not share blocks

	// rmw keeps a read-modify-write of WriteAt alone in its units: writes of whole
	// ones share them; others, Discard, Zero and CloneFrom own them. They are held
	// while the disk works.
	rmw stripes
}

// Params returns what the Disk was opened with.
func (d *Disk) Params() Params { return d.params }

// Kind returns "fileio", "blockio" or "nullio".
func (d *Disk) Kind() string { return d.kind }

// Path returns the path it was opened by, "" for nullio.
func (d *Disk) Path() string { return d.params.Path }

// Notes returns sentences the operator should be told once, such as unused bytes
// at the end of a file. Usually there are none.
func (d *Disk) Notes() []string { return slices.Clone(d.notes) }

// FD returns the descriptor for operations of a ring, -1 for nullio. The Disk
// keeps owning it.
func (d *Disk) FD() int { return d.fd }

// Size returns the size in bytes, a whole number of blocks.
func (d *Disk) Size() int64 { return d.size.Load() }

// Blocks returns the size in logical blocks.
func (d *Disk) Blocks() uint64 { return uint64(d.size.Load()) / uint64(d.blockSize) }

// BlockSize returns the bytes of a logical block: 512, 1024, 2048 or 4096.
func (d *Disk) BlockSize() uint32 { return d.blockSize }

// PhysicalBlockSize returns the bytes of a physical block: a power of two, at
// least BlockSize and at most 32768 times that (SBC-3, READ CAPACITY (16)).
func (d *Disk) PhysicalBlockSize() uint32 { return d.physicalBlockSize }

// ReadOnly reports whether writes are refused (IOMode=ro).
func (d *Disk) ReadOnly() bool { return d.readOnly }

// WriteBack reports whether a write may be acknowledged before it is durable
// (IOMode=wb). If not, every write must be made with durable set, or be followed
// by Sync before it is acknowledged.
func (d *Disk) WriteBack() bool { return d.writeBack }

// Direct reports whether transfers bypass the page cache (O_DIRECT).
func (d *Disk) Direct() bool { return d.direct }

// NonRotating reports whether the medium is known not to spin; true for nullio.
func (d *Disk) NonRotating() bool { return d.nonRotating }

// RingIO reports whether n bytes at byte offset off may be given to a ring as
// they are, from or to page-aligned memory: on FD, with the same offset and
// length. False for nullio. It panics when the range is outside the disk, which
// whoever decoded the command has checked.
func (d *Disk) RingIO(off int64, n int) bool {
	d.checkRange(off, n)
	return !d.null && d.wholeUnits(off, n)
}

// RewriteUnit returns the bytes, a power of two, in whose multiples blocks are
// rewritten together, or 0 when no change of a block touches another. It is not 0
// when a block is smaller than the unit of direct transfers. WriteAt, Discard, Zero
// and CloneFrom of a range that is not made of whole such units then read what else
// is in them and write it back: a write of a neighbour that is in flight on a ring
// meanwhile would be lost. Who gives writes to a ring keeps the two apart.
func (d *Disk) RewriteUnit() int64 {
	if !d.narrow() {
		return 0
	}
	// What lies behind the last whole unit goes through the page cache, which has
	// whole pages.
	return d.lockUnit()
}

// narrow reports whether a block is smaller than the unit of direct transfers.
func (d *Disk) narrow() bool { return int64(d.blockSize) < d.offAlign }

// WriteFlags returns the RWF_ flags of a write on a ring: RWF_DSYNC when it is to
// be durable, 0 when not and for nullio.
func (d *Disk) WriteFlags(durable bool) int32 {
	if durable && !d.null {
		return unix.RWF_DSYNC
	}
	return 0
}

// Close gives back descriptors and memory. No transfer may be under way or come
// after it, on a ring neither. Closing again does nothing.
func (d *Disk) Close() error {
	var first error
	for _, fd := range []*int{&d.fd, &d.tail} {
		if *fd < 0 {
			continue
		}
		// The descriptor is gone even when close fails (close(2)).
		if err := unix.Close(*fd); err != nil && first == nil {
			first = d.pathError("close", err)
		}
		*fd = -1
	}
	if err := d.bounces.free(); err != nil && first == nil {
		first = d.pathError("munmap", err)
	}
	return first
}

// checkRange panics when n bytes at off are not all on the disk.
func (d *Disk) checkRange(off int64, n int) {
	if off < 0 || n < 0 || off > d.size.Load()-int64(n) {
		panic("backing: range is outside the disk")
	}
}

// wholeUnits reports whether the range is made of whole alignment units.
func (d *Disk) wholeUnits(off int64, n int) bool {
	return (off|int64(n))&(d.offAlign-1) == 0
}
