// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"ietring/backing"
)

// simBlock is the block size of the simulated disks in bytes.
const simBlock = 512

// unended is the end of a write that may still reach the disk.
const unended = math.MaxInt64

// A simWrite is a write as the initiators know it. Its times are those of the
// simulation's own count.
type simWrite struct {
	id    uint32
	start int64 // before it was sent
	end   int64 // when it could change nothing any more
	good  bool  // it ended with GOOD: it has reached the disk, somewhere between
	void  bool  // it ended with MISCOMPARE or a conflict: it has changed nothing

	zero bool // it left zeroes
	same bool // it left the same in each block
}

// fill fills b with what w leaves in block lba; nil is the beginning.
func (w *simWrite) fill(b []byte, lba int) {
	switch {
	case w == nil || w.zero:
		clear(b)
	case w.same:
		stamp(b, w.id, sameLBA)
	default:
		stamp(b, w.id, lba)
	}
}

// sameLBA stands for the block in the stamp of a WRITE SAME: no disk has it.
const sameLBA = 1 << 31

// A simDisk is a disk and its model: for each block, what was written to it.
type simDisk struct {
	disk   *backing.Disk
	file   *os.File
	size   int // bytes
	wt     bool
	blocks [][]*simWrite
	swaps  map[[2]uint32]uint32 // COMPARE AND WRITEs by block and by the write that they found there
}

// newSimDisk makes a disk of n blocks of zeroes, in memory.
func newSimDisk(n int, mode string) (*simDisk, error) {
	fd, err := unix.MemfdCreate("sim", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	d := &simDisk{file: os.NewFile(uintptr(fd), "sim"), size: n * simBlock, wt: mode == "wt", blocks: make([][]*simWrite, n), swaps: map[[2]uint32]uint32{}}
	if err := d.file.Truncate(int64(d.size)); err != nil {
		return nil, err
	}
	d.disk, err = backing.Open(backing.Params{Type: "fileio", Path: fmt.Sprintf("/proc/self/fd/%d", fd), IOMode: mode, Direct: "no"})
	return d, err
}

func (d *simDisk) close() {
	_ = d.disk.Close()
	_ = d.file.Close()
}

// stamp fills b, whole blocks from lba on, with what write id puts there.
func stamp(b []byte, id uint32, lba int) {
	for i := 0; i < len(b); i += 8 {
		word := uint64(id)<<32 | uint64(lba+i/simBlock)
		if at := i % simBlock; at > 0 {
			word = (word + uint64(at)) * 0x9e3779b97f4a7c15
		}
		binary.BigEndian.PutUint64(b[i:], word)
	}
}

// stamped returns the write whose block b holds, which lies at lba. ok is false
// when it is no write's.
func stamped(b []byte, lba int) (id uint32, ok bool) {
	var want [simBlock]byte
	id = binary.BigEndian.Uint32(b)
	if id != 0 {
		stamp(want[:], id, stampLBA(b, lba))
	}
	return id, want == [simBlock]byte(b)
}

// stampLBA returns the block for which b was stamped, which lies at lba.
func stampLBA(b []byte, lba int) int {
	if binary.BigEndian.Uint32(b[4:]) == sameLBA {
		return sameLBA
	}
	return lba
}

// differs returns the first byte of a block at lba that write id did not put there.
func differs(b []byte, id uint32, lba int) int {
	var want [simBlock]byte
	stamp(want[:], id, stampLBA(b, lba))
	i := 0
	for b[i] == want[i] {
		i++
	}
	return i
}

// begin notes that w was sent for n blocks at lba.
func (d *simDisk) begin(w *simWrite, lba, n int) {
	for i := lba; i < lba+n; i++ {
		d.blocks[i] = append(d.blocks[i], w)
	}
}

// check returns why b cannot be what a read found, or a comparison agreed with,
// that began at start and has ended: b is whole blocks from lba on.
func (d *simDisk) check(b []byte, lba int, start int64) error {
	for i := 0; i+simBlock <= len(b); i += simBlock {
		at := lba + i/simBlock
		id, ok := stamped(b[i:i+simBlock], at)
		if !ok {
			return fmt.Errorf("block %d holds no write's data: % x; it differs from that of write %d from byte %d on",
				at, b[i:i+24], id, differs(b[i:i+simBlock], id, at))
		}
		if err := d.checkBlock(at, id, start); err != nil {
			return err
		}
	}
	return nil
}

// checkBlock returns why block lba cannot have had the data of write id at some
// time since start: nobody wrote it, or a later write was acknowledged before.
func (d *simDisk) checkBlock(lba int, id uint32, start int64) error {
	found := &simWrite{end: -1} // the zeroes of the beginning
	for _, w := range d.blocks[lba] {
		switch {
		case id != 0 && w.id == id, id == 0 && w.zero && !w.void && w.end > found.end:
			found = w // of those that leave zeroes, the one that explains most
		}
	}
	if found.id != id && !found.zero {
		return fmt.Errorf("block %d holds the data of write %d, which never wrote it", lba, id)
	}
	if found.void {
		return fmt.Errorf("block %d holds the data of write %d, which ended with MISCOMPARE or a conflict", lba, id)
	}
	for _, w := range d.blocks[lba] {
		if w.good && w.start > found.end && w.end < start {
			return fmt.Errorf("block %d holds the data of write %d, though write %d came after it and was acknowledged", lba, id, w.id)
		}
	}
	return nil
}

// contended reports whether a write other than w to one of n blocks at lba was
// under way since start.
func (d *simDisk) contended(w *simWrite, lba, n int, start int64) bool {
	for i := lba; i < lba+n; i++ {
		for _, v := range d.blocks[i] {
			if v != w && v.end > start {
				return true
			}
		}
	}
	return false
}

// checkAll compares what the file holds with the model, now.
func (d *simDisk) checkAll(now int64) error {
	b := make([]byte, d.size)
	if _, err := d.file.ReadAt(b, 0); err != nil {
		return err
	}
	zero := [simBlock]byte{}
	for i := range d.blocks {
		if block := b[i*simBlock : (i+1)*simBlock]; len(d.blocks[i]) > 0 || [simBlock]byte(block) != zero {
			if err := d.check(block, i, now); err != nil {
				return err
			}
		}
	}
	return nil
}
