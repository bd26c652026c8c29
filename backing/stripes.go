// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backing

import (
	"os"
	"sync"
)

// stripes keep those apart who rewrite what lies in one unit of direct transfers, or
// one page of the page cache. Units share a lock where their numbers are the same
// modulo numStripes; locks are taken in the order of the stripes, so that nobody
// waits in a circle.
//
//	sharing  a write of whole units
//	owning   what reads a unit, changes a part of it and writes it back
type stripes [numStripes]sync.RWMutex

// numStripes is enough for the writes that workers have at a time to meet rarely,
// and few enough to take all of them for a long one.
const numStripes = 64

// each calls f for the locks of n bytes at off.
func (s *stripes) each(off, n, unit int64, f func(*sync.RWMutex)) {
	if n == 0 {
		return
	}
	first := off / unit
	count := min((off+n-1)/unit-first+1, numStripes)
	at := first % numStripes
	wrapped := max(at+count-numStripes, 0)
	for i := range wrapped {
		f(&s[i])
	}
	for i := at; i < at+count-wrapped; i++ {
		f(&s[i])
	}
}

// lockUnit is in how many bytes the stripes of d count.
func (d *Disk) lockUnit() int64 { return max(d.offAlign, int64(os.Getpagesize())) }

func (d *Disk) share(off int64, n int) {
	d.rmw.each(off, int64(n), d.lockUnit(), (*sync.RWMutex).RLock)
}
func (d *Disk) unshare(off int64, n int) {
	d.rmw.each(off, int64(n), d.lockUnit(), (*sync.RWMutex).RUnlock)
}
func (d *Disk) own(off int64, n int) { d.rmw.each(off, int64(n), d.lockUnit(), (*sync.RWMutex).Lock) }
func (d *Disk) disown(off int64, n int) {
	d.rmw.each(off, int64(n), d.lockUnit(), (*sync.RWMutex).Unlock)
}

// ownAll and disownAll are for the whole disk, whatever its size.
func (d *Disk) ownAll()    { d.own(0, numStripes*int(d.lockUnit())) }
func (d *Disk) disownAll() { d.disown(0, numStripes*int(d.lockUnit())) }
