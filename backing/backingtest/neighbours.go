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
func testNeighbours(t *testing.T, params Maker) {
	d := open(t, params(t))
	runs := []int{1, 7, 8, 1, 1, 6, 8, 8, 3, 9, 2, 10} // 64 blocks, 8 to a page of 512
	for _, base := range []int64{0, d.Size() - minBlocks*int64(d.BlockSize())} {
		var wg sync.WaitGroup
		errs := make(chan error, len(runs))
		deadline := time.Now().Add(neighbourTime)
		first := 0
		for _, blocks := range runs {
			off := base + int64(first)*int64(d.BlockSize())
			first += blocks
			wg.Go(func() {
				if err := writeOwn(d, off, blocks, deadline); err != nil {
					errs <- err
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
		if first != minBlocks {
			t.Fatalf("the runs have %d blocks, the region %d", first, minBlocks)
		}
	}
}

// writeOwn writes blocks at off, which nobody else writes, until the deadline, and
// checks all of them after each write.
func writeOwn(d *backing.Disk, off int64, blocks int, deadline time.Time) error {
	block := int(d.BlockSize())
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
		if i := firstDifference(got, model); i >= 0 {
			return fmt.Errorf("round %d of the run of %d blocks at offset %d: byte %d is %#02x, want %#02x: a neighbour's write undid it",
				round, blocks, off, i, got[i], model[i])
		}
	}
	return nil
}
