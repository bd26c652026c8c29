// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestProvisioningAgrees holds READ CAPACITY(16), VPD B0h and B2h, and the list of
// commands against each other.
func TestProvisioningAgrees(t *testing.T) {
	for _, tc := range []struct {
		name                   string
		change                 func(c *UnitConfig)
		capacity, limits, page string // bytes 14 and 15; bytes 4 and 20 to 43; bytes 4 to 7
		unmap                  bool
	}{
		{"fully provisioned", nil, "0000", "00" + zeros(16) + "000000000000ffff", "00000000", false},
		{"thin, in pieces of a block", everything, "c000", "00 00100000 00000100 00000001 80000000 000000000000ffff", "0be40200", true},
		{"thin, in pieces of 8 from block 3 on", func(c *UnitConfig) { c.Thin, c.UnmapGranularity, c.UnmapAlignment = true, 8, 3 },
			"c000", "00 00100000 00000100 00000008 80000003 000000000000ffff", "00e40200", true},
		{"WSNZ", func(c *UnitConfig) { c.WSNZ = true }, "0000", "01" + zeros(16) + "000000000000ffff", "00000000", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, _ := newNexus(t, tc.change)
			if d := reply(t, n, "9e 10 0000000000000000 00000020"); !bytes.Equal(d[14:16], bytesOf(t, tc.capacity)) {
				t.Errorf("READ CAPACITY(16): % x", d[14:16])
			}
			limits := reply(t, n, "12 01 b0 00ff")
			if got := slices.Concat(limits[4:5], limits[20:44]); !bytes.Equal(got, bytesOf(t, tc.limits)) {
				t.Errorf("VPD B0h: % x", got)
			}
			if d := reply(t, n, "12 01 b2 00ff"); !bytes.Equal(d[4:], bytesOf(t, tc.page)) {
				t.Errorf("VPD B2h: % x", d[4:])
			}
			if d := reply(t, n, "a3 0c 01 42 0000 000000ff"); (d[1] == 0x03) != tc.unmap {
				t.Errorf("UNMAP is supported: % x", d)
			}
		})
	}
}

func TestUnmap(t *testing.T) {
	const one = "0000000000000010 00000008 00000000"
	tests := []struct {
		name, list string
		want       Sense
		ranges     []Range
	}{
		{"one range", "0016 0010 00000000" + one, Good, []Range{{16 * 512, 8 * 512}}},
		{"two that overlap", "0026 0020 00000000" + one + one, Good, []Range{{16 * 512, 8 * 512}, {16 * 512, 8 * 512}}},
		{"UNMAP DATA LENGTH is not looked at", "ffff 0010 00000000" + one, Good, []Range{{16 * 512, 8 * 512}}},
		{"no descriptors", "0006 0000 00000000", Good, nil},
		{"a descriptor of no blocks", "0016 0010 00000000 0000000000000010 00000000 00000000", Good, nil},
		{"no blocks right behind the end", "0016 0010 00000000 0000000000000800 00000000 00000000", Good, nil},
		{"no blocks beyond that", "0016 0010 00000000 0000000000000801 00000000 00000000", LBAOutOfRange, nil},
		{"the last block", "0016 0010 00000000 00000000000007ff 00000001 00000000", Good, []Range{{2047 * 512, 512}}},
		{"the last block and one more", "0016 0010 00000000 00000000000007ff 00000002 00000000", LBAOutOfRange, nil},
		{"an LBA whose end wraps", "0016 0010 00000000 ffffffffffffffff 00000002 00000000", LBAOutOfRange, nil},
		{"a good range and a bad one: nothing is unmapped", "0026 0020 00000000" + one + "0000000000000800 00000001 00000000", LBAOutOfRange, nil},
		{"a descriptor that is there in part", "0016 0018 00000000" + one + "0000000000000000", Good, []Range{{16 * 512, 8 * 512}}},
		{"a list shorter than it says", "0016 0020 00000000" + one, ParamListLength, nil},
		{"less than a header", "0006 0000 000000", ParamListLength, nil},
	}
	n, _ := newNexus(t, everything)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data := bytesOf(t, tc.list)
			var p Plan
			if s := n.Plan(&p, lunField(0), cdbOf(t, fmt.Sprintf("42 00 00000000 00 %04x", len(data)))); s != Good || p.Action != ActionCollect {
				t.Fatalf("plan: %v, action %d", s, p.Action)
			}
			if s := n.Collected(&p, data); s != tc.want || !slices.Equal(p.Ranges, tc.ranges) {
				t.Errorf("%v % x, ranges %v", s, s.Specific, p.Ranges)
			}
			if done := p.Action == ActionCollect; done != (tc.ranges == nil) {
				t.Errorf("action %d with ranges %v", p.Action, p.Ranges)
			}
		})
	}
}

func TestUnmapLimits(t *testing.T) {
	n, _ := newNexus(t, func(c *UnitConfig) { c.Thin, c.Blocks = true, 1<<21 })
	unmap := func(blocks ...int) Sense {
		data := bytesOf(t, fmt.Sprintf("%04x %04x 00000000", 6+16*len(blocks), 16*len(blocks)))
		for _, b := range blocks {
			data = append(data, bytesOf(t, fmt.Sprintf("0000000000000000 %08x 00000000", b))...)
		}
		var p Plan
		if s := n.Plan(&p, lunField(0), cdbOf(t, fmt.Sprintf("42 00 00000000 00 %04x", len(data)))); s != Good {
			return s
		}
		return n.Collected(&p, data)
	}
	if s := unmap(maxUnmapBlocks-1, 1); s != Good {
		t.Errorf("as many blocks as may be: %v", s)
	}
	if s, want := unmap(maxUnmapBlocks-1, 2), InvalidFieldInParams.AtParam(8+16+8, 7); s != want {
		t.Errorf("one block more: %v % x", s, s.Specific)
	}
	if s := unmap(make([]int, maxUnmapRanges)...); s != Good {
		t.Errorf("as many descriptors as may be: %v", s)
	}
	if s, want := unmap(make([]int, maxUnmapRanges+1)...), InvalidFieldInParams.AtParam(2, 7); s != want {
		t.Errorf("one descriptor more: %v % x", s, s.Specific)
	}
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "42 00 00000000 00 0000")); s != Good || p.Action != ActionReply {
		t.Errorf("no parameter list: %v, action %d", s, p.Action)
	}
	thick, _ := newNexus(t, nil)
	if s := thick.Plan(&p, lunField(0), cdbOf(t, "42 00 00000000 00 0018")); s != InvalidOpcode {
		t.Errorf("UNMAP of a unit that keeps its blocks: %v", s)
	}
}

func TestWriteSame(t *testing.T) {
	wsnz := func(c *UnitConfig) { everything(c); c.WSNZ = true }
	large := func(c *UnitConfig) { everything(c); c.Blocks = 1 << 20 }
	tests := []struct {
		name   string
		change func(c *UnitConfig)
		cdb    string
		want   Sense
		off    int64
		length int
		out    int
		unmap  bool
	}{
		{"(10) of some blocks", nil, "41 00 00000010 00 0008", Good, 16 * 512, 8 * 512, 512, false},
		{"(10) with UNMAP", everything, "41 08 00000010 00 0008", Good, 16 * 512, 8 * 512, 512, true},
		{"(10) with UNMAP of a unit that keeps its blocks", nil, "41 08 00000010 00 0008", InvalidFieldInCDB.AtCDB(1, 3), 0, 0, 0, true},
		{"(10) with ANCHOR", everything, "41 18 00000010 00 0008", InvalidFieldInCDB.AtCDB(1, 4), 0, 0, 0, false},
		{"(10) has no NDOB", everything, "41 01 00000010 00 0008", InvalidFieldInCDB.AtCDB(1, 0), 0, 0, 0, false},
		{"(16) of some blocks", nil, "93 00 0000000000000010 00000008", Good, 16 * 512, 8 * 512, 512, false},
		{"(16) with NDOB", nil, "93 01 0000000000000010 00000008", Good, 16 * 512, 8 * 512, 0, false},
		{"(16) with NDOB and UNMAP", everything, "93 09 0000000000000010 00000008", Good, 16 * 512, 8 * 512, 0, true},
		{"no blocks are all to the end", nil, "93 00 00000000000007f0 00000000", Good, 2032 * 512, 16 * 512, 512, false},
		{"no blocks, with WSNZ", wsnz, "93 00 00000000000007f0 00000000", InvalidFieldInCDB.AtCDB(10, 7), 0, 0, 0, false},
		{"(10) no blocks, with WSNZ", wsnz, "41 00 000007f0 00 0000", InvalidFieldInCDB.AtCDB(7, 7), 0, 0, 0, false},
		{"no blocks at the end of the medium", nil, "93 00 0000000000000800 00000000", LBAOutOfRange, 0, 0, 0, false},
		{"the last block and one more", nil, "41 00 000007ff 00 0002", LBAOutOfRange, 0, 0, 0, false},
		{"as many as may be", large, "93 00 0000000000000000 0000ffff", Good, 0, 65535 * 512, 512, false},
		{"one more", large, "93 00 0000000000000000 00010000", InvalidFieldInCDB.AtCDB(10, 7), 0, 0, 0, false},
		{"all to the end, and those are too many", large, "41 00 00000000 00 0000", InvalidFieldInCDB.AtCDB(7, 7), 0, 0, 0, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, _ := newNexus(t, tc.change)
			var p Plan
			s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb))
			if s != tc.want {
				t.Fatalf("sense %v % x", s, s.Specific)
			}
			if s == Good && (p.Action != ActionWriteSame || p.Off != tc.off || p.Len != tc.length || p.OutLen != tc.out || p.Unmap != tc.unmap) {
				t.Errorf("plan %+v", p)
			}
		})
	}
}

// TestLBAStatus tells a plan of runs and looks at the descriptors.
func TestLBAStatus(t *testing.T) {
	type run struct {
		blocks    int
		allocated bool
	}
	tests := []struct {
		name     string
		lba      int
		allocLen int
		runs     []run
		data     string
	}{
		{"one run", 0, 255, []run{{2048, false}}, "00000014 00000000 0000000000000000 00000800 01000000"},
		{"neighbours of a kind are one", 16, 255, []run{{8, true}, {8, true}, {2016, false}},
			"00000024 00000000 0000000000000010 00000010 00000000 0000000000000020 000007e0 01000000"},
		{"room for one", 0, 24, []run{{8, true}, {2040, false}}, "00000014 00000000 0000000000000000 00000008 00000000"},
		{"room for one and a part", 0, 25, []run{{8, true}, {2040, false}}, "00000024 00000000 0000000000000000 00000008 00000000 00"},
		{"exactly two", 0, 40, []run{{8, true}, {8, false}, {2032, true}},
			"00000024 00000000 0000000000000000 00000008 00000000 0000000000000008 00000008 01000000"},
		{"no room", 0, 0, []run{{2048, true}}, ""},
		{"one byte", 0, 1, []run{{2048, true}}, "00"},
		{"a header", 0, 8, []run{{2048, true}}, "00000014 00000000"},
	}
	n, _ := newNexus(t, everything)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var p Plan
			if s := n.Plan(&p, lunField(0), cdbOf(t, fmt.Sprintf("9e 12 %016x %08x", tc.lba, tc.allocLen))); s != Good || p.Action != ActionLBAStatus {
				t.Fatalf("sense %v, action %d", s, p.Action)
			}
			if p.Off != int64(tc.lba)*512 || p.Len != (2048-tc.lba)*512 {
				t.Fatalf("range %d, %d", p.Off, p.Len)
			}
			for _, r := range tc.runs {
				if !p.AddStatus(r.blocks*512, r.allocated) {
					break
				}
			}
			p.EndStatus()
			if p.Action != ActionReply || !bytes.Equal(p.Reply, bytesOf(t, tc.data)) {
				t.Errorf("action %d, % x, want %s", p.Action, p.Reply, tc.data)
			}
		})
	}
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "9e 12 0000000000000800 000000ff")); s != LBAOutOfRange {
		t.Errorf("behind the end: %v", s)
	}
}

// TestLBAStatusIsBounded tells more runs than an answer takes, and one that is
// longer than a descriptor can say.
func TestLBAStatusIsBounded(t *testing.T) {
	n, _ := newNexus(t, func(c *UnitConfig) { c.Blocks = 1 << 34 })
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "9e 12 0000000000000000 ffffffff")); s != Good {
		t.Fatal(s)
	}
	told := 0
	for p.AddStatus(512, told%2 == 0) {
		if told++; told > 2*maxStatusDescriptors {
			t.Fatal("there is no end")
		}
	}
	p.EndStatus()
	if want := statusHeaderLen + maxStatusDescriptors*statusDescriptorLen; len(p.Reply) != want {
		t.Errorf("%d bytes, want %d", len(p.Reply), want)
	}
	if s := n.Plan(&p, lunField(0), cdbOf(t, "9e 12 0000000000000000 000000ff")); s != Good {
		t.Fatal(s)
	}
	p.AddStatus(p.Len, true)
	p.EndStatus()
	var blocks uint64
	for d := p.Reply[statusHeaderLen:]; len(d) > 0; d = d[statusDescriptorLen:] {
		if lba := binary.BigEndian.Uint64(d); lba != blocks {
			t.Errorf("a descriptor at block %d, want %d", lba, blocks)
		}
		blocks += uint64(binary.BigEndian.Uint32(d[8:]))
	}
	if blocks != 1<<34 {
		t.Errorf("%d blocks are told", blocks)
	}
}

// TestThinChangeIsTold has a unit become thin while it is used.
func TestThinChangeIsTold(t *testing.T) {
	n, u := newNexus(t, nil)
	c := u.Config()
	c.Thin = true
	if err := n.target.Change(u, c); err != nil {
		t.Fatal(err)
	}
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "00")); s.String() != "6/2a/09" {
		t.Errorf("%v, want CAPACITY DATA HAS CHANGED", s)
	}
	if d := reply(t, n, "9e 10 0000000000000000 00000020"); !strings.HasPrefix(fmt.Sprintf("%x", d[14:]), "c0") {
		t.Errorf("READ CAPACITY(16): % x", d)
	}
}
