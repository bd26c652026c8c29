// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// When a run is not to be trusted.
const (
	maxLoadAverage = 0.7 // before the run, over a minute
	maxStealPct    = 2   // of one CPU, in any sample
	maxOthersPct   = 10  // of one CPU, in any sample
)

// A Machine is where it was measured.
type Machine struct {
	Kernel      string  `json:"kernel"`
	CPUModel    string  `json:"cpu_model"`
	CPUs        int     `json:"cpus"`
	Go          string  `json:"go"`
	LoadAverage float64 `json:"load_average_before"`
}

// newResults describes the machine and what is measured, and notes what speaks
// against a run before it begins.
func newResults(o *options) (*Results, error) {
	r := &Results{Date: time.Now().UTC().Truncate(time.Second), Warnings: []string{}}
	var err [5]error
	r.Commit, err[0] = output("git", "-C", o.root, "rev-parse", "--short=12", "HEAD")
	r.Machine.Kernel, err[1] = output("uname", "-srm")
	r.Machine.CPUModel, err[2] = cpuModel()
	r.Machine.LoadAverage, err[3] = loadAverage()
	r.Settings.TgtName, err[4] = output("tgtd", "--version")
	r.Machine.CPUs, r.Machine.Go = runtime.NumCPU(), runtime.Version()
	r.Settings.Rounds, r.Settings.Seconds, r.Settings.Warmup = o.rounds, o.duration.Seconds(), o.warmup.Seconds()
	r.Settings.TargetCPU, r.Settings.LoadCPU = o.targetCPU, o.loadCPU
	r.Settings.Ietd, r.Settings.Tgt = ietdArgs, tgtUnit.BsType+" "+tgtUnit.Path
	if err := errors.Join(err[:]...); err != nil {
		return nil, err
	}
	if r.Machine.LoadAverage > maxLoadAverage {
		r.warn("the load average was %.2f before it began", r.Machine.LoadAverage)
	}
	if o.targetCPU == o.loadCPU || r.Machine.CPUs < 2 {
		r.warn("target and load share a CPU")
	}
	return r, errors.Join(r.checkBuild(o), r.checkTree(o), r.checkGovernor(o))
}

func (r *Results) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// checkBuild looks how ietd was built.
func (r *Results) checkBuild(o *options) error {
	info, err := buildinfo.ReadFile(o.ietd)
	if err != nil {
		return err
	}
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" {
			r.warn("ietd is a race build")
		}
	}
	return nil
}

// checkTree looks whether the commit says what was measured.
func (r *Results) checkTree(o *options) error {
	changes, err := output("git", "-C", o.root, "status", "--porcelain", "--", "*.go", "go.mod", "go.sum")
	if err == nil && changes != "" {
		r.warn("there are uncommitted changes")
	}
	return err
}

// checkGovernor looks whether the CPU changes its clock. A virtual machine has
// no such file and cannot tell.
func (r *Results) checkGovernor(o *options) error {
	for _, cpu := range []int{o.targetCPU, o.loadCPU} {
		path := fmt.Sprintf("/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu)
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if g := strings.TrimSpace(string(b)); g != "performance" {
			r.warn("CPU %d has frequency governor %s", cpu, g)
		}
	}
	return nil
}

// judge looks at the samples: time that was stolen or used by others.
func (r *Results) judge() {
	var steal, others float64
	for _, s := range r.Samples {
		steal, others = max(steal, s.StealPct), max(others, s.OthersPct)
	}
	if steal > maxStealPct {
		r.warn("up to %.1f %% of a CPU was stolen by the host in a sample", steal)
	}
	if others > maxOthersPct {
		r.warn("other processes used up to %.0f %% of a CPU in a sample", others)
	}
}

func output(name string, args ...string) (string, error) {
	b, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

func cpuModel() (string, error) {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value), nil
		}
	}
	return runtime.GOARCH, nil // not every architecture names its CPU there
}

func loadAverage() (float64, error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), " ")
	return strconv.ParseFloat(first, 64)
}

// cpuStat is the time of all CPUs together since boot.
type cpuStat struct{ busy, steal time.Duration }

// userTick is USER_HZ, the unit of /proc/stat.
const userTick = 10 * time.Millisecond

// readStat reads the first line of /proc/stat: user nice system idle iowait irq
// softirq steal.
func readStat() (cpuStat, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return cpuStat{}, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	const steal = 8
	if len(fields) <= steal {
		return cpuStat{}, fmt.Errorf("/proc/stat begins with %q", line)
	}
	var t [steal + 1]time.Duration
	for i := 1; i <= steal; i++ {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return cpuStat{}, fmt.Errorf("/proc/stat: %w", err)
		}
		t[i] = time.Duration(n) * userTick
	}
	return cpuStat{busy: t[1] + t[2] + t[3] + t[6] + t[7], steal: t[steal]}, nil
}

// resultFiles returns the paths of all results.
func resultFiles(root string) ([]string, error) {
	return filepath.Glob(filepath.Join(root, "bench", "results", "*.json"))
}
