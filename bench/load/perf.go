// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/initiator"
)

// PerfConfig says what a measured load does. It does not look at the data, but
// every protocol check of the initiator stays on.
type PerfConfig struct {
	Login    initiator.Options
	LUN      [8]byte
	Sessions int
	Depth    int   // commands in flight a session
	BlockLen int   // bytes of each command
	WritePct int   // share of writes in percent
	SpanLen  int64 // bytes of the unit that are used; 0 means all
	Warmup   time.Duration
	Duration time.Duration
	Seed     uint64
}

// A PerfReport is what was measured. Percentiles are of the latency that the
// initiator sees, from queueing the command to its status.
type PerfReport struct {
	Sessions  int     `json:"sessions"`
	Depth     int     `json:"depth"`
	BlockLen  int     `json:"block_bytes"`
	WritePct  int     `json:"write_percent"`
	Seconds   float64 `json:"seconds"`
	IOs       uint64  `json:"ios"`
	IOPS      float64 `json:"iops"`
	MBps      float64 `json:"mb_per_s"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
	CPUPerIO  float64 `json:"load_cpu_us_per_io"` // of the load generator itself
	StartUnix float64 `json:"start_unix_s"`       // of the measured part
	EndUnix   float64 `json:"end_unix_s"`
}

// Phases of a run, in order.
const (
	phaseWarm uint32 = iota
	phaseMeasure
	phaseStop
)

// perf is one run of Perf.
type perf struct {
	c       PerfConfig
	phase   atomic.Uint32
	workers []*worker
	open    sync.WaitGroup
}

// worker is one session; its reader goroutine owns all of it while the load
// runs.
type worker struct {
	p      *perf
	s      *initiator.Session
	rng    *rand.Rand
	slots  uint64 // places of BlockLen in the span
	blocks uint32 // logical blocks a command
	hist   histogram
	err    error
}

// lane is one command that is in flight all the time.
type lane struct {
	w     *worker
	cmd   initiator.Command
	buf   []byte
	start time.Time
}

// Perf runs the load and measures. onPhase, where not nil, is called when the
// measured part begins (true) and ends (false): a caller reads the target's CPU
// time there.
func Perf(c PerfConfig, onPhase func(begin bool)) (*PerfReport, error) {
	p := &perf{c: c}
	defer p.close()
	if err := p.setUp(); err != nil {
		return nil, err
	}
	for _, w := range p.workers {
		for range c.Depth {
			l := &lane{w: w, buf: make([]byte, c.BlockLen)}
			l.cmd.LUN = c.LUN
			l.cmd.Done = l.done
			p.open.Add(1)
			l.next()
		}
	}
	time.Sleep(c.Warmup)
	begin, cpu := time.Now(), ownCPU()
	tell(onPhase, true)
	p.phase.Store(phaseMeasure)
	time.Sleep(c.Duration)
	p.phase.Store(phaseStop)
	tell(onPhase, false)
	end, cpu := time.Now(), ownCPU()-cpu
	p.open.Wait()
	return p.report(begin, end, cpu)
}

func tell(f func(bool), begin bool) {
	if f != nil {
		f(begin)
	}
}

func (p *perf) setUp() error {
	for i := range p.c.Sessions {
		o := p.c.Login
		o.ISID = SessionISID(i)
		o.Depth = p.c.Depth
		s, err := initiator.Dial(o)
		if err != nil {
			return err
		}
		w := &worker{p: p, s: s, rng: rand.New(rand.NewPCG(p.c.Seed, uint64(i)))}
		p.workers = append(p.workers, w)
		if err := s.Ready(p.c.LUN); err != nil {
			return err
		}
		size, err := s.Capacity(p.c.LUN)
		if err != nil {
			return err
		}
		spanLen := int64(size.Blocks) * int64(size.BlockLen)
		if p.c.SpanLen != 0 {
			spanLen = min(spanLen, p.c.SpanLen)
		}
		w.blocks = uint32(p.c.BlockLen / size.BlockLen)
		w.slots = uint64(spanLen / int64(p.c.BlockLen))
		if w.slots == 0 || w.blocks == 0 || p.c.BlockLen%size.BlockLen != 0 {
			return fmt.Errorf("commands of %d bytes on %d blocks of %d bytes", p.c.BlockLen, size.Blocks, size.BlockLen)
		}
	}
	return nil
}

// next starts the lane's next command.
func (l *lane) next() {
	w := l.w
	r := initiator.Range{LBA: w.rng.Uint64N(w.slots) * uint64(w.blocks), Blocks: w.blocks}
	if w.rng.IntN(100) < w.p.c.WritePct {
		l.cmd.CDB, l.cmd.Out, l.cmd.In = initiator.Write16(r, false), l.buf, nil
	} else {
		l.cmd.CDB, l.cmd.Out, l.cmd.In = initiator.Read16(r), nil, l.buf
	}
	l.start = time.Now()
	w.s.Start(&l.cmd)
}

func (l *lane) done(c *initiator.Command) {
	w := l.w
	if c.Err != nil || c.Status != initiator.StatusGood {
		w.err = errors.Join(w.err, c.OK())
		w.p.open.Done()
		return
	}
	switch w.p.phase.Load() {
	case phaseMeasure:
		w.hist.add(time.Since(l.start))
	case phaseStop:
		w.p.open.Done()
		return
	}
	l.next()
}

func (p *perf) report(begin, end time.Time, cpu time.Duration) (*PerfReport, error) {
	var all histogram
	for _, w := range p.workers {
		if w.err != nil {
			return nil, w.err
		}
		all.merge(&w.hist)
	}
	if all.n == 0 {
		return nil, errors.New("no command ended in the measured time")
	}
	seconds := end.Sub(begin).Seconds()
	return &PerfReport{
		Sessions: p.c.Sessions, Depth: p.c.Depth, BlockLen: p.c.BlockLen, WritePct: p.c.WritePct,
		Seconds: seconds, IOs: all.n, IOPS: float64(all.n) / seconds,
		MBps: float64(all.n) * float64(p.c.BlockLen) / seconds / 1e6,
		P50:  all.quantile(0.50), P99: all.quantile(0.99), P999: all.quantile(0.999),
		CPUPerIO:  float64(cpu.Microseconds()) / float64(all.n),
		StartUnix: float64(begin.UnixMicro()) / 1e6, EndUnix: float64(end.UnixMicro()) / 1e6,
	}, nil
}

func (p *perf) close() {
	for _, w := range p.workers {
		if w.s.Err() == nil {
			if _, err := w.s.Logout(); err == nil {
				continue
			}
		}
		w.s.Close()
	}
}

// ownCPU returns the CPU time of this process, user and system.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("load: getrusage of this process failed")
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
