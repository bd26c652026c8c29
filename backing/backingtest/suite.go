// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"ietring/backing"
)

// page is the alignment that memory on a ring has.
const page = 4096

// minBlocks is the least size of a disk under test: room for the regions of the
// concurrency test.
const minBlocks = 64

// A Maker returns the parameters of a fresh disk that a test may write to, with
// IOMode empty. A disk of the same parameters has been closed before it is called
// again, so a device can be used over and over. A maker that makes a new file for
// each call returns parameters that can be opened more than once.
type Maker func(t *testing.T) backing.Params

// Suite runs every test of the suite on disks of the maker.
func Suite(t *testing.T, params Maker) {
	tests := []struct {
		name string
		test func(*testing.T, Maker)
	}{
		{"sizes agree with each other", testGeometry},
		{"the first and the last block come back", testEnds},
		{"random writes come back, also after opening again", testModel},
		{"every offset, length and memory address works", testAlignment},
		{"transfers larger than any buffer inside come back", testLarge},
		{"a range outside the disk panics", testOutside},
		{"a ring gets exactly the aligned transfers", testRing},
		{"durable writes and flushes succeed", testDurable},
		{"a read-only disk refuses writes and keeps its bytes", testReadOnly},
		{"write-back is told as asked", testWriteBack},
		{"neighbours written at the same time lose nothing", testNeighbours},
		{"what is discarded or zeroed reads as zeros, and nothing else changes", testEmptied},
		{"what is allocated is told", testExtents},
		{"neighbours of what is given up lose nothing", testEmptiedBeside},
		{"nothing is allocated", testAllocations},
		{"the descriptor is not inherited and closing ends it", testDescriptor},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, params) })
	}
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
	if d.Blocks() < minBlocks {
		t.Fatalf("%d blocks are too few for the suite, %d are needed", d.Blocks(), minBlocks)
	}
	return d
}

// memory returns n bytes that start shift bytes behind a page boundary.
func memory(n, shift int) []byte {
	raw := make([]byte, n+2*page)
	skip := (page - int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%page)) % page
	return raw[skip+shift : skip+shift+n : skip+shift+n]
}

// noise fills p with bytes that follow from seed.
func noise(p []byte, seed uint64) {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	// ChaCha8's Read never fails.
	_, _ = rand.NewChaCha8(key).Read(p)
}

// keeps reports whether d gives back what was written.
func keeps(d *backing.Disk) bool { return d.Kind() != "nullio" }

// write writes p or ends the test.
func write(t *testing.T, d *backing.Disk, p []byte, off int64, durable bool) {
	t.Helper()
	if err := d.WriteAt(p, off, durable); err != nil {
		t.Fatalf("WriteAt(%d bytes, offset %d, durable %v): %v", len(p), off, durable, err)
	}
}

// mustRead reads len(want) bytes at off into memory with a shift, and ends the test
// when they are not want, or zeros on a disk that keeps nothing.
func mustRead(t *testing.T, d *backing.Disk, want []byte, off int64, shift int) {
	t.Helper()
	got := memory(len(want), shift)
	noise(got, 1) // so that bytes left untouched are seen
	if err := d.ReadAt(got, off); err != nil {
		t.Fatalf("ReadAt(%d bytes, offset %d): %v", len(got), off, err)
	}
	if !keeps(d) {
		want = make([]byte, len(want))
	}
	if i := firstDifference(got, want); i >= 0 {
		t.Fatalf("ReadAt(%d bytes, offset %d): byte %d is %#02x, want %#02x", len(got), off, i, got[i], want[i])
	}
}

// firstDifference returns the index of the first byte that differs, -1 for none.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// isErrno reports whether err unwraps to want the way the data plane looks for it.
func isErrno(err error, want syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && errno == want
}

// panics returns what f panics with, nil when it does not.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
