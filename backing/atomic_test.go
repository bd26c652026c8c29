// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/backing/backingtest"
)

func TestAtomicWriteFails(t *testing.T) {
	dir, _ := mountedLoop(t, 512)
	file := newFile(t, dir, diskBytes)
	plain := backingtest.LoopDevice(t, 512, diskBytes)
	tests := []openFailure{
		{"a size that is no power of two", backing.Params{Path: file, AtomicWrite: 12288}, 0, "AtomicWrite=12288: it can be a power of two from 512 to 1048576"},
		{"a size that is too small", backing.Params{Path: file, AtomicWrite: 256}, 0, "AtomicWrite=256: it can be a power of two from 512 to 1048576"},
		{"a size that is too large", backing.Params{Path: file, AtomicWrite: 2 << 20}, 0, "AtomicWrite=2097152: it can be a power of two from 512 to 1048576"},
		{"less than a block", backing.Params{Path: file, AtomicWrite: 512, BlockSize: 4096}, 0, "AtomicWrite=512: it is less than a block of 4096"},
		{"nullio", backing.Params{Type: "nullio", AtomicWrite: 4096}, 0, "AtomicWrite=4096: nullio keeps nothing and has no atomic writes"},
		{"through the page cache", backing.Params{Path: file, AtomicWrite: 4096, Direct: "no"}, 0, "AtomicWrite=4096: $P is written through the page cache, which cannot be atomic"},
		{"a device that cannot", backing.Params{Type: "blockio", Path: plain, AtomicWrite: 4096}, 0, "AtomicWrite=4096: $P cannot be written atomically, says its file system or device"},
	}
	for _, test := range tests {
		test.run(t)
	}
}

// TestAtomicWrite writes a file that can be written atomically; no test here can
// take the power away between the halves of a write.
func TestAtomicWrite(t *testing.T) {
	dir := mountedXFS(t)
	for _, block := range []uint32{512, 4096} {
		p := backing.Params{Type: "fileio", Path: newFile(t, dir, diskBytes), Direct: "yes", BlockSize: block, AtomicWrite: 16384}
		d, err := backing.Open(p)
		if err != nil && strings.Contains(err.Error(), "says its file system") {
			t.Skip("this kernel (before 6.16) has no file system that can: ", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if d.AtomicUnit() != 16384 {
			t.Errorf("AtomicUnit is %d", d.AtomicUnit())
		}
		page, err := unix.Mmap(-1, 0, 16384, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			t.Fatal(err)
		}
		for i, durable := range []bool{false, true} {
			for k := range page {
				page[k] = byte(k + i)
			}
			if err := d.WriteAtomic(page, 32768, durable); err != nil {
				t.Errorf("blocks of %d, durable %v: %v", block, durable, err)
			}
			got := make([]byte, 16384)
			if err := d.ReadAt(got, 32768); err != nil || !bytes.Equal(got, page) {
				t.Errorf("blocks of %d: something else was read: %v", block, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		backingtest.Suite(t, func(*testing.T) backing.Params { return p })
	}
	openFailure{"more than the file system can", backing.Params{Path: newFile(t, dir, diskBytes), AtomicWrite: 512}, 0,
		"AtomicWrite=512: $P can be written atomically in powers of two from 4096 to 1048576 bytes"}.run(t)
}

// TestClone lets files share blocks where their file system can.
func TestClone(t *testing.T) {
	ext4, _ := mountedLoop(t, 512)
	xfs := mountedXFS(t)
	tests := []struct {
		name           string
		from, to       string // folders
		fromOff, toOff int64
		n, want        int64
	}{
		{"two files of a file system that can", xfs, xfs, 4096, 65536, 128 << 10, 128 << 10},
		{"a length that is not whole blocks", xfs, xfs, 4096, 65536, 10_000, 8192},
		{"less than a block", xfs, xfs, 4096, 65536, 4095, 0},
		{"an offset inside a block", xfs, xfs, 512, 65536, 65536, 0},
		{"a file system that cannot", ext4, ext4, 4096, 65536, 65536, 0},
		{"two file systems", ext4, xfs, 4096, 65536, 65536, 0},
	}
	for _, test := range tests {
		from, to := open(t, backing.Params{Path: newFile(t, test.from, diskBytes)}), open(t, backing.Params{Path: newFile(t, test.to, diskBytes)})
		data := make([]byte, test.n+1)
		for i := range data {
			data[i] = byte(i*5 + i>>8)
		}
		if err := from.WriteAt(data, test.fromOff, false); err != nil {
			t.Fatal(err)
		}
		done, err := to.CloneFrom(from, test.fromOff, test.toOff, test.n)
		if done != test.want || err != nil {
			t.Errorf("%s: %d bytes, %v; want %d", test.name, done, err, test.want)
		}
		got, zero := make([]byte, test.n+1), make([]byte, test.n+1)
		if err := to.ReadAt(got, test.toOff); err != nil || !bytes.Equal(got[:done], data[:done]) || !bytes.Equal(got[done:], zero[done:]) {
			t.Errorf("%s: something else was read: %v", test.name, err)
		}
		// The one stays as it is when the other is written.
		if err := to.WriteAt(zero, test.toOff, false); err != nil {
			t.Fatal(err)
		}
		if err := from.ReadAt(got, test.fromOff); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: a write to the copy changes the source: %v", test.name, err)
		}
	}
	same := open(t, backing.Params{Path: newFile(t, xfs, diskBytes)})
	if done, err := same.CloneFrom(same, 0, 4096, 8192); done != 0 || err != nil {
		t.Errorf("ranges of one file that overlap: %d bytes, %v", done, err)
	}
	if done, err := same.CloneFrom(same, 0, 65536, 8192); done != 8192 || err != nil {
		t.Errorf("ranges of one file: %d bytes, %v", done, err)
	}
}
