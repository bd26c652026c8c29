// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Profile says where ietd, its kernel workers included, spends its CPU time
// under a workload.
type Profile struct {
	Backing  string   `json:"backing"`
	Workload string   `json:"workload"`
	Symbols  []Symbol `json:"symbols"` // those that take most, the first most of all
}

// A Symbol is a function and its part of the samples.
type Symbol struct {
	Percent float64 `json:"percent"`
	Thread  string  `json:"thread"`
	Name    string  `json:"name"`
	Kernel  bool    `json:"kernel"`
}

const (
	// profileTime is how long perf watches.
	profileTime = 1500 * time.Millisecond
	// profileSymbols is how many of a profile are kept.
	profileSymbols = 14
)

// profiledRows are the workloads that are profiled on a backing: those of the
// goals that are about CPU time and IOPS.
func profiledRows(on backing) []workload {
	rows := []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)}
	switch {
	case on == onNull:
		return []workload{rows[0], rw(4*kib, 0, 32).digested(), rw(128*kib, 0, 8).sequential()}
	case on == onFile, on == onLoop:
		return append(rows, rw(4*kib, 0, 1))
	case on == onZRAM, on == onCachedFile:
		return rows
	}
	return nil
}

// profile watches ietd by perf, in a run of its own for each workload, whose other
// figures are worth nothing.
func (h *harness) profile(ctx context.Context, on backing, list []*contender) {
	c := find(list, "ietd")
	if c == nil {
		return
	}
	for _, w := range profiledRows(on) {
		p, err := h.profileOf(ctx, c, w)
		if err != nil {
			h.r.failed(on.String(), c.name, w.String()+", profile", err)
			continue
		}
		p.Backing, p.Workload = on.String(), w.String()
		h.r.Profiles = append(h.r.Profiles, *p)
	}
}

func (h *harness) profileOf(ctx context.Context, c *contender, w workload) (*Profile, error) {
	file := filepath.Join(h.dir, "perf.data")
	record := exec.CommandContext(ctx, "perf", "record", "--quiet", "--output", file, "--pid", strconv.Itoa(c.proc.PID()))
	var perfErr error
	_, err := h.runLoad(ctx, c, w, timing{h.plan.warmup, profileTime}, func(isBegin bool) {
		if isBegin {
			perfErr = record.Start()
		}
	})
	if record.Process != nil { // it has begun, however the load has ended
		perfErr = interrupt(record)
	}
	if err = errors.Join(err, perfErr); err != nil {
		return nil, err
	}
	out, err := command("perf", "report", "--input", file, "--stdio", "--quiet", "--sort", "comm,symbol",
		"--percent-limit", "0.5", "--field-separator", "|")
	if err != nil {
		return nil, err
	}
	return parseProfile(out)
}

// parseProfile reads perf report --sort comm,symbol --field-separator '|':
//
//	12.34|iou-wrk-4711|[k] copy_page
func parseProfile(out string) (*Profile, error) {
	p := &Profile{}
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		const columns = 3
		if len(fields) < columns || len(p.Symbols) == profileSymbols {
			continue
		}
		percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(fields[0]), "%"), 64)
		mark, name, ok := strings.Cut(strings.TrimSpace(fields[2]), " ")
		if err != nil || !ok {
			continue
		}
		p.Symbols = append(p.Symbols, Symbol{percent, threadName(strings.TrimSpace(fields[1])), strings.TrimSpace(name), mark == "[k]"})
	}
	if len(p.Symbols) == 0 {
		return nil, fmt.Errorf("perf report says %q", out)
	}
	return p, nil
}

// threadName is a thread's name without the number that io_uring's workers have in
// theirs.
func threadName(comm string) string {
	if strings.HasPrefix(comm, "iou-wrk-") {
		return "io_uring's worker"
	}
	return comm
}

// profileTable writes the profiles, a line each.
func (r *Results) profileTable(b *strings.Builder) {
	if len(r.Profiles) == 0 {
		return
	}
	fmt.Fprint(b, "### Where the time goes\n\nThe functions that take most of ietd's CPU time, by `perf record` in a run of its own; those of the kernel in italics. A virtual machine samples by a timer, so what runs with interrupts off counts where they are let in again: `_raw_spin_unlock_irqrestore` is waking another thread, `finish_task_switch` being woken, `iowrite16` telling the disk.\n\n| backing | workload | percent of the samples |\n|---|---|---|\n")
	for _, p := range r.Profiles {
		var parts []string
		for _, s := range p.Symbols {
			name := "`" + s.Name + "`"
			if s.Kernel {
				name = "*" + name + "*"
			}
			if s.Thread != "ietd" {
				name += " (" + s.Thread + ")"
			}
			parts = append(parts, fmt.Sprintf("%.1f %s", s.Percent, name))
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", p.Backing, p.Workload, strings.Join(parts, ", "))
	}
	fmt.Fprintln(b)
}
