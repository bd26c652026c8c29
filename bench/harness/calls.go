// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// callRows are the workloads whose system calls are counted.
var callRows = []workload{rw(4*kib, 0, 1), rw(4*kib, 0, 32), rw(4*kib, 100, 32)}

// countCalls counts the system calls of each server in a run of its own, whose
// other figures are worth nothing.
func (h *harness) countCalls(ctx context.Context, list []*contender) {
	for _, w := range callRows {
		for _, c := range list {
			if c.proc == nil || c.dead {
				continue
			}
			calls, err := h.calls(ctx, c, w, h.plan.duration)
			if err != nil {
				h.r.failed(onNull.String(), c.name, w.String()+", system calls", err)
				continue
			}
			calls.Backing, calls.Target, calls.Workload = onNull.String(), c.name, w.String()
			h.r.Calls = append(h.r.Calls, *calls)
		}
		c := find(list, "ietd")
		if c == nil {
			continue
		}
		calls, err := h.countOwn(ctx, c, w, max(ownTime, h.plan.duration))
		if err != nil {
			h.r.failed(onNull.String(), c.name, w.String()+", "+ownCounters, err)
			continue
		}
		calls.Backing, calls.Target, calls.Workload = onNull.String(), c.name, w.String()
		h.r.Calls = append(h.r.Calls, *calls)
	}
}

// A counter is a tool that counts the system calls of a process until it is
// interrupted.
type counter struct {
	name string
	args []string // before the process identifier
	read func(out string) (float64, error)
}

// counters are tried in turn: perf's tracepoint costs little; where the kernel
// does not let it, strace slows the server down but counts as well.
var counters = []counter{
	{"perf stat", []string{"perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p"}, perfCount},
	{"strace -c", []string{"strace", "-f", "-c", "-p"}, straceCount},
}

func (h *harness) calls(ctx context.Context, c *contender, w workload, d time.Duration) (*Calls, error) {
	err := c.resume()
	for i := range counters {
		calls, countErr := h.countBy(ctx, &counters[i], c, w, d)
		if countErr == nil {
			return calls, c.pause()
		}
		err = errors.Join(err, countErr)
	}
	return nil, errors.Join(err, c.pause())
}

// countBy counts over a whole run, its logins included.
func (h *harness) countBy(ctx context.Context, k *counter, c *contender, w workload, d time.Duration) (*Calls, error) {
	var out bytes.Buffer
	tool := exec.CommandContext(ctx, k.args[0], append(k.args[1:len(k.args):len(k.args)], strconv.Itoa(c.proc.PID()))...)
	tool.Stderr = &out // where both print
	if err := tool.Start(); err != nil {
		return nil, err
	}
	const attach = 300 * time.Millisecond
	time.Sleep(attach)
	report, err := h.runLoad(ctx, c, w, timing{0, d}, func(bool) {})
	if err = errors.Join(err, interrupt(tool)); err != nil {
		return nil, err
	}
	n, err := k.read(out.String())
	if err != nil {
		return nil, err
	}
	return &Calls{PerIO: n / float64(report.IOs), Tool: k.name}, nil
}

// interrupt ends a tool that goes on until then, and so has a status that says so.
func interrupt(tool *exec.Cmd) error {
	err := tool.Process.Signal(syscall.SIGINT)
	var exit *exec.ExitError
	if waitErr := tool.Wait(); waitErr != nil && !errors.As(waitErr, &exit) {
		err = errors.Join(err, waitErr)
	}
	return err
}

// perfCount reads the count of the only event of perf stat -x,.
func perfCount(out string) (float64, error) {
	for line := range strings.Lines(out) {
		fields := strings.Split(line, ",")
		if len(fields) > 2 && strings.Contains(fields[2], "sys_enter") {
			return strconv.ParseFloat(fields[0], 64)
		}
	}
	return 0, fmt.Errorf("perf stat says %q", out)
}

// straceCount reads the last line of strace -c: percent, seconds, usecs/call,
// calls, maybe errors, "total".
func straceCount(out string) (float64, error) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		const calls = 3
		if len(fields) > calls+1 && fields[len(fields)-1] == "total" {
			return strconv.ParseFloat(fields[calls], 64)
		}
	}
	return 0, fmt.Errorf("strace says %q", out)
}
