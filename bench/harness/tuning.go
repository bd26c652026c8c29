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

// settings are measured in one stage. The first is what the others are held
// against. --workers is not among them: workers have what would stall a loop, such
// as comparing, and no workload of the harness asks for that.
var settings = []tunedFlag{
	{"ietd-defaults", nil, ""},
	{"ietd-busy-poll-0", []string{"--busy-poll", "0"}, "a loop sleeps as soon as it has nothing to do"},
	{"ietd-busy-poll-200us", []string{"--busy-poll", "200us"}, "it looks for work four times as long before it sleeps"},
	{"ietd-queue-depth-32", []string{"--queue-depth", "32"}, "a session may have 32 commands open, not 128"},
	{"ietd-ring-entries-64", []string{"--ring-entries", "64"}, "the submission queue has 64 entries, not 1024"},
	{"ietd-threads-2", []string{"--threads", "2"}, "two loops, here on the one CPU: what it costs to have more loops than CPUs"},
	{"ietd-cpus-0", []string{"--cpus", "0"}, "the loop is bound to the CPU, which here it is anyway"},
}

// onSettings measures them, on nullio: what they change is the data plane.
var onSettings = stage{on: onNull, peers: settingNames(), luns: 1, scale: true,
	rows: []workload{rw(4*kib, 0, 1), rw(4*kib, 0, 8), rw(4*kib, 0, 128), rw(4*kib, 0, 1).over(64)}}

func settingNames() []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.name)
	}
	return names
}

func init() {
	for _, s := range settings {
		starters[s.name] = func(h *harness, st *stage) (*contender, error) { return h.startIetdAs(s.name, st, s.words...) }
	}
}

// settingTable tells what the flags of ietd do, as ratios to its defaults.
func (r *Results) settingTable(b *strings.Builder) {
	lines := 0
	for _, s := range settings[1:] {
		for _, w := range onSettings.rows {
			at := func(target string) place { return place{onNull.String(), target, w.String()} }
			rate, ok := r.ratio(at(s.name), at(settings[0].name), iops)
			if !ok {
				continue
			}
			if lines++; lines == 1 {
				fmt.Fprint(b, "### What the flags do\n\nRatios to ietd with its defaults, round by round: median (least–most). What is near 1 is noise.\n\n| flag | what it does | workload | IOPS | CPU for each I/O | p50 | p99 |\n|---|---|---|---|---|---|---|\n")
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |", strings.Join(s.words, " "), s.about, w, ratioText(rate))
			for _, f := range []figure{cpu, p50, p99} {
				times, _ := r.ratio(at(s.name), at(settings[0].name), f)
				fmt.Fprintf(b, " %s |", ratioText(times))
			}
			fmt.Fprintln(b)
		}
	}
	if lines > 0 {
		fmt.Fprintln(b)
	}
}

// ratioText is a spread as tables have ratios.
func ratioText(s spread) string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.least, s.most) }
