// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"fmt"
	"math"
	"testing"
)

// outcome is what a test looks at of a Plan.
type outcome struct {
	action                                  Action
	off                                     int64
	length, outLen                          int
	durable, fromMedium, compare, immediate bool
	repeat, exact, atomic                   bool
}

func outcomeOf(p *Plan) outcome {
	return outcome{p.Action, p.Off, p.Len, p.OutLen, p.Durable, p.FromMedium, p.Compare, p.Immediate, p.Repeat, p.Exact, p.Atomic}
}

func TestTransfers(t *testing.T) {
	writeThrough := func(c *UnitConfig) { c.WriteCache = false }
	readOnly := func(c *UnitConfig) { c.ReadOnly = true }
	tests := []struct {
		name   string
		change func(c *UnitConfig)
		cdb    string
		sense  Sense
		want   outcome
	}{
		{"READ(6) of 2 blocks", nil, "08 00 0003 02", Good, outcome{action: ActionRead, off: 1536, length: 1024}},
		{"READ(6) of 0 blocks is 256", nil, "08 00 0000 00", Good, outcome{action: ActionRead, length: 256 * 512}},
		{"READ(6) has an LBA of 21 bits", nil, "08 1f ffff 01", LBAOutOfRange, outcome{}},
		{"READ(6) has no FUA where the LBA is", func(c *UnitConfig) { c.Blocks = 1 << 21 }, "08 08 0000 01", Good, outcome{action: ActionRead, off: 0x80000 * 512, length: 512}},
		{"WRITE(6) of 0 blocks is 256", nil, "0a 00 0000 00", Good, outcome{action: ActionWrite, length: 256 * 512, outLen: 256 * 512}},
		{"READ(10)", nil, "28 00 00000010 00 0008", Good, outcome{action: ActionRead, off: 8192, length: 4096}},
		{"READ(10) with DPO and a group number", nil, "28 10 00000010 1f 0008", Good, outcome{action: ActionRead, off: 8192, length: 4096}},
		{"READ(10) with FUA and a volatile cache", nil, "28 08 00000000 00 0001", Good, outcome{action: ActionRead, length: 512, fromMedium: true}},
		{"READ(10) with FUA without a volatile cache", writeThrough, "28 08 00000000 00 0001", Good, outcome{action: ActionRead, length: 512}},
		{"READ(12)", nil, "a8 00 00000001 00000002", Good, outcome{action: ActionRead, off: 512, length: 1024}},
		{"READ(16)", nil, "88 00 0000000000000001 00000002", Good, outcome{action: ActionRead, off: 512, length: 1024}},
		{"WRITE(10) into a volatile cache", nil, "2a 00 00000001 00 0001", Good, outcome{action: ActionWrite, off: 512, length: 512, outLen: 512}},
		{"WRITE(10) with FUA", nil, "2a 08 00000001 00 0001", Good, outcome{action: ActionWrite, off: 512, length: 512, outLen: 512, durable: true}},
		{"WRITE(10) without a volatile cache", writeThrough, "2a 00 00000001 00 0001", Good, outcome{action: ActionWrite, off: 512, length: 512, outLen: 512, durable: true}},
		{"WRITE(12) with FUA", nil, "aa 08 00000001 00000001", Good, outcome{action: ActionWrite, off: 512, length: 512, outLen: 512, durable: true}},
		{"WRITE(16) of the last block", nil, "8a 00 00000000000007ff 00000001", Good, outcome{action: ActionWrite, off: 2047 * 512, length: 512, outLen: 512}},
		{"WRITE AND VERIFY(10)", nil, "2e 00 00000001 00 0001", Good, outcome{action: ActionWriteVerify, off: 512, length: 512, outLen: 512, durable: true}},
		{"WRITE AND VERIFY(12) with BYTCHK", nil, "ae 02 00000001 00000001", Good, outcome{action: ActionWriteVerify, off: 512, length: 512, outLen: 512, durable: true, compare: true}},
		{"WRITE AND VERIFY(16) with DPO", nil, "8e 10 0000000000000001 00000001", Good, outcome{action: ActionWriteVerify, off: 512, length: 512, outLen: 512, durable: true}},
		{"VERIFY(10) of the medium takes no data", nil, "2f 00 00000001 00 0001", Good, outcome{action: ActionVerify, off: 512, length: 512, fromMedium: true}},
		{"VERIFY(12) with BYTCHK takes data", nil, "af 02 00000001 00000001", Good, outcome{action: ActionVerify, off: 512, length: 512, outLen: 512, fromMedium: true, compare: true}},
		{"VERIFY(16) without a volatile cache", writeThrough, "8f 00 0000000000000001 00000001", Good, outcome{action: ActionVerify, off: 512, length: 512}},
		{"VERIFY(10) with BYTCHK 10b, which is reserved", nil, "2f 04 00000001 00 0001", InvalidFieldInCDB.AtCDB(1, 2), outcome{}},
		{"VERIFY(10) with BYTCHK 11b takes one block", nil, "2f 06 00000001 00 0004", Good, outcome{action: ActionVerify, off: 512, length: 2048, outLen: 512, fromMedium: true, compare: true, repeat: true, exact: true}},
		{"VERIFY(16) with BYTCHK 11b of no blocks takes none", nil, "8f 06 0000000000000001 00000000", Good, outcome{fromMedium: true}},
		{"VERIFY(12) with BYTCHK 10b and no blocks", nil, "af 04 00000001 00000000", InvalidFieldInCDB.AtCDB(1, 2), outcome{}},
		{"WRITE AND VERIFY(10) with BYTCHK 11b, which is reserved there", nil, "2e 06 00000001 00 0001", InvalidFieldInCDB.AtCDB(1, 2), outcome{}},
		{"COMPARE AND WRITE takes its blocks twice", nil, "89 00 0000000000000002 000000 03 00", Good, outcome{action: ActionCompareAndWrite, off: 1024, length: 1536, outLen: 3072, exact: true}},
		{"COMPARE AND WRITE with FUA, DPO and a group number", nil, "89 18 0000000000000002 000000 01 1f", Good, outcome{action: ActionCompareAndWrite, off: 1024, length: 512, outLen: 1024, exact: true, durable: true}},
		{"COMPARE AND WRITE without a volatile cache", writeThrough, "89 00 0000000000000000 000000 01 00", Good, outcome{action: ActionCompareAndWrite, length: 512, outLen: 1024, exact: true, durable: true}},
		{"the longest COMPARE AND WRITE", nil, "89 00 0000000000000000 000000 ff 00", Good, outcome{action: ActionCompareAndWrite, length: 255 * 512, outLen: 510 * 512, exact: true}},
		{"a COMPARE AND WRITE longer than half the longest transfer", func(c *UnitConfig) { c.MaxTransfer = 9 * 512 }, "89 00 0000000000000000 000000 05 00", InvalidFieldInCDB.AtCDB(13, 7), outcome{}},
		{"COMPARE AND WRITE of no blocks", nil, "89 00 00000000000007ff 000000 00 00", Good, outcome{exact: true}},
		{"COMPARE AND WRITE of no blocks at the end", nil, "89 00 0000000000000800 000000 00 00", LBAOutOfRange, outcome{}},
		{"COMPARE AND WRITE of the last block and one more", nil, "89 00 00000000000007ff 000000 02 00", LBAOutOfRange, outcome{}},
		{"ORWRITE(16)", nil, "8b 00 0000000000000001 00000002 00", Good, outcome{action: ActionOrWrite, off: 512, length: 1024, outLen: 1024}},
		{"ORWRITE(16) with FUA", nil, "8b 08 0000000000000001 00000002 00", Good, outcome{action: ActionOrWrite, off: 512, length: 1024, outLen: 1024, durable: true}},
		{"ORWRITE(16) of no blocks", nil, "8b 00 0000000000000001 00000000 00", Good, outcome{}},
		{"ORWRITE(16) beyond the end", nil, "8b 00 00000000000007ff 00000002 00", LBAOutOfRange, outcome{}},
		{"an ORWRITE(16) too long", nil, "8b 00 0000000000000000 00000401 00", InvalidFieldInCDB.AtCDB(10, 7), outcome{}},
		{"WRITE ATOMIC(16)", everything, "9c 00 0000000000000010 0000 0008", Good, outcome{action: ActionWrite, off: 16 * 512, length: 4096, outLen: 4096, exact: true, atomic: true}},
		{"WRITE ATOMIC(16) with FUA", everything, "9c 08 0000000000000000 0000 0008 1f", Good, outcome{action: ActionWrite, length: 4096, outLen: 4096, exact: true, atomic: true, durable: true}},
		{"WRITE ATOMIC(16) of another length", everything, "9c 00 0000000000000010 0000 0010", InvalidFieldInCDB.AtCDB(12, 7), outcome{}},
		{"WRITE ATOMIC(16) of less than its length", everything, "9c 00 0000000000000010 0000 0004", InvalidFieldInCDB.AtCDB(12, 7), outcome{}},
		{"WRITE ATOMIC(16) at another place", everything, "9c 00 0000000000000011 0000 0008", InvalidFieldInCDB.AtCDB(2, 7), outcome{}},
		{"WRITE ATOMIC(16) with an atomic boundary", everything, "9c 00 0000000000000010 0008 0008", InvalidFieldInCDB.AtCDB(10, 7), outcome{}},
		{"WRITE ATOMIC(16) of no blocks", everything, "9c 00 0000000000000011 0000 0000", Good, outcome{}},
		{"WRITE ATOMIC(16) of no blocks at the end", everything, "9c 00 0000000000000800 0000 0000", LBAOutOfRange, outcome{}},
		{"WRITE ATOMIC(16) beyond the end", everything, "9c 00 00000000000007f8 0000 0010", LBAOutOfRange, outcome{}},
		{"WRITE ATOMIC(16) where there is none", nil, "9c 00 0000000000000010 0000 0008", InvalidOpcode, outcome{}},
		{"PRE-FETCH(10)", nil, "34 00 00000001 1f 0002", Good, outcome{action: ActionPrefetch, off: 512, length: 1024}},
		{"PRE-FETCH(10) with IMMED to the end", nil, "34 02 000007fe 00 0000", Good, outcome{action: ActionPrefetch, off: 2046 * 512, length: 1024, immediate: true}},
		{"PRE-FETCH(16) is not bound to the longest transfer", nil, "90 00 0000000000000000 00000800", Good, outcome{action: ActionPrefetch, length: 2048 * 512}},
		{"PRE-FETCH(16) of no blocks at the end", nil, "90 00 0000000000000800 00000000", LBAOutOfRange, outcome{}},
		{"PRE-FETCH(10) beyond the end", nil, "34 00 000007ff 00 0002", LBAOutOfRange, outcome{}},
		{"no blocks to read", nil, "28 00 00000000 00 0000", Good, outcome{}},
		{"no blocks to write", nil, "2a 00 000007ff 00 0000", Good, outcome{}},
		{"no blocks at the end of the medium", nil, "28 00 00000800 00 0000", LBAOutOfRange, outcome{}},
		{"no blocks one block beyond the end", nil, "28 00 00000801 00 0000", LBAOutOfRange, outcome{}},
		{"no blocks at LBA 2^31", nil, "2a 00 80000000 00 0000", LBAOutOfRange, outcome{}},
		{"no blocks at LBA -1 of 64 bits", nil, "8f 02 ffffffffffffffff 00000000", LBAOutOfRange, outcome{}},
		{"the last block and one more", nil, "28 00 000007ff 00 0002", LBAOutOfRange, outcome{}},
		{"LBA 2^63", nil, "88 00 8000000000000000 00000001", LBAOutOfRange, outcome{}},
		{"LBA plus length wraps", nil, "88 00 ffffffffffffffff 00000002", LBAOutOfRange, outcome{}},
		{"a byte offset that would wrap to the start", nil, "88 00 0080000000000000 00000001", LBAOutOfRange, outcome{}},
		{"the longest transfer", nil, "28 00 00000000 00 0400", Good, outcome{action: ActionRead, length: 1024 * 512}},
		{"a transfer too long, 10 bytes", nil, "28 00 00000000 00 0401", InvalidFieldInCDB.AtCDB(7, 7), outcome{}},
		{"a transfer too long, 12 bytes", nil, "aa 00 00000000 00000401", InvalidFieldInCDB.AtCDB(6, 7), outcome{}},
		{"a transfer too long, 16 bytes", nil, "8a 00 0000000000000000 00000401", InvalidFieldInCDB.AtCDB(10, 7), outcome{}},
		{"a transfer too long and beyond the end", nil, "88 00 0000000000000000 ffffffff", LBAOutOfRange, outcome{}},
		{"reading a read-only unit", readOnly, "28 00 00000000 00 0001", Good, outcome{action: ActionRead, length: 512}},
		{"flushing a read-only unit", readOnly, "35 00 00000000 00 0000", Good, outcome{action: ActionFlush, length: 2048 * 512}},
		{"SYNCHRONIZE CACHE(10) of a range", nil, "35 00 00000001 00 0002", Good, outcome{action: ActionFlush, off: 512, length: 1024}},
		{"SYNCHRONIZE CACHE(10) to the end", nil, "35 00 000007fe 00 0000", Good, outcome{action: ActionFlush, off: 2046 * 512, length: 1024}},
		{"SYNCHRONIZE CACHE(16) with IMMED", nil, "91 02 0000000000000000 00000800", Good, outcome{action: ActionFlush, length: 2048 * 512, immediate: true}},
		{"SYNCHRONIZE CACHE(10) beyond the end", nil, "35 00 00000001 00 0800", LBAOutOfRange, outcome{}},
		{"SYNCHRONIZE CACHE(16) at the end", nil, "91 00 0000000000000800 00000000", LBAOutOfRange, outcome{}},
		{"START", nil, "1b 00 00 00 01", Good, outcome{}},
		{"stop flushes", nil, "1b 00 00 00 00", Good, outcome{action: ActionFlush, length: 2048 * 512}},
		{"stop with IMMED", nil, "1b 01 00 00 00", Good, outcome{action: ActionFlush, length: 2048 * 512, immediate: true}},
		{"stop with NO_FLUSH", nil, "1b 00 00 00 04", Good, outcome{}},
		{"eject", nil, "1b 00 00 00 02", InvalidFieldInCDB.AtCDB(4, 1), outcome{}},
		{"load", nil, "1b 00 00 00 03", InvalidFieldInCDB.AtCDB(4, 1), outcome{}},
		{"IDLE, with LOEJ ignored", nil, "1b 00 00 00 22", Good, outcome{}},
		{"STANDBY flushes", nil, "1b 00 00 00 30", Good, outcome{action: ActionFlush, length: 2048 * 512}},
		{"a power condition that is reserved", nil, "1b 00 00 00 40", InvalidFieldInCDB.AtCDB(4, 7), outcome{}},
		{"TEST UNIT READY", nil, "00", Good, outcome{}},
		{"an unknown operation code", nil, "2b", InvalidOpcode, outcome{}},
		{"an unknown service action", nil, "9e 13", InvalidOpcode, outcome{}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, u := newNexus(t, tc.change)
			var p Plan
			if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != tc.sense {
				t.Fatalf("sense %v % x, want %v % x", s, s.Specific, tc.sense, tc.sense.Specific)
			}
			if p.Unit != u {
				t.Error("the plan is for another unit")
			}
			if got := outcomeOf(&p); tc.sense == Good && got != tc.want {
				t.Errorf("plan %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestProtectionIsRefused(t *testing.T) {
	n, _ := newNexus(t, everything)
	var p Plan
	for _, name := range []string{
		"READ(10)", "READ(12)", "READ(16)", "WRITE(10)", "WRITE(12)", "WRITE(16)", "VERIFY(10)", "VERIFY(12)",
		"VERIFY(16)", "WRITE AND VERIFY(10)", "WRITE AND VERIFY(12)", "WRITE AND VERIFY(16)",
		"WRITE SAME(10)", "WRITE SAME(16)",
	} {
		for protect := 1; protect < 8; protect++ {
			cdb := cdbOf(t, goodCDB[name])
			cdb[1] |= byte(protect) << 5
			if s := n.Plan(&p, lunField(0), cdb); !s.Is(InvalidFieldInCDB) {
				t.Errorf("%s: protection %d gives %v", name, protect, s)
			}
		}
	}
}

func TestWriteProtection(t *testing.T) {
	readOnly, _ := newNexus(t, func(c *UnitConfig) { everything(c); c.ReadOnly = true })
	software, u := newNexus(t, everything)
	u.medium.modes.now.Store(modeSWP)
	settable(readOnly)
	settable(software)
	var p Plan
	writes := 0
	rows(func(_ byte, row *command) {
		want, wantSoft := Good, Good
		if row.writes {
			writes++
			want, wantSoft = WriteProtected, SoftwareProtected
		}
		if s := readOnly.Plan(&p, lunField(0), cdbOf(t, goodCDB[row.name])); s != want {
			t.Errorf("%s on a read-only unit: %v, want %v", row.name, s, want)
		}
		if s := software.Plan(&p, lunField(0), cdbOf(t, goodCDB[row.name])); s != wantSoft {
			t.Errorf("%s with SWP: %v, want %v", row.name, s, wantSoft)
		}
	})
	if writes != 19 {
		t.Errorf("%d commands write, want 19", writes)
	}
}

// TestDoesNotAllocate is the promise of the fast path.
func TestDoesNotAllocate(t *testing.T) {
	n, _ := newNexus(t, nil)
	p, lun := &Plan{Reply: make([]byte, 0, 512)}, lunField(0)
	sense := make([]byte, 0, MaxSenseLen)
	for _, name := range []string{"READ(10)", "WRITE(10)", "READ(16)", "WRITE(16)", "TEST UNIT READY", "INQUIRY", "MODE SENSE(6)"} {
		cdb := cdbOf(t, goodCDB[name])
		if a := testing.AllocsPerRun(100, func() {
			if n.Plan(p, lun, cdb) != Good {
				t.Error(name)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations", name, a)
		}
	}
	cdb := cdbOf(t, "28 00 ffffffff 00 0001")
	if a := testing.AllocsPerRun(100, func() {
		s := n.Plan(p, lun, cdb).WithInfo(5)
		s.Append(sense, true)
	}); a != 0 {
		t.Errorf("a refused read: %v allocations", a)
	}
}

func BenchmarkPlan(b *testing.B) {
	n, _ := newNexus(b, nil)
	var p Plan
	for _, name := range []string{"READ(10)", "WRITE(16)"} {
		b.Run(name, func(b *testing.B) {
			cdb, lun := cdbOf(b, goodCDB[name]), lunField(0)
			b.ReportAllocs()
			for b.Loop() {
				n.Plan(&p, lun, cdb)
			}
		})
	}
}

// FuzzPlan throws CDBs and parameter data at a nexus: nothing may panic, and
// what is planned stays on the medium.
func FuzzPlan(f *testing.F) {
	for _, cdb := range goodCDB {
		f.Add(uint64(0), cdbOf(f, cdb)[:], []byte{0, 0, 0, 8})
	}
	f.Add(uint64(1)<<62, []byte{0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []byte{})
	f.Fuzz(func(t *testing.T, lun uint64, raw, data []byte) {
		n, u := newNexus(t, nil)
		var cdb [16]byte
		copy(cdb[:], raw)
		var field [8]byte
		for i := range field {
			field[i] = byte(lun >> (56 - 8*i))
		}
		var p Plan
		if s := n.Plan(&p, field, &cdb); s != Good {
			if got := len(s.Append(nil, true)); got > MaxSenseLen {
				t.Fatalf("%d bytes of sense", got)
			}
			return
		}
		size := int64(u.Config().Blocks) * int64(u.Config().BlockSize)
		if p.Off < 0 || p.Len < 0 || p.Off > math.MaxInt64-int64(p.Len) || p.Off+int64(p.Len) > size {
			t.Fatalf("% x: %d bytes at %d of %d", cdb, p.Len, p.Off, size)
		}
		_, dir, _ := Describe(&cdb)
		if (p.OutLen != 0) && dir != ToTarget || len(p.Reply) != 0 && dir != ToInitiator {
			t.Fatalf("% x: the plan goes the wrong way: %s", cdb, fmt.Sprintf("%+v", outcomeOf(&p)))
		}
		if len(p.Reply) > 1024 {
			t.Fatalf("% x: a reply of %d bytes", cdb, len(p.Reply))
		}
		if p.Action == ActionCollect {
			if p.OutLen > MaxCollectLen {
				t.Fatalf("% x collects %d bytes", cdb, p.OutLen)
			}
			n.Collected(&p, data[:min(len(data), p.OutLen)])
		}
	})
}
