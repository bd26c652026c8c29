// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// options are the command line.
type options struct {
	ietd      string
	root      string
	dir       string // where the files of units go
	rounds    int    // 0: as the plan has it
	duration  time.Duration
	warmup    time.Duration
	targetCPU int
	loadCPU   int
	full      bool
	page      bool
	ab        bool
	rows      string
	on        string // backing of a comparison; empty: nullio
}

const minRounds = 3

func main() {
	o, words, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(exitUsage)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o, words); err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(exitFailed)
	}
}

// parse reads the command line; words are those that are no flags, between
// which flags may stand.
func parse(args []string) (o *options, words []string, err error) {
	o = &options{}
	f := flag.NewFlagSet("harness", flag.ContinueOnError)
	f.StringVar(&o.ietd, "ietd", "./ietd", "path of the ietd binary")
	f.StringVar(&o.root, "root", ".", "root of the repository")
	f.StringVar(&o.dir, "dir", "", "where the files of units go (default: the folder for temporary files)")
	f.IntVar(&o.rounds, "rounds", 0, "rounds of every workload, at least 3 (default: as the run wants)")
	f.DurationVar(&o.duration, "duration", 0, "measured time of each sample (default: as the run wants)")
	f.DurationVar(&o.warmup, "warmup", 200*time.Millisecond, "time before it")
	f.IntVar(&o.targetCPU, "target-cpu", 0, "CPU that the target is bound to")
	f.IntVar(&o.loadCPU, "load-cpu", 1, "CPU that the load is bound to")
	f.BoolVar(&o.full, "full", false, "run everything, which takes half an hour")
	f.BoolVar(&o.page, "page", false, "measure nothing, make BENCHMARKS.md from the newest results")
	f.BoolVar(&o.ab, "ab", false, "compare two builds of ietd, the arguments OLD and NEW, and write nothing")
	f.StringVar(&o.on, "on", "", "with --ab: what is behind the unit, as results name it, such as loop_wb (default: null)")
	f.StringVar(&o.rows, "rows", "", "only workloads whose name fits this pattern, as in read_4k_*, and nothing else; what comes of them is printed and not written")
	for rest := args; ; {
		if err := f.Parse(rest); err != nil {
			return nil, nil, err
		}
		if f.NArg() == 0 {
			break
		}
		words = append(words, f.Arg(0))
		rest = f.Args()[1:]
	}
	switch {
	case len(words) > 0 && !o.ab:
		err = fmt.Errorf("what is %q?", words[0])
	case o.ab && len(words) != 2:
		err = errors.New("--ab wants two files, the old and the new ietd")
	case o.on != "" && !o.ab:
		err = errors.New("--on goes with --ab")
	case o.rounds != 0 && o.rounds < minRounds:
		err = fmt.Errorf("--rounds %d: a median needs at least %d", o.rounds, minRounds)
	}
	return o, words, err
}

func run(ctx context.Context, o *options, words []string) error {
	switch {
	case o.ab:
		return ab(ctx, o, words[0], words[1])
	case o.page:
		return render(o.root)
	}
	p := quick()
	if o.full {
		p = full()
	}
	if err := p.adjust(o); err != nil {
		return err
	}
	r, err := measure(ctx, o, p)
	if err != nil {
		return err
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(os.Stderr, "harness: do not trust this run:", w)
	}
	if o.rows != "" {
		return nil // a part of a run is no result
	}
	path, err := r.save(filepath.Join(o.root, resultsDir))
	if err != nil {
		return err
	}
	fmt.Println("wrote", path)
	return render(o.root)
}
