// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

// changed returns b with the byte at i changed.
func changed(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 0x40
	return b
}

// The commands that compare, on blocks 100..103 that hold a pattern.
func TestCompare(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	was, new := pattern(4*512, 1), pattern(4*512, 77)
	one := was[:512]
	ored := bytes.Clone(was)
	for k := range ored {
		ored[k] |= new[k]
	}
	for _, tt := range []struct {
		name string
		cdb  string
		out  []byte
		want scsi.Sense // Good for status GOOD
		info uint64
		left []byte // what the blocks hold then
	}{
		{"COMPARE AND WRITE of blocks that are equal", "89000000000000000064000000040000", append(bytes.Clone(was), new...), scsi.Good, 0, new},
		{"the first byte differs", "89000000000000000064000000040000", append(changed(was, 0), new...), scsi.Miscompare, 0, was},
		{"the last byte differs", "89000000000000000064000000040000", append(changed(was, 2047), new...), scsi.Miscompare, 2047, was},
		{"half of the data-out", "89000000000000000064000000040000", was, scsi.InvalidFieldInCDB, 0, was},
		{"twice the data-out", "89000000000000000064000000020000", append(bytes.Clone(was), new...), scsi.InvalidFieldInCDB, 0, was},
		{"no data-out", "89000000000000000064000000040000", nil, scsi.InvalidFieldInCDB, 0, was},
		{"no blocks and data-out", "89000000000000000064000000000000", was, scsi.InvalidFieldInCDB, 0, was},
		{"no blocks and no data-out", "89000000000000000064000000000000", nil, scsi.Good, 0, was},
		{"COMPARE AND WRITE with FUA", "89080000000000000064000000040000", append(bytes.Clone(was), new...), scsi.Good, 0, new},
		{"ORWRITE", "8b000000000000000064000000040000", new, scsi.Good, 0, ored},
		{"ORWRITE of fewer blocks than it says", "8b000000000000000064000000040000", new[:1024], scsi.Good, 0, append(bytes.Clone(ored[:1024]), was[1024:]...)},
		{"VERIFY with BYTCHK 01b of what is there", "8f020000000000000064000000040000", was, scsi.Good, 0, was},
		{"VERIFY with BYTCHK 01b of something else", "8f020000000000000064000000040000", changed(was, 600), scsi.Miscompare, 600, was},
		{"VERIFY with BYTCHK 11b of the block that is there", "8f060000000000000064000000010000", one, scsi.Good, 0, was},
		{"VERIFY with BYTCHK 11b of blocks that are not all alike", "8f060000000000000064000000040000", one, scsi.Miscompare, uint64(differ(was, one)), was},
		{"VERIFY with BYTCHK 11b and two blocks", "8f060000000000000064000000040000", was[:1024], scsi.InvalidFieldInCDB, 0, was},
		{"VERIFY with BYTCHK 11b and no block", "8f060000000000000064000000040000", nil, scsi.InvalidFieldInCDB, 0, was},
	} {
		i.do(0, write10(100, 4), 0, was)
		r, info := i.outcome(unhex(t, tt.cdb), tt.out)
		if !r.sense.Is(tt.want) || (r.status == scsi.StatusGood) != (tt.want == scsi.Good) || info != tt.info {
			t.Errorf("%s: %v %v, information %d; want %v, %d", tt.name, r.status, r.sense, info, tt.want, tt.info)
		}
		if left := i.do(0, read10(100, 4), 4*512, nil).data; !bytes.Equal(left, tt.left) {
			t.Errorf("%s: the blocks hold something else", tt.name)
		}
	}
}

// differ is where whole begins to be something else than one again and again.
func differ(whole, one []byte) int {
	i := 0
	for whole[i] == one[i%len(one)] {
		i++
	}
	return i
}

// outcome does a command on LUN 0 and returns, besides how it ended, the
// INFORMATION field of its sense.
func (i *peer) outcome(cdb []byte, out []byte) (r result, info uint64) {
	i.t.Helper()
	p := i.scsi(0, cdb, 0, out)
	p.Data = out // immediate
	i.send(p)
	a := i.next()
	if a.Opcode() != pdu.OpSCSIResponse {
		i.t.Fatalf("%v ends the command", a.Opcode())
	}
	r.status = scsi.Status(a.SCSIResponse().Status())
	if len(a.Data) > 2 {
		d := a.Data[2:]
		r.sense = scsi.Sense{Key: scsi.SenseKey(d[2] & 15), ASC: d[12], ASCQ: d[13]}
		if d[0]&0x80 != 0 {
			info = uint64(d[3])<<24 | uint64(d[4])<<16 | uint64(d[5])<<8 | uint64(d[6])
		}
	}
	return r, info
}

// Long ranges cross the pieces that data and disk have.
func TestCompareLong(t *testing.T) {
	p := newPlane(t, 1)
	p.add(2, backing.Params{Type: "fileio", Path: p.path + "2", BlockSize: 4096}, 64<<20)
	i := p.connect(defaults)
	if r := i.command(2, "000000000000", 0, nil); r.status != scsi.StatusCheckCondition {
		t.Fatalf("a new nexus finds status %v", r.status)
	}
	const n = 255 * 4096
	was, new := pattern(n, 1), pattern(n, 2)
	write := unhex(t, fmt.Sprintf("8a00%016x%08x0000", 5, 255))
	read := unhex(t, fmt.Sprintf("8800%016x%08x0000", 5, 255))
	caw := unhex(t, fmt.Sprintf("8900%016x000000ff0000", 5))
	i.do(2, write, 0, was)
	if r := i.do(2, caw, 0, append(bytes.Clone(was), new...)); r.status != scsi.StatusGood {
		t.Fatalf("COMPARE AND WRITE of 255 blocks: %+v", r)
	}
	if got := i.do(2, read, n, nil).data; !bytes.Equal(got, new) {
		t.Error("something else was written")
	}
	const m = 4099 * 512 // more than two spans
	i.do(0, write10(3, 4099), 0, pattern(m, 1))
	if r := i.do(0, unhex(t, fmt.Sprintf("8b00%016x%08x0000", 3, 4099)), 0, pattern(m, 9)); r.status != scsi.StatusGood {
		t.Fatalf("ORWRITE: %+v", r)
	}
	want := pattern(m, 1)
	for k, b := range pattern(m, 9) {
		want[k] |= b
	}
	if got := i.do(0, read10(3, 4099), m, nil).data; !bytes.Equal(got, want) {
		t.Error("ORWRITE of several spans left something else")
	}
	same := bytes.Repeat(pattern(512, 3), 4099)
	i.do(0, write10(3, 4099), 0, same)
	if r := i.do(0, unhex(t, fmt.Sprintf("8f06%016x%08x0000", 3, 4099)), 0, same[:512]); r.status != scsi.StatusGood {
		t.Errorf("VERIFY of alike blocks over several spans: %+v", r)
	}
}

// nullio takes part: it compares with zeroes and keeps nothing.
func TestCompareNullio(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	out := make([]byte, 1024)
	copy(out[512:], pattern(512, 1))
	caw := unhex(t, "89000000000000000064000000010000")
	for range 2 {
		if r := i.do(1, caw, 0, out); r.status != scsi.StatusGood {
			t.Errorf("zeroes are compared with zeroes: %+v", r)
		}
	}
	if r := i.do(1, caw, 0, pattern(1024, 1)); !r.sense.Is(scsi.Miscompare) {
		t.Errorf("a pattern is compared with zeroes: %+v", r)
	}
}

// PRE-FETCH says CONDITION MET where a page cache holds all the blocks then.
func TestPrefetch(t *testing.T) {
	p := newPlane(t, 1)
	p.add(2, backing.Params{Type: "fileio", Path: filepath.Join(t.TempDir(), "buffered"), Direct: "no"}, 64<<20)
	i := p.connect(defaults)
	i.command(2, "000000000000", 0, nil)
	for _, tt := range []struct {
		name string
		lun  uint64
		cdb  string
		want scsi.Status
	}{
		{"a direct file has no cache", 0, "34000000000000000800", scsi.StatusGood},
		{"nullio has no cache", 1, "34000000000000000800", scsi.StatusGood},
		{"a buffered file has", 2, "34000000000000000800", scsi.StatusConditionMet},
		{"IMMED", 2, "34020000000000000800", scsi.StatusConditionMet},
		{"no blocks are all to the end, which is more than is read ahead", 2, "34000000000000000000", scsi.StatusGood},
		{"the same with IMMED", 2, "90020000000000000000000000000000", scsi.StatusGood},
	} {
		if r := i.command(tt.lun, tt.cdb, 0, nil); r.status != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, r.status, tt.want)
		}
	}
}
