// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// options are the command line.
type options struct {
	ietd       string
	root       string
	rounds     int
	duration   time.Duration
	warmup     time.Duration
	targetCPU  int
	loadCPU    int
	renderOnly bool
	ab         bool
	rows       string
}

const minRounds = 3

func main() {
	var o options
	f := flag.NewFlagSet("harness", flag.ContinueOnError)
	f.StringVar(&o.ietd, "ietd", "./ietd", "path of the ietd binary")
	f.StringVar(&o.root, "root", ".", "root of the repository")
	f.IntVar(&o.rounds, "rounds", minRounds, "rounds of every workload, at least 3")
	f.DurationVar(&o.duration, "duration", 3*time.Second, "measured time of each sample")
	f.DurationVar(&o.warmup, "warmup", 500*time.Millisecond, "time before it")
	f.IntVar(&o.targetCPU, "target-cpu", 0, "CPU that the target is bound to")
	f.IntVar(&o.loadCPU, "load-cpu", 1, "CPU that the load is bound to")
	f.BoolVar(&o.renderOnly, "page", false, "measure nothing, make BENCHMARKS.md from the newest results")
	f.BoolVar(&o.ab, "ab", false, "compare two builds of ietd, the arguments OLD and NEW, and write nothing")
	f.StringVar(&o.rows, "rows", "", "with --ab: only workloads whose name fits this pattern, as in read_4k_*")
	words, err := parse(f, os.Args[1:])
	switch {
	case err == flag.ErrHelp:
		os.Exit(0)
	case err == nil && len(words) > 0 && !o.ab:
		err = fmt.Errorf("what is %q?", words[0])
	case err == nil && o.rounds < minRounds:
		err = fmt.Errorf("--rounds %d: a median needs at least %d", o.rounds, minRounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(exitUsage)
	}
	if err := run(&o, words); err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(exitFailed)
	}
}

// parse parses flags, also those that come after other words, which it returns.
func parse(f *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := f.Parse(args); err != nil || f.NArg() == 0 {
			return words, err
		}
		words = append(words, f.Arg(0))
		args = f.Args()[1:]
	}
}

func run(o *options, words []string) error {
	if o.ab {
		return ab(o, words)
	}
	if !o.renderOnly {
		r, err := measure(o)
		if err != nil {
			return err
		}
		path, err := r.save(filepath.Join(o.root, "bench", "results"))
		if err != nil {
			return err
		}
		fmt.Println("wrote", path)
		for _, w := range r.Warnings {
			fmt.Fprintln(os.Stderr, "harness: do not trust this run:", w)
		}
	}
	return render(o.root)
}

// Results are one run of the harness, as its JSON file has them.
type Results struct {
	Date     time.Time `json:"date"`
	Commit   string    `json:"commit"`
	Warnings []string  `json:"warnings"` // why the numbers cannot be trusted
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Samples  []Sample  `json:"samples"`
}

// Settings say how it was measured.
type Settings struct {
	Rounds    int      `json:"rounds"`
	Seconds   float64  `json:"seconds_a_sample"`
	Warmup    float64  `json:"warmup_s"`
	TargetCPU int      `json:"target_cpu"`
	LoadCPU   int      `json:"load_cpu"`
	Ietd      []string `json:"ietd_arguments"`
	Tgt       string   `json:"tgt_unit"`
	TgtName   string   `json:"tgt_version"`
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
