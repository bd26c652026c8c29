// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"math/rand/v2"
	"sync"
	"testing"

	"ietring/backing"
)

// testEmptied discards and zeroes random runs of blocks between writes, in a disk
// and in a slice, at the start and against the end, and compares.
func testEmptied(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int64(d.BlockSize())
	n := min(d.Size(), modelBytes)
	for _, base := range []int64{0, d.Size() - n} {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		model := memory(int(n), 0)
		noise(model, seed)
		write(t, d, model, base, false)
		for step := range 100 {
			first := random.Int64N(n / block)
			count := 1 + random.Int64N(min(n/block-first, 40))
			off, length := first*block, int(count*block)
			part := model[off : off+int64(length)]
			var err error
			switch random.IntN(3) {
			case 0:
				noise(part, seed+uint64(step)+1)
				write(t, d, part, base+off, false)
			case 1:
				clear(part)
				err = d.Zero(base+off, length)
			case 2:
				clear(part)
				if err = discard(d, base+off, length); err != nil {
					t.Fatal(err)
				}
			}
			if err != nil {
				t.Fatalf("seed %d, step %d, %d bytes at %d: %v", seed, step, length, base+off, err)
			}
			mustRead(t, d, model, base, 0)
		}
		if err := d.Sync(); err != nil {
			t.Fatal(err)
		}
	}
}

// discard discards where the disk can, and else zeroes.
func discard(d *backing.Disk, off int64, n int) error {
	if d.Thin() {
		return d.Discard(off, n)
	}
	return d.Zero(off, n)
}

// testExtents checks that what was written is allocated, what was discarded is
// not where that can be known, and that answers are whole blocks that add up.
func testExtents(t *testing.T, params Maker) {
	d := open(t, params(t))
	granule, start := d.Granule()
	block := int64(d.BlockSize())
	if granule < block || granule%block != 0 || start < 0 || start >= granule && start != 0 {
		t.Fatalf("a granule of %d bytes from %d on, with blocks of %d", granule, start, block)
	}
	data := memory(int(4*granule), 0)
	noise(data, 3)
	write(t, d, data, 0, true)
	if d.Thin() {
		if err := d.Discard(granule, int(granule)); err != nil {
			t.Fatal(err)
		}
		clear(data[granule : 2*granule])
		mustRead(t, d, data, 0, 0)
	}
	for _, want := range []struct {
		name      string
		off       int64
		allocated bool
	}{
		{"what was written", 0, keeps(d)},
		{"what was discarded", granule, keeps(d) && !(d.Thin() && d.KnowsExtents())},
		{"what was written behind it", 2 * granule, keeps(d)},
	} {
		n, allocated, err := d.Extent(want.off, int(d.Size()-want.off))
		if err != nil || allocated != want.allocated || n <= 0 || int64(n)%block != 0 {
			t.Errorf("%s: Extent = %d, %v, %v, want allocated %v", want.name, n, allocated, err, want.allocated)
		}
	}
	for off := int64(0); off < d.Size(); {
		n, _, err := d.Extent(off, int(d.Size()-off))
		if err != nil || n <= 0 || int64(n)%block != 0 || off+int64(n) > d.Size() {
			t.Fatalf("Extent at %d of %d: %d, %v", off, d.Size(), n, err)
		}
		off += int64(n)
	}
	if d.LimitedRoom() {
		if used, available, err := backing.Usage(d.Path()); err != nil || used <= 0 || available < 0 {
			t.Errorf("Usage = %d, %d, %v", used, available, err)
		}
	}
}

// testEmptiedBeside zeroes and discards every other block while others write the
// blocks between: a neighbour's write must neither be lost nor bring back what
// was given up.
func testEmptiedBeside(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int(d.BlockSize())
	const blocks, rounds = 16, 60
	before := memory(blocks*block, 0)
	noise(before, 9)
	write(t, d, before, 0, false)
	var all sync.WaitGroup
	for i := range blocks {
		all.Add(1)
		go func() {
			defer all.Done()
			off, data := int64(i*block), memory(block, 0)
			for round := range rounds {
				var err error
				switch {
				case i%2 == 0:
					noise(data, uint64(i*rounds+round))
					err = d.WriteAt(data, off, false)
				case round%2 == 0:
					clear(data)
					err = d.Zero(off, block)
				default:
					clear(data)
					err = discard(d, off, block)
				}
				got := memory(block, 0)
				if err == nil {
					err = d.ReadAt(got, off)
				}
				if !keeps(d) {
					clear(data)
				}
				if at := firstDifference(got, data); err != nil || at >= 0 {
					t.Errorf("block %d, round %d: %v, byte %d differs", i, round, err, at)
					return
				}
			}
		}()
	}
	all.Wait()
}
