// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

//go:build !amd64

package pdu

import "hash/crc32"

// crc32c returns the CRC of what crc is the CRC of, followed by b.
func crc32c(crc uint32, b []byte) uint32 { return crc32.Update(crc, castagnoli, b) }
