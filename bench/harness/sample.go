// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/engine"
)

// silence is how long a server may answer nothing before its row is given up.
const silence = 5 * time.Second

// moment is the clocks at one end of the measured part.
type moment struct {
	target time.Duration
	stat   cpuStat
	err    error
}

func now(p *daemon.Process) moment {
	cpu, err := p.CPU()
	stat, err2 := readStat()
	return moment{cpu, stat, errors.Join(err, err2)}
}

// A timing says how long a sample takes.
type timing struct{ warmup, duration time.Duration }

// loadCommand is the load against c.
func (h *harness) loadCommand(ctx context.Context, c *contender, w workload, t timing) *exec.Cmd {
	args := append([]string{"perf", "--address", c.proc.Addr, "--target", targetName, "--long-data-in",
		"--timeout", silence.String(), "--duration", t.duration.String(), "--warmup", t.warmup.String()}, w.args(c.lun)...)
	if c.floor {
		args = append(args, "--protocol", string(engine.Floor))
	}
	return exec.CommandContext(ctx, h.client, args...)
}

var errNoDigests = errors.New("it does without digests")

// sample runs the load once. The load prints a line when its measured part
// begins and one when it ends; the target's clock is read at both.
func (h *harness) sample(ctx context.Context, c *contender, w workload, t timing) (*Sample, error) {
	if err := c.resume(); err != nil {
		return nil, err
	}
	var begin, end moment
	report, err := h.runLoad(ctx, c, w, t, func(isBegin bool) {
		if isBegin {
			begin = now(c.proc)
		} else {
			end = now(c.proc)
		}
	})
	if err = errors.Join(err, begin.err, end.err, c.pause()); err != nil {
		return nil, err
	}
	if w.Digests && !report.Digests {
		return nil, errNoDigests
	}
	use, err := c.proc.Usage()
	if err != nil {
		return nil, err
	}
	s := &Sample{Target: c.name, Workload: w.String(), RSS: use.RSS, Load: *report}
	s.account(begin, end)
	return s, nil
}

// runLoad runs the load and calls onPhase at both ends of the measured part.
func (h *harness) runLoad(ctx context.Context, c *contender, w workload, t timing, onPhase func(begin bool)) (*engine.Report, error) {
	cmd := h.loadCommand(ctx, c, w, t)
	var out bytes.Buffer
	cmd.Stdout = &out
	phases, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := daemon.Pinned(h.loadCPU, cmd.Start); err != nil {
		return nil, err
	}
	var said []string
	for lines := bufio.NewScanner(phases); lines.Scan(); {
		switch lines.Text() {
		case "begin":
			onPhase(true)
		case "end":
			onPhase(false)
		default:
			said = append(said, lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.Join(said, "; "))
	}
	var report engine.Report
	return &report, json.Unmarshal(out.Bytes(), &report)
}

// resume lets a server that polls run, pause stops it.
func (c *contender) resume() error { return c.signal(syscall.SIGCONT) }
func (c *contender) pause() error  { return c.signal(syscall.SIGSTOP) }

func (c *contender) signal(s syscall.Signal) error {
	if !c.polls {
		return nil
	}
	return c.proc.Signal(s)
}

// account turns the clocks into figures.
func (s *Sample) account(begin, end moment) {
	wall := time.Duration(s.Load.Seconds * float64(time.Second))
	target := end.target - begin.target
	s.CPUPerIO = target.Seconds() * 1e6 / float64(s.Load.IOs)
	s.CPUShare = percent(target, wall)
	busy, steal := end.stat.busy-begin.stat.busy, end.stat.steal-begin.stat.steal
	s.StealPct = percent(steal, wall)
	own := time.Duration(s.Load.CPUPerIO * float64(s.Load.IOs) * 1e3)
	s.OthersPct = max(0, percent(busy-target-own, wall))
}

func percent(part, whole time.Duration) float64 { return 100 * part.Seconds() / whole.Seconds() }
