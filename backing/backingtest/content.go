// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"math/rand/v2"
	"testing"
)

// modelBytes is the part of a disk the model test watches: enough for some windows
// of any bounce buffer, small enough to compare often.
const modelBytes = 256 << 10

// testEnds writes and reads around both ends, in one block and in several.
func testEnds(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int(d.BlockSize())
	for _, blocks := range []int{1, 2, 9} {
		n := blocks * block
		for _, off := range []int64{0, d.Size() - int64(n)} {
			p := memory(n, 0)
			noise(p, uint64(off)+uint64(n))
			write(t, d, p, off, false)
			mustRead(t, d, p, off, 0)
		}
	}
	if err := d.ReadAt(nil, d.Size()); err != nil {
		t.Errorf("reading nothing at the end: %v", err)
	}
	if err := d.WriteAt(nil, d.Size(), true); err != nil && !d.ReadOnly() {
		t.Errorf("writing nothing at the end: %v", err)
	}
}

// testModel makes random writes of whole blocks to the disk and to a slice, at the
// start and up to the very end of the disk, and compares.
func testModel(t *testing.T, params Maker) {
	p := params(t)
	d := open(t, p)
	block := int64(d.BlockSize())
	n := min(d.Size(), modelBytes)
	for _, base := range []int64{0, d.Size() - n} {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		model := memory(int(n), 0)
		noise(model, seed)
		write(t, d, model, base, false)
		for step := range 200 {
			first := random.Int64N(n / block)
			count := 1 + random.Int64N(min(n/block-first, 40))
			off, length := first*block, int(count*block)
			shift := random.IntN(3) * 256 // not all where direct transfers want it
			if random.IntN(3) == 0 {
				mustRead(t, d, model[off:off+int64(length)], base+off, shift)
				continue
			}
			data := memory(length, shift)
			noise(data, seed+uint64(step)+1)
			copy(model[off:], data)
			write(t, d, data, base+off, random.IntN(20) == 0)
		}
		mustRead(t, d, model, base, 0)
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
		if base == d.Size()-n {
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			mustRead(t, open(t, p), model, base, 0)
		}
	}
}

// testAlignment goes through offsets and lengths in and around two alignment units,
// in whole blocks and in odd bytes, each from memory at several addresses; at the
// start of the disk and against its end.
func testAlignment(t *testing.T, params Maker) {
	d := open(t, params(t))
	const area = 16 << 10
	points := []int{0, 1, 511, 512, 1024, 1536, 3584, 4095, 4096, 4608, 8192}
	lengths := []int{1, 512, 1024, 1536, 3584, 4096, 4097, 4608, 7680, 8192}
	for _, base := range []int64{0, d.Size() - area} {
		model := memory(area, 0)
		noise(model, uint64(base))
		write(t, d, model, base, false)
		for i, off := range points {
			for j, length := range lengths {
				if i == len(points)-1 {
					off = area - length // ends with the area, and so with the disk
				}
				shift := []int{0, 1, 8, 512}[(i+j)%4]
				data := memory(length, shift)
				noise(data, uint64(off*area+length))
				copy(model[off:], data)
				write(t, d, data, base+int64(off), false)
				mustRead(t, d, data, base+int64(off), (shift+1)%page)
				mustRead(t, d, model, base, 0)
			}
		}
	}
}

// testLarge moves more in one call than any buffer inside a disk holds, aligned and
// one block off, from memory that fits and memory that does not.
func testLarge(t *testing.T, params Maker) {
	d := open(t, params(t))
	block := int(d.BlockSize())
	n := int(min(d.Size(), 1<<20)) - 2*block
	for _, shift := range []int{0, 8} {
		for _, off := range []int64{0, int64(block), d.Size() - int64(n), d.Size() - int64(n+block)} {
			for _, durable := range []bool{false, true} {
				p := memory(n, shift)
				noise(p, uint64(off)+uint64(shift))
				write(t, d, p, off, durable)
				mustRead(t, d, p, off, shift)
			}
		}
	}
}
