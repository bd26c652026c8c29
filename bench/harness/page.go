// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// resultsDir is where the results are, and the plots of the newest.
const resultsDir = "bench/results"

// render makes BENCHMARKS.md and its plots from the newest results under root.
func render(root string) error {
	dir := filepath.Join(root, resultsDir)
	all, err := load(dir)
	if err != nil {
		return err
	}
	for _, p := range plots {
		if err := os.WriteFile(filepath.Join(dir, p.file), []byte(p.draw(&all[0].r)), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, "BENCHMARKS.md"), []byte(page(all)), 0o644)
}

// headRow is the canonical workload.
var headRow = rw(4*kib, 0, 32)

// page writes the page: newest results in full, older ones in a line each.
func page(all []found) string {
	var b strings.Builder
	newest := &all[0]
	r := &newest.r
	fmt.Fprintf(&b, "# Benchmarks\n\n<!-- Made by bench/harness from %s/%s. Do not edit. -->\n\n", resultsDir, newest.name)
	fmt.Fprint(&b, "How many commands a second does ietd serve, what does each cost, and how far is that from what TCP on the same machine can do at all and from what other targets do, in the same run?\n\n")
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "**Do not trust this run:** %s.\n\n", w)
	}
	r.headline(&b)
	r.setting(&b, newest.name)
	r.goalTable(&b)
	fmt.Fprint(&b, "## Plots\n\n")
	for _, p := range plots {
		fmt.Fprintf(&b, "![%s](%s/%s)\n\n", p.title, resultsDir, p.file)
	}
	r.tables(&b)
	fmt.Fprint(&b, limits)
	older(&b, all[1:])
	return b.String()
}

const limits = `## What these numbers do not show

- A network. Client and target talk over loopback, whose cost is part of every number; most of the CPU time for each I/O is the kernel's TCP, as the floor shows.
- Your disk. Rows without storage compare targets; those with storage are this machine's disk, loop device and memory.
- More than one CPU. The target has one and the load has the other. When the load's CPU is the limit, IOPS are the load's, and only CPU time for each I/O compares the targets.
- Kernel threads. CPU time is that of the target's own process; the loop device, zram and writeback work in threads of the kernel, for every target and for fio alike.
- Other initiators, but for the second opinions. The load is the project's own: one thread on io_uring, which sleeps in the kernel when there is nothing to do, so that figures at depth 1 contain the wake-ups of both sides, for every server alike. Its own CPU time and system calls for each I/O are in the JSON.
- Percentiles of a slow row. A sample takes about a second: p99.9 of fewer than some thousand commands is the slowest of a few.
- Fine differences. A difference smaller than the spread is none.
`

func older(b *strings.Builder, all []found) {
	if len(all) == 0 {
		return
	}
	fmt.Fprint(b, "\n## Older results\n\n| results | read, depth 32: IOPS | CPU µs for each I/O | trusted |\n|---|---|---|---|\n")
	for i := range all {
		o := &all[i]
		fmt.Fprintf(b, "| %s | %.0f | %.2f | %s |\n", o.name, o.r.over(at("ietd", headRow), iops).median,
			o.r.over(at("ietd", headRow), cpu).median, yesNo(len(o.r.Warnings) == 0))
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (r *Results) headline(b *strings.Builder) {
	fmt.Fprintf(b, "Random 4 KiB reads at depth 32, one session, no storage, one CPU for the target:\n\n")
	for _, f := range []struct {
		what, format string
		of           figure
	}{{"IOPS", "%.0f", iops}, {"µs of CPU for each I/O", "%.2f", cpu}} {
		fmt.Fprintf(b, "- **"+f.format+" %s**", r.over(at("ietd", headRow), f.of).median, f.what)
		var others []string
		for _, name := range []string{"floor", "tgt", "spdk"} {
			if v := r.over(at(name, headRow), f.of).median; v > 0 {
				others = append(others, fmt.Sprintf("%s: "+f.format, name, v))
			}
		}
		if len(others) > 0 {
			fmt.Fprintf(b, " (%s)", strings.Join(others, ", "))
		}
		fmt.Fprintln(b)
	}
	fmt.Fprint(b, "\nThe floor is a server that speaks no SCSI: it answers 48 bytes with 48 bytes and a payload, or the reverse, from one io_uring (`bench/floor`).\n\n")
}

func (r *Results) setting(b *strings.Builder, name string) {
	m, s := &r.Machine, &r.Settings
	fmt.Fprintf(b, "## Machine\n\n%s, %d CPUs, %s, %s; ietd at commit %s; %s. Load average before the run: %.2f.\n\n",
		m.CPUModel, m.CPUs, m.Kernel, m.Go, r.Commit, r.Date.Format("2006-01-02 15:04 MST"), m.LoadAverage)
	for _, k := range sortedKeys(s.Versions) {
		fmt.Fprintf(b, "- %s: %s\n", k, s.Versions[k])
	}
	kind := r.Kind
	if kind == "" {
		kind = "bench"
	}
	fmt.Fprintf(b, "\n## Commands\n\n```\nmake %s\n```\n\nEach server runs on CPU %d and the load, `iscsi-load perf`, on CPU %d. %d rounds, in each of which every server is measured in turn: %.1f s after %.1f s of warm-up. Raw samples, and how each server was started: `%s/%s`. `make bench` takes minutes, `make bench-full` half an hour and has more rows; `go run ./bench/harness --page` makes this page again.\n\n",
		kind, s.TargetCPU, s.LoadCPU, s.Rounds, s.Seconds, s.Warmup, resultsDir, name)
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
