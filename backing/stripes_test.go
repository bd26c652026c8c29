// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestStripes: who owns a range is alone in its units, who shares one is not, and
// whatever many take at a time, all get it.
func TestStripes(t *testing.T) {
	const unit, units = 4096, 3 * numStripes
	d := &Disk{offAlign: unit}
	var inside [units]struct {
		sync.Mutex
		sharing, owning int
	}
	enter := func(rng *rand.Rand) {
		off := rng.Int64N(units * unit)
		n := 1 + rng.IntN(min(units*unit-int(off), 1<<rng.IntN(21)))
		first, last := off/unit, (off+int64(n)-1)/unit
		owns := rng.IntN(2) == 0
		if owns {
			d.own(off, n)
		} else {
			d.share(off, n)
		}
		count := func(by int) {
			for u := first; u <= last; u++ {
				in := &inside[u]
				in.Lock()
				if owns {
					in.owning += by
				} else {
					in.sharing += by
				}
				if in.owning > 1 || in.owning == 1 && in.sharing > 0 {
					t.Errorf("unit %d: %d own it and %d share it", u, in.owning, in.sharing)
				}
				in.Unlock()
			}
		}
		count(1)
		count(-1)
		if owns {
			d.disown(off, n)
		} else {
			d.unshare(off, n)
		}
	}
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 0))
			for range 2000 {
				enter(rng)
			}
		})
	}
	wg.Wait()
}

// TestStripesApart: those who own units of different stripes do not wait for each
// other, and the owner of all waits for nobody else's sake.
func TestStripesApart(t *testing.T) {
	d := &Disk{offAlign: 4096}
	d.own(0, 4096)
	d.own(4096*numStripes-1, 1) // the last stripe
	d.own(4096, 8192)
	d.disown(4096, 8192)
	d.disown(4096*numStripes-1, 1)
	d.disown(0, 4096)
	d.own(5, 0) // nothing
	d.ownAll()
	d.disownAll()
}
