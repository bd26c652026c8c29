// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "math/rand/v2"

// places chooses what a session does next, and where.
type places struct {
	rng      *rand.Rand
	zipf     *rand.Zipf // nil: another pattern
	pattern  Pattern
	writePct int
	slots    uint64 // places of BlockLen in a unit
	at       uint64 // next place of Sequential
}

// newPlaces gives session i of n its own numbers; sequential sessions begin at
// equal distances.
func newPlaces(c *Config, i int, slots uint64) places {
	p := places{rng: rand.New(rand.NewPCG(c.Seed, uint64(i))), pattern: c.Pattern, writePct: c.WritePct, slots: slots}
	p.at = slots / uint64(c.Sessions) * uint64(i)
	if c.Pattern == Zipf {
		p.zipf = rand.NewZipf(p.rng, c.Skew, 1, slots-1)
	}
	return p
}

// spreader is an odd number: multiplying by it, the favoured places of Zipf lie
// apart from each other.
const spreader = 0x9e3779b97f4a7c15

func (p *places) next() (write bool, place uint64) {
	switch p.writePct {
	case 0:
	case 100:
		write = true
	default:
		write = p.rng.IntN(100) < p.writePct
	}
	switch p.pattern {
	case Sequential:
		place = p.at
		if p.at++; p.at == p.slots {
			p.at = 0
		}
	case Zipf:
		place = p.zipf.Uint64() * spreader % p.slots
	default:
		place = p.rng.Uint64N(p.slots)
	}
	return write, place
}
