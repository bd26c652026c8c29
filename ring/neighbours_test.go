// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"fmt"
	"testing"

	"ietring/backing"
	"ietring/backing/backingtest"
	"ietring/scsi"
)

// narrowRuns cut a region of 64 blocks of 512 on a disk with units of eight: some
// are whole units, whose writes go to the ring, the others meet in one unit. The
// first block of a run can be shared: another session writes it all the time, and so
// rewrites the rest of a unit that goes to the ring.
var narrowRuns = []struct{ first, blocks, shared int }{
	{0, 1, 0}, {1, 7, 0}, {8, 8, 1}, {8, 1, 1}, {16, 1, 0}, {17, 1, 0}, {18, 6, 0}, {24, 8, 1}, {24, 1, 1},
	{32, 8, 0}, {40, 3, 0}, {43, 9, 0}, {52, 2, 0}, {54, 10, 0},
}

// Where a block is smaller than what the disk can write, whoever changes a part of
// a unit rewrites its neighbours. Sessions on two loops each change blocks of their
// own in all ways that there are, and find them as they left them.
func TestNeighbours(t *testing.T) {
	const rounds = 250
	p := newPlane(t, 2)
	p.add(2, backing.Params{Type: "fileio", Path: backingtest.LoopDevice(t, 4096, 2<<20, "--direct-io=on")}, 0)
	if u := p.eng.units.get(p.target.Lookup([8]byte{1: 2}).Handle()); u.disk.RewriteUnit() != 4096 || u.disk.BlockSize() != 512 {
		t.Fatalf("blocks of %d in units of %d", u.disk.BlockSize(), u.disk.RewriteUnit())
	}
	t.Run("sessions", func(t *testing.T) {
		for n, run := range narrowRuns {
			i := p.connect(defaults)
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				i.t = t
				i.do(2, []byte{0, 0, 0, 0, 0, 0}, 0, nil) // the unit attention of a new unit
				model, own := make([]byte, run.blocks*512), run.shared*512
				for round := range rounds {
					i.change(run.first, model, round, run.shared > 0)
					r := i.do(2, read10(run.first, run.blocks), len(model), nil)
					if r.status != scsi.StatusGood || !bytes.Equal(r.data[own:], model[own:]) {
						t.Fatalf("round %d of %d blocks at %d: a neighbour has undone it, %+v", round, run.blocks, run.first, r.status)
					}
				}
			})
		}
	})
}

// change changes model, and the blocks of LUN 2 from first on that it is of, in the
// way of the round; by a plain write of all when others share the first.
func (i *peer) change(first int, model []byte, round int, shared bool) {
	i.t.Helper()
	blocks := len(model) / 512
	way := round % 5
	if shared {
		way = 0
	}
	data := pattern(len(model), round+first) // of the blocks afterwards
	cdb, out := write10(first, blocks), data
	switch way {
	case 1: // a part of the run
		from := round % blocks
		copy(data, model[:from*512])
		cdb, out = write10(first+from, blocks-from), data[from*512:]
	case 2:
		clear(data)
		cdb, out = writeSame16(0, first, blocks), data[:512]
	case 3: // UNMAP
		clear(data)
		cdb, out = writeSame16(8, first, blocks), data[:512]
	case 4: // COMPARE AND WRITE of one block
		copy(data[512:], model[512:])
		cdb = unhex(i.t, fmt.Sprintf("8900%016x000000010000", first))
		out = append(bytes.Clone(model[:512]), data[:512]...)
	}
	if r := i.do(2, cdb, 0, out); r.status != scsi.StatusGood {
		i.t.Fatalf("round %d of %d blocks at %d: %+v", round, blocks, first, r)
	}
	copy(model, data)
}

// What is claimed to change a range of a disk that rewrites units of 4096 together.
func TestChange(t *testing.T) {
	d, err := backing.Open(backing.Params{Type: "fileio", Path: backingtest.LoopDevice(t, 4096, 2<<20)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	u := &lu{disk: d}
	for _, tt := range []struct {
		name   string
		ranges []scsi.Range
		off, n int64
		alone  bool
	}{
		{"whole units", []scsi.Range{{Off: 4096, Len: 8192}}, 4096, 8192, false},
		{"a block", []scsi.Range{{Off: 4096 + 512, Len: 512}}, 4096, 4096, true},
		{"the end of one unit and the start of another", []scsi.Range{{Off: 8192 - 512, Len: 1024}}, 4096, 8192, true},
		{"a unit and a block", []scsi.Range{{Off: 4096, Len: 4096 + 512}}, 4096, 8192, true},
		{"whole units, apart", []scsi.Range{{Off: 0, Len: 4096}, {Off: 1 << 20, Len: 4096}}, 0, 1<<20 + 4096, false},
		{"a block between whole units", []scsi.Range{{Off: 0, Len: 4096}, {Off: 8192, Len: 512}, {Off: 1 << 20, Len: 4096}}, 0, 1<<20 + 4096, true},
	} {
		if off, n, alone := u.changeAll(tt.ranges); off != tt.off || n != tt.n || alone != tt.alone {
			t.Errorf("%s: %d bytes at %d, alone %v", tt.name, n, off, alone)
		}
	}
}
