// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// openBlockio opens a block device for direct transfers and holds it alone, so
// that no mount, RAID or other program writes to it meanwhile.
func openBlockio(d *Disk) error {
	mode, err := d.fileType()
	if err != nil {
		return err
	}
	if mode != unix.S_IFBLK {
		advice := ""
		if mode == unix.S_IFREG {
			advice = ": use Type=fileio"
		}
		return fmt.Errorf("blockio needs a block device; %s is %s%s", d.params.Path, typeName(mode), advice)
	}
	if err := d.openPath(unix.O_DIRECT | unix.O_EXCL); err != nil {
		return err
	}
	dev, err := d.describe()
	if err != nil {
		return err
	}
	d.blockSize = d.params.BlockSize
	if d.blockSize == 0 {
		d.blockSize = dev.logical
	}
	switch {
	case d.blockSize < dev.logical:
		return fmt.Errorf("BlockSize=%d: the blocks of %s have %d bytes, and blockio cannot have smaller ones: use Type=fileio or a larger BlockSize",
			d.blockSize, d.params.Path, dev.logical)
	case d.blockSize > 4096 || !powerOfTwo(d.blockSize):
		return fmt.Errorf("the blocks of %s have %d bytes; a logical unit can have up to 4096", d.params.Path, d.blockSize)
	}
	if err := d.setGeometry(dev.bytes, dev.physical); err != nil {
		return err
	}
	if err := d.setThin(dev); err != nil {
		return err
	}
	if dev.offAlign == 0 {
		// The kernel does not tell (before 6.1): the rule was the logical block.
		dev.offAlign, dev.memAlign = dev.logical, dev.logical
	}
	return d.setDirect(dev.offAlign, dev.memAlign)
}
