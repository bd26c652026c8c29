// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"math"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/backing"
)

// testGeometry checks what a disk says of itself against itself.
func testGeometry(t *testing.T, params Maker) {
	p := params(t)
	d := open(t, p)
	block, physical := d.BlockSize(), d.PhysicalBlockSize()
	switch block {
	case 512, 1024, 2048, 4096:
	default:
		t.Errorf("BlockSize is %d", block)
	}
	if p.BlockSize != 0 && block != p.BlockSize {
		t.Errorf("BlockSize is %d, asked for %d", block, p.BlockSize)
	}
	if d.Size() != int64(d.Blocks())*int64(block) {
		t.Errorf("Size %d is not %d blocks of %d", d.Size(), d.Blocks(), block)
	}
	if physical&(physical-1) != 0 || physical < block || physical > block<<15 {
		t.Errorf("PhysicalBlockSize is %d with blocks of %d", physical, block)
	}
	if d.Params() != p || d.Path() != p.Path || d.Kind() != p.Type {
		t.Errorf("opened with %+v, says %+v, %q, %q", p, d.Params(), d.Path(), d.Kind())
	}
	if keeps(d) != (d.FD() >= 0) {
		t.Errorf("FD of a %s disk is %d", d.Kind(), d.FD())
	}
	if d.ReadOnly() || d.WriteBack() {
		t.Errorf("without an IOMode: ReadOnly %v, WriteBack %v", d.ReadOnly(), d.WriteBack())
	}
	for _, physical := range []uint32{block, block << 3, block << 15} {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		p.PhysicalBlockSize = physical
		if d = open(t, p); d.PhysicalBlockSize() != physical {
			t.Errorf("PhysicalBlockSize is %d, asked for %d", d.PhysicalBlockSize(), physical)
		}
	}
}

// testOutside tries ranges that are not all on the disk: each must panic before
// anything is touched, and leave the size alone.
func testOutside(t *testing.T, params Maker) {
	d := open(t, params(t))
	before := bytesBehind(t, d)
	size, block := d.Size(), int(d.BlockSize())
	tests := []struct {
		name string
		off  int64
		n    int
	}{
		{"the block behind the last", size, block},
		{"one byte behind the last", size, 1},
		{"two blocks from the last", size - int64(block), 2 * block},
		{"nothing, but behind the end", size + 1, 0},
		{"before the start", -int64(block), block},
		{"across the start", -1, 2},
		{"the largest offset, whose end overflows", math.MaxInt64, block},
		{"the smallest offset, whose distance overflows", math.MinInt64, block},
	}
	const want = "backing: range is outside the disk"
	for _, test := range tests {
		p := make([]byte, test.n)
		calls := map[string]func(){
			"RingIO":  func() { d.RingIO(test.off, test.n) },
			"ReadAt":  func() { _ = d.ReadAt(p, test.off) },
			"WriteAt": func() { _ = d.WriteAt(p, test.off, false) },
			"Zero":    func() { _ = d.Zero(test.off, test.n) },
			"Discard": func() { _ = discard(d, test.off, test.n) },
			"Extent":  func() { _, _, _ = d.Extent(test.off, test.n) },
		}
		for name, call := range calls {
			if got := panics(call); got != want {
				t.Errorf("%s: %s(%d bytes, offset %d): panic %v, want %q", test.name, name, test.n, test.off, got, want)
			}
		}
	}
	if got := panics(func() { d.RingIO(0, -1) }); got != want {
		t.Errorf("RingIO with a negative length: panic %v, want %q", got, want)
	}
	write(t, d, make([]byte, block), size-int64(block), true)
	if after := bytesBehind(t, d); after != before {
		t.Errorf("the backing had %d bytes and now has %d", before, after)
	}
}

// bytesBehind returns the size of the file or device itself, 0 for nullio.
func bytesBehind(t *testing.T, d *backing.Disk) int64 {
	t.Helper()
	if !keeps(d) {
		return 0
	}
	f, err := os.Open(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Seek(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// testRing does what RingIO allows as a ring would: the plain system call from
// page-aligned memory. It also checks that nothing aligned is held back.
func testRing(t *testing.T, params Maker) {
	d := open(t, params(t))
	if !keeps(d) {
		if d.RingIO(0, page) || d.RewriteUnit() != 0 {
			t.Error("nullio has nothing a ring could read or write")
		}
		return
	}
	block := int64(d.BlockSize())
	seen := false
	for first := range int64(17) {
		for count := int64(1); count < 17; count++ {
			off, n := first*block, int(count*block)
			p := memory(n, 0)
			if !d.RingIO(off, n) {
				if !d.Direct() || (off%page == 0 && n%page == 0) {
					t.Errorf("RingIO(offset %d, %d bytes) is false", off, n)
				}
				continue
			}
			seen = true
			noise(p, uint64(off)+uint64(n))
			if got, err := unix.Pwrite(d.FD(), p, off); got != n || err != nil {
				t.Fatalf("pwrite(offset %d, %d bytes) = %d, %v", off, n, got, err)
			}
			mustRead(t, d, p, off, 1)
			got := memory(n, 0)
			if n2, err := unix.Pread(d.FD(), got, off); n2 != n || err != nil {
				t.Fatalf("pread(offset %d, %d bytes) = %d, %v", off, n, n2, err)
			}
			if i := firstDifference(got, p); i >= 0 {
				t.Fatalf("pread(offset %d, %d bytes): byte %d differs", off, n, i)
			}
		}
	}
	if !seen {
		t.Error("RingIO was never true")
	}
	switch unit := d.RewriteUnit(); {
	case unit == 0 && !d.RingIO(block, int(block)):
		t.Error("no write touches a neighbour, yet one block cannot go to the ring")
	case unit != 0 && (unit <= block || unit&(unit-1) != 0 || !d.RingIO(unit, int(unit))):
		t.Errorf("units of %d bytes are rewritten together, with blocks of %d", unit, block)
	}
}

// testDurable makes durable writes and flushes. That they reach the medium is for
// the test of a backing that can watch one.
func testDurable(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int(d.BlockSize())
	for i, n := range []int{block, 3 * block, 128 << 10} {
		p := memory(n, i)
		noise(p, uint64(i))
		write(t, d, p, int64(i*block), true)
		mustRead(t, d, p, int64(i*block), 0)
	}
	if err := d.Sync(); err != nil {
		t.Errorf("Sync: %v", err)
	}
	want := int32(unix.RWF_DSYNC)
	if !keeps(d) {
		want = 0
	}
	if got := d.WriteFlags(true); got != want {
		t.Errorf("WriteFlags(true) = %#x, want %#x", got, want)
	}
	if got := d.WriteFlags(false); got != 0 {
		t.Errorf("WriteFlags(false) = %#x, want 0", got)
	}
}

// testReadOnly opens a written disk read-only.
func testReadOnly(t *testing.T, params Maker) {
	p := params(t)
	d := open(t, p)
	if !keeps(d) {
		return // it has no modes
	}
	data := memory(3*int(d.BlockSize()), 0)
	noise(data, 7)
	for _, off := range []int64{0, d.Size() - int64(len(data))} {
		write(t, d, data, off, true)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	p.IOMode = "ro"
	d = open(t, p)
	if !d.ReadOnly() {
		t.Error("ReadOnly is false")
	}
	for _, off := range []int64{0, d.Size() - int64(len(data))} {
		for _, durable := range []bool{false, true} {
			if err := d.WriteAt(make([]byte, len(data)), off, durable); !isErrno(err, syscall.EROFS) {
				t.Errorf("WriteAt(offset %d, durable %v) = %v, want EROFS", off, durable, err)
			}
		}
		if err := d.Zero(off, len(data)); !isErrno(err, syscall.EROFS) {
			t.Errorf("Zero(offset %d) = %v, want EROFS", off, err)
		}
		mustRead(t, d, data, off, 0)
	}
	if d.Thin() {
		t.Error("a read-only disk is thin")
	}
	flags, err := unix.FcntlInt(uintptr(d.FD()), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
		t.Errorf("the descriptor's flags are %#x, %v; want read-only", flags, err)
	}
	if err := d.Sync(); err != nil {
		t.Errorf("Sync: %v", err)
	}
}

// testWriteBack opens in both writing modes.
func testWriteBack(t *testing.T, params Maker) {
	p := params(t)
	if p.Type == "nullio" {
		return // it has no modes
	}
	for _, mode := range []string{"wt", "wb"} {
		p.IOMode = mode
		d := open(t, p)
		if d.WriteBack() != (mode == "wb") || d.ReadOnly() {
			t.Errorf("IOMode=%s: WriteBack %v, ReadOnly %v", mode, d.WriteBack(), d.ReadOnly())
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testAllocations counts allocations of the calls on the data path.
func testAllocations(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int64(d.BlockSize())
	fits, not := memory(16<<10, 0), memory(16<<10, 8)
	calls := []struct {
		name string
		call func()
	}{
		{"RingIO", func() { d.RingIO(block, int(block)); d.RewriteUnit(); d.WriteFlags(true) }},
		{"ReadAt aligned", func() { must(d.ReadAt(fits, 0)) }},
		{"ReadAt unaligned", func() { must(d.ReadAt(not[:block], d.Size()-block)) }},
		{"WriteAt aligned", func() { must(d.WriteAt(fits, 0, false)) }},
		{"WriteAt unaligned", func() { must(d.WriteAt(not[:block], block, false)) }},
		{"WriteAt durable", func() { must(d.WriteAt(not[:block], block, true)) }},
		{"Sync", func() { must(d.Sync()) }},
	}
	for _, c := range calls {
		if got := testing.AllocsPerRun(10, c.call); got != 0 {
			t.Errorf("%s allocates %v times", c.name, got)
		}
	}
}

// must panics with err, for calls inside AllocsPerRun.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// testDescriptor checks close-on-exec, and that Close ends transfers and can be
// called twice.
func testDescriptor(t *testing.T, params Maker) {
	d := open(t, params(t))
	if !keeps(d) {
		return // it has none
	}
	flags, err := unix.FcntlInt(uintptr(d.FD()), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the descriptor's flags are %#x, %v; want close-on-exec", flags, err)
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if d.FD() != -1 {
		t.Errorf("FD after Close is %d", d.FD())
	}
	if err := d.ReadAt(memory(page, 0), 0); !isErrno(err, syscall.EBADF) {
		t.Errorf("ReadAt after Close = %v, want EBADF", err)
	}
}
