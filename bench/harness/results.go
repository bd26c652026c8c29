// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ietring/bench/engine"
)

// Results are one run of the harness, as its JSON file has them.
type Results struct {
	Date     time.Time `json:"date"`
	Commit   string    `json:"commit"`
	Kind     string    `json:"kind"`     // bench or bench-full
	Warnings []string  `json:"warnings"` // why the numbers cannot be trusted
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Failures []Failure `json:"could_not_run"`
	Samples  []Sample  `json:"samples"`
	Calls    []Calls   `json:"system_calls"`
	Profiles []Profile `json:"profiles"`
	Idle     []Idle    `json:"idle"`
	Crowd    *Crowd    `json:"idle_sessions,omitempty"`
	Opinions []Opinion `json:"second_opinions"`
	Guest    []Guest   `json:"kernel_initiator"`
}

// Settings say how it was measured.
type Settings struct {
	Rounds    int               `json:"rounds"`
	Seconds   float64           `json:"seconds_a_sample"`
	Warmup    float64           `json:"warmup_s"`
	TargetCPU int               `json:"target_cpu"`
	LoadCPU   int               `json:"load_cpu"`
	UnitLen   int64             `json:"unit_bytes"`
	Versions  map[string]string `json:"versions"`
	Commands  map[string]string `json:"commands"` // of each server, by backing and name
}

// A Sample is one measurement.
type Sample struct {
	Backing   string        `json:"backing"`
	Target    string        `json:"target"`
	Workload  string        `json:"workload"`
	Round     int           `json:"round"`
	CPUPerIO  float64       `json:"target_cpu_us_per_io"`
	CPUShare  float64       `json:"target_cpu_percent"` // of one CPU
	RSS       int64         `json:"target_rss_bytes"`
	StealPct  float64       `json:"steal_percent"`
	OthersPct float64       `json:"others_cpu_percent"` // of one CPU, what is neither target nor load
	Load      engine.Report `json:"load"`
}

// A Failure is what could not be measured, and why.
type Failure struct {
	Backing  string `json:"backing"`
	Target   string `json:"target"`
	Workload string `json:"workload"` // empty: none of them
	Why      string `json:"why"`
}

// Calls are the system calls of a target for each I/O, counted in a run of
// their own.
type Calls struct {
	Backing  string  `json:"backing"`
	Target   string  `json:"target"`
	Workload string  `json:"workload"`
	PerIO    float64 `json:"per_io"`
	Tool     string  `json:"tool"`
	// Allocs are allocations on the Go heap for each I/O; nil: not counted.
	Allocs *float64 `json:"allocations_per_io,omitempty"`
}

// Idle is the CPU time that a target takes while nobody asks for anything.
type Idle struct {
	Target string  `json:"target"`
	MsPerS float64 `json:"cpu_ms_per_s"`
	RSS    int64   `json:"rss_bytes"`
}

// An Opinion is a figure by somebody else's load.
type Opinion struct {
	Tool     string  `json:"tool"`
	Target   string  `json:"target"`
	Workload string  `json:"workload"`
	Round    int     `json:"round"`
	IOPS     float64 `json:"iops"`
	CPUPerIO float64 `json:"target_cpu_us_per_io"`
}

// Guest is a figure of fio over the kernel's initiator, in a guest.
type Guest struct {
	Target   string  `json:"target"`
	Workload string  `json:"workload"`
	IOPS     float64 `json:"iops"`
	MBps     float64 `json:"bw_MBps"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
}

func (r *Results) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// failed notes what could not run, on the page and now.
func (r *Results) failed(backing, target, workload string, why error) {
	r.Failures = append(r.Failures, Failure{backing, target, workload, why.Error()})
	fmt.Fprintf(os.Stderr, "could not run: %s %s %s: %v\n", backing, target, workload, why)
}

// save writes the results to dir and returns the path.
func (r *Results) save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, r.Date.UTC().Format("20060102T150405Z")+"-"+r.Commit+".json")
	return path, os.WriteFile(path, append(b, '\n'), 0o644)
}

// found is a file of results.
type found struct {
	name string
	r    Results
}

var errNoResults = errors.New("there are no results")

// load reads all results of dir, newest first.
func load(dir string) ([]found, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []found
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f := found{name: filepath.Base(path)}
		if err := json.Unmarshal(b, &f.r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		f.r.modernise()
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, errNoResults)
	}
	slices.SortFunc(all, func(a, b found) int { return b.r.Date.Compare(a.r.Date) })
	return all, nil
}

// modernise fills in what the first results did not say: they knew one backing.
func (r *Results) modernise() {
	for i := range r.Samples {
		if r.Samples[i].Backing == "" {
			r.Samples[i].Backing = onNull.String()
		}
	}
}
