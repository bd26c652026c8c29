// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// TestDigestLengths compares with the standard library at every length, offset
// in a word and state that the fast path may treat apart.
func TestDigestLengths(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 70<<10)
	_, _ = rnd.Read(data) // it never fails
	lens := []int{4096, 65536, 65537}
	for n := range 1100 {
		lens = append(lens, n)
	}
	for _, n := range lens {
		for _, off := range []int{0, 1, 7, 63} {
			start := uint32(rnd.Uint64())
			b := data[off : off+n]
			got := Digest(start).Add(b)
			if want := Digest(crc32.Update(start, castagnoli, b)); got != want {
				t.Fatalf("%d bytes at %d from %08x: %08x, want %08x", n, off, start, uint32(got), uint32(want))
			}
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"48", 48}, {"4K", 4 << 10}, {"128K", 128 << 10}, {"1M", 1 << 20}} {
		data := make([]byte, size.n)
		b.Run(size.name, func(b *testing.B) {
			b.SetBytes(int64(size.n))
			for b.Loop() {
				Digest(0).Add(data)
			}
		})
	}
}
