// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// unreportedAlign is the alignment used for direct transfers when the kernel
// does not report one. It is a page, the strictest rule in use: a finer one found
// by trying can be wrong, because a read of a hole is often not checked.
const unreportedAlign = 4096

// openFileio opens a regular file, or as in IET a block device, with O_DIRECT or
// through the page cache.
//
// A block device that may be written is held alone, as blockio does: IET did not,
// and a mounted file system was there to be destroyed.
func openFileio(d *Disk) error {
	mode, err := d.fileType()
	if err != nil {
		return err
	}
	flags := 0
	switch {
	case mode == unix.S_IFBLK && !d.readOnly:
		flags = unix.O_EXCL
	case mode != unix.S_IFREG && mode != unix.S_IFBLK:
		return fmt.Errorf("fileio needs a file or a block device; %s is %s", d.params.Path, typeName(mode))
	}
	if err := d.openPath(flags); err != nil {
		return err
	}
	f, err := d.describe()
	if err != nil {
		return err
	}
	d.blockSize = d.params.BlockSize
	if d.blockSize == 0 {
		d.blockSize = defaultBlockSize
	}
	if err := d.setGeometry(f.bytes, f.physical); err != nil {
		return err
	}
	if err := d.setThin(f); err != nil {
		return err
	}
	if f.tmpfs {
		d.note("%s is on tmpfs, which is memory: nothing in it outlives a restart of this machine", d.params.Path)
	}
	if d.params.Direct == "no" {
		return nil
	}
	why, err := d.tryDirect(f)
	if err != nil || why == "" {
		return err
	}
	if d.params.Direct == "yes" {
		return fmt.Errorf("Direct=yes: %s cannot be read and written directly, %s: use Direct=no", d.params.Path, why)
	}
	d.note("%s cannot be read and written directly, %s: the page cache is used", d.params.Path, why)
	return nil
}

// tryDirect turns O_DIRECT on. When that cannot be, it leaves the descriptor as it
// was and returns the reason.
func (d *Disk) tryDirect(f description) (why string, err error) {
	switch {
	case f.tmpfs:
		// The kernel takes O_DIRECT here since 6.6, and does nothing with it.
		return "tmpfs has nothing but the page cache", nil
	case f.reported && f.offAlign == 0:
		return "its file system does not do that for this file", nil
	case f.reported && !usableAlign(f.offAlign, f.memAlign):
		return fmt.Sprintf("its file system wants units of %d bytes in memory aligned to %d", f.offAlign, f.memAlign), nil
	}
	if err := d.setFlag(unix.O_DIRECT, true); err != nil {
		return "its file system says: " + err.Error(), nil
	}
	if f.reported {
		return "", d.setDirect(f.offAlign, f.memAlign)
	}
	if err := d.probeDirect(); err != nil {
		if err := d.setFlag(unix.O_DIRECT, false); err != nil {
			return "", fmt.Errorf("cannot turn O_DIRECT off for %s: %w", d.params.Path, err)
		}
		return "a read says: " + err.Error(), nil
	}
	return "", d.setDirect(unreportedAlign, unreportedAlign)
}

// probeDirect reads one aligned unit from the start. Some file systems accept
// O_DIRECT and refuse the first transfer.
func (d *Disk) probeDirect() error {
	buf, err := unix.Mmap(-1, 0, unreportedAlign, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	_, err = pread(d.fd, buf, 0)
	if unmapErr := unix.Munmap(buf); err == nil {
		err = unmapErr
	}
	return err
}

// setFlag sets or clears one status flag of the open file.
func (d *Disk) setFlag(flag int, on bool) error {
	flags, err := unix.FcntlInt(uintptr(d.fd), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	if on {
		flags |= flag
	} else {
		flags &^= flag
	}
	_, err = unix.FcntlInt(uintptr(d.fd), unix.F_SETFL, flags)
	return err
}
