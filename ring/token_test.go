// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"ietring/scsi"
)

// tokenRange is blocks of a unit.
type tokenRange struct{ lba, n int }

// rangeList is the end of a parameter list, with its length in front.
func rangeList(ranges []tokenRange) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(16*len(ranges)))
	for _, r := range ranges {
		b = binary.BigEndian.AppendUint64(b, uint64(r.lba))
		b = binary.BigEndian.AppendUint64(b, uint64(r.n)<<32)
	}
	return b
}

// tokenCommand sends POPULATE TOKEN or WRITE USING TOKEN.
func (i *peer) tokenCommand(lun uint64, action, id int, list []byte) result {
	i.t.Helper()
	binary.BigEndian.PutUint16(list, uint16(len(list)-2))
	return i.do(lun, unhex(i.t, fmt.Sprintf("83%02x00000000%08x%08x0000", action, id, len(list))), 0, list)
}

// populate makes a token of blocks of lun and returns it.
func (i *peer) populate(lun uint64, id int, ranges ...tokenRange) []byte {
	i.t.Helper()
	if r := i.tokenCommand(lun, 0x10, id, append(make([]byte, 14), rangeList(ranges)...)); r.status != scsi.StatusGood {
		i.t.Fatalf("POPULATE TOKEN: %+v", r)
	}
	info := i.information(lun, id)
	if len(info) != 32+4+2+512 || info[4] != 0x10 || info[5] != 1 {
		i.t.Fatalf("RECEIVE ROD TOKEN INFORMATION: % x", info[:32])
	}
	return info[38:]
}

// information is RECEIVE ROD TOKEN INFORMATION.
func (i *peer) information(lun uint64, id int) []byte {
	i.t.Helper()
	return i.do(lun, unhex(i.t, fmt.Sprintf("8407%08x00000000000003e80000", id)), 1000, nil).data
}

// writeUsing writes ranges of lun by token, from block skip of it on.
func (i *peer) writeUsing(lun uint64, id, flags, skip int, token []byte, ranges ...tokenRange) result {
	i.t.Helper()
	list := make([]byte, 16)
	list[2] = byte(flags)
	binary.BigEndian.PutUint64(list[8:], uint64(skip))
	list = append(append(list, token...), make([]byte, 6)...)
	return i.tokenCommand(lun, 0x11, id, append(list, rangeList(ranges)...))
}

// Windows copies a file so: it reads the limits, has a token made of the extents
// of the file, asks for it, has it written, perhaps in parts, and asks how that
// went.
func TestWindowsOffload(t *testing.T) {
	p := newCopyPlane(t, 2)
	i := p.copyPeer()
	source := pattern(8<<20, 3)
	i.do(2, rw10(0x2a, 0, 8<<20/512), 0, source)

	limits := i.do(2, unhex(t, "12018f100000"), 4096, nil).data
	if binary.BigEndian.Uint32(limits[4:]) != 0x00000020 || binary.BigEndian.Uint16(limits[14:]) < 8 {
		t.Errorf("VPD 8Fh begins with % x", limits[:40])
	}
	if b0 := i.do(2, unhex(t, "1201b0100000"), 4096, nil); b0.status != scsi.StatusGood {
		t.Errorf("VPD B0h: %+v", b0)
	}
	token := i.populate(2, 0x1001, tokenRange{2048, 4096}, tokenRange{8192, 8})
	want := append(bytes.Clone(source[2048*512:6144*512]), source[8192*512:8200*512]...)

	for part, w := range []struct{ skip, lba, n int }{{0, 16, 256}, {256, 1000, 257}} { // blocks of 4096
		if r := i.writeUsing(3, 0x1002+part, 0, w.skip, token, tokenRange{w.lba, w.n}); r.status != scsi.StatusGood {
			t.Fatalf("WRITE USING TOKEN: %+v", r)
		}
		info := i.information(3, 0x1002+part)
		if info[4] != 0x11 || info[5] != 1 || info[15] != 0xf1 || binary.BigEndian.Uint64(info[16:]) != uint64(w.n) {
			t.Errorf("RECEIVE ROD TOKEN INFORMATION of the write: % x", info)
		}
		got := i.do(3, rw10(0x28, w.lba, w.n), w.n*4096, nil).data
		if !bytes.Equal(got, want[w.skip*4096:(w.skip+w.n)*4096]) {
			t.Errorf("part %d holds something else", part)
		}
	}

	zero := make([]byte, 512)
	copy(zero, []byte{0xff, 0xff, 0x00, 0x01, 0, 0, 0x01, 0xf8})
	if r := i.writeUsing(3, 0x1010, 0, 0, zero, tokenRange{20, 3}); r.status != scsi.StatusGood {
		t.Errorf("the token of zeros: %+v", r)
	}
	if got := i.do(3, rw10(0x28, 20, 3), 3*4096, nil).data; !bytes.Equal(got, make([]byte, 3*4096)) {
		t.Error("zeros are written otherwise")
	}
	if r := i.writeUsing(3, 0x1011, 1, 0, token, tokenRange{2000, 16}); r.status != scsi.StatusGood {
		t.Errorf("WRITE USING TOKEN with IMMED: %+v", r)
	}
	for i.information(3, 0x1011)[5] == 0x12 { // in the background
	}
	if info := i.information(3, 0x1011); info[5] != 1 {
		t.Errorf("in the background it ended so: % x", info)
	}
}

// A token is good until one of its blocks changes, by whichever command, and only
// while one is good do writes claim.
func TestTokenRevoked(t *testing.T) {
	p := newCopyPlane(t, 2)
	i, other := p.copyPeer(), p.copyPeer()
	lock := p.eng.units.get(p.target.Lookup([8]byte{1: 2}).Handle()).lock
	block := pattern(512, 1)
	zero := append([]byte{0xff, 0xff, 0x00, 0x01, 0, 0, 0x01, 0xf8}, make([]byte, 504)...)
	for id, tt := range []struct {
		name    string
		change  func() result
		revoked bool
	}{
		{"a read", func() result { return other.do(2, rw10(0x28, 100, 8), 8*512, nil) }, false},
		{"a write before it", func() result { return other.do(2, rw10(0x2a, 99, 1), 0, block) }, false},
		{"a write between its ranges", func() result { return other.do(2, rw10(0x2a, 108, 1), 0, block) }, false},
		{"another token of it", func() result { other.populate(2, 70, tokenRange{100, 8}); return result{} }, false},
		{"a copy from it", func() result { return i.extendedResult([]segment{{0, 1, 100 * 512, 0, 4096}}) }, false},
		{"a write of its first block", func() result { return other.do(2, rw10(0x2a, 100, 1), 0, block) }, true},
		{"a write of its last block", func() result { return other.do(2, rw10(0x2a, 203, 1), 0, block) }, true},
		{"WRITE SAME", func() result { return other.do(2, rw10(0x41, 107, 1), 0, block) }, true},
		{"UNMAP", func() result {
			return other.do(2, unhex(t, "42000000000000001800"), 0, unhex(t, "00160010000000000000000000000064"+"0000000100000000"))
		}, true},
		{"a copy over it", func() result { return i.extendedResult([]segment{{1, 0, 0, 200 * 512, 512}}) }, true},
		{"zeros by token", func() result { return other.writeUsing(2, 71, 0, 0, zero, tokenRange{100, 1}) }, true},
		{"SANITIZE", func() result { return other.do(2, blockErase, 0, nil) }, true},
	} {
		token := i.populate(2, 100+id, tokenRange{100, 8}, tokenRange{200, 4})
		if lock.busy.Load() == 0 {
			t.Errorf("%s: nobody watches the token", tt.name)
		}
		if r := tt.change(); r.status != scsi.StatusGood {
			t.Errorf("%s: %+v", tt.name, r)
		}
		r := i.writeUsing(3, 200+id, 2, 0, token, tokenRange{500, 1})
		if tt.revoked != r.sense.Is(scsi.TokenRevoked) || tt.revoked == (r.status == scsi.StatusGood) {
			t.Errorf("after %s: %+v, want it revoked: %v", tt.name, r, tt.revoked)
		}
	}
	other.populate(2, 72, tokenRange{0, 1})
	for _, c := range []*peer{i, other} {
		c.do(2, rw10(0x2a, 0, 2048), 0, pattern(1<<20, 2)) // changes whatever is watched still
	}
	if n := lock.busy.Load(); n != 0 {
		t.Errorf("%d claims and watches are left", n)
	}
}

// extendedResult sends an EXTENDED COPY without list identifier and returns how it
// ends.
func (i *peer) extendedResult(segments []segment) result {
	i.t.Helper()
	c := i.extendedCopy(9, segments)
	return i.finish(c.ITT(), nil)
}

// A write that waits while a token is made revokes it.
func TestWatchRevokesWaiting(t *testing.T) {
	p := newCopyPlane(t, 1)
	i := p.copyPeer()
	i.populate(2, 1, tokenRange{100, 8})
	k := p.eng.units.get(p.target.Lookup([8]byte{1: 2}).Handle()).lock
	k.mu.Lock()
	token := k.watches[0].token
	k.mu.Unlock()
	own := &claim{off: 0, n: 1 << 20, alone: true, keeps: true}
	release := p.eng.hold(k, own)
	if !token.Good() {
		t.Error("a claim that changes nothing revokes")
	}
	second := &watch{token: token}
	waiting := &claim{off: 50 * 512, n: 51 * 512, begin: func() {}}
	k.unwatch(k.watches[0])
	k.enter(waiting) // it came before the watch, and its turn comes after
	k.watch(second)
	if token.Good() || k.watched(token) {
		t.Error("the token is good, and a write of its blocks waits")
	}
	waiting.arrive()
	release()
	k.leave(waiting)
	if n := k.busy.Load(); n != 0 {
		t.Errorf("%d claims are left", n)
	}
}
