// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/uring"
)

const (
	recvCount = 64
	recvLen   = 64 << 10
	ringLen   = 1024

	// logoutLimit is how long a target may take to answer a logout.
	logoutLimit = 2 * time.Second

	opRecv = 0
	opSend = 1
)

// Phases of a run, in order.
type phase uint8

const (
	warming phase = iota
	measuring
	draining // no command is started; those in flight end
	leaving  // sessions log out
)

// engine is one run.
type engine struct {
	cfg     *Config
	ring    *uring.Ring
	bufs    *uring.BufRing
	payload uring.Memory // of every write
	conns   []*conn
	dirty   []*conn

	began    time.Time
	now      time.Duration // since began, read once a turn
	phase    phase
	deadline time.Duration // when the phase ends
	open     int           // commands in flight
	staying  int           // sessions whose logout is not answered
	progress time.Duration // when the last command ended
	onPhase  func(begin bool)

	hist       histogram
	report     Report
	cpu        time.Duration // of this process at the begin of the measured part
	calls      uint64        // of the ring, then
	measuredAt time.Duration
}

// Run runs the load and measures. onPhase, where not nil, is called when the
// measured part begins (true) and ends (false): a caller reads the target's CPU
// time there.
func Run(c Config, onPhase func(begin bool)) (*Report, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	type outcome struct {
		r   *Report
		err error
	}
	done := make(chan outcome)
	go func() {
		runtime.LockOSThread() // the ring is this thread's, which ends with it
		// Where permitted: who takes the processor from a stopwatch makes every
		// server look slow.
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20)
		r, err := run(&c, onPhase)
		done <- outcome{r, err}
	}()
	o := <-done
	return o.r, o.err
}

func run(c *Config, onPhase func(bool)) (*Report, error) {
	e := &engine{cfg: c, onPhase: onPhase, began: time.Now(), dirty: make([]*conn, 0, c.Sessions)}
	err := e.setUp()
	if err == nil {
		err = e.load()
	}
	err = errors.Join(err, e.tearDown())
	if err != nil {
		return nil, err
	}
	return e.finish(), nil
}

// setUp logs in and makes the ring.
func (e *engine) setUp() error {
	var err error
	if e.payload, err = newPayload(e.cfg.BlockLen); err != nil {
		return err
	}
	if err := e.connect(); err != nil {
		return err
	}
	if e.ring, err = uring.New(ringLen); err != nil {
		return err
	}
	e.bufs, err = e.ring.NewBufRing(0, recvCount, recvLen)
	return err
}

// newPayload returns n bytes that no target can take for zeros.
func newPayload(n int) (uring.Memory, error) {
	m, err := uring.NewMemory(n)
	for i := range m {
		m[i] = byte(i*7 + i>>8 + 1)
	}
	return m, err
}

// load starts every lane and turns until all has ended.
func (e *engine) load() error {
	e.now = time.Since(e.began)
	e.progress, e.deadline = e.now, e.now+e.cfg.Warmup
	for _, c := range e.conns {
		e.ring.Recv(c.fd, e.bufs, opRecv<<32|uint64(c.index))
		for i := range c.lanes {
			if err := c.next(&c.lanes[i]); err != nil {
				return err
			}
		}
	}
	for e.phase != draining || e.open > 0 {
		if err := e.turn(); err != nil {
			return err
		}
	}
	return e.leave()
}

// leave logs out of all sessions; one whose logout is not answered is left to
// the end of its connection.
func (e *engine) leave() error {
	e.phase = leaving
	for _, c := range e.conns {
		if c.proto.leave() {
			e.staying++
			c.touch()
		}
	}
	for end := e.now + logoutLimit; e.staying > 0 && e.now < end; {
		if err := e.turn(); err != nil {
			return err
		}
	}
	return nil
}

// turn is one round.
func (e *engine) turn() error {
	if err := e.flush(); err != nil {
		return err
	}
	e.now = time.Since(e.began)
	if err := e.reap(); err != nil {
		return err
	}
	return e.tick()
}

// flush sends what is queued and waits for an answer.
func (e *engine) flush() error {
	wait := uring.Patience{}
	for _, c := range e.dirty {
		c.dirty = false
		if c.out.Waiting() {
			wait.Add(c.out.Send(e.ring, c.fd, opSend<<32|uint64(c.index)))
		}
	}
	e.dirty = e.dirty[:0]
	e.bufs.Publish()
	if errno := wait.Enter(e.ring, time.Second); errno != 0 && !uring.Passing(errno) {
		return fmt.Errorf("enter: %w", errno)
	}
	return nil
}

func (e *engine) reap() error {
	for q, ok := e.ring.Next(); ok; q, ok = e.ring.Next() {
		c := e.conns[uint32(q.UserData)]
		var err error
		if q.UserData>>32 == opSend {
			err = c.out.Sent(q.Res)
			c.touch()
		} else {
			err = c.received(q)
		}
		if err != nil {
			return fmt.Errorf("session %d: %w", c.index, err)
		}
	}
	return nil
}

// tick goes from phase to phase.
func (e *engine) tick() error {
	switch {
	case e.open > 0 && e.now-e.progress > e.cfg.timeout():
		return fmt.Errorf("no command ended in %v, and %d are open", e.cfg.timeout(), e.open)
	case e.now < e.deadline || e.phase >= draining:
		return nil
	case e.phase == warming:
		e.phase = measuring
		e.cpu, e.calls, e.measuredAt = ownCPU(), e.ring.Enters(), e.now
		e.report.Start = float64(time.Now().UnixMicro()) / 1e6
		e.tell(true)
		e.deadline = e.now + e.cfg.Duration
	case e.phase == measuring && e.hist.n > 0: // a rate needs one command at least
		e.phase = draining
		e.report.Seconds = (e.now - e.measuredAt).Seconds()
		e.cpu, e.calls = ownCPU()-e.cpu, e.ring.Enters()-e.calls
		e.tell(false)
	}
	return nil
}

func (e *engine) tell(begin bool) {
	if e.onPhase != nil {
		e.onPhase(begin)
	}
}

func (e *engine) finish() *Report {
	n := float64(e.hist.n)
	r, c := &e.report, e.cfg
	r.Protocol, r.Sessions, r.LUNs, r.Depth = c.Protocol, c.Sessions, len(c.LUNs), c.Depth
	r.BlockLen, r.WritePct, r.Pattern = c.BlockLen, c.WritePct, c.Pattern
	r.IOs, r.IOPS, r.MBps = e.hist.n, n/r.Seconds, n*float64(c.BlockLen)/r.Seconds/1e6
	r.P50, r.P99, r.P999 = e.hist.quantile(0.50), e.hist.quantile(0.99), e.hist.quantile(0.999)
	r.CPUPerIO, r.CallsPer = e.cpu.Seconds()*1e6/n, float64(e.calls)/n
	r.CPUShare = 100 * e.cpu.Seconds() / r.Seconds
	return r
}

// ownCPU returns the CPU time of this process, user and system.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("engine: getrusage of this process failed")
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
