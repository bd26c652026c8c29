// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// A copyTarget is a target with LUN 0 and 1 of 1 MiB in blocks of 512, LUN 2 in
// blocks of 4096, LUN 3 read-only, LUN 4 that the nexus does not see, and LUN 5
// that is not ready.
type copyTarget struct {
	n     *Nexus
	units []*Unit
}

func newCopyTarget(t testing.TB) *copyTarget {
	t.Helper()
	tg, c := NewTarget("iqn.2001-04.com.example:disk"), &copyTarget{}
	for lun := range uint16(6) {
		u := newUnit(t, func(c *UnitConfig) {
			c.NAA, c.ScsiID, c.Handle = true, [16]byte{byte(lun)}, uint32(lun)
			switch lun {
			case 2:
				c.BlockSize, c.Blocks, c.WriteCache = 4096, 256, false
			case 3:
				c.ReadOnly = true
			case 5:
				c.NotReady = true
			}
		})
		if err := tg.Add(lun, u); err != nil {
			t.Fatal(err)
		}
		c.units = append(c.units, u)
	}
	c.n = tg.Attach("iqn.2001-04.com.example:host", ISID{}, 1)
	c.n.SetView(&View{Sees: func(lun uint16) bool { return lun != 4 }})
	quiet(c.n)
	return c
}

// cscd returns the CSCD descriptor of a unit, in hexadecimal.
func (c *copyTarget) cscd(lun int) string {
	page := c.n.designators(nil, c.units[lun])
	for rest := page; len(rest) >= 4; rest = rest[4+rest[3]:] {
		if rest[1]&0x3f == 3 { // NAA of the logical unit
			s := c.units[lun].state.Load()
			return "e4000000" + hex.EncodeToString(rest[:4+rest[3]]) + strings.Repeat("00", 12) + fmt.Sprintf("00%06x", s.BlockSize)
		}
	}
	panic("no NAA designator")
}

// list returns a parameter list of EXTENDED COPY(LID1) with a list identifier.
func list(t testing.TB, id byte, cscds []string, segments ...string) []byte {
	t.Helper()
	c, s := bytesOf(t, strings.Join(cscds, "")), bytesOf(t, strings.Join(segments, ""))
	h := make([]byte, copyHeaderLen)
	h[0] = id
	binary.BigEndian.PutUint16(h[2:], uint16(len(c)))
	binary.BigEndian.PutUint32(h[8:], uint32(len(s)))
	return append(append(h, c...), s...)
}

// blocks is a segment descriptor 02h.
func blocks(flags, from, to, n int, fromLBA, toLBA uint64) string {
	return fmt.Sprintf("02%02x0018 %04x%04x 0000%04x %016x %016x", flags, from, to, n, fromLBA, toLBA)
}

// octets is a segment descriptor 0Ah.
func octets(from, to, n int, fromLBA, toLBA uint64, fromOff, toOff int) string {
	return fmt.Sprintf("0a00001c %04x%04x %08x %016x %016x %04x%04x", from, to, n, fromLBA, toLBA, fromOff, toOff)
}

// extendedCopy sends the list and returns how it ends, and the plan.
func (c *copyTarget) extendedCopy(t testing.TB, data []byte) (*Plan, Sense) {
	t.Helper()
	p := &Plan{}
	s := c.n.Plan(p, lunField(0), cdbOf(t, fmt.Sprintf("83 00 0000000000000000 %08x", len(data))))
	if s != Good || p.Action != ActionCollect {
		return p, s
	}
	if !p.Blocking || p.OutLen != len(data) {
		t.Errorf("the plan is %+v", p)
	}
	return p, c.n.Collected(p, data)
}

func TestExtendedCopy(t *testing.T) {
	c := newCopyTarget(t)
	two := []string{c.cscd(0), c.cscd(1)}
	change := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	good := list(t, 0, two, blocks(0, 0, 1, 8, 1, 2))
	var many []string
	for range maxSegments {
		many = append(many, blocks(0, 0, 1, 1, 0, 0))
	}
	nine := strings.Repeat(c.cscd(0), maxCSCDs+1)
	tests := []struct {
		name string
		data []byte
		want Sense
		copy []CopyPiece // when the sense is Good; nil for none
	}{
		{"from a LUN to another", good, Good, []CopyPiece{{c.units[0], c.units[1], 512, 1024, 4096}}},
		{"a header alone", list(t, 0, nil), Good, nil},
		{"no segments", list(t, 0, two), Good, nil},
		{"two segments, within a LUN and back", list(t, 0, two, blocks(0, 0, 0, 1, 0, 9), blocks(0, 1, 0, 2, 0, 9)), Good,
			[]CopyPiece{{c.units[0], c.units[0], 0, 9 * 512, 512}, {c.units[1], c.units[0], 0, 9 * 512, 1024}}},
		{"no blocks at the end", list(t, 0, two, blocks(0, 0, 1, 0, 2048, 2048)), Good, []CopyPiece{{c.units[0], c.units[1], 2048 * 512, 2048 * 512, 0}}},
		{"to a LUN without a volatile cache and with larger blocks", list(t, 0, []string{c.cscd(0), c.cscd(2)}, blocks(0, 0, 1, 8, 3, 2)), Good,
			[]CopyPiece{{c.units[0], c.units[2], 3 * 512, 2 * 4096, 4096}}},
		{"DC counts blocks of the destination", list(t, 0, []string{c.cscd(0), c.cscd(2)}, blocks(2, 0, 1, 3, 0, 0)), Good,
			[]CopyPiece{{c.units[0], c.units[2], 0, 0, 3 * 4096}}},
		{"not whole blocks of the destination", list(t, 0, []string{c.cscd(0), c.cscd(2)}, blocks(0, 0, 1, 7, 0, 0)), UnexpectedInexactLength, nil},
		{"from byte to byte", list(t, 0, two, octets(0, 1, 1000, 1, 2, 7, 513)), Good, []CopyPiece{{c.units[0], c.units[1], 519, 1537, 1000}}},
		{"from byte to byte beyond the end", list(t, 0, two, octets(0, 1, 1000, 2047, 2, 0, 0)), CSCDNotReachable, nil},
		{"an offset beyond the end", list(t, 0, two, octets(0, 1, 0, 2048, 2, 1, 0)), CSCDNotReachable, nil},
		{"an LBA that would wrap", list(t, 0, two, octets(0, 1, 1, 1<<63, 2, 1, 0)), CSCDNotReachable, nil},
		{"more bytes than a segment may have", list(t, 0, two, octets(0, 1, maxCopyLen+1, 0, 0, 0, 0)), InvalidFieldInParams.AtParam(16+64+8, 7), nil},
		{"blocks beyond the destination", list(t, 0, two, blocks(0, 0, 1, 2, 0, 2047)), CSCDNotReachable, nil},
		{"blocks beyond the source", list(t, 0, two, blocks(0, 0, 1, 2, 2047, 0)), CSCDNotReachable, nil},
		{"a destination that is read-only", list(t, 0, []string{c.cscd(0), c.cscd(3)}, blocks(0, 0, 1, 1, 0, 0)), CSCDFailure, nil},
		{"a source that is read-only", list(t, 0, []string{c.cscd(0), c.cscd(3)}, blocks(0, 1, 0, 1, 0, 0)), Good, []CopyPiece{{c.units[3], c.units[0], 0, 0, 512}}},
		{"a LUN that the nexus does not see", list(t, 0, []string{c.cscd(0), c.cscd(4)}, blocks(0, 0, 1, 1, 0, 0)), CSCDNotReachable, nil},
		{"a LUN that is not ready", list(t, 0, []string{c.cscd(0), c.cscd(5)}, blocks(0, 0, 1, 1, 0, 0)), CSCDNotReachable, nil},
		{"a LUN that is not seen and not used", list(t, 0, []string{c.cscd(0), c.cscd(4)}, blocks(0, 0, 0, 1, 0, 0)), Good, []CopyPiece{{c.units[0], c.units[0], 0, 0, 512}}},
		{"an unknown designator", change(good, 16+9, 0xee), CSCDNotReachable, nil},
		{"the designator of a target port", change(change(good, 16+5, 0x94), 16+7, 4), CSCDNotReachable, nil},
		{"NUL", change(good, 16+32+1, 0x20), CSCDNotReachable, nil},
		{"a destination that has no descriptor", list(t, 0, two, blocks(0, 0, 2, 1, 0, 0)), UnreachableCSCD, nil},
		{"a source that has no descriptor", list(t, 0, two, blocks(0, 0xffff, 0, 1, 0, 0)), UnreachableCSCD, nil},
		{"a CSCD descriptor of another type", change(good, 16, 0xe0), UnsupportedCSCD.AtParam(16, 7), nil},
		{"LU ID TYPE, which SPC-4 ignores", change(good, 17, 0x40), Good, []CopyPiece{{c.units[0], c.units[1], 512, 1024, 4096}}},
		{"a device that is no disk", change(good, 17, 0x01), IncorrectCSCDType, nil},
		{"a designator that is too long", change(good, 16+7, 21), InvalidFieldInParams.AtParam(23, 7), nil},
		{"another block length", change(good, 16+30, 0x10), InvalidFieldInParams.AtParam(16+29, 7), nil},
		{"a segment descriptor of another type", change(good, 16+64, 0x01), UnsupportedSegment.AtParam(80, 7), nil},
		{"a segment descriptor of another length", change(good, 16+64+3, 0x1c), InvalidFieldInParams.AtParam(82, 7), nil},
		{"LIST ID USAGE that is reserved", change(good, 1, 0x08), InvalidFieldInParams.AtParam(1, 4), nil},
		{"a list identifier that is not to be there", change(change(good, 1, 0x18), 0, 1), InvalidFieldInParams.AtParam(0, 7), nil},
		{"priority and striping change nothing", change(good, 1, 0x37), Good, []CopyPiece{{c.units[0], c.units[1], 512, 1024, 4096}}},
		{"inline data", change(good, 15, 1), InlineDataExceeded, nil},
		{"a list that cuts a CSCD descriptor", good[:16+40], ParamListLength, nil},
		{"a list that cuts a segment descriptor", good[:len(good)-1], ParamListLength, nil},
		{"a list of segments that cuts one", change(good, 11, 27), ParamListLength, nil},
		{"part of a CSCD descriptor", change(good, 3, 63), ParamListLength, nil},
		{"less than a header", good[:15], ParamListLength, nil},
		{"as many segments as can be", list(t, 0, two, many...), Good, nil},
		{"one segment more", list(t, 0, two, append(many, many[0])...), TooManySegments, nil},
		{"one CSCD more than can be", list(t, 0, []string{nine}, blocks(0, 0, 0, 1, 0, 0)), TooManyCSCDs, nil},
		{"more bytes of descriptors than can be", list(t, 0, []string{nine}, strings.Repeat(octets(0, 0, 1, 0, 0, 0, 0), maxSegments)), ParamListLength, nil},
	}
	for _, tc := range tests {
		p, s := c.extendedCopy(t, tc.data)
		if s != tc.want {
			t.Errorf("%s: %v % x, want %v % x", tc.name, s, s.Specific, tc.want, tc.want.Specific)
		}
		if p.Copy == nil {
			if tc.copy != nil {
				t.Errorf("%s: nothing is copied", tc.name)
			}
			continue
		}
		if p.Action != ActionCopy || tc.copy != nil && fmt.Sprint(p.Copy.Pieces) != fmt.Sprint(tc.copy) {
			t.Errorf("%s: %v, want %v", tc.name, p.Copy.Pieces, tc.copy)
		}
		for _, x := range p.Copy.Pieces {
			if !p.Copy.Uses(x.From) || !p.Copy.Uses(x.To) || p.Copy.Uses(c.units[5]) {
				t.Errorf("%s: Uses does not know the units", tc.name)
			}
		}
		p.Copy.End(StatusGood, Good)
	}
}

// in returns the data-in of a RECEIVE COPY command, or its sense.
func (c *copyTarget) in(t testing.TB, action int, id byte) (string, Sense) {
	t.Helper()
	var p Plan
	s := c.n.Plan(&p, lunField(0), cdbOf(t, fmt.Sprintf("84 %02x %02x 00000000000000 000000ff", action, id)))
	return hex.EncodeToString(p.Reply), s
}

// What RECEIVE COPY tells of a copy, from its begin to its end.
func TestCopyResults(t *testing.T) {
	c := newCopyTarget(t)
	if _, s := c.in(t, 0, 7); s != InvalidFieldInCDB.AtCDB(2, 7) {
		t.Errorf("the status of a copy that never was: %v", s)
	}
	two := []string{c.cscd(0), c.cscd(1)}
	segments := []string{blocks(0, 0, 1, 8, 0, 0), blocks(0, 0, 1, 8, 8, 8)}
	p, s := c.extendedCopy(t, list(t, 7, two, segments...))
	if s != Good {
		t.Fatal(s)
	}
	if _, s := c.extendedCopy(t, list(t, 7, two, segments...)); s != CopyInProgress {
		t.Errorf("the same list identifier again: %v", s)
	}
	check := func(name string, action int, want string) {
		t.Helper()
		if got, s := c.in(t, action, 7); s != Good || got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %v %s, want %s", name, s, got, want)
		}
	}
	p.Copy.Moved(512, false)
	check("under way", 0, "00000008 00 0000 00 00000200")
	check("no data is held", 1, "00000000")
	check("nothing has failed yet", 4, "00000000")
	p.Copy.Moved(4096-512, true)
	check("one segment is done", 0, "00000008 00 0001 00 00001000")
	p.Copy.Moved(4096, true)
	p.Copy.End(StatusGood, Good)
	p.Copy.End(StatusCheckCondition, CSCDFailure) // the first counts
	check("it has ended", 0, "00000008 01 0002 00 00002000")
	check("it has not failed", 4, "00000000")

	if p, s = c.extendedCopy(t, list(t, 7, two, segments...)); s != Good {
		t.Fatalf("the list identifier is free again: %v", s)
	}
	p.Copy.End(StatusCheckCondition, CSCDFailure)
	check("another one has failed", 0, "00000008 02 0000 00 00000000")
	check("why", 4, "0000004a"+strings.Repeat("00", 52)+"02 00 0012 70000a000000000a000000000d0100000000")
}

// No more copies run at a time, and no more are remembered, than is bounded.
func TestCopyLogIsBounded(t *testing.T) {
	var l copyLog
	var running []*Copy
	for id := range uint32(maxConcurrentCopies) {
		r, s := l.begin(id, id%2 == 0)
		if s != Good {
			t.Fatal(s)
		}
		running = append(running, &Copy{record: r})
	}
	if _, s := l.begin(99, true); s != InsufficientResources {
		t.Errorf("one copy more: %v", s)
	}
	for _, c := range running {
		c.End(StatusGood, Good)
	}
	if l.find(0) == nil || l.find(1) != nil {
		t.Error("a copy with a list identifier is remembered, one without is not")
	}
	for id := range uint32(100) {
		r, s := l.begin(id, true)
		if s != Good {
			t.Fatal(s)
		}
		(&Copy{record: r}).End(StatusGood, Good)
	}
	if len(l.records) != maxKeptCopies || l.find(99) == nil || l.find(99-maxKeptCopies) != nil {
		t.Errorf("%d copies are remembered", len(l.records))
	}
}

func TestTransferCount(t *testing.T) {
	for _, tc := range []struct {
		n    uint64
		want [5]byte
	}{
		{0, [5]byte{}},
		{1<<32 - 1, [5]byte{0, 0xff, 0xff, 0xff, 0xff}},
		{1 << 32, [5]byte{1, 0, 0x40, 0, 0}},
		{1 << 42, [5]byte{2, 0, 0x40, 0, 0}},
	} {
		var got [5]byte
		got[0], got[1], got[2], got[3], got[4] = transferCount(tc.n)
		if got != tc.want {
			t.Errorf("%d bytes are % x, want % x", tc.n, got, tc.want)
		}
	}
}

func TestCopyParameters(t *testing.T) {
	n, _ := newNexus(t, everything)
	const parameters = "0000002b 01 000000 0010 0040 00000a00 10000000 00000000 00000000 00000000 0000 0008 08 09 00 00 000000 03 02 0a e4"
	if d := reply(t, n, "84 03 00 00000000000000 000000ff"); !bytes.Equal(d, bytesOf(t, parameters)) {
		t.Errorf("RECEIVE COPY OPERATING PARAMETERS: % x", d)
	}
	limits := "0000 0020 000000000000 0040 0000012c 0000001e 0000000000080000 0000000000020000"
	tokens := "0106 0054" + zeros(12+8) + "0000012c" + zeros(18) + "0028" + // features
		"00 00 0024 0000 0001 0000000010000000 0000000004000000" + zeros(16) +
		"0108 0084 0000 0080 00800001 03" + zeros(59) + "ffff0001 02" + zeros(59)
	page := "00 8f 0164" + limits +
		"0001 0010 0c 83 03 00 10 11 84 05 00 01 03 04 07 000000" +
		"0004 001c 00000000 0010 0040 00000a00 00000000 000000000000000000000000" +
		"0008 0004 03 02 0a e4" + tokens +
		"8001 0020 00000008 00000008 10000000 09 00" + "000000000000000000000000000000000000"
	if d := reply(t, n, "12 01 8f 0fff"); !bytes.Equal(d, bytesOf(t, page)) {
		t.Errorf("VPD page 8Fh: % x", d)
	}
	without, _ := newNexus(t, nil)
	var p Plan
	tokensOnly := "00 8f 0134" + limits + "0001 0008 07 83 02 10 11 84 01 07" + tokens +
		"8001 0020 00000008 00000008 10000000 09 00" + zeros(18)
	if d := reply(t, without, "12 01 8f 0fff"); !bytes.Equal(d, bytesOf(t, tokensOnly)) {
		t.Errorf("VPD page 8Fh of a unit that cannot be named: % x", d)
	}
	if s := without.Plan(&p, lunField(0), cdbOf(t, "83 00 0000000000000000 00000010")); s != InvalidOpcode {
		t.Errorf("EXTENDED COPY to it: %v", s)
	}
}
