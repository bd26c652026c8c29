// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"testing"
)

const (
	ejectCDB   = "1b 00 00 00 02"
	loadCDB    = "1b 00 00 00 03"
	preventCDB = "1e 00 00 00 01"
	allowCDB   = "1e 00 00 00 00"
)

// removable returns two nexuses with one removable medium, through two targets.
func removable(t *testing.T) (first, second *Nexus) {
	t.Helper()
	m := NewMedium("m")
	var nexuses [2]*Nexus
	for i := range nexuses {
		tg := NewTarget(fmt.Sprintf("iqn.2026-11.com.example:%d", i))
		if err := tg.Add(0, newUnit(t, func(c *UnitConfig) { everything(c); c.Medium = m })); err != nil {
			t.Fatal(err)
		}
		nexuses[i] = tg.Attach("iqn.2026-11.com.example:host", ISID{}, 1)
		quiet(nexuses[i])
	}
	return nexuses[0], nexuses[1]
}

// TestEject walks a medium out and in, as two nexuses see it.
func TestEject(t *testing.T) {
	first, second := removable(t)
	changed := Sense{Key: UnitAttention, ASC: 0x28}
	var p Plan
	for i, step := range []struct {
		name string
		n    *Nexus
		cdb  string
		want Sense
		act  Action
	}{
		{"the medium is in", first, "00", Good, ActionReply},
		{"stopping does not eject", first, "1b 00 00 00 00", Good, ActionFlush},
		{"it is there", second, "00", Good, ActionReply},
		{"a power condition does not eject", first, "1b 00 00 00 32", Good, ActionFlush},
		{"it is still there", second, "00", Good, ActionReply},
		{"who prevents", second, preventCDB, Good, ActionReply},
		{"keeps it in", first, ejectCDB, RemovalPrevented, ActionReply},
		{"for himself too", second, ejectCDB, RemovalPrevented, ActionReply},
		{"nothing happened", first, "00", Good, ActionReply},
		{"another one's allowing is another one's", first, allowCDB, Good, ActionReply},
		{"so it stays", first, ejectCDB, RemovalPrevented, ActionReply},
		{"his own lets it go", second, allowCDB, Good, ActionReply},
		{"ejecting flushes", first, ejectCDB, Good, ActionFlush},
		{"twice is once", first, ejectCDB, Good, ActionReply},
		{"what is out can be kept where it is", second, preventCDB, Good, ActionReply},
		{"and is", first, ejectCDB, RemovalPrevented, ActionReply},
		{"so it cannot come back", first, loadCDB, RemovalPrevented, ActionReply},
		{"until allowed", second, allowCDB, Good, ActionReply},
		{"gone for one", first, "00", MediumNotPresent, ActionReply},
		{"and for the other", second, "28 00 00000000 00 0001", MediumNotPresent, ActionReply},
		{"starting needs a medium", first, "1b 00 00 00 01", MediumNotPresent, ActionReply},
		{"loading", first, loadCDB, Good, ActionReply},
		{"is known to who did it", first, "00", Good, ActionReply},
		{"and told to the other", second, "00", changed, ActionReply},
		{"once", second, "00", Good, ActionReply},
		{"loading what is in is no news", first, loadCDB, Good, ActionReply},
		{"so nobody is told", second, "00", Good, ActionReply},
		{"PREVENT 10b is obsolete", first, "1e 00 00 00 02", InvalidFieldInCDB.AtCDB(4, 1), ActionReply},
	} {
		if s := step.n.Plan(&p, lunField(0), cdbOf(t, step.cdb)); s != step.want || p.Action != step.act {
			t.Errorf("step %d, %s: %v, action %d; want %v, %d", i, step.name, s, p.Action, step.want, step.act)
		}
	}
}

// TestNoMedium asks each row while the medium is out.
func TestNoMedium(t *testing.T) {
	n, _ := removable(t)
	settable(n)
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, ejectCDB)); s != Good {
		t.Fatal(s)
	}
	rows(func(opcode byte, row *command) {
		want := MediumNotPresent
		if row.always || row.mediumless || row.noMedium {
			want = Good
		}
		if opcode == 0x1b {
			want = MediumNotPresent // the good CDB starts
		}
		if s := n.Plan(&p, lunField(0), cdbOf(t, goodCDB[row.name])); s != want {
			t.Errorf("%s: %v, want %v", row.name, s, want)
		}
	})
	if s := Sense(MediumNotPresent); string(reply(t, n, "03 00 00 00 12")) != string(s.Append(nil, false)) {
		t.Error("REQUEST SENSE does not tell that there is no medium")
	}
}

func TestPreventionEnds(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(n *Nexus)
	}{
		{"with the nexus", func(n *Nexus) { n.Detach() }},
		{"by LOGICAL UNIT RESET", func(n *Nexus) { n.target.ResetLUN(n.target.Lookup(lunField(0))) }},
		{"by a hard reset", func(n *Nexus) { n.target.Reset() }},
	} {
		first, second := removable(t)
		var p Plan
		if s := second.Plan(&p, lunField(0), cdbOf(t, preventCDB)); s != Good {
			t.Fatal(s)
		}
		tc.end(second)
		quiet(first)
		if s := first.Plan(&p, lunField(0), cdbOf(t, ejectCDB)); s != Good {
			t.Errorf("%s: %v", tc.name, s)
		}
	}
}

func TestFixedMedium(t *testing.T) {
	n, _ := newNexus(t, nil)
	var p Plan
	if d := reply(t, n, "12 00 00 00 ff"); d[1] != 0 {
		t.Errorf("RMB of a medium that stays: %02x", d[1])
	}
	for cdb, want := range map[string]Sense{ejectCDB: InvalidFieldInCDB.AtCDB(4, 1), loadCDB: InvalidFieldInCDB.AtCDB(4, 1), preventCDB: InvalidOpcode} {
		if s := n.Plan(&p, lunField(0), cdbOf(t, cdb)); s != want {
			t.Errorf("%s: %v, want %v", cdb, s, want)
		}
	}
	r, _ := removable(t)
	if d := reply(t, r, "12 00 00 00 ff"); d[1] != inquiryRMB {
		t.Errorf("RMB of one that goes: %02x", d[1])
	}
}
