// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// A tunedFlag is a flag of ietd whose effect is measured against the defaults.
type tunedFlag struct {
	name  string   // of the contender
	words []string // of ietd, none for the defaults
	about string   // what it does
}

// defaults is what flags are held against: ietd without any.
const defaults = "ietd-defaults"

// A tuning is flags whose effect is measured on one backing.
type tuning struct {
	on    backing
	flags []tunedFlag
	rows  []workload
}

// tunings are measured in a stage each. What flags change is the data plane, so most
// are measured on nullio; a disk shows what looking for it does, and workers have
// what would stall a loop, such as writes of less than the disk can write.
var tunings = []tuning{
	{onNull, []tunedFlag{
		{"ietd-busy-poll-0", []string{"--busy-poll", "0"}, "a loop sleeps as soon as it has nothing to do"},
		{"ietd-busy-poll-200us", []string{"--busy-poll", "200us"}, "it looks for work four times as long before it sleeps"},
		{"ietd-queue-depth-32", []string{"--queue-depth", "32"}, "a session may have 32 commands open, not 128"},
		{"ietd-ring-entries-64", []string{"--ring-entries", "64"}, "the submission queue has 64 entries, not 1024"},
		{"ietd-threads-2", []string{"--threads", "2"}, "two loops, here on the one CPU: what it costs to have more loops than CPUs"},
		{"ietd-cpus-0", []string{"--cpus", "0"}, "the loop is bound to the CPU, which here it is anyway"},
	}, []workload{rw(4*kib, 0, 1), rw(4*kib, 0, 8), rw(4*kib, 0, 128), rw(4*kib, 0, 1).over(64)}},
	{onLoop, []tunedFlag{
		{"ietd-busy-poll-0", []string{"--busy-poll", "0"}, "a loop sleeps as soon as it has nothing to do"},
		{"ietd-busy-poll-200us", []string{"--busy-poll", "200us"}, "it looks for work four times as long before it sleeps"},
	}, []workload{rw(4*kib, 0, 1), rw(4*kib, 0, 32)}},
	{onNarrow, []tunedFlag{
		{"ietd-workers-1", []string{"--workers", "1"}, "one worker, not two"},
		{"ietd-workers-8", []string{"--workers", "8"}, "eight workers"},
	}, []workload{rw(512, 100, 32)}},
}

// stage is where t is measured.
func (t *tuning) stage() stage {
	peers := []string{defaults}
	for _, f := range t.flags {
		peers = append(peers, f.name)
	}
	return stage{on: t.on, peers: peers, rows: t.rows, luns: 1, scale: true}
}

// tuningStages are those of all.
func tuningStages() []stage {
	var list []stage
	for i := range tunings {
		list = append(list, tunings[i].stage())
	}
	return list
}

func init() {
	start := func(f tunedFlag) {
		starters[f.name] = func(h *harness, st *stage) (*contender, error) { return h.startIetdAs(f.name, st, f.words...) }
	}
	start(tunedFlag{name: defaults})
	for _, t := range tunings {
		for _, f := range t.flags {
			start(f)
		}
	}
}

// settingTable tells what the flags of ietd do, as ratios to its defaults.
func (r *Results) settingTable(b *strings.Builder) {
	var rows strings.Builder
	for _, t := range tunings {
		for _, f := range t.flags {
			for _, w := range t.rows {
				r.settingRow(&rows, t.on, f, w)
			}
		}
	}
	if rows.Len() > 0 {
		fmt.Fprint(b, "### What the flags do\n\nRatios to ietd with its defaults, round by round: median (least–most). What is near 1 is noise.\n\n| flag | what it does | backing | workload | IOPS | CPU for each I/O | p50 | p99 |\n|---|---|---|---|---|---|---|---|\n", rows.String(), "\n")
	}
}

// settingRow tells what one flag does to one workload, if that was measured.
func (r *Results) settingRow(b *strings.Builder, on backing, f tunedFlag, w workload) {
	with, without := place{on.String(), f.name, w.String()}, place{on.String(), defaults, w.String()}
	if _, ok := r.ratio(with, without, iops); !ok {
		return
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |", strings.Join(f.words, " "), f.about, on, w)
	for _, of := range []figure{iops, cpu, p50, p99} {
		times, _ := r.ratio(with, without, of)
		fmt.Fprintf(b, " %s |", times.ratio())
	}
	fmt.Fprintln(b)
}
