// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// fileUnit is the largest natural unit believed of a file system. Network and
// compressing file systems report a preferred transfer of up to a megabyte as
// st_blksize; 4096 is what they allocate in at the most common.
const fileUnit = 4096

// A description is what the kernel says of an open file or device. All sizes are
// bytes.
type description struct {
	bytes    int64  // size
	logical  uint32 // a device's smallest transfer; 0 for a file
	physical uint32 // the unit it can write without reading first; 0 when unknown
	reported bool   // true exactly when the kernel told the next two
	offAlign uint32 // direct transfers: offset and length; 0 when not possible
	memAlign uint32 // direct transfers: memory address
	tmpfs    bool   // true exactly when the file lives in memory only

	// What a device gives back: pieces of granule bytes, from granuleOff on. A
	// granule of 0 says that it gives nothing back.
	granule, granuleOff uint32
}

// describe asks the kernel about d.fd, and sets d.nonRotating.
func (d *Disk) describe() (description, error) {
	var f description
	var st unix.Statx_t
	err := unix.Statx(d.fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS|unix.STATX_DIOALIGN, &st)
	if err != nil {
		return f, fmt.Errorf("cannot ask about %s: %w", d.params.Path, err)
	}
	if st.Mask&unix.STATX_DIOALIGN != 0 {
		f.reported = true
		f.offAlign, f.memAlign = st.Dio_offset_align, st.Dio_mem_align
	}
	if st.Mode&unix.S_IFMT == unix.S_IFBLK {
		d.nonRotating = nonRotating(st.Rdev_major, st.Rdev_minor)
		f.granule, f.granuleOff = deviceGranule(st.Rdev_major, st.Rdev_minor)
		return f, d.describeDevice(&f)
	}
	d.file = true
	d.nonRotating = nonRotating(st.Dev_major, st.Dev_minor)
	f.bytes = int64(st.Size)
	f.physical = max(min(st.Blksize, fileUnit), f.offAlign)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(d.fd, &fs); err != nil {
		return f, fmt.Errorf("cannot ask about the file system of %s: %w", d.params.Path, err)
	}
	f.tmpfs = fs.Type == unix.TMPFS_MAGIC
	return f, nil
}

// describeDevice fills in what only a block device has.
func (d *Disk) describeDevice(f *description) error {
	var err error
	if f.bytes, err = unix.Seek(d.fd, 0, unix.SEEK_END); err != nil {
		return fmt.Errorf("cannot ask for the size of %s: %w", d.params.Path, err)
	}
	if f.logical, err = unix.IoctlGetUint32(d.fd, unix.BLKSSZGET); err != nil {
		return fmt.Errorf("cannot ask for the logical block size of %s: %w", d.params.Path, err)
	}
	if f.physical, err = unix.IoctlGetUint32(d.fd, unix.BLKPBSZGET); err != nil {
		return fmt.Errorf("cannot ask for the physical block size of %s: %w", d.params.Path, err)
	}
	if d.readOnly {
		return nil
	}
	// A device set read-only can be opened for writing since Linux 6.5; it would
	// refuse each write.
	fixed, err := unix.IoctlGetUint32(d.fd, unix.BLKROGET)
	if err != nil {
		return fmt.Errorf("cannot ask whether %s may be written: %w", d.params.Path, err)
	}
	if fixed != 0 {
		return fmt.Errorf("%s is set read-only: use IOMode=ro", d.params.Path)
	}
	return nil
}

// nonRotating reports whether the block device has no spinning medium. A file
// system on several devices has a number that is no device, and false is the
// answer when nothing is known.
func nonRotating(major, minor uint32) bool {
	text, known := deviceText(major, minor, "queue/rotational")
	return known && text == "0"
}

// deviceText returns what sysfs says of a block device under name, as in
// Documentation/ABI/stable/sysfs-block of Linux. A partition has no queue of its
// own: its parent folder is the whole disk.
func deviceText(major, minor uint32, name string) (text string, known bool) {
	device := fmt.Sprintf("/sys/dev/block/%d:%d/", major, minor)
	for _, folder := range []string{"", "../"} {
		if b, err := os.ReadFile(device + folder + name); err == nil {
			return strings.TrimSpace(string(b)), true
		}
	}
	return "", false
}
