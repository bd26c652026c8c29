// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ietring/bench/daemon"
)

func TestSumMetrics(t *testing.T) {
	for _, row := range []struct {
		sentence, text string
		want           map[string]float64 // nil: an error
	}{
		{"what has the same name is added up", "# HELP a x\n# TYPE a counter\na{loop=\"0\"} 1\na{loop=\"1\"} 2\nb 0.5\n", map[string]float64{"a": 3, "b": 0.5}},
		{"nothing", "", map[string]float64{}},
		{"a line without a value", "a\n", nil},
		{"a value that is none", "a b\n", nil},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			got, err := sumMetrics(strings.NewReader(row.text))
			if !maps.Equal(got, row.want) || (err != nil) != (row.want == nil) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestPerCommand(t *testing.T) {
	begin := map[string]float64{metricCommands: 100, metricEnters: 1000, metricAllocs: 10}
	c, err := perCommand(begin, map[string]float64{metricCommands: 300, metricEnters: 1020, metricAllocs: 20})
	if err != nil || c.PerIO != 0.1 || c.Allocs == nil || *c.Allocs != 0.05 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := perCommand(begin, begin); err == nil {
		t.Error("no command, and no error")
	}
}

// TestOwnIetd has a real ietd count what a real load does, and a small crowd log
// in to another. The load runs for longer than ietd gives the same answer again.
func TestOwnIetd(t *testing.T) {
	dir := t.TempDir()
	ietd := filepath.Join(dir, "ietd")
	if err := daemon.Build(".", ietd, false); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	o := &options{ietd: ietd, root: root, targetCPU: daemon.AnyCPU, loadCPU: daemon.AnyCPU}
	h := &harness{options: o, dir: dir, r: &Results{Settings: Settings{Commands: map[string]string{}}}}
	var err error
	if h.client, err = buildClient(o, dir); err != nil {
		t.Fatal(err)
	}
	c, err := starters[manyUnits](h, &stage{on: onNull, luns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.end(); err != nil {
			t.Error(err)
		}
	}()
	calls, err := h.countOwn(context.Background(), c, rw(4*kib, 0, 32).on(2), 300*time.Millisecond)
	if err != nil || calls.PerIO <= 0 || calls.Allocs == nil || calls.Tool != ownCounters {
		t.Errorf("%+v, %v", calls, err)
	}
	if calls != nil {
		t.Logf("%.3f enters, %.4f allocations for each I/O", calls.PerIO, *calls.Allocs)
	}
	const n = 20
	crowd, err := h.crowd(context.Background(), n, 0, time.Millisecond)
	if err != nil || crowd.Sessions != n || crowd.RSS <= 0 || crowd.LoginPerS <= 0 {
		t.Errorf("%+v, %v", crowd, err)
	}
}

// TestCrowdRow: --rows can name the crowd alone.
func TestCrowdRow(t *testing.T) {
	for _, row := range []struct {
		rows  string
		crowd bool
		some  int // stages with rows
	}{{crowdRow, true, 0}, {"*_l256", false, 1}} {
		p := quick()
		if err := p.adjust(&options{rows: row.rows}); err != nil {
			t.Fatal(err)
		}
		some := 0
		for _, st := range p.stages {
			if len(st.rows) > 0 {
				some++
			}
		}
		if p.crowd != row.crowd || some != row.some {
			t.Errorf("%s: crowd %v, %d stages", row.rows, p.crowd, some)
		}
	}
}
