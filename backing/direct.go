// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Disk's bounce buffers: memory that direct transfers accept, for callers'
// memory, offsets and lengths that they do not.
const (
	// bounceLen is the bytes of one buffer, and so the largest alignment unit
	// that can be served.
	bounceLen = 64 << 10

	// bounceCount is how many unaligned transfers of a disk can go on at once; one
	// more waits. Eight keep a device's queue from running dry, and memory that is
	// never touched costs nothing.
	bounceCount = 8
)

// bounces is a fixed set of page-aligned buffers outside the Go heap. The zero
// value is empty.
type bounces struct {
	arena []byte
	ready chan []byte // the buffers nobody uses; taken and given back by workers, never by a loop
}

// alloc maps the buffers.
func (b *bounces) alloc() error {
	arena, err := unix.Mmap(-1, 0, bounceCount*bounceLen, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	b.arena = arena
	b.ready = make(chan []byte, bounceCount)
	for ; len(arena) > 0; arena = arena[bounceLen:] {
		b.ready <- arena[:bounceLen:bounceLen]
	}
	return nil
}

// free unmaps the buffers. All have been given back.
func (b *bounces) free() error {
	if b.arena == nil {
		return nil
	}
	arena := b.arena
	b.arena = nil
	return unix.Munmap(arena)
}

// usableAlign reports whether transfers with these alignments can be served:
// callers on a ring bring page-aligned memory, and one bounce buffer must hold a
// unit.
func usableAlign(offAlign, memAlign uint32) bool {
	return powerOfTwo(offAlign) && offAlign <= bounceLen &&
		powerOfTwo(memAlign) && int(memAlign) <= os.Getpagesize()
}

// setDirect makes the disk one of direct transfers with the alignments given, in
// bytes. d.fd has O_DIRECT and the geometry is settled.
func (d *Disk) setDirect(offAlign, memAlign uint32) error {
	if !usableAlign(offAlign, memAlign) {
		return fmt.Errorf("%s wants direct transfers in units of %d bytes in memory aligned to %d; up to %d and %d can be served",
			d.params.Path, offAlign, memAlign, bounceLen, os.Getpagesize())
	}
	d.direct = true
	d.offAlign, d.memAlign = int64(offAlign), int64(memAlign)
	d.tailOff.Store(d.size.Load() &^ (d.offAlign - 1))
	if d.narrow() {
		d.note("%s is written in units of %d bytes: to write blocks of %d that make no whole one costs a read and a write; with BlockSize=%d there would be none, where initiators can have it",
			d.params.Path, offAlign, d.blockSize, offAlign)
	}
	if err := d.bounces.alloc(); err != nil {
		return fmt.Errorf("no memory for the buffers of %s: %w", d.params.Path, err)
	}
	if d.tailOff.Load() == d.size.Load() {
		return nil
	}
	return d.openTail()
}

// openTail opens the same file once more without O_DIRECT, for the bytes behind
// the last whole unit. The name under /proc is sure to be the same file.
func (d *Disk) openTail() error {
	flags := unix.O_RDWR | unix.O_CLOEXEC
	if d.readOnly {
		flags = unix.O_RDONLY | unix.O_CLOEXEC
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", d.fd), flags, 0)
	if err != nil {
		return fmt.Errorf("cannot open the end of %s through /proc/self/fd: %w; use Direct=no", d.params.Path, err)
	}
	d.tail = fd
	return nil
}

// memoryFits reports whether p lies where direct transfers accept it.
func (d *Disk) memoryFits(p []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(p)))&uintptr(d.memAlign-1) == 0
}

// readWindows reads p from off through a bounce buffer, in windows of whole units.
// off+len(p) is at most tailOff.
func (d *Disk) readWindows(p []byte, off int64) error {
	buf := <-d.bounces.ready
	defer func() { d.bounces.ready <- buf }()
	for len(p) > 0 {
		skip := int(off & (d.offAlign - 1))
		n := min(len(p), len(buf)-skip)
		if err := d.readFull(d.fd, buf[:d.roundUp(skip+n)], off-int64(skip), d.offAlign); err != nil {
			return err
		}
		copy(p[:n], buf[skip:])
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// writeWindows writes p at off through a bounce buffer, in windows of whole units.
// A unit at either end that p does not fill is read first; the caller owns it
// if there is one. off+len(p) is at most tailOff.
func (d *Disk) writeWindows(p []byte, off int64, durable bool) error {
	buf := <-d.bounces.ready
	defer func() { d.bounces.ready <- buf }()
	// One window is made durable by its own write, many by one flush at the end.
	one := int(off&(d.offAlign-1))+len(p) <= len(buf)
	for len(p) > 0 {
		skip := int(off & (d.offAlign - 1))
		n := min(len(p), len(buf)-skip)
		window := buf[:d.roundUp(skip+n)]
		if err := d.readEdges(window, off-int64(skip), skip, skip+n); err != nil {
			return err
		}
		copy(window[skip:], p[:n])
		if err := d.writeFull(d.fd, window, off-int64(skip), d.offAlign, durable && one); err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	if durable && !one {
		return d.Sync()
	}
	return nil
}

// readEdges fills the first and the last unit of window from the disk at lo, if
// window[from:to], about to be overwritten, leaves something of them.
func (d *Disk) readEdges(window []byte, lo int64, from, to int) error {
	unit := int(d.offAlign)
	last := len(window) - unit
	if from > 0 {
		if err := d.readFull(d.fd, window[:unit], lo, d.offAlign); err != nil {
			return err
		}
		if last == 0 {
			return nil
		}
	}
	if to < len(window) {
		return d.readFull(d.fd, window[last:], lo+int64(last), d.offAlign)
	}
	return nil
}

// roundUp rounds n bytes up to whole units.
func (d *Disk) roundUp(n int) int { return (n + int(d.offAlign) - 1) &^ (int(d.offAlign) - 1) }
