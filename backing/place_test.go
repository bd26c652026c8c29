// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/backing/backingtest"
)

// diskBytes is the size of most disks under test.
const diskBytes = 2 << 20

// newFile makes a sparse file of size bytes in dir until the end of the test.
func newFile(t *testing.T, dir string, size int64) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "ietring-backing-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(f.Name()) })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// mountedLoop makes an ext4 file system on a loop device with the sector size given
// and mounts it until the end of the test. It returns the folder and the device.
func mountedLoop(t *testing.T, sector int) (dir, device string) {
	t.Helper()
	return mountedOn(t, backingtest.LoopDevice(t, sector, 32<<20), "ext4", "-q")
}

// mountedXFS is a mounted xfs, whose files can share blocks and, since Linux
// 6.16, be written atomically.
func mountedXFS(t *testing.T) (dir string) {
	t.Helper()
	dir, _ = mountedOn(t, backingtest.LoopDevice(t, 512, 320<<20), "xfs", "-q", "-m", "reflink=1")
	return dir
}

// mountedOn makes a file system of a kind on a device and mounts it until the end
// of the test.
func mountedOn(t *testing.T, device, kind string, options ...string) (string, string) {
	t.Helper()
	if out, err := exec.Command("mkfs."+kind, append(options, device)...).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.%s: %v: %s", kind, err, out)
	}
	dir := filepath.Join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(device, dir, kind, 0, ""); err != nil {
		if err == unix.EPERM || err == unix.EACCES {
			t.Skip("mounting is not permitted here: ", err)
		}
		t.Fatalf("mount %s: %v", device, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("umount %s: %v", dir, err)
		}
	})
	return dir, device
}

// fileSystem returns the magic number of the file system dir is on.
func fileSystem(t *testing.T, dir string) int64 {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Type)
}

// open opens a disk until the end of the test.
func open(t *testing.T, p backing.Params) *backing.Disk {
	t.Helper()
	d, err := backing.Open(p)
	if err != nil {
		t.Fatalf("Open(%+v): %v", p, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return d
}
