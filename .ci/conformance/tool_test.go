// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"
)

const summary = "Run Summary:    Type  Total\n               tests  %T  %T  0  %F  0\n"

// text adds the tool's summary for a number of tests and failures.
func text(body, total, fails string) string {
	return body + strings.NewReplacer("%T", total, "%F", fails).Replace(summary)
}

func TestParse(t *testing.T) {
	rows := []struct {
		sentence string
		output   string
		want     []string // name and ending
		err      string
	}{
		{"a verdict on the line of its test counts", text("Suite: A\n  Test: One ...passed\n  Test: Two ...FAILED\n    1. a.c:9  - CU\n", "2", "1"),
			[]string{"A.One passed", "A.Two failed"}, ""},
		{"a skip is no pass, whatever the tool counts", text("Suite: A\n  Test: One ...    [SKIPPED] no.\n    [SKIPPED] no.\npassed\n", "1", "0"),
			[]string{"A.One skipped"}, ""},
		{"a failure after a skip is a failure", text("Suite: A\n  Test: One ...    [SKIPPED] no.\nFAILED\n", "1", "1"),
			[]string{"A.One failed"}, ""},
		{"a message behind the verdict leaves it", text("Suite: A\n  Test: One ...passed    [FAILED] PRIN\n\nSuite: B\n  Test: One ...passed\n", "2", "0"),
			[]string{"A.One passed", "B.One passed"}, ""},
		{"a skip behind the verdict is the suite's", text("Suite: A\n  Test: One ...passed    [SKIPPED] PRIN\n    [SKIPPED] PRIN\n", "1", "0"),
			[]string{"A.One passed"}, ""},
		{"a test without a verdict is an error", text("Suite: A\n  Test: One ...\n  Test: Two ...passed\n", "2", "0"), nil, "A.One has no verdict"},
		{"so is the last one", "Suite: A\n  Test: One ...    [SKIPPED] x\n", nil, "A.One has no verdict"},
		{"output without a summary is an error", "Suite: A\n  Test: One ...passed\n", nil, "no summary"},
		{"a summary of other numbers is an error", text("Suite: A\n  Test: One ...passed\n", "2", "0"), nil, "summary says 2 tests, 0 failed"},
		{"so is one of other failures", text("Suite: A\n  Test: One ...passed\n", "1", "1"), nil, "summary says 1 tests, 1 failed"},
	}
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) {
			results, err := parse(strings.NewReader(r.output))
			if r.err != "" {
				if err == nil || !strings.Contains(err.Error(), r.err) {
					t.Fatalf("error %v, want %q", err, r.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, res := range results {
				got = append(got, res.name+" "+string(res.ending))
			}
			if !slices.Equal(got, r.want) {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

func TestSkips(t *testing.T) {
	r := report{disks: []diskResult{
		{name: "fileio a", results: []result{{name: "S.One", ending: passed}, {name: "S.Two", ending: skipped}, {name: "S.Three", ending: skipped}}},
		{name: "fileio b", results: []result{{name: "S.One", ending: skipped}, {name: "S.Two", ending: skipped}, {name: "S.Three", ending: failed}}},
	}}
	for _, d := range r.disks {
		r.union = merge(r.union, d.results)
	}
	const right = "[everywhere]\nS.Two no such command\n[* b]\nS.One why\n[fileio a]\nS.Three why\n"
	rows := []struct {
		sentence        string
		list            string
		unlisted, stale int
		err             string
	}{
		{"listed skips are right", right, 0, 0, ""},
		{"a skip that is not listed is wrong", strings.Replace(right, "S.Two no", "# S.Two no", 1), 1, 0, ""},
		{"a skip on one disk is not one everywhere", strings.Replace(right, "[* b]", "", 1), 1, 1, ""},
		{"a skip everywhere is not one of a disk", strings.Replace(right, "[everywhere]", "[*]", 1), 1, 1, ""},
		{"a line of another disk does not count", strings.Replace(right, "[* b]", "[* a]", 1), 1, 1, ""},
		{"a line of a disk that did not run is not stale", right + "[blockio a]\nS.One why\n", 0, 0, ""},
		{"a pattern of tests stands for them all", "[everywhere]\nS.T* why\n[fileio*]\nS.* why\n", 0, 0, ""},
		{"an entry that is no test is stale", right + "S.Zero why\n", 0, 1, ""},
		{"an entry needs a section", "S.Two why\n", 0, 0, "skip.txt:1: S.Two stands before the first [section]"},
		{"an entry needs a reason", "[*]\nS.Two\n", 0, 0, "skip.txt:2: S.Two has no reason"},
		{"an entry needs a suite", "[*]\nTwo a\n", 0, 0, "not of the form"},
		{"an entry stands once in a section", "[*]\nS.Two a\nS.Two b\n", 0, 0, "skip.txt:3: S.Two is there twice"},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			list, err := parseSkips("skip.txt", row.list)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Fatalf("error %v, want %q", err, row.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := list.unlisted(r.skips(true), fits); len(got) != row.unlisted {
				t.Errorf("unlisted: %q", got)
			}
			if got := list.stale(r.skips(true), r.names()); len(got) != row.stale {
				t.Errorf("stale: %q", got)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	rows := []struct {
		sentence         string
		one, other, want ending
	}{
		{"a pass beats a skip", skipped, passed, passed},
		{"a skip takes no pass away", passed, skipped, passed},
		{"a failure beats a pass", passed, failed, failed},
		{"a failure stays", failed, passed, failed},
	}
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) {
			got := merge([]result{{name: "A.One", ending: r.one}}, []result{{name: "A.One", ending: r.other}, {name: "A.Two", ending: passed}})
			if len(got) != 2 || got[0].ending != r.want {
				t.Errorf("got %v, want %s and another test", got, r.want)
			}
		})
	}
}

func TestGivenUp(t *testing.T) {
	known := []string{"SCSI", "SCSI.A", "SCSI.A.One", "SCSI.A.Two", "SCSI.AB", "SCSI.AB.One", "iSCSI", "iSCSI.C", "iSCSI.C.One"}
	if got := suitesOf(known, "SCSI"); !slices.Equal(got, []string{"SCSI.A", "SCSI.AB"}) {
		t.Errorf("suites of a family: %q", got)
	}
	if got := suitesOf(known, "SCSI.A"); !slices.Equal(got, []string{"SCSI.A"}) {
		t.Errorf("suites of a suite: %q", got)
	}
	if got := testsOf(known, "iSCSI.C.One"); !slices.Equal(got, []string{"C.One"}) {
		t.Errorf("tests of a test: %q", got)
	}
	for _, r := range []struct {
		sentence, output string
		want             []string
	}{
		{"nothing came", "", []string{"A.One failed", "A.Two failed"}},
		{"it hangs in the second", "Suite: A\n  Test: One ...passed\n  Test: Two ...    [SKIPPED] x\n", []string{"A.One passed", "A.Two failed"}},
		{"it hangs between the two", "Suite: A\n  Test: One ...passed\n", []string{"A.One passed", "A.Two failed"}},
		{"it hangs behind the last", "Suite: A\n  Test: One ...passed\n  Test: Two ...passed\n", nil},
	} {
		results, err := givenUp(r.output, testsOf(known, "SCSI.A"))
		var got []string
		for _, res := range results {
			got = append(got, res.name+" "+string(res.ending))
		}
		if !slices.Equal(got, r.want) || (err != nil) != (r.want == nil) {
			t.Errorf("%s: %q, %v", r.sentence, got, err)
		}
	}
}
