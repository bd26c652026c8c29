// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/hex"
	"strings"
	"testing"
)

// unitConfig is a small disk with a volatile cache: 1 MiB in blocks of 512.
func unitConfig() UnitConfig {
	id := DefaultScsiID("iqn.2001-04.com.example:disk", 0)
	return UnitConfig{
		Handle: 7, Blocks: 2048, BlockSize: 512, PhysicalBlockSize: 4096,
		WriteCache: true, ScsiID: id, ScsiSN: DefaultScsiSN(id), MaxTransfer: 1024 * 512,
	}
}

// everything makes c a unit that has every command.
func everything(c *UnitConfig) {
	c.Thin, c.KnowsUnmapped, c.KnowsSpace, c.Removable = true, true, true, true
	c.AtomicBlocks, c.NAA = 8, true
}

func newUnit(t testing.TB, change func(c *UnitConfig)) *Unit {
	t.Helper()
	c := unitConfig()
	if change != nil {
		change(&c)
	}
	u, err := NewUnit(c)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// newNexus returns a nexus with LUN 0 that has nothing pending, and a copy with
// list identifier 1 and a POPULATE TOKEN with 2 under way.
func newNexus(t testing.TB, change func(c *UnitConfig)) (*Nexus, *Unit) {
	t.Helper()
	tg, u := NewTarget("iqn.2001-04.com.example:disk"), newUnit(t, change)
	if err := tg.Add(0, u); err != nil {
		t.Fatal(err)
	}
	n := tg.Attach("iqn.2001-04.com.example:host", ISID{}, 1)
	quiet(n)
	if _, s := n.copies.begin(1, true); s != Good {
		t.Fatal(s)
	}
	if s := n.copies.enter(&copyRecord{id: 2, known: true, action: actionPopulateToken, blockSize: 512}); s != Good {
		t.Fatal(s)
	}
	return n, u
}

// quiet clears what is pending on n.
func quiet(n *Nexus) {
	for _, a := range *n.pending.Load() {
		a.clear(^attention(0))
	}
}

// cdbOf returns the CDB written in hexadecimal, blanks allowed.
func cdbOf(t testing.TB, s string) *[16]byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil || len(b) > 16 {
		t.Fatalf("bad CDB %q in the test: %v", s, err)
	}
	var cdb [16]byte
	copy(cdb[:], b)
	return &cdb
}

// bytesOf returns the bytes written in hexadecimal, blanks allowed.
func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatalf("bad bytes %q in the test: %v", s, err)
	}
	return b
}

// lunField returns the LUN field of lun as REPORT LUNS gives it.
func lunField(lun uint16) [8]byte { return [8]byte(appendLUN(nil, lun)) }

// reply plans cdb on LUN 0 and returns the data-in.
func reply(t testing.TB, n *Nexus, cdb string) []byte {
	t.Helper()
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, cdb)); s != Good || p.Action != ActionReply {
		t.Fatalf("CDB %s: sense %v, action %d, want a reply", cdb, s, p.Action)
	}
	return p.Reply
}
