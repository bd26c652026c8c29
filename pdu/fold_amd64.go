// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"hash/crc32"
	"math/bits"

	"golang.org/x/sys/cpu"
)

// The CRC of the standard library does 26 GB/s, by an instruction that takes
// eight bytes. Processors that multiply without carry 64 bytes at a time do
// more than twice that: a message is a polynomial, and 64 bytes of it may be
// moved forward by any distance d when they are multiplied by x^d mod P, P being
// the polynomial of CRC32C. So four registers walk over the message and each
// adds to itself what stands 256 bytes further on.

// foldConstants are what [fold] multiplies by: pairs for the lower and the upper
// half of a lane of 128 bits. Its layout is known to the assembly.
type foldConstants struct {
	far   [2]uint64    // over four registers: 2048 bits
	near  [2]uint64    // over one: 512 bits
	lanes [4][2]uint64 // lanes 0 to 2 to lane 3: 384, 256 and 128 bits; 0
}

// foldLen is how many bytes fold takes at a time; what is left goes the way of
// the standard library.
const foldLen = 256

var (
	foldBy  = makeFoldConstants()
	canFold = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
		cpu.X86.HasAVX512VPCLMULQDQ && cpu.X86.HasSSE42
)

// fold returns the state (the CRC, inverted) after the n bytes at p, a multiple
// of foldLen that is not zero.
//
//go:noescape
func fold(state uint32, p *byte, n int, k *foldConstants) uint32

// crc32c returns the CRC of what crc is the CRC of, followed by b.
func crc32c(crc uint32, b []byte) uint32 {
	if n := len(b) &^ (foldLen - 1); n > 0 && canFold {
		crc = ^fold(^crc, &b[0], n, &foldBy)
		b = b[n:]
	}
	return crc32.Update(crc, castagnoli, b)
}

func makeFoldConstants() foldConstants {
	return foldConstants{far: foldPair(2048), near: foldPair(512),
		lanes: [4][2]uint64{foldPair(384), foldPair(256), foldPair(128)}}
}

// foldPair returns the constants that move a lane by d bits. Bits stand in the
// order of the wire, lowest first, in which a product comes out one bit short:
// hence the shift. The halves of a lane are 64 bits apart, and 32 of the distance
// are the width of the remainder.
func foldPair(d int) [2]uint64 {
	return [2]uint64{uint64(bits.Reverse32(powerOfX(d+32))) << 1, uint64(bits.Reverse32(powerOfX(d-32))) << 1}
}

// powerOfX returns x^n mod P, highest power first.
func powerOfX(n int) uint32 {
	p := bits.Reverse32(crc32.Castagnoli)
	r := uint32(1)
	for range n {
		over := r >> 31
		r = r<<1 ^ p*over
	}
	return r
}
