// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "time"

// A spinner decides whether a loop that has nothing to do looks for work for a
// while before it sleeps. To sleep costs the loop some 5 us and whoever wakes it
// another 10, and the wake-up takes 25 us to land, so with an initiator that
// answers sooner than that, looking is faster and no dearer. With any other it
// is wasted; then the spinner looks ever more rarely, and on an idle loop not
// at all, since such a loop has no occasion to.
//
// A loop has one for initiators and one for disks, which take turns at low depth:
// how soon the one answers says nothing about the other.
type spinner struct {
	limit   time.Duration // for how long to look; 0: never
	misses  uint          // in a row
	skip    int           // occasions to pass over
	last    uint32        // slot of the connection that was heard last
	several bool          // more than one may answer
}

// heard notes that bytes came from the connection of this slot. With several at
// work there is nothing to gain: none waits for the loop alone, and what came
// while it slept is served in one go.
func (s *spinner) heard(slot uint32) {
	if slot != s.last {
		s.last, s.several = slot, true
	}
}

// maxSpinMisses bounds the exponent of how many occasions are passed over.
const maxSpinMisses = 8

// worth reports whether to look this time.
func (s *spinner) worth() bool {
	if s.limit == 0 {
		return false
	}
	if s.several {
		s.several = false
		s.miss()
	}
	if s.skip > 0 {
		s.skip--
		return false
	}
	return true
}

// hit notes that something came while the loop was looking.
func (s *spinner) hit() { s.misses = 0 }

// miss notes that nothing came.
func (s *spinner) miss() {
	s.misses = min(s.misses+1, maxSpinMisses)
	s.skip = 1 << s.misses
}
