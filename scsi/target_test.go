// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"sync"
	"testing"
)

func TestLUNForms(t *testing.T) {
	tg := NewTarget("t")
	units := map[uint16]*Unit{}
	for _, lun := range []uint16{0, 5, 255, 256, MaxLUN} {
		units[lun] = newUnit(t, nil)
		if err := tg.Add(lun, units[lun]); err != nil {
			t.Fatal(err)
		}
		if got := tg.Lookup(lunField(lun)); got != units[lun] || got.LUN() != lun {
			t.Errorf("LUN %d as REPORT LUNS says it names another unit", lun)
		}
	}
	tests := []struct {
		name, field string
		want        *Unit
	}{
		{"peripheral device addressing", "0005000000000000", units[5]},
		{"flat space addressing of a small LUN", "4005000000000000", units[5]},
		{"flat space addressing of a large LUN", "4100000000000000", units[256]},
		{"extended flat space addressing, 3 bytes", "d200000500000000", units[5]},
		{"extended flat space addressing, 5 bytes", "e200000000ff0000", units[255]},
		{"a LUN without unit", "0006000000000000", nil},
		{"a LUN beyond the map", "e2ffffffffff0000", nil},
		{"another bus", "0105000000000000", nil},
		{"a second level", "0005000100000000", nil},
		{"bytes behind a flat LUN", "4005000000000001", nil},
		{"bytes behind an extended LUN", "d200000500000100", nil},
		{"logical unit addressing", "8005000000000000", nil},
		{"the REPORT LUNS well-known unit", "c101000000000000", nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if got := tg.Lookup([8]byte(bytesOf(t, tc.field))); got != tc.want {
				t.Errorf("got %p, want %p", got, tc.want)
			}
		})
	}
}

func TestAddRefuses(t *testing.T) {
	tg, u := NewTarget("t"), newUnit(t, nil)
	if err := tg.Add(MaxLUN+1, u); err == nil {
		t.Error("a LUN above MaxLUN was accepted")
	}
	if err := tg.Add(3, u); err != nil {
		t.Fatal(err)
	}
	if err := tg.Add(3, newUnit(t, nil)); err == nil {
		t.Error("a taken LUN was accepted")
	}
	if err := tg.Add(4, u); err == nil {
		t.Error("a unit was accepted twice")
	}
	if u.LUN() != 3 || u.Handle() != 7 || u.Medium().Name() != unitConfig().ScsiSN {
		t.Errorf("LUN %d, handle %d, config %+v", u.LUN(), u.Handle(), u.Config())
	}
}

func TestReportLUNs(t *testing.T) {
	n, _ := newNexus(t, nil)
	for _, lun := range []uint16{300, 2} {
		if err := n.target.Add(lun, newUnit(t, nil)); err != nil {
			t.Fatal(err)
		}
	}
	const list = "00000018 00000000 0000000000000000 0002000000000000 412c000000000000"
	for _, tc := range []struct{ name, cdb, want string }{
		{"select report 00h", "a0 00 00 000000 000000ff", list},
		{"select report 02h", "a0 00 02 000000 000000ff", list},
		{"select report 01h: no well-known units", "a0 00 01 000000 000000ff", "0000000000000000"},
	} {
		if got, want := reply(t, n, tc.cdb), bytesOf(t, tc.want); !bytes.Equal(got, want) {
			t.Errorf("%s: % x, want % x", tc.name, got, want)
		}
	}
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "a0 00 03 000000 000000ff")); s != InvalidFieldInCDB.AtCDB(2, 7) {
		t.Errorf("select report 03h: %v", s)
	}
}

func TestFullTarget(t *testing.T) {
	tg := NewTarget("full")
	n := tg.Attach("host", ISID{}, 1)
	if tg.Name() != "full" || n.Initiator() != "host" {
		t.Errorf("names %q, %q", tg.Name(), n.Initiator())
	}
	luns := make(lunSnapshot, MaxLUN+1)
	u := newUnit(t, nil)
	for i := range luns {
		luns[i] = u
	}
	tg.luns.Store(&luns) // as if Add had been called for each
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "a0 00 00 000000 ffffffff")); s != Good || len(p.Reply) != MaxReplyLen {
		t.Errorf("sense %v, %d bytes, MaxReplyLen is %d", s, len(p.Reply), MaxReplyLen)
	}
}

func TestLUNWithoutUnit(t *testing.T) {
	n, _ := newNexus(t, nil)
	var p Plan
	rows(func(_ byte, row *command) {
		want := LUNotSupported
		if row.always {
			want = Good
		}
		if s := n.Plan(&p, lunField(9), cdbOf(t, goodCDB[row.name])); s != want || p.Unit != nil {
			t.Errorf("%s: %v, want %v", row.name, s, want)
		}
	})
	for _, tc := range []struct {
		name, cdb string
		sense     Sense
		want      string // beginning of the data
	}{
		{"INQUIRY says that nothing can be there", "12 00 00 00ff", Good, "7f 00 06 12 5b"},
		{"no VPD page", "12 01 00 00ff", InvalidFieldInCDB.AtCDB(2, 7), ""},
		{"REQUEST SENSE has the reason as data", "03 00 00 00 ff", Good, "70 00 05 00000000 0a 00000000 25 00"},
		{"REQUEST SENSE in descriptor format", "03 01 00 00 ff", Good, "72 05 25 00"},
		{"REPORT LUNS works", "a0 00 00 000000 000000ff", Good, "00000008"},
		{"an unknown operation code", "41", LUNotSupported, ""},
	} {
		s := n.Plan(&p, lunField(9), cdbOf(t, tc.cdb))
		if s != tc.sense || !bytes.HasPrefix(p.Reply, bytesOf(t, tc.want)) {
			t.Errorf("%s: %v % x", tc.name, s, p.Reply)
		}
	}
}

// ready plans TEST UNIT READY for LUN lun.
func ready(t *testing.T, n *Nexus, lun uint16) Sense {
	t.Helper()
	var p Plan
	return n.Plan(&p, lunField(lun), cdbOf(t, "00"))
}

func TestUnitAttentions(t *testing.T) {
	n, u := newNexus(t, nil)
	tg := n.target
	var (
		powerOn     = Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x00}
		hardReset   = Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x02}
		unitReset   = Sense{Key: UnitAttention, ASC: 0x29, ASCQ: 0x03}
		lunsChanged = Sense{Key: UnitAttention, ASC: 0x3f, ASCQ: 0x0e}
	)
	expect := func(what string, n *Nexus, lun uint16, want ...Sense) {
		t.Helper()
		for _, w := range append(want, Good) {
			if s := ready(t, n, lun); s != w {
				t.Errorf("%s: %v, want %v", what, s, w)
			}
		}
	}
	other := tg.Attach("other", ISID{}, 1)
	expect("a new nexus", other, 0, powerOn)
	expect("the old nexus does not see the new one", n, 0)

	u.medium.modes.now.Store(modeDSense | modeSWP)
	tg.ResetLUN(u)
	if u.medium.modes.now.Load() != 0 {
		t.Error("a reset keeps changed mode parameters")
	}
	expect("LOGICAL UNIT RESET for the issuer", n, 0, unitReset)
	expect("LOGICAL UNIT RESET for another nexus", other, 0, unitReset)

	if err := tg.Add(1, newUnit(t, nil)); err != nil {
		t.Fatal(err)
	}
	expect("a new LUN seen on an old one", n, 0, lunsChanged)
	expect("a new LUN", n, 1, powerOn)

	tg.Reset()
	tg.ResetLUN(u)
	expect("both resets, the higher first, then the LUN news", other, 0, hardReset, unitReset, lunsChanged)
	expect("a target reset on the other LUN", n, 1, hardReset)

	other.Detach()
	tg.Reset()
	if err := tg.Add(2, newUnit(t, nil)); err != nil {
		t.Fatal(err)
	}
	expect("a detached nexus gets none, on a new LUN too", other, 2)
	expect("a detached nexus gets none", other, 0)
}

func TestCommandsThatPassAnAttention(t *testing.T) {
	n, u := newNexus(t, nil)
	pending := n.attentionsOf(u)
	var p Plan
	rows(func(_ byte, row *command) {
		pending.clear(^attention(0))
		pending.set(attUnitReset)
		s := n.Plan(&p, lunField(0), cdbOf(t, goodCDB[row.name]))
		if row.always != (s == Good) {
			t.Errorf("%s with an attention pending: %v", row.name, s)
		}
		reported := row.name == "REQUEST SENSE" || !row.always
		if reported != (pending.bits.Load() == 0) {
			t.Errorf("%s: pending afterwards %x", row.name, pending.bits.Load())
		}
	})
	pending.set(attUnitReset)
	if s := n.Plan(&p, lunField(0), cdbOf(t, "41")); s.Key != UnitAttention {
		t.Errorf("an unknown command comes before the attention: %v", s)
	}
	pending.set(attModeChanged)
	if d := reply(t, n, "03 00 00 00 ff"); d[2] != 0x06 || d[12] != 0x2a || d[13] != 0x01 {
		t.Errorf("REQUEST SENSE: % x", d)
	}
	pending.set(attLUNsChanged | attModeChanged)
	reply(t, n, goodCDB["REPORT LUNS"])
	if got := attention(pending.bits.Load()); got != attModeChanged {
		t.Errorf("after REPORT LUNS %x is pending", got)
	}
}

// TestNexusesAtOnce lets commands, resets, logins and new LUNs run at once, for
// the race detector, and counts that no attention is reported twice.
func TestNexusesAtOnce(t *testing.T) {
	n, u := newNexus(t, nil)
	tg := n.target
	const loops, resets = 4, 200
	var wg sync.WaitGroup
	reported := make([]int, loops)
	stop := make(chan struct{})
	for i := range loops {
		wg.Go(func() {
			var p Plan
			cdb, lun := cdbOf(t, "28 00 00000000 00 0001"), lunField(0)
			for {
				if n.Plan(&p, lun, cdb).ASCQ == 0x03 {
					reported[i]++
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := range resets {
		tg.ResetLUN(u)
		if i%50 == 0 {
			if err := tg.Add(uint16(1+i), newUnit(t, nil)); err != nil {
				t.Error(err)
			}
			tg.Attach("other", ISID{}, 1).Detach()
		}
	}
	close(stop)
	wg.Wait()
	sum := 0
	for _, r := range reported {
		sum += r
	}
	if sum > resets {
		t.Errorf("%d reports of %d resets", sum, resets)
	}
}

func TestSelectReport(t *testing.T) {
	n, _ := newNexus(t, nil)
	const one, none = "00000008 00000000 0000000000000000", "00000000 00000000"
	for _, tc := range []struct {
		name, selects, want string
	}{
		{"units that can be addressed", "00", one},
		{"well-known units, of which there are none", "01", none},
		{"all units", "02", one},
		{"administrative units, of which there are none", "10", none},
		{"administrative units and those of no conglomerate", "11", one},
	} {
		if got, want := reply(t, n, "a0 00 "+tc.selects+" 000000 000000ff"), bytesOf(t, tc.want); !bytes.Equal(got, want) {
			t.Errorf("%s: % x, want % x", tc.name, got, want)
		}
	}
	for _, selects := range []string{"03", "0f", "12", "13", "f8", "ff"} {
		var p Plan
		if s := n.Plan(&p, lunField(0), cdbOf(t, "a0 00 "+selects+" 000000 000000ff")); s != InvalidFieldInCDB.AtCDB(2, 7) {
			t.Errorf("SELECT REPORT %sh: %v", selects, s)
		}
	}
}
