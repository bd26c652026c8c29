// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/engine"
)

const targetName = "iqn.2026-11.com.example:bench"

// A Sample is one measurement.
type Sample struct {
	Target    string        `json:"target"`
	Workload  string        `json:"workload"`
	Round     int           `json:"round"`
	CPUPerIO  float64       `json:"target_cpu_us_per_io"`
	CPUShare  float64       `json:"target_cpu_percent"` // of one CPU
	StealPct  float64       `json:"steal_percent"`
	OthersPct float64       `json:"others_cpu_percent"` // of one CPU, what is neither target nor load
	Load      engine.Report `json:"load"`
}

// contender is a target under measurement.
type contender struct {
	name  string
	proc  *daemon.Process
	lun   int // its first
	floor bool
	end   func() error
}

var (
	ietdArgs = []string{"--target", targetName, "--lun", "0 Type=nullio,BlockSize=512,Blocks=2097152", "--threads", "1"}
	tgtUnit  = daemon.TgtUnit{BsType: "null", Path: "1g"}
)

// measure runs everything.
func measure(o *options) (*Results, error) {
	r, err := newResults(o)
	if err != nil {
		return nil, err
	}
	client, clean, err := buildClient(o)
	if err != nil {
		return nil, err
	}
	defer clean()
	contenders, err := startAll(o)
	if err == nil {
		err = r.rounds(o, client, contenders)
	}
	for _, c := range contenders {
		err = errors.Join(err, c.end())
	}
	r.judge()
	return r, err
}

// buildClient builds iscsi-load, which is the load and the floor; clean removes
// it.
func buildClient(o *options) (path string, clean func(), err error) {
	dir, err := os.MkdirTemp("", "harness-")
	if err != nil {
		return "", nil, err
	}
	clean = func() { _ = os.RemoveAll(dir) } // a temporary file that stays does no harm
	path = filepath.Join(dir, "iscsi-load")
	build := exec.Command("go", "build", "-o", path, "./bench/iscsi-load")
	build.Dir = o.root
	if out, err := build.CombinedOutput(); err != nil {
		clean()
		return "", nil, fmt.Errorf("build iscsi-load: %w\n%s", err, out)
	}
	return path, clean, nil
}

func startAll(o *options) ([]contender, error) {
	var list []contender
	ietd, err := daemon.StartIetd(o.ietd, o.targetCPU, ietdArgs...)
	if err != nil {
		return nil, err
	}
	list = append(list, contender{name: "ietd", proc: ietd, end: func() error { return exitOf(ietd.Stop()) }})
	tgt, err := daemon.StartTgt(o.targetCPU, targetName, tgtUnit)
	if err != nil {
		return list, err
	}
	return append(list, contender{name: "tgt", proc: tgt, lun: 1, end: func() error { _, err := tgt.Kill(); return err }}), nil
}

func exitOf(code int, err error) error {
	if err == nil && code != 0 {
		err = fmt.Errorf("ietd ended with exit code %d", code)
	}
	return err
}

// rounds measures A B A B: for each workload and round, each contender.
func (r *Results) rounds(o *options, client string, contenders []contender) error {
	for round := range o.rounds {
		for _, w := range pageWorkloads {
			for _, c := range contenders {
				s, err := sample(o, client, &c, w)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", c.name, w, err)
				}
				s.Round = round
				r.Samples = append(r.Samples, *s)
				fmt.Fprintf(os.Stderr, "round %d  %-14v %-5s %9.0f IOPS  %6.2f CPU µs/IO\n", round+1, w, c.name, s.Load.IOPS, s.CPUPerIO)
			}
		}
	}
	return nil
}

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

// sample runs the load once. The load prints a line when its measured part
// begins and one when it ends; the target's clock is read at both.
func sample(o *options, client string, c *contender, w workload) (*Sample, error) {
	args := append([]string{"perf", "--address", c.proc.Addr, "--target", targetName, "--long-data-in",
		"--duration", o.duration.String(), "--warmup", o.warmup.String()}, w.args(c.lun)...)
	if c.floor {
		args = append(args, "--protocol", string(engine.Floor))
	}
	cmd := exec.Command(client, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	phases, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := daemon.Pinned(o.loadCPU, cmd.Start); err != nil {
		return nil, err
	}
	var begin, end moment
	var said []string
	for lines := bufio.NewScanner(phases); lines.Scan(); {
		switch lines.Text() {
		case "begin":
			begin = now(c.proc)
		case "end":
			end = now(c.proc)
		default:
			said = append(said, lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("iscsi-load: %w: %s", err, strings.Join(said, "; "))
	}
	s := &Sample{Target: c.name, Workload: w.String()}
	if err := errors.Join(begin.err, end.err, json.Unmarshal(out.Bytes(), &s.Load)); err != nil {
		return nil, err
	}
	s.account(begin, end)
	return s, nil
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
