// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"
	"time"
)

// occasions asks s n times and answers each look by what look says; it returns
// how many looks there were.
func occasions(s *spinner, n int, look func(i int) bool) int {
	looks := 0
	for i := range n {
		if !s.worth() {
			continue
		}
		looks++
		if look(i) {
			s.hit()
		} else {
			s.miss()
		}
	}
	return looks
}

func TestSpinner(t *testing.T) {
	always := func(int) bool { return true }
	never := func(int) bool { return false }
	for _, tc := range []struct {
		name        string
		limit       time.Duration
		look        func(int) bool
		least, most int // looks in 10,000 occasions
	}{
		{"no limit, no look", 0, always, 0, 0},
		{"what always pays is always done", time.Microsecond, always, 10000, 10000},
		{"what never pays is hardly ever done", time.Microsecond, never, 8, 60},
		{"what pays every other time goes on", time.Microsecond, func(i int) bool { return i%2 == 0 }, 2500, 10000},
		{"what pays again is found out", time.Microsecond, func(i int) bool { return i > 5000 }, 4500, 5000},
	} {
		s := spinner{limit: tc.limit}
		if looks := occasions(&s, 10000, tc.look); looks < tc.least || looks > tc.most {
			t.Errorf("%s: %d looks, want %d to %d", tc.name, looks, tc.least, tc.most)
		}
	}
}

// TestSpinnerSeveral: what comes from one connection is waited for, what comes
// from many in turn is not.
func TestSpinnerSeveral(t *testing.T) {
	for _, tc := range []struct {
		name        string
		conns       uint32
		least, most int // looks in 10,000 occasions that would all pay
	}{
		{"one connection", 1, 9990, 10000},
		{"two in turn", 2, 0, 60},
		{"sixty-four in turn", 64, 0, 60},
	} {
		s, looks := spinner{limit: time.Microsecond}, 0
		for i := range 10000 {
			s.heard(uint32(i) % tc.conns)
			if s.worth() {
				looks++
				s.hit()
			}
		}
		if looks < tc.least || looks > tc.most {
			t.Errorf("%s: %d looks, want %d to %d", tc.name, looks, tc.least, tc.most)
		}
	}
}
