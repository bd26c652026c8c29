// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrShrunk says that a backing is smaller than it was: what initiators believe
// to be there is gone. Grow leaves the disk as it is.
var ErrShrunk = errors.New("the backing has shrunk")

// Grow looks at the size of the backing again and takes it over when it has
// grown, which it reports. Transfers may be under way. One goroutine at a time
// may call it.
func (d *Disk) Grow() (grown bool, err error) {
	if d.null {
		return false, nil
	}
	now, err := d.describe()
	if err != nil {
		return false, err
	}
	size, old := now.bytes-now.bytes%int64(d.blockSize), d.size.Load()
	switch {
	case size == old:
		return false, nil
	case size < old:
		return false, fmt.Errorf("%s: %w from %d to %d bytes", d.params.Path, ErrShrunk, old, size)
	}
	if d.direct {
		if err := d.moveTail(size); err != nil {
			return false, err
		}
	}
	d.size.Store(size)
	return true, nil
}

// moveTail lets direct transfers have what lay behind the last whole unit of the
// old size: the page cache gives it up first. size is the new one.
func (d *Disk) moveTail(size int64) error {
	d.ownAll()
	defer d.disownAll()
	if d.tail >= 0 {
		if err := unix.Fdatasync(d.tail); err != nil {
			return d.pathError("fdatasync", err)
		}
	}
	tailOff := size &^ (d.offAlign - 1)
	if tailOff != size && d.tail < 0 {
		if err := d.openTail(); err != nil {
			return err
		}
	}
	d.tailOff.Store(tailOff)
	return nil
}
