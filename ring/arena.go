// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"math/bits"

	"ietring/ring/internal/uring"
)

// A span is a piece of the arena, page aligned, a power of two long.
type span struct {
	mem   []byte
	buf   int32 // index of the registered buffer it lies in, or -1
	page  int32 // number of its first page in the arena
	order uint8 // minSpan << order bytes
}

const (
	pagesPerExtent = extentLen / minSpan
	numOrders      = 9 // minSpan << 8 == maxSpan
	// cachedSpans of each order are kept whole, so that the steady state
	// neither splits nor joins.
	cachedSpans = 64
	cachedOrder = 6 // the largest order that is cached: 256 KiB

	noPage = -1
)

// An extent is one mapping of the arena. Its pages form a buddy system.
type extent struct {
	mem  uring.Memory
	buf  int32
	free int // pages
	// For the first page of each free block: its order + 1, else 0, and its
	// neighbours in the list of that order, as page numbers of the arena.
	head       [pagesPerExtent]uint8
	next, prev [pagesPerExtent]int32
}

// An arena is a loop's buffer memory: extents that come when they are needed,
// are registered with the ring where the memory limit lets them, and go after
// a time of silence. It never exceeds limit bytes.
type arena struct {
	ring    *uring.Ring
	limit   int
	mapped  int
	used    int       // bytes in spans that are out
	extents []*extent // nil where one was given back
	free    [numOrders]int32
	cache   [cachedOrder + 1][]span
	// unregistered tells once that the kernel refused to pin an extent.
	unregistered func(error)
}

func (a *arena) init(r *uring.Ring, limit int, unregistered func(error)) {
	a.ring, a.limit, a.unregistered = r, limit, unregistered
	for i := range a.free {
		a.free[i] = noPage
	}
	for i := range a.cache {
		a.cache[i] = make([]span, 0, cachedSpans)
	}
}

func orderOf(n int) uint8 { return uint8(bits.Len(uint(n-1) / minSpan)) }

// alloc returns a span of at least n bytes, 1 <= n <= maxSpan. ok is false when
// the limit is reached or the kernel gives no memory.
func (a *arena) alloc(n int) (s span, ok bool) {
	order := orderOf(n)
	if order <= cachedOrder {
		if c := a.cache[order]; len(c) > 0 {
			s = c[len(c)-1]
			a.cache[order] = c[:len(c)-1]
			a.used += len(s.mem)
			return s, true
		}
	}
	for o := order; ; o++ {
		if o == numOrders {
			if !a.reclaim() && !a.grow() {
				return span{}, false
			}
			o = order
		}
		if page := a.free[o]; page != noPage {
			a.unlink(page, o)
			for o > order { // split: the upper half stays free
				o--
				a.link(page+1<<o, o)
			}
			e, at := a.at(page)
			e.free -= 1 << order
			s = span{e.mem[at*minSpan : (at+1<<order)*minSpan], e.buf, page, order}
			a.used += len(s.mem)
			return s, true
		}
	}
}

// release takes s back.
func (a *arena) release(s span) {
	a.used -= len(s.mem)
	if s.order <= cachedOrder {
		if c := a.cache[s.order]; len(c) < cachedSpans {
			a.cache[s.order] = append(c, s)
			return
		}
	}
	a.join(s.page, s.order)
}

// join frees a block and unites it with its free buddies.
func (a *arena) join(page int32, order uint8) {
	e, _ := a.at(page)
	e.free += 1 << order
	base := page - page%pagesPerExtent
	for order < numOrders-1 {
		buddy := base + (page - base) ^ (1 << order)
		if e.head[buddy-base] != order+1 {
			break
		}
		a.unlink(buddy, order)
		page = min(page, buddy)
		order++
	}
	a.link(page, order)
}

// reclaim gives the cached spans back to the buddies and reports whether there
// were any: the last resort before growing.
func (a *arena) reclaim() bool {
	any := false
	for o, c := range a.cache {
		for _, s := range c {
			a.join(s.page, s.order)
			any = true
		}
		clear(c)
		a.cache[o] = c[:0]
	}
	return any
}

// grow maps one more extent.
func (a *arena) grow() bool {
	if a.mapped+extentLen > a.limit {
		return false
	}
	mem, err := uring.NewMemory(extentLen)
	if err != nil {
		return false
	}
	slot := 0
	for slot < len(a.extents) && a.extents[slot] != nil {
		slot++
	}
	e := &extent{mem: mem, buf: -1, free: pagesPerExtent}
	if slot < maxExtents {
		if err := a.ring.SetBuffer(slot, mem); err == nil {
			e.buf = int32(slot)
		} else if a.unregistered != nil {
			a.unregistered(fmt.Errorf("buffer memory works unregistered, a little slower: %w", err))
			a.unregistered = nil
		}
	}
	if slot == len(a.extents) {
		a.extents = append(a.extents, nil)
	}
	a.extents[slot] = e
	a.mapped += extentLen
	for p := 0; p < pagesPerExtent; p += 1 << (numOrders - 1) {
		a.link(int32(slot*pagesPerExtent+p), numOrders-1)
	}
	return true
}

// idle reports whether trim would find something.
func (a *arena) idle() bool { return a.used == 0 && a.mapped > extentLen }

// trim gives all extents but one back to the machine, when no span is out.
func (a *arena) trim() {
	if !a.idle() {
		return
	}
	a.reclaim()
	for i, e := range a.extents {
		if e == nil || a.mapped == extentLen {
			continue
		}
		for p := int32(0); p < pagesPerExtent; p++ {
			if o := e.head[p]; o != 0 {
				a.unlink(int32(i*pagesPerExtent)+p, o-1)
			}
		}
		if e.buf >= 0 {
			if a.ring.SetBuffer(int(e.buf), nil) != nil {
				panic("ring: a registered buffer cannot be unregistered")
			}
		}
		if e.mem.Free() != nil {
			panic("ring: an extent cannot be unmapped")
		}
		a.extents[i] = nil
		a.mapped -= extentLen
	}
}

func (a *arena) at(page int32) (*extent, int32) {
	return a.extents[page/pagesPerExtent], page % pagesPerExtent
}

func (a *arena) link(page int32, order uint8) {
	e, at := a.at(page)
	e.head[at] = order + 1
	e.prev[at] = noPage
	e.next[at] = a.free[order]
	if next := a.free[order]; next != noPage {
		n, nat := a.at(next)
		n.prev[nat] = page
	}
	a.free[order] = page
}

func (a *arena) unlink(page int32, order uint8) {
	e, at := a.at(page)
	e.head[at] = 0
	if prev := e.prev[at]; prev != noPage {
		p, pat := a.at(prev)
		p.next[pat] = e.next[at]
	} else {
		a.free[order] = e.next[at]
	}
	if next := e.next[at]; next != noPage {
		n, nat := a.at(next)
		n.prev[nat] = e.prev[at]
	}
}
