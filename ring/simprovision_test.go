// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
)

// What the simulated initiators do beside reading and writing: give back, write
// the same over and over, and compare and write.

// moves is how many bytes the CDB of o says.
func (o *simOp) moves() int {
	if o.length > 0 {
		return o.length
	}
	return o.n * simBlock
}

// begin notes in the model that o changes n blocks at lba as w says.
func (o *simOp) begin(w simWrite, lba, n int) {
	d := o.disk()
	if d == nil {
		return
	}
	if o.write == nil {
		w.start, w.end = o.p.s.seq, unended
		o.write = &w
	}
	d.begin(o.write, lba, n)
}

// askUnmap is UNMAP of one to three ranges.
func (o *simOp) askUnmap(cdb []byte) {
	s := o.p.s
	count := s.upTo(3)
	o.out = make([]byte, 8+16*count)
	o.length, o.edtl = len(o.out), len(o.out)
	cdb[0] = 0x42
	binary.BigEndian.PutUint16(cdb[7:], uint16(len(o.out)))
	binary.BigEndian.PutUint16(o.out, uint16(len(o.out)-2))
	binary.BigEndian.PutUint16(o.out[2:], uint16(16*count))
	s.ids++
	first, end := o.lba, o.lba+o.n
	for i := range count {
		if i > 0 {
			o.lba, o.n = s.w.Rand.IntN(256), s.upTo(16)
		}
		first, end = min(first, o.lba), max(end, o.lba+o.n)
		binary.BigEndian.PutUint64(o.out[8+16*i:], uint64(o.lba))
		binary.BigEndian.PutUint32(o.out[16+16*i:], uint32(o.n))
		o.begin(simWrite{id: s.ids, zero: true}, o.lba, o.n)
	}
	o.lba, o.n = first, end-first
}

// askSame is WRITE SAME of zeroes or of something else, with UNMAP or without.
func (o *simOp) askSame(cdb []byte) {
	s := o.p.s
	cdb[0] = 0x41
	if o.disk() != nil && s.w.Chance(500) {
		cdb[1] = 0x08 // UNMAP
	}
	binary.BigEndian.PutUint32(cdb[2:], uint32(o.lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(o.n))
	s.ids++
	w := simWrite{id: s.ids, zero: s.w.Chance(500), same: true}
	o.out = make([]byte, simBlock)
	o.length, o.edtl = simBlock, simBlock
	w.fill(o.out, o.lba)
	o.begin(w, o.lba, o.n)
}

// askSwap is COMPARE AND WRITE: mostly of what the initiator has reason to think
// that it finds.
func (o *simOp) askSwap(cdb []byte) {
	s, d := o.p.s, o.disk()
	o.n = min(o.n, 16)
	cdb[0], cdb[13] = 0x89, byte(o.n)
	binary.BigEndian.PutUint64(cdb[2:], uint64(o.lba))
	half := o.n * simBlock
	o.out = make([]byte, 2*half)
	o.length, o.edtl = 2*half, 2*half
	for i := range o.n {
		var last *simWrite
		if d != nil {
			last = d.last(o.lba + i)
		}
		last.fill(o.out[i*simBlock:(i+1)*simBlock], o.lba+i)
	}
	s.ids++
	stamp(o.out[half:], s.ids, o.lba)
	if s.w.Chance(100) {
		copy(o.out, o.out[half:]) // nobody wrote that
	}
	o.begin(simWrite{id: s.ids}, o.lba, o.n)
}

// last returns the write of block lba that ended last with GOOD; nil is none.
func (d *simDisk) last(lba int) *simWrite {
	var last *simWrite
	for _, w := range d.blocks[lba] {
		if w.good && (last == nil || w.end > last.end) {
			last = w
		}
	}
	return last
}

// checkSwap holds what GOOD of a COMPARE AND WRITE promises: the blocks had what
// was compared, and nobody else has found, and changed, the same since.
func (p *simPeer) checkSwap(o *simOp) {
	found := o.out[:o.n*simBlock]
	d := o.disk()
	if d == nil {
		if !isZero(found) {
			p.fault("nullio has something, for %v", o)
		}
		return
	}
	if err := d.check(found, o.lba, o.sent); err != nil {
		p.fault("%v, for %v", err, o)
	}
	for i := range o.n {
		id := binary.BigEndian.Uint32(found[i*simBlock:])
		at := [2]uint32{uint32(o.lba + i), id}
		if other := d.swaps[at]; other != 0 && id != 0 {
			p.fault("write %d and write %d both found that of write %d in block %d, for %v", other, o.write.id, id, o.lba+i, o)
		}
		d.swaps[at] = o.write.id
	}
}

// mayDiffer reports whether a COMPARE AND WRITE had reason to end with
// MISCOMPARE, after which it has changed nothing.
func (o *simOp) mayDiffer() bool {
	d := o.disk()
	if d == nil {
		return !isZero(o.out[:o.n*simBlock])
	}
	o.write.void = true
	for i := range o.n {
		if !d.surely(o.out[i*simBlock:(i+1)*simBlock], o.lba+i, o.write) {
			return true
		}
	}
	return false
}

// surely reports whether block lba could hold nothing but b, whatever w does: the
// write that left b is acknowledged, and all others had ended before it.
func (d *simDisk) surely(b []byte, lba int, w *simWrite) bool {
	last := d.last(lba)
	var want [simBlock]byte
	if last.fill(want[:], lba); want != [simBlock]byte(b) {
		return false
	}
	for _, v := range d.blocks[lba] {
		if v != w && v != last && !v.void && (last == nil || v.end > last.start) {
			return false
		}
	}
	return true
}
