// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"time"
)

// A histogram counts durations in buckets whose width is 1/32 of their value or
// less, from 1 ns to 18 minutes. It does not allocate.
type histogram struct {
	counts [40 << histSubBits]uint64
	n      uint64
}

const histSubBits = 5

func (h *histogram) add(d time.Duration) {
	h.counts[min(bucket(uint64(max(d, 0))), len(h.counts)-1)]++
	h.n++
}

// bucket returns the index of v: linear below 32, then 32 buckets an octave.
func bucket(v uint64) int {
	octave := bits.Len64(v >> histSubBits)
	if octave == 0 {
		return int(v)
	}
	return octave<<histSubBits + int(v>>(octave-1))&(1<<histSubBits-1)
}

// least returns the least value of a bucket.
func least(i int) uint64 {
	octave, sub := i>>histSubBits, uint64(i&(1<<histSubBits-1))
	if octave == 0 {
		return sub
	}
	return (1<<histSubBits + sub) << (octave - 1)
}

func (h *histogram) merge(o *histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
}

// quantile returns the duration below which a share q of all samples are, in
// microseconds.
func (h *histogram) quantile(q float64) float64 {
	left := uint64(q * float64(h.n))
	for i, c := range h.counts {
		if c > left {
			return float64(least(i)) / 1e3
		}
		left -= c
	}
	return 0
}
