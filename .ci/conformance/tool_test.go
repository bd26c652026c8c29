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
	results := []result{
		{name: "A.One", ending: passed},
		{name: "A.Two", ending: skipped},
		{name: "A.Three", ending: failed},
	}
	rows := []struct {
		sentence        string
		list            string
		unlisted, stale int
		err             string
	}{
		{"a listed skip is right", "# why\nA.Two  no such command\n", 0, 0, ""},
		{"a skip that is not listed is wrong", "", 1, 0, ""},
		{"an entry that passes is stale", "A.Two a\nA.One b\n", 0, 1, ""},
		{"so is one that failed", "A.Two a\nA.Three b\n", 0, 1, ""},
		{"so is one that is no test", "A.Two a\nA.Zero b\n", 0, 1, ""},
		{"an entry needs a reason", "A.Two\n", 0, 0, "skip.txt:1: A.Two has no reason"},
		{"an entry needs a suite", "Two a\n", 0, 0, "not of the form"},
		{"an entry stands once", "A.Two a\nA.Two b\n", 0, 0, "skip.txt:2: A.Two is there twice"},
	}
	for _, r := range rows {
		t.Run(r.sentence, func(t *testing.T) {
			list, err := parseSkips("skip.txt", r.list)
			if r.err != "" {
				if err == nil || !strings.Contains(err.Error(), r.err) {
					t.Fatalf("error %v, want %q", err, r.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := list.unlisted(results); len(got) != r.unlisted {
				t.Errorf("unlisted: %q", got)
			}
			if got := list.stale(map[string]bool{"A.Two": true}); len(got) != r.stale {
				t.Errorf("stale: %q", got)
			}
		})
	}
}
