// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"slices"
	"testing"
)

func TestModePagesTable(t *testing.T) {
	u, sum := newUnit(t, nil), 0
	if !slices.IsSortedFunc(modePages, func(a, b modePage) int { return int(a.code) - int(b.code) }) {
		t.Error("the pages are not sorted")
	}
	for i := range modePages {
		g := &modePages[i]
		sum += g.length
		if d := g.append(nil, u.state.Load(), 0); g.name == "" || len(d) != g.length || d[0] != g.code || int(d[1]) != len(d)-2 {
			t.Errorf("page %02xh: % x", g.code, d)
		}
		if g.changeable != nil && len(g.changeable) != g.length {
			t.Errorf("page %02xh: %d changeable bytes of %d", g.code, len(g.changeable), g.length)
		}
	}
	if sum != modePagesLen {
		t.Errorf("the pages have %d bytes, modePagesLen is %d", sum, modePagesLen)
	}
	if modePagesLen+modeHeader10Len+longDescriptorLen > MaxCollectLen {
		t.Error("MODE SELECT of all pages does not fit in MaxCollectLen")
	}
}

const (
	errorsHex     = "010a" + "00000000000000000000"
	disconnectHex = "020e" + "0000000000000000000000000000"
	formatHex     = "0316" + "0000000000000000" + "0020" + "0200" + "000000000000" + "40000000"
	geometryHex   = "0416" + "000001" + "40" + "000000000000000000000000000000000000"
	cachingHex    = "0812" + "04" + "0000000000000000000000000000000000"
	controlHex    = "0a0a" + "22" + "10" + "0000000000000000"
	exceptionsHex = "1c0a" + "08" + "000000000000000000"
	allPagesHex   = errorsHex + disconnectHex + formatHex + geometryHex + cachingHex + controlHex + exceptionsHex

	shortHex = "00000800" + "00000200"
	longHex  = "0000000000000800" + "00000000" + "00000200"
)

func TestModeSense(t *testing.T) {
	writeThrough := func(c *UnitConfig) { c.WriteCache = false }
	readOnly := func(c *UnitConfig) { c.ReadOnly = true }
	large := func(c *UnitConfig) { c.Blocks = 1 << 40 }
	tests := []struct {
		name   string
		change func(c *UnitConfig)
		mode   uint32
		cdb    string
		want   string
	}{
		{"all pages, 6 bytes", nil, 0, "1a 00 3f 00 ff", "83 00 10 08" + shortHex + allPagesHex},
		{"all pages and subpages", nil, 0, "1a 00 3f ff ff", "83 00 10 08" + shortHex + allPagesHex},
		{"all pages, 10 bytes", nil, 0, "5a 00 3f 00 000000 00ff", "0086 00 10 00 00 0008" + shortHex + allPagesHex},
		{"a long block descriptor", nil, 0, "5a 10 08 00 000000 00ff", "002a 00 10 01 00 0010" + longHex + cachingHex},
		{"no block descriptor, 6 bytes", nil, 0, "1a 08 0a 00 ff", "0f 00 10 00" + controlHex},
		{"no block descriptor, 10 bytes", nil, 0, "5a 18 0a 00 000000 00ff", "0012 00 10 00 00 0000" + controlHex},
		{"a page with subpage FFh", nil, 0, "1a 08 1c ff ff", "0f 00 10 00" + exceptionsHex},
		{"without a volatile cache", writeThrough, 0, "1a 08 08 00 ff", "17 00 10 00 0812" + zeros(18)},
		{"a read-only unit", readOnly, 0, "1a 08 0a 00 ff", "0f 00 90 00" + controlHex},
		{"a disk too large for the short descriptor", large, 0, "1a 00 0a 00 ff", "17 00 10 08 ffffffff 00000200" + controlHex},
		{"the geometry of a disk with too many cylinders for the field", large, 0, "1a 08 04 00 ff", "1b 00 10 00 0416 ffffff 40" + zeros(18)},
		{"current values with SWP and D_SENSE", nil, modeSWP | modeDSense, "1a 08 0a 00 ff", "0f 00 90 00 0a0a 26 10 08 00000000000000"},
		{"default values with SWP and D_SENSE", nil, modeSWP | modeDSense, "1a 08 8a 00 ff", "0f 00 90 00" + controlHex},
		{"changeable values", nil, 0, "1a 08 4a 00 ff", "0f 00 10 00 0a0a 04 00 08 00000000000000"},
		{"changeable values of a page without", nil, 0, "1a 08 5c 00 ff", "0f 00 10 00 1c0a" + zeros(10)},
		{"changeable values of the cache", nil, 0, "1a 08 48 00 ff", "17 00 10 00 0812 04" + zeros(17)},
		{"changeable values of the cache of a read-only unit", readOnly, 0, "1a 08 48 00 ff", "17 00 90 00 0812" + zeros(18)},
		{"a cache that was turned off", nil, modeNoWCE, "1a 08 08 00 ff", "17 00 10 00 0812" + zeros(18)},
		{"the default of a cache that was turned off", nil, modeNoWCE, "1a 08 88 00 ff", "17 00 10 00" + cachingHex},
		{"a cache that was turned on", writeThrough, modeWCE, "1a 08 08 00 ff", "17 00 10 00" + cachingHex},
		{"the default of a cache that was turned on", writeThrough, modeWCE, "1a 08 88 00 ff", "17 00 10 00 0812" + zeros(18)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, u := newNexus(t, tc.change)
			u.medium.modes.now.Store(tc.mode)
			if got, want := reply(t, n, tc.cdb), bytesOf(t, tc.want); !bytes.Equal(got, want) {
				t.Errorf("got  % x\nwant % x", got, want)
			}
		})
	}
}

func TestModeSenseRefusals(t *testing.T) {
	n, _ := newNexus(t, nil)
	var p Plan
	for _, tc := range []struct {
		name, cdb string
		want      Sense
	}{
		{"saved values, 6 bytes", "1a 00 ff 00 ff", SavingNotSupported},
		{"saved values, 10 bytes", "5a 00 c8 00 000000 00ff", SavingNotSupported},
		{"a page that does not exist", "1a 00 07 00 ff", InvalidFieldInCDB.AtCDB(2, 5)},
		{"a subpage that does not exist", "1a 00 0a 01 ff", InvalidFieldInCDB.AtCDB(3, 7)},
		{"LLBAA in the 6-byte form", "1a 10 0a 00 ff", InvalidFieldInCDB.AtCDB(1, 4)},
	} {
		if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, s, tc.want)
		}
	}
}

func TestModeSelect(t *testing.T) {
	const swp = "0a0a 22 10 08 00000000000000"
	const dsense = "0a0a 26 10 00 00000000000000"
	tests := []struct {
		name   string
		ten    bool
		params string
		sense  Sense
		mode   uint32
	}{
		{"SWP", false, "00000000" + swp, Good, modeSWP},
		{"D_SENSE, 10 bytes", true, "0000000000000000" + dsense, Good, modeDSense},
		{"what MODE SENSE said, all pages", false, "83001008" + shortHex + allPagesHex, Good, 0},
		{"what MODE SENSE said with a long descriptor", true, "002a001001000010" + longHex + cachingHex, Good, 0},
		{"a descriptor that leaves the number of blocks", false, "00000008 00000000 00000200" + swp, Good, modeSWP},
		{"a header and nothing else", false, "00000000", Good, 0},
		{"the last of two pages counts", false, "00000000" + swp + dsense, Good, modeDSense},
		{"half a header", false, "0000", ParamListLength, 0},
		{"half a header, 10 bytes", true, "00000000", ParamListLength, 0},
		{"a medium type", false, "00010000" + swp, InvalidFieldInParams.AtParam(1, 7), 0},
		{"a medium type, 10 bytes", true, "0000010000000000" + swp, InvalidFieldInParams.AtParam(2, 7), 0},
		{"a reserved bit of the header", true, "0000000010000000" + swp, InvalidFieldInParams.AtParam(4, 4), 0},
		{"a descriptor of 7 bytes", false, "00000007 00000000000000" + swp, InvalidFieldInParams.AtParam(3, 7), 0},
		{"a long descriptor that the header calls short", true, "0000000000000010" + longHex, InvalidFieldInParams.AtParam(6, 7), 0},
		{"a cut descriptor", false, "00000008 00000800", ParamListLength, 0},
		{"another number of blocks", false, "00000008 00000801 00000200" + swp, InvalidFieldInParams.AtParam(4, 7), 0},
		{"another block size", false, "00000008 00000800 00001000" + swp, InvalidFieldInParams.AtParam(8, 7), 0},
		{"one byte of a page", false, "00000000 0a", ParamListLength, 0},
		{"a cut page", false, "00000000 0a0a 22 10", ParamListLength, 0},
		{"a wrong page length", false, "00000000 0a09 02 10 08 000000000000", InvalidFieldInParams.AtParam(5, 7), 0},
		{"a page that does not exist", false, "00000000 0702 0000", InvalidFieldInParams.AtParam(4, 5), 0},
		{"PS, as MODE SENSE gave it", false, "00000000 8a0a 22 10 08 00000000000000", Good, modeSWP},
		{"the subpage format", false, "00000000 4a01 0000", InvalidFieldInParams.AtParam(4, 6), 0},
		{"a bit that is not changeable", false, "00000000 0a0a 22 12 08 00000000000000", InvalidFieldInParams.AtParam(7, 1), 0},
		{"RCD is not changeable", false, "00000000 0812 05" + zeros(17), InvalidFieldInParams.AtParam(6, 0), 0},
		{"WCE is cleared", false, "00000000 0812" + zeros(18), Good, modeNoWCE},
		{"WCE as it is", false, "00000000" + cachingHex, Good, 0},
		{"a bad page behind a good one changes nothing", false, "00000000" + swp + "0812 01" + zeros(17), InvalidFieldInParams.AtParam(18, 0), 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, u := newNexus(t, nil)
			other := n.target.Attach("other", ISID{}, 1)
			quiet(other)
			data := bytesOf(t, tc.params)
			cdb := cdbOf(t, "15 10")
			cdb[4] = byte(len(data))
			if tc.ten {
				cdb = cdbOf(t, "55 10")
				cdb[8] = byte(len(data))
			}
			var p Plan
			if s := n.Plan(&p, lunField(0), cdb); s != Good || p.Action != ActionCollect || p.OutLen != len(data) {
				t.Fatalf("sense %v, plan %+v", s, outcomeOf(&p))
			}
			if s := n.Collected(&p, data); s != tc.sense {
				t.Fatalf("sense %v % x, want %v % x", s, s.Specific, tc.sense, tc.sense.Specific)
			}
			if got := u.medium.modes.now.Load(); got != tc.mode {
				t.Errorf("mode bits %x, want %x", got, tc.mode)
			}
			want := Good
			if tc.mode != 0 {
				want = Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x01}
			}
			if s := ready(t, other, 0); s != want {
				t.Errorf("the other nexus finds %v, want %v", s, want)
			}
			if s := ready(t, n, 0); s != Good {
				t.Errorf("the issuer finds %v", s)
			}
		})
	}
}

func TestModeSelectCDB(t *testing.T) {
	n, _ := newNexus(t, nil)
	var p Plan
	for _, tc := range []struct {
		name, cdb string
		want      Sense
	}{
		{"no parameter list is not an error", "15 10 00 00 00", Good},
		{"no parameter list without PF", "15 00 00 00 00", Good},
		{"a list without PF", "15 00 00 00 10", InvalidFieldInCDB.AtCDB(1, 4)},
		{"SP, where nothing can be saved", "15 11 00 00 10", InvalidFieldInCDB.AtCDB(1, 0)},
		{"a list longer than any good one", "55 10 0000000000 0201", ParamListLength},
	} {
		if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.want || p.Action != ActionReply {
			t.Errorf("%s: %v, want %v", tc.name, s, tc.want)
		}
	}
	if s := n.Plan(&p, lunField(0), cdbOf(t, "15 10 00 00 10")); s != Good {
		t.Fatal(s)
	}
	if s := n.Collected(&p, make([]byte, 8)); s != ParamListLength {
		t.Errorf("less data than the list length: %v", s)
	}
}

func TestCollectedNeedsItsPlan(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Collected took data that no plan asked for")
		}
	}()
	n, _ := newNexus(t, nil)
	n.Collected(&Plan{}, nil)
}

func TestDescriptorSenseIsTold(t *testing.T) {
	n, u := newNexus(t, nil)
	var p Plan
	for _, mode := range []uint32{0, modeDSense} {
		u.medium.modes.now.Store(mode)
		n.Plan(&p, lunField(0), cdbOf(t, "41"))
		if p.Descriptor != (mode == modeDSense) {
			t.Errorf("mode bits %x: Descriptor is %v", mode, p.Descriptor)
		}
	}
}
