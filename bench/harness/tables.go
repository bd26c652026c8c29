// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// tables writes everything that was measured.
func (r *Results) tables(b *strings.Builder) {
	fmt.Fprintf(b, "## Results\n\nMedian of %d rounds (least–most). “× floor” is the ratio to the floor under the same load without storage.\n\n", r.Settings.Rounds)
	for _, backing := range r.backings() {
		r.table(b, backing)
	}
	r.settingTable(b)
	r.callTable(b)
	r.profileTable(b)
	r.idleTable(b)
	r.opinionTable(b)
	r.guestTable(b)
	r.failureTable(b)
}

// backings lists the backings in the order of measuring.
func (r *Results) backings() []backing {
	var list []backing
	for _, b := range backings {
		for i := range r.Samples {
			if r.Samples[i].Backing == b.String() {
				list = append(list, b)
				break
			}
		}
	}
	return list
}

// rowsOf lists what was measured on a backing, workload by workload.
func (r *Results) rowsOf(backing string) []place {
	var workloads []string
	targets := map[string][]string{}
	seen := map[place]bool{}
	for i := range r.Samples {
		s := &r.Samples[i]
		p := place{s.Backing, s.Target, s.Workload}
		if s.Backing != backing || seen[p] {
			continue
		}
		seen[p] = true
		if targets[s.Workload] == nil {
			workloads = append(workloads, s.Workload)
		}
		targets[s.Workload] = append(targets[s.Workload], s.Target)
	}
	var rows []place
	for _, w := range workloads {
		for _, t := range targets[w] {
			rows = append(rows, place{backing, t, w})
		}
	}
	return rows
}

func (r *Results) table(b *strings.Builder, on backing) {
	fmt.Fprintf(b, "### %s\n\n%s.\n\n", on, strings.ToUpper(on.words()[:1])+on.words()[1:])
	fmt.Fprint(b, "| workload | server | IOPS | × floor | MB/s | p50 µs | p99 µs | p99.9 µs | CPU µs for each I/O | × floor | CPU | load's CPU | RSS MiB |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, p := range r.rowsOf(on.String()) {
		floor := place{onNull.String(), "floor", p.workload}
		i, c := r.over(p, iops), r.over(p, cpu)
		fmt.Fprintf(b, "| %s | %s | %.0f (%.0f–%.0f) | %s | %.0f | %.0f | %.0f | %.0f | %.2f (%.2f–%.2f) | %s | %.0f %% | %.0f %% | %.0f |\n",
			p.workload, p.target, i.median, i.least, i.most, r.times(p, floor, iops), r.over(p, mbps).median,
			r.over(p, p50).median, r.over(p, p99).median, r.over(p, p999).median,
			c.median, c.least, c.most, r.times(p, floor, cpu), r.over(p, share).median, r.over(p, loadShare).median, r.over(p, rss).median)
	}
	fmt.Fprintln(b)
}

// times is the ratio of two places for a table, or nothing.
func (r *Results) times(a, b place, f figure) string {
	s, ok := r.ratio(a, b, f)
	if !ok || a == b {
		return ""
	}
	return fmt.Sprintf("%.2f", s.median)
}

func (r *Results) callTable(b *strings.Builder) {
	if len(r.Calls) > 0 {
		fmt.Fprint(b, "### System calls\n\nCounted in a run of their own, logins included, whose other figures are not used. ietd's own counters are of the measured part alone: enters of its io_uring, which is nearly all that it calls, and allocations on the Go heap, which Go counts by the hundred: up to a thousand or so, in all, are login and the two times that it was asked.\n\n| workload | server | for each I/O | allocations for each I/O | counted by |\n|---|---|---|---|---|\n")
		for _, c := range r.Calls {
			allocs := ""
			if c.Allocs != nil {
				allocs = fmt.Sprintf("%.4f", *c.Allocs)
			}
			fmt.Fprintf(b, "| %s | %s | %.3f | %s | %s |\n", c.Workload, c.Target, c.PerIO, allocs, c.Tool)
		}
		fmt.Fprintln(b)
	}
}

func (r *Results) idleTable(b *strings.Builder) {
	if len(r.Idle) > 0 {
		fmt.Fprint(b, "### Idle\n\nAfter the load, without sessions, over 10 s.\n\n| server | CPU, ms a second | RSS MiB |\n|---|---|---|\n")
		for _, i := range r.Idle {
			fmt.Fprintf(b, "| %s | %.2f | %.0f |\n", i.Target, i.MsPerS, float64(i.RSS)/mib)
		}
		fmt.Fprintln(b)
	}
	if c := r.Crowd; c != nil {
		fmt.Fprint(b, "### Idle sessions\n\nSessions on one event loop that have logged in and ask for nothing. Memory is what was more than with one session; that of the kernel's sockets is not in it.\n\n| sessions | watched for | CPU, ms a second | RSS MiB | RSS KiB each | logins a second | CPU of a login, ms |\n|---|---|---|---|---|---|---|\n")
		fmt.Fprintf(b, "| %d | %.0f s | %.2f | %.0f | %.1f | %.0f | %.2f |\n\n", c.Sessions, c.Seconds, c.CPUms/c.Seconds, float64(c.RSS)/mib, c.PerSession()/kib, c.LoginPerS, c.LoginCPUms)
	}
}

func (r *Results) opinionTable(b *strings.Builder) {
	if len(r.Opinions) == 0 {
		return
	}
	fmt.Fprint(b, "### Second opinions\n\nOther people's initiators on the same servers, without storage: 4 KiB reads at depth 32, random by iscsi-perf, in order by qemu-img bench, which knows no other. CPU time includes login and, for qemu-img, opening the disk.\n\n| tool | server | IOPS | CPU µs for each I/O |\n|---|---|---|---|\n")
	for _, tool := range []string{"iscsi-perf", "qemu-img bench"} {
		for _, target := range []string{"ietd", "tgt"} {
			var v, c []float64
			for _, o := range r.Opinions {
				if o.Tool == tool && o.Target == target {
					v, c = append(v, o.IOPS), append(c, o.CPUPerIO)
				}
			}
			if len(v) > 0 {
				i := spreadOf(v)
				fmt.Fprintf(b, "| %s | %s | %.0f (%.0f–%.0f) | %s |\n", tool, target, i.median, i.least, i.most, spreadOf(c).ratio())
			}
		}
	}
	fmt.Fprintln(b)
}

func (r *Results) guestTable(b *strings.Builder) {
	fmt.Fprint(b, "### Through the Linux kernel's initiator\n\n")
	if len(r.Guest) == 0 {
		fmt.Fprint(b, "Not measured in this run; `make bench-full` does, by fio in a User-mode Linux guest.\n\n")
		return
	}
	fmt.Fprint(b, "fio in a User-mode Linux guest; LIO runs inside the guest, without a network between. One slow CPU, system calls by ptrace: it compares targets under one initiator and says nothing of their ceiling.\n\n| workload | server | IOPS | MB/s | p50 µs | p99 µs |\n|---|---|---|---|---|---|\n")
	for _, g := range r.Guest {
		fmt.Fprintf(b, "| %s | %s | %.0f | %.0f | %.0f | %.0f |\n", g.Workload, g.Target, g.IOPS, g.MBps, g.P50, g.P99)
	}
	fmt.Fprintln(b)
}

func (r *Results) failureTable(b *strings.Builder) {
	if len(r.Failures) == 0 {
		return
	}
	fmt.Fprint(b, "### Could not run\n\n| backing | server | workload | why |\n|---|---|---|---|\n")
	for _, f := range r.Failures {
		workload := f.Workload
		if workload == "" {
			workload = "all"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", f.Backing, f.Target, workload, oneLine(f.Why))
	}
	fmt.Fprintln(b)
}

// oneLine makes a cell of a table of what a tool said.
func oneLine(s string) string {
	const most = 300
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "/")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
