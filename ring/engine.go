// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/ring/internal/uring"
)

// Config is how the data plane is made.
type Config struct {
	Threads      int           // event loops
	RingEntries  int           // submission queue of each loop, a power of two
	Workers      int           // goroutines for what would stall a loop
	CPUs         []int         // loop i is pinned to CPUs[i mod len]; empty: not pinned
	BufferMemory int64         // bytes, the cap of all loops together
	BusyPoll     time.Duration // for how long a loop looks for work before it sleeps; 0: it sleeps at once
	Control      Control
	Log          zerolog.Logger
}

// loopMemory is a loop's share of the buffer memory in bytes.
func (c *Config) loopMemory() int { return int(c.BufferMemory / int64(c.Threads)) }

// ErrStopping is returned when something is asked of an engine that shuts down.
var ErrStopping = errors.New("the data plane is shutting down")

// An Engine is the data plane of one process.
type Engine struct {
	cfg     Config
	ctl     Control
	log     zerolog.Logger
	loops   []*loop
	work    workers
	copies  workers // for third-party copies, which take long
	erasers erasers
	survey  survey
	zero    uring.Memory // maxSpan zeroes: what nullio reads

	// What the engine takes from its surroundings; the simulation has its own.
	now   func() time.Time
	naps  bool         // loops may use uring.Ring.Doze
	spawn func(func()) // runs what may block, such as the methods of Control

	mu       sync.Mutex
	stopping bool
	units    unitTable // by Unit.Handle
	locks    map[*backing.Disk]*rangeLock
	loopDone []chan struct{}
}

// Probe returns nil when this machine can run the data plane, or one sentence
// that names what is missing.
func Probe() error { return uring.Probe() }

// Start makes the loops and the workers and lets them run.
func Start(cfg Config) (*Engine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	e, err := newEngine(cfg)
	if err != nil {
		return nil, err
	}
	if n := cfg.processors(); runtime.GOMAXPROCS(0) < n {
		runtime.GOMAXPROCS(n)
	}
	for i := range cfg.Threads {
		event, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			e.abandon()
			return nil, fmt.Errorf("make an eventfd: %w", err)
		}
		l := &loop{eng: e, id: i, mail: mailbox{event: event}, forPeers: spinner{limit: cfg.BusyPoll}, forDisks: spinner{limit: cfg.BusyPoll}}
		cpu := -1
		if len(cfg.CPUs) > 0 {
			cpu = cfg.CPUs[i%len(cfg.CPUs)]
		}
		e.loopDone = append(e.loopDone, make(chan struct{}))
		ready := make(chan error)
		go l.run(cpu, ready)
		if err := <-ready; err != nil {
			e.abandon()
			return nil, fmt.Errorf("start event loop %d: %w", i, err)
		}
		e.loops = append(e.loops, l)
	}
	e.work.start(cfg.Workers)
	e.copies.start(copyWorkers)
	return e, nil
}

// processors returns how many of Go's the process needs at least. A busy loop
// keeps its own, and a worker in a system call its own for up to 10 ms.
func (c *Config) processors() int {
	return c.Threads + // loops
		c.Workers + copyWorkers + // system calls of the disks
		1 // all else: logins, ietadm, the collector
}

// newEngine makes an engine that has no loops yet.
func newEngine(cfg Config) (*Engine, error) {
	zero, err := uring.NewMemory(maxSpan)
	if err != nil {
		return nil, err
	}
	return &Engine{cfg: cfg, ctl: cfg.Control, log: cfg.Log, zero: zero,
		locks: make(map[*backing.Disk]*rangeLock),
		now:   time.Now,
		naps:  !strings.Contains(os.Getenv("GODEBUG"), "asyncpreemptoff=1"),
		spawn: func(f func()) { go f() }}, nil
}

func (c *Config) check() error {
	switch {
	case c.Threads < 1:
		return fmt.Errorf("%d event loops: at least 1 is needed", c.Threads)
	case c.Workers < 1:
		return fmt.Errorf("%d workers: at least 1 is needed", c.Workers)
	case c.RingEntries < 64 || c.RingEntries > 32768 || c.RingEntries&(c.RingEntries-1) != 0:
		return fmt.Errorf("%d ring entries: a power of two from 64 to 32768 is needed", c.RingEntries)
	case c.loopMemory() < MinBufferMemory:
		return fmt.Errorf("%d bytes of buffer memory: %d event loops need at least %d", c.BufferMemory, c.Threads, c.Threads*MinBufferMemory)
	}
	return nil
}

// abandon ends the loops that run when another could not start.
func (e *Engine) abandon() {
	for _, l := range e.loops {
		l.mail.post(func() { l.stopped = true })
		<-e.loopDone[l.id]
	}
}

// fileSlots returns how large the loops' file tables can be: the kernel bounds
// them by the limit of open files.
func (e *Engine) fileSlots() int {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) != nil || lim.Cur > maxUnits {
		return maxUnits
	}
	return int(lim.Cur)
}

// Attach gives a connection that has logged in to the loop of its session; the
// first one of a session to the loop that has fewest.
// When it fails the caller still owns the descriptor and the session.
func (e *Engine) Attach(h Handoff) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopping {
		return ErrStopping
	}
	best := e.loops[0]
	for _, l := range e.loops[1:] {
		if l.count.Load() < best.count.Load() {
			best = l
		}
	}
	at := h.Session.give(h.CID, best)
	if at == nil {
		return ErrStopping
	}
	at.count.Add(1)
	if !at.mail.post(func() { at.attach(h) }) {
		at.count.Add(-1)
		h.Session.takeBack(h.CID)
		return ErrStopping
	}
	return nil
}

// Shutdown ends the data plane. No new command is taken, those in flight
// finish, their connections close. When ctx ends first, what is left is
// aborted and ErrStopping's caller learns it by ctx's error. The caller then
// syncs and closes the disks.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	for _, l := range e.loops {
		l.mail.post(func() { l.stop() })
	}
	defer e.work.stop()
	defer e.copies.stop()
	err := errors.Join(e.erasers.stopAll(ctx), e.await(ctx))
	if err == nil {
		return nil
	}
	for _, l := range e.loops {
		l.mail.post(func() {
			for _, c := range l.conns {
				l.drain(c, "the time for shutting down is over")
			}
		})
	}
	// Aborted commands end when their disk answers; a disk that never does must
	// not keep the process.
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(err, e.await(last))
}

// await waits for the end of every loop.
func (e *Engine) await(ctx context.Context) error {
	for _, done := range e.loopDone {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stop lets the open commands of the loop finish and closes every connection
// that has none.
func (l *loop) stop() {
	l.quiesce, l.stopped = true, true
	for _, c := range l.conns {
		if c.state == connLingering {
			l.drain(c, "the target shuts down")
		}
		l.closeIfQuiet(c)
	}
}

// closeIfQuiet ends the session of c when its last command has ended while the
// loop takes no new ones.
func (l *loop) closeIfQuiet(c *conn) {
	if !l.quiesce || !c.serving() || c.lastWords {
		return
	}
	for _, v := range c.sess.conns {
		if v.numTasks > 0 || v.out.first != nil || v.sending {
			return
		}
	}
	l.closeSession(c.sess, "the target shuts down")
}
