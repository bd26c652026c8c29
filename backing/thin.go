// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

// A thin is what a disk can do with blocks that nobody needs.
type thin struct {
	on         bool  // blocks can be given back
	known      bool  // Extent can tell which ones are
	unit       int64 // bytes: what fallocate takes at once; 1 for a file
	granule    int64 // bytes that are given back as one; 0 where nothing is
	granuleOff int64 // bytes from the start of the disk to a granule, less than granule
}

// Thin reports whether Discard gives blocks back. Without it, or with Thin=no, a
// disk keeps the room for every block.
func (d *Disk) Thin() bool { return d.thin.on }

// KnowsExtents reports whether Extent tells what is allocated: a file system
// does, a block device does not.
func (d *Disk) KnowsExtents() bool { return d.thin.known }

// Granule returns how many bytes are given back as one, and where on the disk
// the first such piece begins. Less is set to zero and kept. It is one block
// where nothing is known.
func (d *Disk) Granule() (bytes, off int64) {
	return max(d.thin.granule, int64(d.blockSize)), d.thin.granuleOff
}

// setThin settles what can be given back; the geometry is settled.
func (d *Disk) setThin(f description) error {
	d.thin.known = f.logical == 0
	d.thin.unit = max(int64(f.logical), 1)
	granule := f.granule
	if d.thin.known && !d.readOnly && d.canPunch(f.bytes) {
		granule = f.physical
	}
	switch {
	case d.params.Thin == "no", d.readOnly:
		return nil
	case granule == 0 && d.params.Thin == "yes":
		return fmt.Errorf("Thin=yes: %s cannot give blocks back: its file system or device does not do that", d.params.Path)
	}
	d.thin.on = granule != 0
	d.thin.granule, d.thin.granuleOff = int64(granule), int64(f.granuleOff)
	return nil
}

// canPunch tries whether holes can be made in the open file, which has bytes
// bytes: one behind its end changes nothing.
func (d *Disk) canPunch(bytes int64) bool {
	if bytes > math.MaxInt64-fileUnit {
		return false
	}
	off := (bytes + fileUnit - 1) &^ (fileUnit - 1)
	return d.fallocate(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, fileUnit) == nil
}

// deviceGranule returns what a block device gives back as one, and where the
// first piece begins; 0 when it gives nothing back, or cannot promise zeros.
//
// Discarding alone promises nothing about what is read afterwards. Linux's
// WRITE_ZEROES with leave to unmap does, so a device without it is not thin.
func deviceGranule(major, minor uint32) (bytes, off uint32) {
	number := func(name string) uint64 {
		text, _ := deviceText(major, minor, name)
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0 // not told is not there
		}
		return n
	}
	granule := number("queue/discard_granularity")
	if number("queue/discard_max_bytes") == 0 || number("queue/write_zeroes_max_bytes") == 0 ||
		granule == 0 || granule > math.MaxInt32 {
		return 0, 0
	}
	// The kernel says how far the device's start is behind a granule's.
	return uint32(granule), uint32(number("discard_alignment") % granule)
}
