// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"encoding/binary"
	"testing"

	"ietring/backing"
	"ietring/scsi"
)

// unmapList is the parameter list of UNMAP for runs of lba and number of blocks.
func unmapList(runs ...[2]int) []byte {
	d := make([]byte, 8)
	for _, r := range runs {
		d = binary.BigEndian.AppendUint64(d, uint64(r[0]))
		d = binary.BigEndian.AppendUint32(d, uint32(r[1]))
		d = append(d, 0, 0, 0, 0)
	}
	binary.BigEndian.PutUint16(d, uint16(len(d)-2))
	binary.BigEndian.PutUint16(d[2:], uint16(len(d)-8))
	return d
}

func unmapCDB(list []byte) []byte {
	return []byte{0x42, 0, 0, 0, 0, 0, 0, byte(len(list) >> 8), byte(len(list)), 0}
}

// writeSame16 is the CDB of WRITE SAME(16) with the bits of byte 1 given.
func writeSame16(bits byte, lba, n int) []byte {
	cdb := make([]byte, 16)
	cdb[0], cdb[1] = 0x93, bits
	binary.BigEndian.PutUint64(cdb[2:], uint64(lba))
	binary.BigEndian.PutUint32(cdb[10:], uint32(n))
	return cdb
}

// lbaStatus returns what the first descriptor of GET LBA STATUS says of lba.
func (i *peer) lbaStatus(lun uint64, lba int) (blocks uint32, deallocated bool) {
	i.t.Helper()
	cdb := make([]byte, 16)
	cdb[0], cdb[1] = 0x9e, 0x12
	binary.BigEndian.PutUint64(cdb[2:], uint64(lba))
	cdb[13] = 24
	r := i.do(lun, cdb, 24, nil)
	if r.status != scsi.StatusGood || len(r.data) != 24 || binary.BigEndian.Uint64(r.data[8:]) != uint64(lba) {
		i.t.Fatalf("GET LBA STATUS: %+v", r)
	}
	return binary.BigEndian.Uint32(r.data[16:]), r.data[20] == 1
}

// What is unmapped reads as zeros and is told to be deallocated; its neighbours
// stay.
func TestUnmap(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	data := pattern(64*512, 1)
	if r := i.do(0, write10(0, 64), 0, data); r.status != scsi.StatusGood {
		t.Fatal(r)
	}
	list := unmapList([2]int{8, 8}, [2]int{24, 16}, [2]int{24, 8}, [2]int{50, 0})
	if r := i.do(0, unmapCDB(list), 0, list); r.status != scsi.StatusGood {
		t.Fatalf("UNMAP: %+v", r)
	}
	clear(data[8*512 : 16*512])
	clear(data[24*512 : 40*512])
	if r := i.do(0, read10(0, 64), len(data), nil); !bytes.Equal(r.data, data) {
		t.Errorf("after UNMAP: %v, other data", r.status)
	}
	for _, want := range []struct {
		lba, blocks int
		deallocated bool
	}{{0, 8, false}, {8, 8, true}, {16, 8, false}, {24, 16, true}, {40, 24, false}} {
		if blocks, deallocated := i.lbaStatus(0, want.lba); int(blocks) != want.blocks || deallocated != want.deallocated {
			t.Errorf("block %d: %d blocks, deallocated %v; want %+v", want.lba, blocks, deallocated, want)
		}
	}
	if _, deallocated := i.lbaStatus(1, 5); !deallocated {
		t.Error("nullio keeps something")
	}
	if r := i.do(1, unmapCDB(list), 0, list); r.status != scsi.StatusGood {
		t.Errorf("UNMAP of nullio: %+v", r)
	}
	bad := unmapList([2]int{0, 8}, [2]int{1 << 30, 8})
	if r := i.do(0, unmapCDB(bad), 0, bad); !r.sense.Is(scsi.LBAOutOfRange) {
		t.Errorf("UNMAP behind the end: %+v", r)
	}
	if r := i.do(0, read10(0, 8), 8*512, nil); !bytes.Equal(r.data, data[:8*512]) {
		t.Error("an UNMAP that was refused did something")
	}
}

// One block is written over and over, across several pieces of a worker, and
// nothing beside it.
func TestWriteSame(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	const blocks = 2*samePieces*maxSpan/512 + 77 // three turns of a worker
	for _, tt := range []struct {
		name string
		bits byte
		data []byte
		want []byte
	}{
		{"a pattern", 0, pattern(512, 5), pattern(512, 5)},
		{"a pattern, UNMAP allowed", 8, pattern(512, 6), pattern(512, 6)},
		{"zeros", 0, make([]byte, 512), make([]byte, 512)},
		{"zeros, UNMAP allowed", 8, make([]byte, 512), make([]byte, 512)},
		{"no data", 1, nil, make([]byte, 512)},
		{"no data, UNMAP allowed", 9, nil, make([]byte, 512)},
	} {
		edge := pattern(512, 99)
		for _, lba := range []int{2, 3, 2 + blocks, 3 + blocks} {
			if r := i.do(0, write10(lba, 1), 0, edge); r.status != scsi.StatusGood {
				t.Fatal(r)
			}
		}
		if r := i.do(0, writeSame16(tt.bits, 3, blocks), 0, tt.data); r.status != scsi.StatusGood || r.residual != 0 {
			t.Fatalf("%s: %+v", tt.name, r)
		}
		for lba, want := range map[int][]byte{2: edge, 3: tt.want, 5000: tt.want, 2 + blocks: tt.want, 3 + blocks: edge} {
			if r := i.do(0, read10(lba, 1), 512, nil); !bytes.Equal(r.data, want) {
				t.Errorf("%s: block %d differs", tt.name, lba)
			}
		}
	}
	for _, n := range []int{256, 1024} {
		if r := i.do(0, writeSame16(0, 0, 1), 0, make([]byte, n)); !r.sense.Is(scsi.InvalidFieldInCDB) {
			t.Errorf("%d bytes of data for a block of 512: %+v", n, r)
		}
	}
	if r := i.do(1, writeSame16(0, 0, 1000), 0, make([]byte, 512)); r.status != scsi.StatusGood {
		t.Errorf("nullio: %+v", r)
	}
}

// Blocks smaller than a unit of the disk, or kept by Thin=no, are served as well.
func TestProvisionOtherDisks(t *testing.T) {
	p := newPlane(t, 1)
	p.add(2, backing.Params{Type: "fileio", Path: p.path, Thin: "no", Direct: "no"}, 0)
	i := p.connect(defaults)
	if r := i.do(2, []byte{0, 0, 0, 0, 0, 0}, 0, nil); r.status != scsi.StatusCheckCondition {
		t.Fatal("no unit attention") // that of a nexus which meets the unit
	}
	list := unmapList([2]int{0, 8})
	if r := i.do(2, unmapCDB(list), 0, list); !r.sense.Is(scsi.InvalidOpcode) {
		t.Errorf("UNMAP with Thin=no: %+v", r)
	}
	if r := i.do(2, writeSame16(8, 0, 8), 0, make([]byte, 512)); !r.sense.Is(scsi.InvalidFieldInCDB) {
		t.Errorf("WRITE SAME with UNMAP and Thin=no: %+v", r)
	}
	if r := i.do(2, writeSame16(0, 0, 16), 0, make([]byte, 512)); r.status != scsi.StatusGood {
		t.Errorf("WRITE SAME with Thin=no: %+v", r)
	}
	if _, deallocated := i.lbaStatus(2, 0); deallocated {
		t.Error("zeros that were written are not there")
	}
}
