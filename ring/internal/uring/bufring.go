// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
)

// A BufRing is a ring of buffers from which the kernel takes one when data has
// arrived, so that an idle connection holds none.
type BufRing struct {
	ring  Memory // of giouring.BufAndRing
	data  Memory
	size  int
	mask  uint16
	tail  uint16 // our end; the kernel sees what Publish stored
	group uint16
}

const bufEntryLen = int(unsafe.Sizeof(giouring.BufAndRing{}))

// NewBufRing registers a ring of count buffers, a power of two of at most
// 32768, of size bytes each, as group, and fills it.
func (r *Ring) NewBufRing(group uint16, count, size int) (*BufRing, error) {
	ring, err := NewMemory(count * bufEntryLen)
	if err != nil {
		return nil, err
	}
	data, err := NewMemory(count * size)
	if err != nil {
		_ = ring.Free()
		return nil, err
	}
	reg := &giouring.BufReg{RingAddr: ring.Addr(0), RingEntries: uint32(count), Bgid: group}
	if err := r.register(giouring.RegisterPbufRing, unsafe.Pointer(reg), 1); err != nil {
		_, _ = ring.Free(), data.Free()
		return nil, fmt.Errorf("register a ring of %d receive buffers: %w", count, err)
	}
	b := &BufRing{ring: ring, data: data, size: size, mask: uint16(count - 1), group: group}
	for id := range count {
		b.Return(uint16(id))
	}
	b.Publish()
	return b, nil
}

// Free unmaps the buffers, after the ring that they are registered with closed.
func (b *BufRing) Free() { _, _ = b.ring.Free(), b.data.Free() }

// Group returns the number that receives name the ring by.
func (b *BufRing) Group() uint16 { return b.group }

// Bytes returns the first n bytes of buffer id.
func (b *BufRing) Bytes(id uint16, n int) []byte {
	off := int(id) * b.size
	return b.data[off : off+n : off+b.size]
}

// Return gives buffer id back; the kernel sees it after [BufRing.Publish].
func (b *BufRing) Return(id uint16) {
	e := b.entry(b.tail & b.mask)
	e.Addr = b.data.Addr(int(id) * b.size)
	e.Len = uint32(b.size)
	e.Bid = id
	b.tail++
}

// Publish shows the kernel the buffers that were returned.
func (b *BufRing) Publish() {
	// The tail lies over the unused last two bytes of entry 0, behind its
	// buffer id. Go has no 16-bit atomic: both are stored as one word.
	e := b.entry(0)
	word := (*uint32)(unsafe.Pointer(&e.Bid))
	atomic.StoreUint32(word, uint32(b.tail)<<16|uint32(e.Bid))
}

func (b *BufRing) entry(i uint16) *giouring.BufAndRing {
	return (*giouring.BufAndRing)(unsafe.Pointer(&b.ring[int(i)*bufEntryLen]))
}
