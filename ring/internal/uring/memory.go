// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Memory is a mapping outside the Go heap: it does not move, the garbage
// collector does not look at it, and it may be registered with a ring.
type Memory []byte

// hugePage is the size at which transparent huge pages become possible.
const hugePage = 2 << 20

// NewMemory maps size bytes of zeroes, rounded up to whole pages by the kernel.
// Pages are taken from the machine when they are first touched or registered.
func NewMemory(size int) (Memory, error) {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	if size >= hugePage {
		// Only advice: without huge pages everything works, a little slower.
		_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	}
	return b, nil
}

// Free unmaps the memory. The kernel must have no operation on it.
func (m Memory) Free() error { return unix.Munmap(m) }

// Addr returns the address of byte i as the kernel wants it.
func (m Memory) Addr(i int) uint64 { return uint64(uintptr(unsafe.Pointer(&m[i]))) }

// Addr returns the address of the first byte of b, which lies in a [Memory].
func Addr(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
