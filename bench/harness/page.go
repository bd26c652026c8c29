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
	fmt.Fprint(&b, tried, limits)
	older(&b, all[1:])
	return b.String()
}

const tried = `## What was tried

Where goals are missed, and what was tried for them. The figures stand in the commits: ` + "`git log --grep='A B A B'`" + ` finds them.

- CPU for each I/O against tgt, and MB/s of reads against tgt: the floor is as near. What is left between ietd and the floor is the protocol: a task, a plan and a place for the data of each command.
- Disks past the page cache, depth 32. A disk that answers many commands at once leaves nothing to do until the next requests are here, so its time and the network's add up where fio has only the disk's. CPU is more than fio's and nullio's together by what a sleep costs, and by the copy to the socket of data that the disk has just brought and no cache has. Helped: to sleep out of the Go scheduler's sight, to submit for the disks before sending, to have one memory of what paid for disks and one for initiators. Did not: to wait for several completions at once (IORING_ENTER_EXT_ARG with a least wait), which programs a timer for each sleep; to look for disks for half as long.
- Disks past the page cache, depth 1. A loop looks for the next request and for the disk before it sleeps, which is what makes it fast and is CPU time: ` + "`--busy-poll`" + `, "What the flags do".
- The slowest commands while others look on. Both CPUs of the machine are taken, so that ietadm runs on ietd's or on the load's. A trace shows what happens on ietd's: a loop that is busy all the time, looking for work when it has none, uses up its share, nice value or not, and the kernel gives the next process a tick, some milliseconds. Helped: a short time slice, and ` + "`--busy-poll 0`" + `, with which a loop that has nothing to do leaves the CPU, at the price of the other figures. Did not: a garbage collector that works less often, a nice value for all threads.
- The page cache. A read is copied twice and a write once more than on nullio. Writes of 4 KiB to a file that was written in large pieces, as the file here was, cost ext4 most of the time: it walks the buffers of large folios.
- Receiving in bundles of buffers. It is no faster for 4 KiB, and slower for large writes: a bundle takes all buffers before the first is read, more than the processor's cache has.
- Not tried: incremental buffer rings, since a receive buffer of 64 KiB is read and given back in the same turn; receiving a large payload at its place on the disk's side of memory; zero-copy sends, which copy on loopback. NAPI, IOPOLL and polled queues need devices that this machine has not.

`

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
