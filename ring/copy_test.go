// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"ietring/backing"
	"ietring/pdu"
	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// newCopyPlane is a plane whose LUN 2 and 3 can be named for a copy: two files of
// 64 MiB, the second in blocks of 4096 and through the page cache.
func newCopyPlane(t *testing.T, threads int) *plane {
	p := newPlane(t, threads)
	dir := t.TempDir()
	p.naa = true
	p.add(2, backing.Params{Type: "fileio", Path: filepath.Join(dir, "a"), BlockSize: 512}, 64<<20)
	p.add(3, backing.Params{Type: "fileio", Path: filepath.Join(dir, "b"), BlockSize: 4096, Direct: "no"}, 64<<20)
	return p
}

// copyPeer is a session on it with nothing pending.
func (p *plane) copyPeer() *peer {
	i := p.connect(defaults)
	for _, lun := range []uint64{2, 3} {
		i.command(lun, "000000000000", 0, nil)
	}
	return i
}

// cscd asks a LUN for its NAA designator and makes a CSCD descriptor of it.
func (i *peer) cscd(lun uint64, blockLen int) []byte {
	i.t.Helper()
	page := i.do(lun, []byte{0x12, 1, 0x83, 2, 0, 0}, 512, nil).data
	for rest := page[4:]; len(rest) >= 4; rest = rest[4+rest[3]:] {
		if rest[1]&0x3f == 3 {
			d := make([]byte, 32)
			d[0] = 0xe4
			copy(d[4:], rest[:4+rest[3]])
			d[30], d[31] = byte(blockLen>>8), byte(blockLen)
			return d
		}
	}
	i.t.Fatalf("LUN %d has no NAA designator", lun)
	return nil
}

// A segment is what is copied from byte to byte, between descriptors 0 (LUN 2)
// and 1 (LUN 3).
type segment struct {
	from, to       int
	fromOff, toOff int64
	n              int
}

// copyList is the parameter list for segments.
func (i *peer) copyList(id byte, segments []segment) []byte {
	i.t.Helper()
	lens := []int64{512, 4096}
	list := make([]byte, 16)
	list[0] = id
	list = append(append(list, i.cscd(2, 512)...), i.cscd(3, 4096)...)
	binary.BigEndian.PutUint16(list[2:], 64)
	for _, s := range segments {
		d := make([]byte, 32)
		d[0], d[3], d[5], d[7] = 0x0a, 28, byte(s.from), byte(s.to)
		binary.BigEndian.PutUint32(d[8:], uint32(s.n))
		binary.BigEndian.PutUint64(d[12:], uint64(s.fromOff/lens[s.from]))
		binary.BigEndian.PutUint64(d[20:], uint64(s.toOff/lens[s.to]))
		binary.BigEndian.PutUint16(d[28:], uint16(s.fromOff%lens[s.from]))
		binary.BigEndian.PutUint16(d[30:], uint16(s.toOff%lens[s.to]))
		list = append(list, d...)
	}
	binary.BigEndian.PutUint32(list[8:], uint32(32*len(segments)))
	return list
}

// extendedCopy sends an EXTENDED COPY to LUN 2 and does not wait for its end.
func (i *peer) extendedCopy(id byte, segments []segment) *pdu.PDU {
	i.t.Helper()
	list := i.copyList(id, segments)
	cdb := make([]byte, 16)
	cdb[0] = 0x83
	binary.BigEndian.PutUint32(cdb[10:], uint32(len(list)))
	c := i.scsi(2, cdb, 0, list)
	c.Data = list
	i.send(c)
	return c
}

// What is copied is what a copy in memory makes of it.
func TestExtendedCopy(t *testing.T) {
	p := newCopyPlane(t, 1)
	i := p.copyPeer()
	const size = 8 << 20 // of what is looked at
	var disks [2][]byte
	write := func(lun uint64, cdb byte, block, seed int) []byte {
		data := pattern(size, seed)
		i.do(lun, rw10(cdb, 0, size/block), 0, data)
		return data
	}
	for _, tt := range []struct {
		name     string
		segments []segment
	}{
		{"a block", []segment{{0, 1, 512 * 8, 4096, 4096}}},
		{"several spans", []segment{{0, 1, 1 << 20, 4096, 3<<20 + 8192}}},
		{"between bytes of blocks", []segment{{0, 1, 777, 5001, 2<<20 + 13}}},
		{"inside of one block", []segment{{0, 1, 10, 20, 30}}},
		{"within a LUN", []segment{{1, 1, 0, 4 << 20, 2 << 20}}},
		{"forward over itself", []segment{{0, 0, 0, 512, 5<<20 + 512}}},
		{"backward over itself", []segment{{0, 0, 4096, 512, 5<<20 + 512}}},
		{"several segments, one from what another wrote", []segment{{0, 1, 0, 0, 8192}, {1, 0, 0, 65536, 8192}, {0, 0, 65536, 131072, 512}}},
		{"nothing", []segment{{0, 1, 0, 0, 0}}},
	} {
		disks[0], disks[1] = write(2, 0x2a, 512, 1), write(3, 0x2a, 4096, 2)
		for _, s := range tt.segments {
			copy(disks[s.to][s.toOff:], bytes.Clone(disks[s.from][s.fromOff:s.fromOff+int64(s.n)]))
		}
		c := i.extendedCopy(5, tt.segments)
		if r := i.finish(c.ITT(), nil); r.status != scsi.StatusGood {
			t.Errorf("%s: %+v", tt.name, r)
		}
		for k, lun := range []uint64{2, 3} {
			got := i.do(lun, rw10(0x28, 0, size/[]int{512, 4096}[k]), size, nil).data
			if !bytes.Equal(got, disks[k]) {
				t.Errorf("%s: LUN %d holds something else", tt.name, lun)
			}
		}
		status := i.do(2, unhex(t, "840005000000000000000000000c0000"), 12, nil).data
		if len(status) != 12 || status[4] != 1 || int(status[6]) != len(tt.segments) {
			t.Errorf("%s: RECEIVE COPY STATUS is % x", tt.name, status)
		}
	}
}

// A hole stays a hole: the room of what was there is given back.
func TestCopyKeepsHoles(t *testing.T) {
	p := newCopyPlane(t, 1)
	i := p.copyPeer()
	disk := func(lun byte) *backing.Disk {
		return p.eng.units.get(p.target.Lookup([8]byte{1: lun}).Handle()).disk
	}
	if !disk(2).KnowsExtents() || !disk(3).Thin() {
		t.Skip("the file system of the test knows no holes")
	}
	i.do(3, rw10(0x2a, 0, 8<<20/4096), 0, pattern(8<<20, 2))
	want := make([]byte, 8<<20)
	copy(want[5<<20:], pattern(4096, 1))
	i.do(2, rw10(0x2a, 5<<20/512, 8), 0, want[5<<20:5<<20+4096])
	before, _, err := backing.Usage(disk(3).Path())
	if err != nil {
		t.Fatal(err)
	}
	if r := i.extendedResult([]segment{{0, 1, 0, 0, 8 << 20}}); r.status != scsi.StatusGood {
		t.Fatalf("%+v", r)
	}
	if got := i.do(3, rw10(0x28, 0, 8<<20/4096), 8<<20, nil).data; !bytes.Equal(got, want) {
		t.Error("the copy holds something else")
	}
	after, _, err := backing.Usage(disk(3).Path())
	if err != nil || before-after < 7<<20 {
		t.Errorf("the file took %d bytes and takes %d: %v", before, after, err)
	}
}

// A copy that waits for its blocks while an erasure begins writes nothing behind
// it.
func TestCopyBehindErasure(t *testing.T) {
	p := newCopyPlane(t, 1)
	i := p.copyPeer()
	i.do(2, rw10(0x2a, 0, 8), 0, pattern(4096, 1))
	from, to := p.eng.units.get(p.target.Lookup([8]byte{1: 2}).Handle()), p.eng.units.get(p.target.Lookup([8]byte{1: 3}).Handle())
	for _, erased := range []*lu{to, from} {
		release := p.eng.hold(to.lock, &claim{n: 1 << 20, alone: true})
		ended := make(chan scsi.Sense)
		go func() {
			var scratch uring.Memory
			s := step{from: from, to: to, n: 4096, most: 4096}
			sense := s.do(p.eng, &scratch)
			if scratch != nil {
				_ = scratch.Free() // the test fails anyway
			}
			ended <- sense
		}()
		for to.lock.busy.Load() < 2 { // until it waits
			runtime.Gosched()
		}
		m := erased.unit.Medium()
		e := &scsi.Erasure{}
		m.RestoreErasure(e)
		release()
		if s := <-ended; s != scsi.CSCDNotReachable {
			t.Errorf("the copy ends with %v", s)
		}
		m.Abandon(e)
		if got := i.do(3, rw10(0x28, 0, 1), 4096, nil).data; !bytes.Equal(got, make([]byte, 4096)) {
			t.Error("something was written behind the erasure")
		}
	}
}

// An abort ends a copy between two steps: what comes behind is not written.
func TestAbortMidCopy(t *testing.T) {
	p := newCopyPlane(t, 2)
	i := p.copyPeer()
	i.do(2, rw10(0x2a, 0, 16<<20/512), 0, pattern(16<<20, 1))
	k := p.eng.units.get(p.target.Lookup([8]byte{1: 3}).Handle()).lock
	release := p.eng.hold(k, &claim{off: 4096, n: 4096, alone: true})
	c := i.extendedCopy(1, []segment{{0, 1, 512, 4096, 16<<20 - 4096}}) // of odd bytes, so that none are shared
	for k.busy.Load() < 2 {                                             // until its first step waits for blocks that are held
		runtime.Gosched()
	}
	f := i.request(pdu.OpTaskMgmt, 2)
	f.TaskMgmt().SetFunction(pdu.AbortTask)
	f.TaskMgmt().SetRefTag(c.ITT())
	i.send(f)
	if a := i.nop(); a.Opcode() != pdu.OpNopIn {
		t.Fatalf("%v comes while the copy has its disks", a.Opcode())
	}
	release()
	if a := i.next(); a.Opcode() != pdu.OpTaskMgmtResp || a.TaskMgmtResponse().Response() != pdu.FunctionComplete {
		t.Fatalf("%v answers the abort", a.Opcode())
	}
	if status := i.do(2, unhex(t, "840001000000000000000000000c0000"), 12, nil).data; len(status) != 12 || status[4] != 2 {
		t.Errorf("RECEIVE COPY STATUS is % x", status)
	}
	if got := i.do(3, rw10(0x28, 8<<20/4096, 8<<20/4096), 8<<20, nil).data; !bytes.Equal(got, make([]byte, 8<<20)) {
		t.Error("the copy went on behind the abort")
	}
}

// A copy waits for who compares and writes where it wants to write, can be
// aborted, and keeps its units until it has ended.
func TestCopyHeld(t *testing.T) {
	p := newCopyPlane(t, 2)
	i, other := p.copyPeer(), p.copyPeer()
	k := p.eng.units.get(p.target.Lookup([8]byte{1: 3}).Handle()).lock
	hold := func() func() {
		return p.eng.hold(k, &claim{off: 6 << 20, n: 4096, alone: true})
	}
	long := []segment{{0, 1, 0, 0, 16 << 20}}

	release := hold()
	c := i.extendedCopy(1, long)
	for { // until it has begun
		if r := i.do(2, unhex(t, "840001000000000000000000000c0000"), 12, nil); r.status == scsi.StatusGood {
			break
		}
	}
	unit := p.target.Remove(3)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	settled := make(chan error)
	go func() { settled <- p.eng.RemoveUnit(ctx, unit) }()
	select {
	case err := <-settled:
		t.Errorf("a unit is taken away from a copy: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	release()
	cancel()
	if err := <-settled; err != nil {
		t.Error(err)
	}
	i.send(func() *pdu.PDU { n := i.request(pdu.OpNopOut, 0); n.NopOut().SetTTT(pdu.NoTag); return n }())
	for a := i.next(); a.Opcode() != pdu.OpNopIn; a = i.next() { // the copy has ended, aborted or not
		if a.ITT() != c.ITT() {
			t.Fatalf("%v comes", a.Opcode())
		}
	}
	_ = other
}
