// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "testing"

// hears returns the sense of the next TEST UNIT READY of lun.
func hears(t *testing.T, n *Nexus, lun byte) Sense {
	t.Helper()
	var p Plan
	return n.Plan(&p, [8]byte{1: lun}, &[16]byte{})
}

func changeUnit(t *testing.T, sn string) *Unit {
	t.Helper()
	u, err := NewUnit(UnitConfig{Blocks: 1000, BlockSize: 512, PhysicalBlockSize: 512, ScsiSN: sn, MaxTransfer: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Removing and adding LUNs is told on the others, an emptied slot carries
// nothing over, and a removed unit is gone.
func TestRemove(t *testing.T) {
	target := NewTarget("t")
	a, b := changeUnit(t, "a"), changeUnit(t, "b")
	for lun, u := range []*Unit{a, b} {
		if err := target.Add(uint16(lun), u); err != nil {
			t.Fatal(err)
		}
	}
	n := target.Attach("x", ISID{}, 1)
	hears(t, n, 0)
	if target.Remove(1) != b || target.Remove(1) != nil || target.Remove(77) != nil {
		t.Fatal("Remove returns what was there, once")
	}
	if s := hears(t, n, 0); s.ASC != 0x3f || s.ASCQ != 0x0e {
		t.Errorf("after a removal: %v", s)
	}
	if s := hears(t, n, 1); s != LUNotSupported {
		t.Errorf("the removed LUN: %v", s)
	}
	if err := target.Add(1, b); err == nil {
		t.Error("a unit can be added again")
	}
	c := changeUnit(t, "c")
	if err := target.Add(5, c); err != nil {
		t.Fatal(err)
	}
	if c.slot != b.slot {
		t.Errorf("slot %d, want %d again", c.slot, b.slot)
	}
	if s := hears(t, n, 5); s.ASC != 0x29 || s.ASCQ != 0x00 {
		t.Errorf("the new LUN: %v", s)
	}
	if s := hears(t, n, 5); s != Good {
		t.Errorf("the new LUN again: %v", s)
	}
	if s := hears(t, n, 0); s.ASC != 0x3f {
		t.Errorf("the old LUN: %v", s)
	}
	if got := target.Units(); len(got) != 2 || got[0] != a || got[1] != c {
		t.Errorf("units %v", got)
	}
}

// Another size, protection or readiness is told with the attention that belongs
// to it, and holds at once.
func TestChange(t *testing.T) {
	target := NewTarget("t")
	u := changeUnit(t, "a")
	if err := target.Add(0, u); err != nil {
		t.Fatal(err)
	}
	n := target.Attach("x", ISID{}, 1)
	hears(t, n, 0)
	read := [16]byte{0: 0x28, 4: 0x07, 5: 0xcf, 8: 1} // block 1999
	var p Plan
	if s := n.Plan(&p, [8]byte{}, &read); !s.Is(LBAOutOfRange) {
		t.Errorf("before growing: %v", s)
	}
	c := u.Config()
	c.Blocks = 2000
	if err := target.Change(u, c); err != nil {
		t.Fatal(err)
	}
	if s := hears(t, n, 0); s.ASC != 0x2a || s.ASCQ != 0x09 {
		t.Errorf("after growing: %v", s)
	}
	if s := n.Plan(&p, [8]byte{}, &read); s != Good || p.Off != 1999*512 {
		t.Errorf("after growing: %v at %d", s, p.Off)
	}
	c.ReadOnly = true
	if err := target.Change(u, c); err != nil {
		t.Fatal(err)
	}
	if s := hears(t, n, 0); s.ASC != 0x2a || s.ASCQ != 0x01 {
		t.Errorf("after protecting: %v", s)
	}
	write := [16]byte{0: 0x2a, 8: 1}
	if s := n.Plan(&p, [8]byte{}, &write); !s.Is(WriteProtected) {
		t.Errorf("a write: %v", s)
	}
	c.NotReady = true
	if err := target.Change(u, c); err != nil || u.Ready() {
		t.Fatalf("not ready: %v", err)
	}
	for cdb, want := range map[[16]byte]Sense{{}: LUNotReady, write: LUNotReady, {0: 0x12, 4: 96}: Good, {0: 0xa3, 1: 0x0c, 9: 8}: Good} {
		if s := n.Plan(&p, [8]byte{}, &cdb); !s.Is(want) {
			t.Errorf("not ready, %x: %v, want %v", cdb[0], s, want)
		}
	}
	c.NotReady = false
	if err := target.Change(u, c); err != nil {
		t.Fatal(err)
	}
	if s := hears(t, n, 0); s.ASC != 0x28 || s.ASCQ != 0x00 {
		t.Errorf("ready again: %v", s)
	}
	c.ScsiSN = "other"
	if err := target.Change(u, c); err == nil {
		t.Error("the identity can change")
	}
	c = u.Config()
	c.Blocks = 0
	if err := target.Change(u, c); err == nil {
		t.Error("the unit can be empty")
	}
}

// A nexus sees and writes what its view lets it; the others are not touched.
func TestView(t *testing.T) {
	target := NewTarget("t")
	for lun, sn := range []string{"a", "b"} {
		if err := target.Add(uint16(lun), changeUnit(t, sn)); err != nil {
			t.Fatal(err)
		}
	}
	n, other := target.Attach("x", ISID{}, 1), target.Attach("y", ISID{}, 1)
	n.SetView(&View{Sees: func(lun uint16) bool { return lun == 1 }, ReadOnly: true})
	for _, x := range []*Nexus{n, other} {
		hears(t, x, 0)
		hears(t, x, 1)
	}
	var p Plan
	list := [16]byte{0: 0xa0, 9: 255}
	if s := n.Plan(&p, [8]byte{}, &list); s != Good || len(p.Reply) != 16 || p.Reply[9] != 1 {
		t.Errorf("REPORT LUNS: %v % x", s, p.Reply)
	}
	write := [16]byte{0: 0x2a, 8: 1}
	for _, tt := range []struct {
		n    *Nexus
		lun  byte
		want Sense
	}{{n, 0, LUNotSupported}, {n, 1, WriteProtected}, {other, 0, Good}, {other, 1, Good}} {
		if s := tt.n.Plan(&p, [8]byte{1: tt.lun}, &write); !s.Is(tt.want) {
			t.Errorf("write of %s to LUN %d: %v, want %v", tt.n.Initiator(), tt.lun, s, tt.want)
		}
	}
	sense := [16]byte{0: 0x1a, 2: 0x3f, 4: 255}
	if n.Plan(&p, [8]byte{1: 1}, &sense); p.Reply[2]&headerWP == 0 {
		t.Error("MODE SENSE does not say that the nexus cannot write")
	}
	n.SetView(nil)
	if s := hears(t, n, 1); s.ASC != 0x2a {
		t.Errorf("after the view widened: %v", s)
	}
	if s := hears(t, n, 1); s.ASC != 0x3f {
		t.Errorf("and then: %v", s)
	}
}
