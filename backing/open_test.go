// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/backing/backingtest"
)

// openFailure is a row: what Open says of a path. In want, $P is the path.
type openFailure struct {
	name   string
	params backing.Params
	errno  syscall.Errno // what the error unwraps to, 0 for none
	want   string
}

// run opens the row's backing, which must fail as the row says.
func (row openFailure) run(t *testing.T) {
	t.Helper()
	d, err := backing.Open(row.params)
	if err == nil {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		t.Errorf("%s: Open(%+v) succeeds", row.name, row.params)
		return
	}
	want := strings.ReplaceAll(row.want, "$P", row.params.Path)
	if err.Error() != want {
		t.Errorf("%s: Open says\n\t%q, want\n\t%q", row.name, err, want)
	}
	var errno syscall.Errno
	errors.As(err, &errno)
	if errno != row.errno {
		t.Errorf("%s: the errno is %d, want %d", row.name, errno, row.errno)
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	file := newFile(t, dir, diskBytes)
	missing := filepath.Join(dir, "missing")
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	tests := []openFailure{
		{"a missing file", backing.Params{Path: missing}, unix.ENOENT, "cannot open $P: no such file or directory; create it first, or correct the Path"},
		{"a missing device", backing.Params{Type: "blockio", Path: missing}, unix.ENOENT, "cannot open $P: no such file or directory; create it first, or correct the Path"},
		{"a missing file is not made by ro either", backing.Params{Path: missing, IOMode: "ro"}, unix.ENOENT, "cannot open $P: no such file or directory; create it first, or correct the Path"},
		{"a file is no folder", backing.Params{Path: file + "/x"}, unix.ENOTDIR, "cannot open $P: not a directory"},
		{"links in a circle", backing.Params{Path: loop}, unix.ELOOP, "cannot open $P: too many levels of symbolic links"},
		{"a directory for fileio", backing.Params{Path: dir}, 0, "fileio needs a file or a block device; $P is a directory"},
		{"a directory for blockio", backing.Params{Type: "blockio", Path: dir}, 0, "blockio needs a block device; $P is a directory"},
		{"a pipe does not block", backing.Params{Path: pipe, IOMode: "ro"}, 0, "fileio needs a file or a block device; $P is a pipe"},
		{"a socket", backing.Params{Path: socket}, 0, "fileio needs a file or a block device; $P is a socket"},
		{"a character device", backing.Params{Path: "/dev/zero"}, 0, "fileio needs a file or a block device; $P is a character device"},
		{"a file for blockio", backing.Params{Type: "blockio", Path: file}, 0, "blockio needs a block device; $P is a regular file: use Type=fileio"},
		{"an empty file", backing.Params{Path: newFile(t, dir, 0)}, 0, "$P is empty: give it a size first"},
		{"less than one block", backing.Params{Path: newFile(t, dir, 511)}, 0, "$P has 511 bytes, less than one block of 512"},
		{"less than one large block", backing.Params{Path: newFile(t, dir, 4095), BlockSize: 4096}, 0, "$P has 4095 bytes, less than one block of 4096"},
	}
	for _, test := range tests {
		test.run(t)
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("a failed Open made the missing file: %v", err)
	}
}

func TestOpenDeviceFails(t *testing.T) {
	small := backingtest.LoopDevice(t, 512, diskBytes)
	large := backingtest.LoopDevice(t, 4096, diskBytes)
	fixed := backingtest.LoopDevice(t, 512, diskBytes, "--read-only")
	dir, mounted := mountedLoop(t, 512)
	const busy = "cannot open $P: device or resource busy; it is mounted, part of a RAID or LVM, or open in another program: stop that first"
	const readOnly = "; if it is meant to be read-only, use IOMode=ro"
	const coarse = "BlockSize=512: the blocks of $P have 4096 bytes, and blockio cannot have smaller ones: use Type=fileio or a larger BlockSize"

	open(t, backing.Params{Type: "blockio", Path: small})
	tests := []openFailure{
		{"a device that is another disk's", backing.Params{Type: "blockio", Path: small}, unix.EBUSY, busy},
		{"reading a device that is another disk's", backing.Params{Type: "blockio", Path: small, IOMode: "ro"}, unix.EBUSY, busy},
		{"fileio on a device that is another disk's", backing.Params{Path: small}, unix.EBUSY, busy},
		{"a mounted device", backing.Params{Type: "blockio", Path: mounted}, unix.EBUSY, busy},
		{"fileio on a mounted device", backing.Params{Path: mounted}, unix.EBUSY, busy},
		{"writing a device that is read-only", backing.Params{Type: "blockio", Path: fixed}, 0, "$P is set read-only: use IOMode=ro"},
		{"blocks smaller than the device's", backing.Params{Type: "blockio", Path: large, BlockSize: 512}, 0, coarse},
		{"physical blocks smaller than the device's blocks", backing.Params{Type: "blockio", Path: large, PhysicalBlockSize: 512}, 0,
			"$P: PhysicalBlockSize=512: it can be a power of two from the block size, 4096, to 134217728"},
	}
	for _, test := range tests {
		test.run(t)
	}
	// What is refused for writing may be read.
	open(t, backing.Params{Type: "fileio", Path: mounted, IOMode: "ro"})
	open(t, backing.Params{Type: "blockio", Path: fixed, IOMode: "ro"})

	file := newFile(t, dir, diskBytes)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	openFailure{"a file on a read-only file system", backing.Params{Path: file}, unix.EROFS, "cannot open $P: read-only file system" + readOnly}.run(t)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
}

// TestDirectFails has the file systems that cannot do direct transfers.
func TestDirectFails(t *testing.T) {
	if fileSystem(t, "/dev/shm") == unix.TMPFS_MAGIC {
		openFailure{"tmpfs", backing.Params{Path: newFile(t, "/dev/shm", diskBytes), Direct: "yes"}, 0,
			"Direct=yes: $P cannot be read and written directly, tmpfs has nothing but the page cache: use Direct=no"}.run(t)
	}
	dir := mountPlain(t, "ramfs", "ramfs")
	path := newFile(t, dir, diskBytes)
	openFailure{"ramfs", backing.Params{Path: path, Direct: "yes"}, 0,
		"Direct=yes: $P cannot be read and written directly, its file system says: invalid argument: use Direct=no"}.run(t)
	d := open(t, backing.Params{Path: path})
	want := path + " cannot be read and written directly, its file system says: invalid argument: the page cache is used"
	if notes := d.Notes(); d.Direct() || len(notes) != 1 || notes[0] != want {
		t.Errorf("Direct %v, Notes %q; want %q", d.Direct(), notes, want)
	}
}

// mountPlain mounts a file system until the end of the test.
func mountPlain(t *testing.T, source, kind string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(source, dir, kind, 0, ""); err != nil {
		t.Skipf("cannot mount a %s here: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("umount %s: %v", dir, err)
		}
	})
	return dir
}
