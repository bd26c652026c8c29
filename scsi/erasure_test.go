// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestErasureCommands plans SANITIZE and FORMAT UNIT, with their parameter lists.
func TestErasureCommands(t *testing.T) {
	pattern := bytes.Repeat([]byte{0xaa, 0x55}, 256)
	tests := []struct {
		name, cdb, list string
		want            Sense
		erasure         *Erasure
		immediate       bool
	}{
		{"overwrite with two bytes", "48 01 0000000000 0006", "01 00 0002 aa55", Good, &Erasure{Pattern: pattern, Passes: 1}, false},
		{"overwrite 31 times, inverting, IMMED and AUSE", "48 a1 0000000000 0006", "9f 00 0002 aa55", Good, &Erasure{Pattern: pattern, Passes: 31, Invert: true, AUSE: true}, true},
		{"a pattern that does not divide a block", "48 01 0000000000 0007", "01 00 0003 010203", Good, &Erasure{Pattern: bytes.Repeat([]byte{1, 2, 3}, 171)[:512], Passes: 1}, false},
		{"bytes behind the pattern", "48 01 0000000000 0008", "01 00 0002 aa550000", Good, &Erasure{Pattern: pattern, Passes: 1}, false},
		{"no pattern", "48 01 0000000000 0004", "", InvalidFieldInCDB.AtCDB(7, 7), &Erasure{}, false},
		{"no parameter list", "48 01 0000000000 0000", "", InvalidFieldInCDB.AtCDB(7, 7), &Erasure{}, false},
		{"a pattern longer than a block", "48 01 0000000000 0205", "", InvalidFieldInCDB.AtCDB(7, 7), &Erasure{}, false},
		{"OVERWRITE COUNT 0", "48 01 0000000000 0006", "00 00 0002 aa55", InvalidFieldInParams.AtParam(0, 4), &Erasure{}, false},
		{"TEST", "48 01 0000000000 0006", "21 00 0002 aa55", InvalidFieldInParams.AtParam(0, 6), &Erasure{}, false},
		{"a reserved byte", "48 01 0000000000 0006", "01 80 0002 aa55", InvalidFieldInParams.AtParam(1, 7), &Erasure{}, false},
		{"PATTERN LENGTH 0", "48 01 0000000000 0006", "01 00 0000 aa55", InvalidFieldInParams.AtParam(2, 7), &Erasure{}, false},
		{"PATTERN LENGTH above a block", "48 01 0000000000 0006", "01 00 0201 aa55", InvalidFieldInParams.AtParam(2, 7), &Erasure{}, false},
		{"less pattern than said", "48 01 0000000000 0006", "01 00 0003 aa55", ParamListLength, &Erasure{}, false},
		{"ZNR", "48 41 0000000000 0006", "", InvalidFieldInCDB.AtCDB(1, 6), &Erasure{}, false},
		{"block erase", "48 02 0000000000 0000", "", Good, &Erasure{Unmap: true}, false},
		{"block erase, IMMED and AUSE", "48 a2 0000000000 0000", "", Good, &Erasure{Unmap: true, AUSE: true}, true},
		{"block erase with a parameter list", "48 02 0000000000 0008", "", InvalidFieldInCDB.AtCDB(7, 7), &Erasure{}, false},
		{"crypto erase", "48 03 0000000000 0000", "", Good, &Erasure{Passes: 1, Unmap: true}, false},
		{"a service action that SANITIZE does not have", "48 04 0000000000 0000", "", InvalidFieldInCDB.AtCDB(1, 4), &Erasure{}, false},
		{"exit failure mode with a parameter list", "48 1f 0000000000 0008", "", InvalidFieldInCDB.AtCDB(7, 7), &Erasure{}, false},
		{"exit failure mode with IMMED", "48 9f 0000000000 0000", "", InvalidFieldInCDB.AtCDB(1, 7), &Erasure{}, false},
		{"format", "04 00 000000", "", Good, &Erasure{Format: true, Unmap: true}, false},
		{"format with bits that need FMTDATA", "04 08 000000", "", InvalidFieldInCDB.AtCDB(1, 3), &Erasure{}, false},
		{"format, short list", "04 10 000000", "00 00 0000", Good, &Erasure{Format: true, Unmap: true}, false},
		{"format, short list, IMMED", "04 18 000000", "00 02 0000", Good, &Erasure{Format: true, Unmap: true}, true},
		{"format, long list, IMMED and the options", "04 30 000000", "00 f2 0000 00000000", Good, &Erasure{Format: true, Unmap: true}, true},
		{"format, an option without FOV", "04 10 000000", "00 20 0000", InvalidFieldInParams.AtParam(1, 5), &Erasure{}, false},
		{"format, an initialization pattern", "04 10 000000", "00 88 0000", InvalidFieldInParams.AtParam(1, 3), &Erasure{}, false},
		{"format, protection information", "04 10 000000", "01 00 0000", InvalidFieldInParams.AtParam(0, 0), &Erasure{}, false},
		{"format, a defect list", "04 10 000000", "00 00 0004", InvalidFieldInParams.AtParam(2, 7), &Erasure{}, false},
		{"format, a long defect list", "04 30 000000", "00 00 0000 00000008", InvalidFieldInParams.AtParam(4, 7), &Erasure{}, false},
		{"format, a protection interval", "04 30 000000", "00 00 0001 00000000", InvalidFieldInParams.AtParam(3, 0), &Erasure{}, false},
		{"format with FMTPINFO", "04 50 000000", "", InvalidFieldInCDB.AtCDB(1, 6), &Erasure{}, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			n, _ := newNexus(t, everything)
			var p Plan
			s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb))
			if s == Good && p.Action == ActionCollect {
				s = n.Collected(&p, bytesOf(t, tc.list))
			}
			if s != tc.want {
				t.Fatalf("sense %v % x", s, s.Specific)
			}
			if s != Good {
				return
			}
			got := p.Erasure
			if p.Action != ActionErase || got == nil {
				t.Fatalf("action %d, erasure %v", p.Action, got)
			}
			if want := tc.erasure; !bytes.Equal(got.Pattern, want.Pattern) || got.Passes != want.Passes || got.Invert != want.Invert ||
				got.Unmap != want.Unmap || got.AUSE != want.AUSE || got.Format != want.Format || p.Immediate != tc.immediate {
				t.Errorf("immediate %v, %+v", p.Immediate, got)
			}
		})
	}
}

// TestNoBlockErase holds the commands against VPD B1h where blocks cannot be given
// back, or nobody could see it.
func TestNoBlockErase(t *testing.T) {
	for name, change := range map[string]func(c *UnitConfig){
		"fully provisioned":           nil,
		"what is unmapped is a guess": func(c *UnitConfig) { c.Thin = true },
	} {
		n, _ := newNexus(t, change)
		if d := reply(t, n, "12 01 b1 00ff"); d[7] != 0x10 {
			t.Errorf("%s: WABEREQ and WACEREQ are %02xh", name, d[7])
		}
		if d := reply(t, n, "a3 0c 02 48 0002 000000ff"); d[1] != oneNotSupported {
			t.Errorf("%s: BLOCK ERASE is supported: % x", name, d)
		}
		if d := reply(t, n, "a3 0c 02 48 0003 000000ff"); d[1] != oneStandard {
			t.Errorf("%s: CRYPTO ERASE is not supported: % x", name, d)
		}
	}
	n, _ := newNexus(t, everything)
	if d := reply(t, n, "12 01 b1 00ff"); d[7] != 0x50 {
		t.Errorf("thin: WABEREQ and WACEREQ are %02xh", d[7])
	}
}

// TestErasureGate goes through what every command is answered with while a medium
// is erased, has failed to be, and is again as it was.
func TestErasureGate(t *testing.T) {
	const sanitize, ause, format = "48 02 0000000000 0000", "48 22 0000000000 0000", "04 00 000000"
	allowed := map[string]bool{"INQUIRY": true, "LOG SENSE": true, "REPORT LUNS": true, "REQUEST SENSE": true,
		"REPORT SUPPORTED OPERATION CODES": true, "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS": true,
		"REPORT TARGET PORT GROUPS": true, "SET TARGET PORT GROUPS": true}
	sanitizes := func(name string) bool { return len(name) > 8 && name[:8] == "SANITIZE" }
	for _, tc := range []struct {
		name, cdb       string
		running, failed Sense
		again           func(name string) bool // after a failure
		exit            Sense                  // of EXIT FAILURE MODE after a failure
	}{
		{"a SANITIZE", sanitize, SanitizeInProgress.AtProgress(0x4000), SanitizeFailed, func(name string) bool { return sanitizes(name) && name != "SANITIZE EXIT FAILURE MODE" }, InvalidFieldInCDB.AtCDB(1, 4)},
		{"a SANITIZE with AUSE", ause, SanitizeInProgress.AtProgress(0x4000), SanitizeFailed, sanitizes, Good},
		{"a FORMAT UNIT", format, FormatInProgress.AtProgress(0x4000), FormatCorrupted, func(name string) bool { return sanitizes(name) || name == "FORMAT UNIT" }, Good},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, u := newNexus(t, everything)
			settable(n)
			m := u.Medium()
			var kept []*Erasure
			m.KeepErasures(func(e *Erasure) error { kept = append(kept, e); return nil })
			var p, late Plan
			if s := n.Plan(&late, lunField(0), cdbOf(t, "28 00 00000001 00 0001")); s != Good || late.Refused() != Good {
				t.Fatal(s, late.Refused())
			}
			if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != Good || p.Begin() != Good || m.Kept(p.Erasure) != nil {
				t.Fatalf("begin: %v", s)
			}
			e := p.Erasure
			e.Progress(1, 4)
			if m.Pending() != e || late.Refused() != tc.running || p.Begin() != tc.running {
				t.Errorf("pending %v, a command planned before: %v, another erasure: %v", m.Pending(), late.Refused(), p.Begin())
			}
			each := func(state string, want Sense, also func(string) bool) {
				rows(func(_ byte, row *command) {
					want := want
					if allowed[row.name] || also(row.name) {
						want = Good
					}
					var q Plan
					if s := n.Plan(&q, lunField(0), cdbOf(t, goodCDB[row.name])); s != want && !(row.name == "SANITIZE EXIT FAILURE MODE" && s == tc.exit) {
						t.Errorf("%s, %s: %v % x, want %v", state, row.name, s, s.Specific, want)
					}
				})
			}
			each("under way", tc.running, func(string) bool { return false })
			if d := reply(t, n, "03 00 00 00 ff"); d[2] != byte(NotReady) || d[12] != 4 || d[15] != 0x80 || d[16] != 0x40 {
				t.Errorf("REQUEST SENSE: % x", d)
			}
			if s := m.Ended(e, true); s.Key != MediumError {
				t.Errorf("ended with %v", s)
			}
			each("failed", tc.failed, tc.again)
			if m.Pending() != nil || len(kept) != 2 || kept[0] != e || !kept[1].Failed {
				t.Errorf("pending %v, kept %v", m.Pending(), kept)
			}
			if s := n.Plan(&p, lunField(0), cdbOf(t, "48 02 0000000000 0000")); s != Good || p.Begin() != Good {
				t.Fatalf("again: %v", s)
			}
			if s := m.Ended(p.Erasure, false); s != Good || kept[len(kept)-1] != nil || late.Refused() != Good {
				t.Errorf("ended with %v, kept %v", s, kept)
			}
			each("done", Good, func(string) bool { return false })
		})
	}
}

// TestExitFailureMode leaves the failure of a SANITIZE, and of nothing else.
func TestExitFailureMode(t *testing.T) {
	for _, tc := range []struct {
		name  string
		e     *Erasure
		keep  error
		want  Sense
		after Sense
	}{
		{"there is none", nil, nil, Good, Good},
		{"a failed SANITIZE", &Erasure{AUSE: true, Failed: true}, nil, Good, Good},
		{"it cannot be written down", &Erasure{AUSE: true, Failed: true}, errors.New("full"), InternalTargetFailure, SanitizeFailed},
		{"one under way", &Erasure{AUSE: true}, nil, Good, SanitizeInProgress.AtProgress(0)},
		{"a failed FORMAT UNIT", &Erasure{Format: true, Failed: true}, nil, Good, FormatCorrupted},
	} {
		m := NewMedium("m")
		m.KeepErasures(func(*Erasure) error { return tc.keep })
		m.RestoreErasure(tc.e)
		if s := m.Leave(); s != tc.want || m.Erasing() != tc.after {
			t.Errorf("%s: %v, and then %v", tc.name, s, m.Erasing())
		}
	}
}

// TestEndCannotBeWrittenDown holds that a medium of which the next process thinks
// that it is to be erased is not opened: what came to it would be lost.
func TestEndCannotBeWrittenDown(t *testing.T) {
	m := NewMedium("m")
	m.KeepErasures(func(e *Erasure) error {
		if e == nil {
			return errors.New("read-only")
		}
		return nil
	})
	e := &Erasure{Unmap: true}
	m.RestoreErasure(e)
	if s := m.Ended(e, false); s != SanitizeFailed || m.Erasing() != SanitizeFailed {
		t.Errorf("%v, and then %v", s, m.Erasing())
	}
}

func TestErasureCheck(t *testing.T) {
	for _, tc := range []struct {
		e    *Erasure
		good bool
	}{
		{&Erasure{}, true},
		{&Erasure{Pattern: make([]byte, 512), Passes: 31}, true},
		{&Erasure{Passes: 32}, false},
		{&Erasure{Passes: -1}, false},
		{&Erasure{Pattern: make([]byte, 513)}, false},
	} {
		if err := tc.e.Check(); (err == nil) != tc.good {
			t.Errorf("%s: %v", fmt.Sprint(len(tc.e.Pattern), tc.e.Passes), err)
		}
	}
}
