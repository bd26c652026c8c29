// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/json"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"ietring/ring/internal/ringtest"
	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// The simulation runs the loops of the data plane, as they are, on rings whose
// kernel is ours (package ringtest), against initiators that know what they may
// be told. One goroutine drives a seed from its beginning to its end, so that a
// seed is a run: `make sim SEED=…` repeats one.

var (
	simSeeds = flag.Int("sim.seeds", 150, "how many seeds the simulation runs")
	simSeed  = flag.Uint64("sim.seed", 0, "the one seed to run, and to tell about")
	simFirst = flag.Uint64("sim.first", 1, "the first of many seeds")
)

// TestSimulation holds, for every seed: every command is answered once, or was
// aborted, or its connection is gone; numbers are those of the RFC; data is what
// the model says; and in the end nothing is left over.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		runSeed(t, *simSeed, true)
		return
	}
	var next atomic.Uint64
	next.Store(*simFirst)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for seed := next.Add(1) - 1; seed < *simFirst+uint64(*simSeeds) && !t.Failed(); seed = next.Add(1) - 1 {
				runSeed(t, seed, false)
			}
		})
	}
	group.Wait()
}

// A simFailure is why a seed failed; it is thrown, to be caught by runSeed.
type simFailure string

// runSeed runs one seed of the simulation.
func runSeed(t *testing.T, seed uint64, tell bool) {
	t.Helper()
	runSim(t, seed, tell, func(s *sim) {
		s.play()
		s.finish()
	})
}

// runSim makes a machine whose course depends on seed, and on what play does with
// it. A failure, or a panic of the data plane, names the seed.
func runSim(t *testing.T, seed uint64, tell bool, play func(*sim)) {
	t.Helper()
	s := &sim{w: ringtest.NewWorld(seed), closings: map[string]string{}, tell: tell}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case simFailure:
			t.Errorf("seed %d: %s\nafter:%s\nrepeat it: make sim SEED=%d", seed, string(r), s.history(), seed)
		default:
			t.Errorf("seed %d: panic: %v\n%s\nafter:%s\nrepeat it: make sim SEED=%d", seed, r, debug.Stack(), s.history(), seed)
		}
		s.free()
	}()
	s.start()
	play(s)
	s.checkLeaks()
}

// A sim is one seed's machine: loops, kernels, disks and initiators.
type sim struct {
	w       *ringtest.World
	eng     *Engine
	loops   []*loop
	kernels []*ringtest.Kernel
	target  *scsi.Target
	rough   *scsi.Target // where the initiators go that break the protocol
	disks   []*simDisk   // by LUN of target; nil: nullio
	nulls   []*simDisk   // disks without a model, of rough
	peers   []*simPeer
	spawned []func()
	scratch uring.Memory

	seq       int64 // counts events: the time of the model
	ids       uint32
	syncs     int // flushes that a worker did
	failed    []ringtest.Failure
	depth     int // of the sessions' windows
	reserves  []*simReservation
	reserving int // how often an initiator reserves
	stopping  bool
	cold      bool
	gone      int // sessions that Control was told of
	made      int // sessions that were made

	closings map[string]string // why connections closed, by Remote
	tell     bool
	events   []string
}

// note keeps what happened, for the report of a failure.
func (s *sim) note(format string, args ...any) {
	s.seq++
	e := fmt.Sprintf(format, args...)
	if s.tell {
		fmt.Println(s.seq, e)
	}
	if len(s.events) == 60 {
		copy(s.events, s.events[1:])
		s.events = s.events[:59]
	}
	s.events = append(s.events, e)
}

func (s *sim) history() string {
	all := ""
	for _, e := range s.events {
		all += "\n  " + e
	}
	return all
}

// fatalf ends the seed.
func (s *sim) fatalf(format string, args ...any) {
	panic(simFailure(fmt.Sprintf(format, args...)))
}

// must is for what cannot fail but by the fault of the test.
func (s *sim) must(err error) {
	if err != nil {
		s.fatalf("the simulation cannot go on: %v", err)
	}
}

// Text answers a text with itself, SessionGone counts; Control's methods come
// through spawn, so they run on the simulation's goroutine.
func (s *sim) Text(_ *Session, _ string, text []byte) TextAnswer {
	s.note("control answers a text of %d bytes", len(text))
	return TextAnswer{Text: text}
}
func (s *sim) SessionGone(*Session)                 { s.gone++ }
func (s *sim) DeviceGone(*scsi.Unit, syscall.Errno) {}

// upTo returns a number from 1 to n.
func (s *sim) upTo(n int) int { return 1 + s.w.Rand.IntN(n) }

// oneOf returns one of values.
func (s *sim) oneOf(values ...int) int { return values[s.w.Rand.IntN(len(values))] }

// pick returns an index, each as often as its weight says.
func (s *sim) pick(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	at := s.w.Rand.IntN(sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	panic("a pick beyond the sum")
}

// Write reads the data plane's log: why a connection closes stands there.
func (s *sim) Write(line []byte) (int, error) {
	var e struct{ Remote, Why string }
	s.must(json.Unmarshal(line, &e))
	if e.Why != "" {
		s.note("%s closes: %s", e.Remote, e.Why)
		s.closings[e.Remote] = e.Why
	}
	return len(line), nil
}
