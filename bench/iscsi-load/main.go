// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"ietring/bench/engine"
	"ietring/bench/floor"
	"ietring/bench/initiator"
	"ietring/bench/load"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	switch os.Args[1] {
	case "verify":
		verify(os.Args[2:])
	case "perf":
		perf(os.Args[2:])
	case "floor":
		serveFloor(os.Args[2:])
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: iscsi-load verify|perf|floor [flags]; see iscsi-load verify --help")
	os.Exit(exitUsage)
}

// loginFlags are the flags that both commands have.
type loginFlags struct {
	set   *pflag.FlagSet
	login initiator.Options
	offer initiator.Params
	lun   int
}

func newFlags(name string) *loginFlags {
	f := &loginFlags{set: pflag.NewFlagSet(name, pflag.ContinueOnError), offer: initiator.Defaults()}
	f.set.StringVar(&f.login.Address, "address", "", "portal, HOST:PORT")
	f.set.StringVar(&f.login.Target, "target", "", "name of the target, an IQN")
	f.set.StringVar(&f.login.Initiator, "initiator", initiator.DefaultInitiator, "name of this initiator")
	f.set.DurationVar(&f.login.Timeout, "timeout", 30*time.Second, "silence with commands open that ends the run")
	f.set.IntVar(&f.lun, "lun", 0, "logical unit number")
	f.set.BoolVar(&f.offer.InitialR2T, "initial-r2t", f.offer.InitialR2T, "offer InitialR2T=Yes")
	f.set.BoolVar(&f.offer.ImmediateData, "immediate-data", f.offer.ImmediateData, "offer ImmediateData=Yes")
	f.set.BoolVar(&f.offer.HeaderDigest, "header-digest", false, "offer HeaderDigest=CRC32C,None")
	f.set.BoolVar(&f.offer.DataDigest, "data-digest", false, "offer DataDigest=CRC32C,None")
	f.set.IntVar(&f.offer.FirstBurstLength, "first-burst", f.offer.FirstBurstLength, "FirstBurstLength in bytes")
	f.set.IntVar(&f.offer.MaxBurstLength, "max-burst", f.offer.MaxBurstLength, "MaxBurstLength in bytes")
	f.set.IntVar(&f.offer.MaxRecvDataSegmentLength, "max-segment", f.offer.MaxRecvDataSegmentLength, "MaxRecvDataSegmentLength in bytes")
	f.set.IntVar(&f.offer.MaxOutstandingR2T, "max-r2t", f.offer.MaxOutstandingR2T, "MaxOutstandingR2T")
	f.set.BoolVar(&f.login.LongDataIn, "long-data-in", false, "let Data-In sequences exceed MaxBurstLength (tgt needs it)")
	return f
}

// parse reads the command line or ends the program.
func (f *loginFlags) parse(args []string) {
	err := f.set.Parse(args)
	switch {
	case err == pflag.ErrHelp:
		os.Exit(0)
	case err != nil:
	case f.set.NArg() > 0:
		err = fmt.Errorf("what is %q?", f.set.Arg(0))
	case f.login.Address == "":
		err = fmt.Errorf("--address is needed")
	}
	if err != nil {
		wrong(err)
	}
	f.login.Offer = &f.offer
}

// needTarget ends the program when there is no name to log in to.
func (f *loginFlags) needTarget() {
	if f.login.Target == "" {
		wrong(errors.New("--target is needed"))
	}
}

// wrong ends the program because of its command line.
func wrong(err error) {
	fmt.Fprintln(os.Stderr, "iscsi-load:", err)
	os.Exit(exitUsage)
}

func verify(args []string) {
	f := newFlags("iscsi-load verify")
	c := load.DefaultConfig()
	f.set.IntVar(&c.Sessions, "sessions", c.Sessions, "sessions")
	f.set.IntVar(&c.Streams, "streams", c.Streams, "commands in flight of each session")
	f.set.DurationVar(&c.Duration, "duration", c.Duration, "how long")
	f.set.Uint64Var(&c.Seed, "seed", 0, "seed of the random choices; 0 takes one from the clock")
	f.set.IntVar(&c.PrivateLen, "private", c.PrivateLen, "bytes of the area that each stream has for itself")
	f.set.IntVar(&c.SharedLen, "shared", c.SharedLen, "bytes of the area that all streams share")
	f.set.IntVar(&c.MaxLen, "max-io", c.MaxLen, "bytes of the largest command")
	f.parse(args)
	f.needTarget()
	c.Login, c.LUN = f.login, initiator.LUN(f.lun)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	r, err := load.Verify(ctx, c)
	if err != nil {
		fail(err)
	}
	fmt.Println(r)
}

func perf(args []string) {
	f := newFlags("iscsi-load perf")
	var c engine.Config
	var digests bool
	protocol, pattern := string(engine.ISCSI), string(engine.Random)
	f.set.StringVar(&protocol, "protocol", protocol, "iscsi, or floor (which iscsi-load floor speaks)")
	f.set.IntVar(&c.Sessions, "sessions", 1, "sessions")
	f.set.IntVar(&c.Depth, "depth", 32, "commands in flight of each session")
	f.set.IntVar(&c.BlockLen, "block-size", 4096, "bytes of each command")
	f.set.IntVar(&c.WritePct, "write-percent", 0, "share of writes")
	f.set.StringVar(&pattern, "pattern", pattern, "random, sequential or zipf")
	f.set.Float64Var(&c.Skew, "skew", 1.2, "skew of zipf, above 1")
	f.set.Int64Var(&c.SpanLen, "span", 0, "bytes of the unit that are used; 0 means all")
	f.set.DurationVar(&c.Warmup, "warmup", 500*time.Millisecond, "time before the measured part")
	f.set.DurationVar(&c.Duration, "duration", 5*time.Second, "time of the measured part")
	f.set.Uint64Var(&c.Seed, "seed", 1, "seed of the random choices")
	f.set.IntSliceVar(&c.LUNs, "luns", nil, "logical unit numbers that commands take turns over; --lun where it is not given")
	f.set.BoolVar(&digests, "digests", false, "--header-digest and --data-digest")
	f.parse(args)
	if protocol == string(engine.ISCSI) {
		f.needTarget()
	}
	if digests {
		f.offer.HeaderDigest, f.offer.DataDigest = true, true
	}
	if len(c.LUNs) == 0 {
		c.LUNs = []int{f.lun}
	}
	c.Protocol, c.Pattern, c.Login = engine.Protocol(protocol), engine.Pattern(pattern), f.login
	if err := c.Check(); err != nil {
		wrong(err)
	}
	loops()
	// Two lines tell whoever measures the target when the measured part is.
	r, err := engine.Run(c, func(begin bool) {
		if begin {
			fmt.Fprintln(os.Stderr, "begin")
		} else {
			fmt.Fprintln(os.Stderr, "end")
		}
	})
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fail(err)
	}
}

// loops makes room for a loop that never yields: Go takes as many processors as
// the process may use, which is one where it is bound to one.
func loops() {
	const loopMainAndCollector = 3
	runtime.GOMAXPROCS(loopMainAndCollector)
}

// serveFloor is the server without SCSI; it ends when it is killed.
func serveFloor(args []string) {
	set := pflag.NewFlagSet("iscsi-load floor", pflag.ContinueOnError)
	address := set.String("address", "127.0.0.1:0", "where to listen, HOST:PORT; port 0 is a free one")
	if err := set.Parse(args); err != nil {
		if err == pflag.ErrHelp {
			os.Exit(0)
		}
		wrong(err)
	}
	s, err := floor.Listen(*address)
	if err != nil {
		fail(err)
	}
	loops()
	fmt.Println("listening", s.Addr())
	fail(s.Serve())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "iscsi-load:", err)
	os.Exit(exitFailed)
}
