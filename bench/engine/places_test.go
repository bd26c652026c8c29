// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "testing"

func TestPlaces(t *testing.T) {
	const slots = 1000
	for _, row := range []struct {
		sentence string
		pattern  Pattern
		writePct int
		good     func(writes int, seen map[uint64]int, first, second uint64) bool
	}{
		{"random reads go nearly everywhere", Random, 0, func(writes int, seen map[uint64]int, _, _ uint64) bool {
			return writes == 0 && len(seen) > slots*9/10
		}},
		{"sequential writes go in order and everywhere", Sequential, 100, func(writes int, seen map[uint64]int, a, b uint64) bool {
			return writes == 10*slots && len(seen) == slots && b == a+1
		}},
		{"zipf has favourites", Zipf, 30, func(writes int, seen map[uint64]int, _, _ uint64) bool {
			most := 0
			for _, n := range seen {
				most = max(most, n)
			}
			return writes > 2*slots && writes < 4*slots && most > slots
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c := &Config{Pattern: row.pattern, WritePct: row.writePct, Skew: 1.2, Sessions: 2, Seed: 1}
			p := newPlaces(c, 1, slots)
			var writes int
			var first, second uint64
			seen := map[uint64]int{}
			for i := range 10 * slots {
				write, place := p.next()
				if write {
					writes++
				}
				if place >= slots {
					t.Fatalf("place %d of %d", place, slots)
				}
				seen[place]++
				switch i {
				case 0:
					first = place
				case 1:
					second = place
				}
			}
			if !row.good(writes, seen, first, second) {
				t.Errorf("%d writes, %d places, from %d to %d", writes, len(seen), first, second)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	good := Config{Protocol: ISCSI, LUNs: []int{0}, Sessions: 1, Depth: 1, BlockLen: 4096, Pattern: Random, Duration: 1}
	for _, row := range []struct {
		sentence string
		spoil    func(c *Config)
		ok       bool
	}{
		{"all is well", func(*Config) {}, true},
		{"no session", func(c *Config) { c.Sessions = 0 }, false},
		{"too deep", func(c *Config) { c.Depth = maxDepth + 1 }, false},
		{"half a sector", func(c *Config) { c.BlockLen = 768 }, false},
		{"more than all are writes", func(c *Config) { c.WritePct = 101 }, false},
		{"no LUN", func(c *Config) { c.LUNs = nil }, false},
		{"a protocol that there is not", func(c *Config) { c.Protocol = "nbd" }, false},
		{"a pattern that there is not", func(c *Config) { c.Pattern = "" }, false},
		{"zipf without skew", func(c *Config) { c.Pattern = Zipf }, false},
		{"no time", func(c *Config) { c.Duration = 0 }, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c := good
			row.spoil(&c)
			if err := c.Check(); (err == nil) != row.ok {
				t.Errorf("%v", err)
			}
		})
	}
}
