// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// render makes BENCHMARKS.md from the newest results under root.
func render(root string) error {
	paths, err := resultFiles(root)
	if err != nil {
		return err
	}
	var all []found
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := found{name: filepath.Base(path)}
		if err := json.Unmarshal(b, &f.r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, f)
	}
	if len(all) == 0 {
		return fmt.Errorf("no results under %s", filepath.Join(root, "bench", "results"))
	}
	slices.SortFunc(all, func(a, b found) int { return b.r.Date.Compare(a.r.Date) })
	return os.WriteFile(filepath.Join(root, "BENCHMARKS.md"), []byte(page(all)), 0o644)
}

// found is a file of results.
type found struct {
	name string
	r    Results
}

// page writes the page: newest results in full, older ones in a line each.
func page(all []found) string {
	var b strings.Builder
	newest := &all[0]
	r := &newest.r
	fmt.Fprintf(&b, "# Benchmarks\n\n<!-- Made by bench/harness from bench/results/%s. Do not edit. -->\n\n", newest.name)
	fmt.Fprint(&b, "How many 4 KiB commands a second does ietd serve, and what does each cost, beside tgt (Debian's package) on the same machine in the same run?\n\n")
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "**Do not trust this run:** %s.\n\n", w)
	}
	r.headline(&b)
	r.setting(&b, newest.name)
	r.table(&b)
	fmt.Fprint(&b, limits)
	if len(all) > 1 {
		fmt.Fprint(&b, "\n## Older results\n\n| results | read, depth 32: IOPS | CPU µs per I/O | trusted |\n|---|---|---|---|\n")
		for i := 1; i < len(all); i++ {
			o := &all[i]
			iops, cpu := o.r.spread("ietd", "read_4k_qd32")
			fmt.Fprintf(&b, "| %s | %.0f | %.2f | %s |\n", o.name, iops.median, cpu.median, yesNo(len(o.r.Warnings) == 0))
		}
	}
	return b.String()
}

const limits = `
## What these numbers do not show

- Storage. Both units answer without a disk; a real disk is slower than either target.
- A network. Client and target talk over loopback, whose cost is part of every number, and a good part of the target's CPU time is the kernel's TCP.
- More than one CPU. The target has one and the load has the other; when the load's CPU is the limit, IOPS are the load's and only CPU time for each I/O compares the targets.
- Other initiators. The load is the project's own, which checks every number of the protocol; its own CPU time for each I/O is in the JSON.
- Fine differences. CPU time comes from /proc in steps of 10 ms, which is under 1 % of a sample; a difference smaller than the spread is none.
`

func (r *Results) headline(b *strings.Builder) {
	iops, cpu := r.spread("ietd", "read_4k_qd32")
	tgtIOPS, tgtCPU := r.spread("tgt", "read_4k_qd32")
	fmt.Fprintf(b, "Random 4 KiB reads at depth 32, one session, one CPU for the target:\n\n")
	fmt.Fprintf(b, "- **%.0f IOPS** (tgt: %.0f)\n- **%.2f µs of CPU for each I/O** (tgt: %.2f)\n\n", iops.median, tgtIOPS.median, cpu.median, tgtCPU.median)
}

func (r *Results) setting(b *strings.Builder, name string) {
	m, s := &r.Machine, &r.Settings
	fmt.Fprintf(b, "## Machine\n\n%s, %d CPUs, %s, %s; ietd at commit %s, tgt %s; %s. Load average before the run: %.2f.\n\n",
		m.CPUModel, m.CPUs, m.Kernel, m.Go, r.Commit, s.TgtName, r.Date.Format("2006-01-02 15:04 MST"), m.LoadAverage)
	fmt.Fprintf(b, "## Commands\n\n```\nmake bench\n```\n\nwhich runs `ietd %s` and `tgtd` with a unit of bstype %s, both on CPU %d, and against each in turn `iscsi-load perf --block-size %d` on CPU %d: %d rounds of %.0f s after %.1f s of warm-up. Raw samples: `bench/results/%s`.\n\n",
		quoted(s.Ietd), s.Tgt, s.TargetCPU, 4096, s.LoadCPU, s.Rounds, s.Seconds, s.Warmup, name)
}

func quoted(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; strings.Contains(a, " ") {
			out[i] = "'" + a + "'"
		}
	}
	return strings.Join(out, " ")
}

func (r *Results) table(b *strings.Builder) {
	fmt.Fprintf(b, "## Results\n\nMedian of %d rounds, with the least and the most.\n\n", r.Settings.Rounds)
	fmt.Fprint(b, "| workload | target | IOPS | CPU µs per I/O of the target | p50 µs | p99 µs | p99.9 µs | target's CPU |\n|---|---|---|---|---|---|---|---|\n")
	for _, w := range pageWorkloads {
		for _, target := range []string{"ietd", "tgt"} {
			iops, cpu := r.spread(target, w.String())
			p50 := r.over(target, w.String(), func(s *Sample) float64 { return s.Load.P50 })
			p99 := r.over(target, w.String(), func(s *Sample) float64 { return s.Load.P99 })
			p999 := r.over(target, w.String(), func(s *Sample) float64 { return s.Load.P999 })
			share := r.over(target, w.String(), func(s *Sample) float64 { return s.CPUShare })
			fmt.Fprintf(b, "| %s | %s | %.0f (%.0f–%.0f) | %.2f (%.2f–%.2f) | %.0f | %.0f | %.0f | %.0f %% |\n",
				w.String(), target, iops.median, iops.least, iops.most, cpu.median, cpu.least, cpu.most,
				p50.median, p99.median, p999.median, share.median)
		}
	}
}

// spread returns IOPS and CPU time for each I/O of a target.
func (r *Results) spread(target, workload string) (iops, cpu spread) {
	return r.over(target, workload, func(s *Sample) float64 { return s.Load.IOPS }),
		r.over(target, workload, func(s *Sample) float64 { return s.CPUPerIO })
}

// over returns the spread of a figure over the rounds; zero when there is none.
func (r *Results) over(target, workload string, figure func(*Sample) float64) spread {
	var v []float64
	for i := range r.Samples {
		if s := &r.Samples[i]; s.Target == target && s.Workload == workload {
			v = append(v, figure(s))
		}
	}
	return spreadOf(v)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
