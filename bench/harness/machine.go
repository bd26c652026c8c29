// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
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
	maxClockDrift  = 1.05
)

// A Machine is where it was measured.
type Machine struct {
	Kernel      string  `json:"kernel"`
	CPUModel    string  `json:"cpu_model"`
	CPUs        int     `json:"cpus"`
	Go          string  `json:"go"`
	LoadAverage float64 `json:"load_average_before"`
	MHzBefore   float64 `json:"cpu_mhz_before"`
	MHzAfter    float64 `json:"cpu_mhz_after"`
}

// versionOf are the commands that tell what is measured, and the tools.
var versionOf = map[string][]string{
	"tgt":          {"tgtd", "--version"},
	"istgt":        {"dpkg-query", "--show", "--showformat=${Version}", "istgt"},
	"fio":          {"fio", "--version"},
	"libiscsi-bin": {"dpkg-query", "--show", "--showformat=${Version}", "libiscsi-bin"},
	"qemu-utils":   {"dpkg-query", "--show", "--showformat=${Version}", "qemu-utils"},
}

// newResults describes the machine and what is measured, and notes what speaks
// against a run before it begins.
func newResults(o *options, p plan) (*Results, error) {
	r := &Results{Date: time.Now().UTC().Truncate(time.Second), Kind: p.kind, Warnings: []string{}}
	var err [4]error
	r.Commit, err[0] = command("git", "-C", o.root, "rev-parse", "--short=12", "HEAD")
	r.Machine.Kernel, err[1] = command("uname", "-srm")
	r.Machine.CPUModel, err[2] = cpuField("model name", runtime.GOARCH)
	r.Machine.LoadAverage, err[3] = loadAverage()
	r.Machine.CPUs, r.Machine.Go = runtime.NumCPU(), runtime.Version()
	s := &r.Settings
	s.Rounds, s.Seconds, s.Warmup = p.rounds, p.duration.Seconds(), p.warmup.Seconds()
	s.TargetCPU, s.LoadCPU, s.UnitLen = o.targetCPU, o.loadCPU, unitLen
	s.Versions, s.Commands = map[string]string{}, map[string]string{}
	for name, args := range versionOf {
		v, err := command(args[0], args[1:]...)
		if err != nil {
			v = "not installed"
		}
		s.Versions[name] = v
	}
	if err := errors.Join(err[:]...); err != nil {
		return nil, err
	}
	if r.Machine.LoadAverage > maxLoadAverage {
		r.warn("the load average was %.2f before it began", r.Machine.LoadAverage)
	}
	if o.targetCPU == o.loadCPU || r.Machine.CPUs < 2 {
		r.warn("target and load share a CPU")
	}
	return r, errors.Join(r.checkBuild(o), r.checkTree(o), r.checkGovernor(o), r.noteClock(&r.Machine.MHzBefore))
}

// noteClock reads the clock of the first CPU; 0 where the machine does not say.
func (r *Results) noteClock(mhz *float64) error {
	v, err := cpuField("cpu MHz", "0")
	if err != nil {
		return err
	}
	*mhz, err = strconv.ParseFloat(v, 64)
	return err
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
	changes, err := command("git", "-C", o.root, "status", "--porcelain", "--", "*.go", "go.mod", "go.sum")
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

// judge looks at what came of a run: time that was stolen or used by others,
// another clock than before.
func (r *Results) judge() error {
	var steal, others float64
	disturbed := 0
	for _, s := range r.Samples {
		steal, others = max(steal, s.StealPct), max(others, s.OthersPct)
		if s.StealPct > maxStealPct || s.OthersPct > maxOthersPct {
			disturbed++
		}
	}
	if disturbed > 0 {
		r.warn("%d of %d samples were disturbed: up to %.1f %% of a CPU was stolen by the host, and other processes used up to %.0f %%",
			disturbed, len(r.Samples), steal, others)
	}
	err := r.noteClock(&r.Machine.MHzAfter)
	if a, b := r.Machine.MHzBefore, r.Machine.MHzAfter; max(a, b) > maxClockDrift*min(a, b) {
		r.warn("the CPU's clock went from %.0f to %.0f MHz", a, b)
	}
	return err
}

// cpuField returns the first value of a field of /proc/cpuinfo, or what stands
// for it: not every architecture has all.
func cpuField(field, otherwise string) (string, error) {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == field {
			return strings.TrimSpace(value), nil
		}
	}
	return otherwise, nil
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
