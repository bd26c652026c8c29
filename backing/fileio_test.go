// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/backing/backingtest"
)

// on returns a maker of fresh files in dir.
func on(dir string, size int64, p backing.Params) backingtest.Maker {
	return func(t *testing.T) backing.Params {
		p.Type = "fileio"
		p.Path = newFile(t, dir, size)
		return p
	}
}

func TestFileio(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name   string
		size   int64
		params backing.Params
	}{
		{"direct, blocks of 512", diskBytes, backing.Params{}},
		{"direct, blocks of 4096", diskBytes, backing.Params{BlockSize: 4096}},
		{"page cache, blocks of 512", diskBytes, backing.Params{Direct: "no"}},
		{"page cache, blocks of 2048", diskBytes, backing.Params{Direct: "no", BlockSize: 2048}},
		{"the file ends inside a block", diskBytes + 777, backing.Params{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { backingtest.Suite(t, on(dir, test.size, test.params)) })
	}
}

func TestFileioOnTmpfs(t *testing.T) {
	const dir = "/dev/shm"
	if fileSystem(t, dir) != unix.TMPFS_MAGIC {
		t.Skip("/dev/shm is no tmpfs here")
	}
	backingtest.Suite(t, on(dir, diskBytes, backing.Params{}))
	d := open(t, on(dir, diskBytes, backing.Params{})(t))
	if d.Direct() || len(d.Notes()) != 2 {
		t.Errorf("Direct %v, Notes %q; want the page cache and two notes", d.Direct(), d.Notes())
	}
}

// TestFileioCoarse is the file system whose direct transfers are larger than a
// block: nearly everything goes through bounce buffers and read-modify-write.
func TestFileioCoarse(t *testing.T) {
	dir, _ := mountedLoop(t, 4096)
	tests := []struct {
		name   string
		size   int64
		params backing.Params
		unit   int64 // that is rewritten together
		notes  int
	}{
		{"blocks of 512", diskBytes, backing.Params{Direct: "yes"}, 4096, 1},
		{"blocks of 2048", diskBytes, backing.Params{Direct: "yes", BlockSize: 2048}, 4096, 1},
		{"blocks of 4096", diskBytes, backing.Params{Direct: "yes", BlockSize: 4096}, 0, 0},
		{"blocks of 512 in the page cache", diskBytes, backing.Params{Direct: "no"}, 0, 0},
		{"the file ends inside a unit", diskBytes + 1536, backing.Params{Direct: "yes"}, 4096, 1},
		{"the file ends inside a block", diskBytes + 1536 + 100, backing.Params{Direct: "yes"}, 4096, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			make := on(dir, test.size, test.params)
			d := open(t, make(t))
			if want := test.params.Direct == "yes"; d.Direct() != want {
				t.Fatalf("Direct is %v, want %v", d.Direct(), want)
			}
			if d.RewriteUnit() != test.unit {
				t.Errorf("units of %d bytes are rewritten together, want %d", d.RewriteUnit(), test.unit)
			}
			if len(d.Notes()) != test.notes {
				t.Errorf("Notes are %q, want %d", d.Notes(), test.notes)
			}
			if d.PhysicalBlockSize() != 4096 {
				t.Errorf("PhysicalBlockSize is %d, want 4096", d.PhysicalBlockSize())
			}
			if block := int64(d.BlockSize()); block < 4096 && test.params.Direct == "yes" {
				for _, off := range []int64{block, 4096 - block, d.Size() - block} {
					if d.RingIO(off, int(block)) {
						t.Errorf("RingIO(%d, %d) is true", off, block)
					}
				}
			}
			backingtest.Suite(t, make)
		})
	}
}

func TestFileioOnDevice(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		device := backingtest.LoopDevice(t, sector, diskBytes)
		for _, direct := range []string{"", "no"} {
			p := backing.Params{Type: "fileio", Path: device, Direct: direct}
			backingtest.Suite(t, func(*testing.T) backing.Params { return p })
		}
	}
}

func TestFileioRoundsDown(t *testing.T) {
	path := newFile(t, t.TempDir(), 10*4096+512)
	d := open(t, backing.Params{Type: "fileio", Path: path, BlockSize: 4096})
	if d.Blocks() != 10 {
		t.Errorf("%d blocks, want 10", d.Blocks())
	}
	want := path + ": its last 512 bytes are not a whole block of 4096 and stay unused"
	if !slices.Contains(d.Notes(), want) {
		t.Errorf("Notes are %q, want %q", d.Notes(), want)
	}
}

// A file made shorter by somebody else gives EIO, not zeros and not a hang.
func TestFileioShrunk(t *testing.T) {
	for _, direct := range []string{"", "no"} {
		path := newFile(t, t.TempDir(), diskBytes)
		d := open(t, backing.Params{Type: "fileio", Path: path, Direct: direct})
		if err := os.Truncate(path, diskBytes/2); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{512, 700, 4096} {
			var errno syscall.Errno
			if err := d.ReadAt(make([]byte, n), diskBytes/2+4096); !errors.As(err, &errno) || errno != syscall.EIO {
				t.Errorf("Direct=%q: reading %d bytes behind the new end: %v, want EIO", direct, n, err)
			}
		}
	}
}

func TestErrnoOfTheDevice(t *testing.T) {
	dir, _ := mountedLoop(t, 4096)
	path := newFile(t, dir, 1<<40) // sparse, far larger than the file system
	for _, p := range []backing.Params{{Direct: "no"}, {Direct: "yes"}, {Direct: "yes", BlockSize: 4096}} {
		p.Type, p.Path = "fileio", path
		d := open(t, p)
		var err error
		big := make([]byte, 1<<20)
		for off := int64(0); off < 64<<20 && err == nil; off += int64(len(big)) {
			err = d.WriteAt(big, off, false)
		}
		var errno syscall.Errno
		if !errors.As(err, &errno) || errno != syscall.ENOSPC {
			t.Errorf("%+v: filling the file system: %v, want ENOSPC", p, err)
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 1<<40); err != nil {
			t.Fatal(err)
		}
	}
}
