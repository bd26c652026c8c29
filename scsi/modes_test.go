// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"errors"
	"testing"
)

const (
	cacheOff = "00000000 0812 00 0000000000000000000000000000000000"
	cacheOn  = "00000000 0812 04 0000000000000000000000000000000000"
	protect  = "00000000 0a0a 22 10 08 00000000000000"
)

// selectModes does MODE SELECT(6), with SP when save is set.
func selectModes(t *testing.T, n *Nexus, p *Plan, params string, save bool) Sense {
	t.Helper()
	data, cdb := bytesOf(t, params), cdbOf(t, "15 10")
	if cdb[4] = byte(len(data)); save {
		cdb[1] |= selectSP
	}
	if s := n.Plan(p, lunField(0), cdb); s != Good || p.Action == ActionReply {
		return s
	}
	if p.Action != ActionCollect || !p.Blocking {
		t.Fatalf("plan %+v", outcomeOf(p))
	}
	return n.Collected(p, data)
}

// TestModesAreShared holds that what is selected through one target counts through
// the other, and is news to all but who selected it.
func TestModesAreShared(t *testing.T) {
	c := newCluster(t, 1)
	here, there := c.nexuses[0], c.nexuses[1]
	var p Plan
	if s := selectModes(t, here, &p, protect, false); s != Good {
		t.Fatal(s)
	}
	if s := ready(t, here, 0); s != Good {
		t.Errorf("who selected finds %v", s)
	}
	if s := ready(t, there, 0); s != (Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x01}) {
		t.Errorf("the other target: %v", s)
	}
	if s := there.Plan(&p, lunField(0), cdbOf(t, "2a 00 00000001 00 0001")); s != SoftwareProtected {
		t.Errorf("a write through the other target: %v", s)
	}
	c.targets[1].ResetLUN(c.targets[1].Lookup(lunField(0)))
	if s := ready(t, here, 0); s != (Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x03}) {
		t.Errorf("after LOGICAL UNIT RESET through the other target: %v", s)
	}
	if s := here.Plan(&p, lunField(0), cdbOf(t, "2a 00 00000001 00 0001")); s != Good {
		t.Errorf("a write after it: %v", s)
	}
}

// TestWriteCache follows a cache that is turned off and on again while commands are
// under way.
func TestWriteCache(t *testing.T) {
	n, u := newNexus(t, nil)
	writes := []string{"0a 000001 01 00", "2a 00 00000001 00 0001", "8a 00 0000000000000001 00000001 00 00", "41 00 00000001 00 0001", "93 01 0000000000000001 00000001 00 00", "8b 00 0000000000000001 00000001 00 00", "89 00 0000000000000001 000000 01 00 00"}
	plans := func(durable bool) (list []*Plan) {
		t.Helper()
		for _, cdb := range writes {
			p := new(Plan)
			if s := n.Plan(p, lunField(0), cdbOf(t, cdb)); s != Good || p.Durable != durable || p.MustFlush() {
				t.Errorf("%s: %v, Durable %v, want %v", cdb, s, p.Durable, durable)
			}
			list = append(list, p)
		}
		return list
	}
	begun := plans(false)
	var p, read, fua Plan
	n.Plan(&read, lunField(0), cdbOf(t, "28 00 00000001 00 0001"))
	n.Plan(&fua, lunField(0), cdbOf(t, "2a 08 00000001 00 0001"))
	if s := selectModes(t, n, &p, cacheOff, false); s != Good || p.Action != ActionFlush || p.Off != 0 || p.Len != int(u.Config().Blocks)*512 {
		t.Fatalf("turning it off: %v, %+v", s, outcomeOf(&p))
	}
	for i, b := range begun {
		if !b.MustFlush() {
			t.Errorf("%s that was under way is acknowledged without a flush", writes[i])
		}
		if b.Durable = true; b.MustFlush() {
			t.Errorf("%s is flushed over and over", writes[i])
		}
	}
	if read.MustFlush() || fua.MustFlush() || u.WriteCache() {
		t.Errorf("a read %v, FUA %v, the cache %v", read.MustFlush(), fua.MustFlush(), u.WriteCache())
	}
	plans(true)
	if s := selectModes(t, n, &p, cacheOn, false); s != Good || p.Action != ActionCollect || !u.WriteCache() {
		t.Errorf("turning it on: %v, %+v", s, outcomeOf(&p))
	}
	plans(false)
	if mode := u.medium.modes.now.Load(); mode != 0 {
		t.Errorf("what is as configured is noted: %x", mode)
	}
}

func TestSavedModes(t *testing.T) {
	n, u := newNexus(t, nil)
	m := u.Medium()
	var kept []Modes
	var failure error
	m.KeepModes(func(v Modes) error { kept = append(kept, v); return failure })
	var p Plan
	page := func(what, cdb, want string) {
		t.Helper()
		if got := reply(t, n, cdb)[4:]; !bytes.Equal(got, bytesOf(t, want)) {
			t.Errorf("%s: % x, want %s", what, got, want)
		}
	}
	const current, changeable, defaults, saved = "1a 08 0a 00 ff", "1a 08 4a 00 ff", "1a 08 8a 00 ff", "1a 08 ca 00 ff"
	const clear, set = "8a0a 22 10 00 00000000000000", "8a0a 22 10 08 00000000000000"
	if s := selectModes(t, n, &p, protect, false); s != Good || len(kept) != 0 {
		t.Fatalf("without SP: %v, %v", s, kept)
	}
	page("the current value", current, set)
	page("the value that is not saved", saved, clear)
	page("what can be changed", changeable, "8a0a 04 00 08 00000000000000")
	page("a page of which nothing can be", "1a 08 dc 00 ff", exceptionsHex)
	if s := selectModes(t, n, &p, "", true); s != Good || len(kept) != 1 || !kept[0].SWP || kept[0].WCE != nil {
		t.Fatalf("SP without parameters: %v, %+v", s, kept)
	}
	page("the saved value", saved, set)
	page("the default value", defaults, clear)
	if s := selectModes(t, n, &p, cacheOff, true); s != Good || p.Action != ActionFlush || len(kept) != 2 || !kept[1].SWP || kept[1].WCE == nil || *kept[1].WCE {
		t.Fatalf("the cache: %v, %+v", s, kept)
	}
	failure = errors.New("no room")
	if s := selectModes(t, n, &p, "00000000 0a0a 22 10 00 00000000000000", true); s != InternalTargetFailure {
		t.Errorf("what cannot be saved: %v", s)
	}
	page("the current value after that", current, set)
	n.target.Reset()
	quiet(n)
	page("the current value after a reset", current, set)
	if u.WriteCache() {
		t.Error("a reset turns the cache on")
	}

	next := NewMedium("next")
	next.RestoreModes(kept[1])
	next.RestoreModes(Modes{})
	other, again := newNexus(t, func(c *UnitConfig) { c.Medium = next })
	if s := other.Plan(&p, lunField(0), cdbOf(t, "2a 00 00000001 00 0001")); s != SoftwareProtected || again.WriteCache() {
		t.Errorf("in the next process: %v, cache %v", s, again.WriteCache())
	}
	if next.RestoreModes(Modes{DSense: true}); next.SavedModes().DSense {
		t.Error("saved values change under a unit that is used")
	}
}
