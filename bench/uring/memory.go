// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Memory is a mapping outside the Go heap, so that it stays where the kernel was
// told that it is.
type Memory []byte

// NewMemory maps size bytes of zeros.
func NewMemory(size int) (Memory, error) {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	return b, nil
}

// Free unmaps the memory. The kernel must have no operation on it.
func (m Memory) Free() error {
	if m == nil {
		return nil
	}
	return unix.Munmap(m)
}

// addr returns the address of the first byte of b, which lies in a [Memory].
func addr(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
