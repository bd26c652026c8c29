// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"encoding/binary"
	"hash/crc32"
)

// DigestLen is the length in bytes of a header or data digest.
const DigestLen = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Digest is a CRC32C (RFC 7143, Section 13.1) over bytes that may come in
// pieces. The zero value is the digest of nothing.
type Digest uint32

// Add returns the digest of what d covers followed by b.
func (d Digest) Add(b []byte) Digest {
	return Digest(crc32c(uint32(d), b))
}

// Put writes the digest to the first four bytes of b in wire order.
func (d Digest) Put(b []byte) { binary.LittleEndian.PutUint32(b, uint32(d)) }

// Matches reports whether the first four bytes of b are the digest on the wire.
func (d Digest) Matches(b []byte) bool { return binary.LittleEndian.Uint32(b) == uint32(d) }
