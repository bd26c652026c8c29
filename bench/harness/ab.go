// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// What a comparison takes where the command line does not say.
const (
	abRounds   = 5
	abDuration = 500 * time.Millisecond
)

// ab measures two builds of ietd in turn, A B B A, and prints for each workload
// the ratio of the second to the first, round by round and so under the same
// disturbances: CPU time for each I/O, IOPS, p99.
func ab(ctx context.Context, o *options, before, after string) (err error) {
	st := stage{on: onNull, rows: slices.Concat(goalRows, moreRows), luns: manyLUNs}
	if o.on != "" && o.on != onNull.String() {
		on, err := backingNamed(o.on)
		if err != nil {
			return err
		}
		st = stage{on: on, rows: fullDeviceRows, luns: 1}
	}
	p := plan{rounds: abRounds, duration: abDuration, warmup: o.warmup, stages: []stage{st}}
	if err := p.adjust(o); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "harness-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h := &harness{options: o, plan: p, dir: dir}
	if h.client, err = buildClient(o, dir); err != nil {
		return err
	}
	if h.r, err = newResults(o, p); err != nil { // it is told how servers were started
		return err
	}
	var sides [2]*contender
	for i, path := range []string{before, after} {
		h.ietd = path
		if sides[i], err = h.startIetdAs("AB"[i:i+1], &p.stages[0]); err != nil {
			return err
		}
		sides[i].name = "AB"[i : i+1]
		defer func() { err = errors.Join(err, sides[i].end()) }()
	}
	fmt.Printf("B / A on %v, median (least–most) of %d rounds\n", st.on, p.rounds)
	fmt.Printf(abLine, "workload", "CPU for each I/O", "IOPS", "p99", "A: CPU µs", "A: IOPS")
	for _, w := range p.stages[0].rows {
		if err := h.compare(ctx, sides, w); err != nil {
			return fmt.Errorf("%v: %w", w, err)
		}
	}
	return nil
}

const abLine = "%-28s %-18s %-18s %-18s %10s %10s\n"

// compare prints one line.
func (h *harness) compare(ctx context.Context, sides [2]*contender, w workload) error {
	var cpu, iops, p99, cpuA, iopsA []float64
	for round := range h.plan.rounds {
		var s [2]*Sample
		for i := range 2 {
			side := (i + round) % 2 // who begins has the colder machine
			var err error
			if s[side], err = h.sample(ctx, sides[side], w, timing{h.plan.warmup, h.plan.duration}); err != nil {
				return fmt.Errorf("%s: %w", sides[side].name, err)
			}
		}
		cpu = append(cpu, s[1].CPUPerIO/s[0].CPUPerIO)
		iops = append(iops, s[1].Load.IOPS/s[0].Load.IOPS)
		p99 = append(p99, s[1].Load.P99/s[0].Load.P99)
		cpuA, iopsA = append(cpuA, s[0].CPUPerIO), append(iopsA, s[0].Load.IOPS)
	}
	fmt.Printf(abLine, w, spreadOf(cpu).ratio(), spreadOf(iops).ratio(), spreadOf(p99).ratio(),
		fmt.Sprintf("%.2f", spreadOf(cpuA).median), fmt.Sprintf("%.0f", spreadOf(iopsA).median))
	return nil
}
