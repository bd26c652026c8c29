// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ietring/bench/engine"
)

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		sentence string
		iops     []float64
		want     spread
	}{
		{"an odd number of rounds", []float64{30, 10, 20}, spread{10, 20, 30}},
		{"an even number of rounds", []float64{40, 10, 20, 30}, spread{10, 25, 40}},
		{"no round", nil, spread{}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			var r Results
			for _, v := range row.iops {
				r.Samples = append(r.Samples,
					Sample{Target: "ietd", Workload: "w", Load: engine.Report{IOPS: v}},
					Sample{Target: "tgt", Workload: "w", Load: engine.Report{IOPS: 1000 * v}})
			}
			if got, _ := r.spread("ietd", "w"); got != row.want {
				t.Errorf("%+v, want %+v", got, row.want)
			}
		})
	}
}

// TestRender makes a page from two files: the newest is shown, with its
// warnings, and the older has its line.
func TestRender(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "bench", "results")
	for day, commit := range []string{"oldcommit", "newcommit"} {
		r := Results{Date: time.Date(2026, 11, 1+day, 0, 0, 0, 0, time.UTC), Commit: commit, Warnings: []string{commit + " was busy"}}
		r.Samples = []Sample{{Target: "ietd", Workload: "read_4k_qd32", CPUPerIO: 1.25, Load: engine.Report{IOPS: float64(111 + day)}}}
		if _, err := r.save(dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := render(root); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, "BENCHMARKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"**112 IOPS**", "newcommit was busy", "| 20261101T000000Z-oldcommit.json | 111 |", "1.25"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "oldcommit was busy") {
		t.Error("the page has the warning of an older run")
	}
}

// TestAccount checks the arithmetic of one sample.
func TestAccount(t *testing.T) {
	s := Sample{Load: engine.Report{Seconds: 2, IOs: 100000, CPUPerIO: 5}}
	begin := moment{target: time.Second, stat: cpuStat{busy: 10 * time.Second}}
	end := moment{target: 2 * time.Second, stat: cpuStat{busy: 11700 * time.Millisecond, steal: 20 * time.Millisecond}}
	s.account(begin, end)
	// 1 s of 100,000 I/Os; 1.7 s busy are 1 s target, 0.5 s load, 0.2 s others.
	if s.CPUPerIO != 10 || s.CPUShare != 50 || s.StealPct != 1 || s.OthersPct < 9.99 || s.OthersPct > 10.01 {
		b, err := json.Marshal(s)
		t.Errorf("%s, %v", b, err)
	}
}
