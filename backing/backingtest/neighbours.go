// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ietring/backing"
)

// neighbourTime is how long writers of a region are let loose on each other. A
// disk that does not lock its read-modify-write loses a block within a few
// milliseconds of it.
const neighbourTime = 150 * time.Millisecond

// testNeighbours cuts a region into runs of blocks, one goroutine a run. Each
// writes its run, whole or in part, and reads it back: whatever the neighbours did,
// it finds its own bytes. The runs are cut so that with small blocks writers of
// whole alignment units and of parts of the same and of the next unit meet, at the
// start of the disk and against its end.
//
// The first block of a run can be shared: one more goroutine writes it all the time.
// What it holds is then open, but the other blocks of a whole unit that is written
// while a part of it is read, changed and written must not go back to what they were.
func testNeighbours(t *testing.T, params Maker) {
	d := open(t, params(t))
	runs := []struct{ blocks, shared int }{ // 64 blocks; a page has 8 of 512
		{1, 0}, {7, 0}, {8, 1}, {1, 0}, {1, 0}, {6, 0}, {8, 0}, {8, 1}, {3, 0}, {9, 0}, {2, 0}, {10, 0},
	}
	for _, base := range []int64{0, d.Size() - minBlocks*int64(d.BlockSize())} {
		var wg sync.WaitGroup
		errs := make(chan error, 2*len(runs))
		deadline := time.Now().Add(neighbourTime)
		first := 0
		for _, run := range runs {
			off := base + int64(first)*int64(d.BlockSize())
			first += run.blocks
			wg.Go(func() { errs <- writeOwn(d, off, run.blocks, run.shared, deadline) })
			if run.shared != 0 {
				wg.Go(func() { errs <- scribble(d, off, run.shared, deadline) })
			}
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		if first != minBlocks {
			t.Fatalf("the runs have %d blocks, the region %d", first, minBlocks)
		}
	}
}

// writeOwn writes blocks at off, of which nobody else writes more than the first
// shared, until the deadline, and checks the others after each write.
func writeOwn(d *backing.Disk, off int64, blocks, shared int, deadline time.Time) error {
	block := int(d.BlockSize())
	own := shared * block
	model, got := memory(blocks*block, 0), memory(blocks*block, 0)
	if err := d.WriteAt(model, off, false); err != nil {
		return err
	}
	for round := 0; round == 0 || time.Now().Before(deadline); round++ {
		// Now the whole run, now from some block in it to its end.
		from := (round / 2 % blocks) * (round % 2) * block
		noise(model[from:], uint64(off)+uint64(round))
		if err := d.WriteAt(model[from:], off+int64(from), false); err != nil {
			return err
		}
		if err := d.ReadAt(got, off); err != nil {
			return err
		}
		if !keeps(d) {
			clear(model)
		}
		if i := firstDifference(got[own:], model[own:]); i >= 0 {
			i += own
			return fmt.Errorf("round %d of the run of %d blocks at offset %d: byte %d is %#02x, want %#02x: a neighbour's write undid it",
				round, blocks, off, i, got[i], model[i])
		}
	}
	return nil
}

// scribble writes blocks at off until the deadline.
func scribble(d *backing.Disk, off int64, blocks int, deadline time.Time) error {
	p := memory(blocks*int(d.BlockSize()), 0)
	for round := uint64(0); round == 0 || time.Now().Before(deadline); round++ {
		noise(p, round)
		if err := d.WriteAt(p, off, false); err != nil {
			return err
		}
	}
	return nil
}
