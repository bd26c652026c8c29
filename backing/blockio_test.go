// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ietring/backing"
	"ietring/backing/backingtest"
)

func TestBlockio(t *testing.T) {
	tests := []struct {
		sector   int
		block    uint32 // asked for
		want     uint32
		physical uint32
	}{
		{512, 0, 512, 512},
		{512, 4096, 4096, 4096},
		{4096, 0, 4096, 4096},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("sectors of %d, blocks of %d", test.sector, test.want), func(t *testing.T) {
			p := backing.Params{Type: "blockio", Path: backingtest.LoopDevice(t, test.sector, diskBytes), BlockSize: test.block}
			d := open(t, p)
			if d.BlockSize() != test.want || d.PhysicalBlockSize() != test.physical || d.Size() != diskBytes {
				t.Errorf("blocks of %d in %d, %d bytes", d.BlockSize(), d.PhysicalBlockSize(), d.Size())
			}
			if !d.Direct() || d.RewriteUnit() != 0 || len(d.Notes()) != 0 {
				t.Errorf("Direct %v, units of %d, Notes %q", d.Direct(), d.RewriteUnit(), d.Notes())
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			backingtest.Suite(t, func(*testing.T) backing.Params { return p })
		})
	}
}

// TestDurability watches the flushes a device is sent: IET's blockio answered
// SYNCHRONIZE CACHE without one.
func TestDurability(t *testing.T) {
	device := backingtest.LoopDevice(t, 512, diskBytes)
	dir, under := mountedLoop(t, 4096)
	file := newFile(t, dir, diskBytes)
	tests := []struct {
		name   string
		params backing.Params
		device string // whose flushes are counted
		quiet  bool   // true exactly when nobody else flushes it
	}{
		{"blockio", backing.Params{Type: "blockio", Path: device}, device, true},
		{"fileio on a device", backing.Params{Type: "fileio", Path: device}, device, true},
		{"fileio on a device, page cache", backing.Params{Type: "fileio", Path: device, Direct: "no"}, device, true},
		{"fileio, read-modify-write", backing.Params{Type: "fileio", Path: file, Direct: "yes"}, under, false},
		{"fileio, whole units", backing.Params{Type: "fileio", Path: file, BlockSize: 4096}, under, false},
		{"fileio, page cache", backing.Params{Type: "fileio", Path: file, Direct: "no"}, under, false},
	}
	for _, test := range tests {
		d := open(t, test.params)
		small, large := make([]byte, d.BlockSize()), make([]byte, 256<<10+d.BlockSize())
		if err := d.Sync(); err != nil { // so that what the next tests see is their own
			t.Fatalf("%s: %v", test.name, err)
		}
		steps := []struct {
			name    string
			do      func() error
			flushes bool
		}{
			{"a write that need not be durable", func() error { return d.WriteAt(small, 0, false) }, false},
			{"Sync", d.Sync, true},
			{"a durable write of a block", func() error { return d.WriteAt(small, int64(d.BlockSize()), true) }, true},
			{"a large durable write", func() error { return d.WriteAt(large, int64(d.BlockSize()), true) }, true},
		}
		for _, step := range steps {
			before := flushes(t, test.device)
			if err := step.do(); err != nil {
				t.Fatalf("%s: %s: %v", test.name, step.name, err)
			}
			got := flushes(t, test.device) - before
			if step.flushes && got == 0 {
				t.Errorf("%s: %s did not flush the device", test.name, step.name)
			}
			if !step.flushes && test.quiet && got != 0 {
				t.Errorf("%s: %s flushed the device %d times", test.name, step.name, got)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// flushes returns how many flush requests a device has completed: field 16 of its
// stat file (Documentation/block/stat.rst in the Linux tree).
func flushes(t *testing.T, device string) int {
	t.Helper()
	text, err := os.ReadFile("/sys/block/" + filepath.Base(device) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 16 {
		t.Skip("this kernel (before 5.5) does not count flushes")
	}
	n, err := strconv.Atoi(fields[15])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNonRotating compares with what the kernel says of a device, for the device
// and for a file on it.
func TestNonRotating(t *testing.T) {
	dir, under := mountedLoop(t, 512)
	device := backingtest.LoopDevice(t, 512, diskBytes)
	for _, value := range []string{"1", "0"} {
		for _, d := range []string{device, under} {
			path := "/sys/block/" + filepath.Base(d) + "/queue/rotational"
			if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
				t.Skip("this system does not let the value be set: ", err)
			}
		}
		for _, p := range []backing.Params{
			{Type: "blockio", Path: device},
			{Type: "fileio", Path: newFile(t, dir, diskBytes)},
		} {
			d := open(t, p)
			if d.NonRotating() != (value == "0") {
				t.Errorf("%s: rotational is %s, NonRotating %v", p.Type, value, d.NonRotating())
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
