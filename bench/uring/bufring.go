// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A BufRing is a ring of buffers from which the kernel takes one when data has
// arrived.
type BufRing struct {
	ring, data Memory
	size       int
	mask, tail uint16 // tail: our end; the kernel sees what Publish stored
	group      uint16
}

// NewBufRing registers a ring of count buffers, a power of two of at most
// 32768, of size bytes each, as group, and fills it.
func (r *Ring) NewBufRing(group uint16, count, size int) (*BufRing, error) {
	b := &BufRing{size: size, mask: uint16(count - 1), group: group}
	var err error
	if b.ring, err = NewMemory(count * int(unsafe.Sizeof(bufEntry{}))); err != nil {
		return nil, err
	}
	if b.data, err = NewMemory(count * size); err != nil {
		return nil, errors.Join(err, b.Free())
	}
	reg := &bufReg{ringAddr: addr(b.ring), ringEntries: uint32(count), group: group}
	if _, _, errno := syscall.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerPbufRing,
		uintptr(unsafe.Pointer(reg)), 1, 0, 0); errno != 0 {
		return nil, errors.Join(fmt.Errorf("register %d receive buffers: %w", count, errno), b.Free())
	}
	for id := range count {
		b.Return(uint16(id))
	}
	b.Publish()
	return b, nil
}

// Free unmaps the buffers, after the ring was closed.
func (b *BufRing) Free() error { return errors.Join(b.ring.Free(), b.data.Free()) }

// Bytes returns the first n bytes of buffer id.
func (b *BufRing) Bytes(id uint16, n int) []byte { return b.data[int(id)*b.size:][:n] }

// Return gives buffer id back; the kernel sees it after [BufRing.Publish].
func (b *BufRing) Return(id uint16) {
	e := b.entry(b.tail & b.mask)
	e.addr, e.len, e.bid = addr(b.data[int(id)*b.size:]), uint32(b.size), id
	b.tail++
}

// Publish shows the kernel the buffers that were returned. The tail shares a
// word with the buffer number of entry 0, and Go stores words.
func (b *BufRing) Publish() {
	e := b.entry(0)
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&e.bid)), uint32(b.tail)<<16|uint32(e.bid))
}

func (b *BufRing) entry(i uint16) *bufEntry {
	return (*bufEntry)(unsafe.Pointer(&b.ring[uintptr(i)*unsafe.Sizeof(bufEntry{})]))
}
