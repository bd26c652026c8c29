// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"ietring/bench/initiator"
	"ietring/pdu"
)

// Config says what a verifying load does.
type Config struct {
	// Login is how each session logs in; its ISID is made distinct.
	Login initiator.Options
	// Vary, where not nil, changes the options of session i.
	Vary func(i int, o *initiator.Options)
	LUN  [8]byte

	Sessions int
	Streams  int // commands in flight a session
	Duration time.Duration
	Seed     uint64 // 0 takes one from the clock; it is in every error and in the report

	PrivateLen int // bytes of each stream's own area
	SharedLen  int // bytes of the area that all streams read and write
	MaxLen     int // bytes of the largest command
	FirstBlock uint64

	// TolerateEnd makes the end of a session's connection the end of the load
	// instead of an error: the target is being stopped on purpose.
	TolerateEnd bool
}

// DefaultConfig returns a load of 4 sessions with 4 commands each, from one
// block to 1 MiB, for two seconds.
func DefaultConfig() Config {
	return Config{Sessions: 4, Streams: 4, Duration: 2 * time.Second,
		PrivateLen: 2 << 20, SharedLen: 4 << 20, MaxLen: 1 << 20}
}

// A Report tells what a verifying load did.
type Report struct {
	Seed          uint64
	Reads, Writes uint64
	ReadBytes     uint64
	WriteBytes    uint64
	BlocksChecked uint64
	BlocksTorn    uint64 // mixes of two writes that raced with the read; allowed
	Params        initiator.Params
	Model         *Model // what the unit must contain now, from Config.FirstBlock on
}

// String returns one line for a log.
func (r *Report) String() string {
	return fmt.Sprintf("seed %d: %d reads (%d MiB), %d writes (%d MiB), %d blocks checked, %d torn in a race",
		r.Seed, r.Reads, r.ReadBytes>>20, r.Writes, r.WriteBytes>>20, r.BlocksChecked, r.BlocksTorn)
}

// Verify writes and reads for c.Duration or until ctx ends, and checks every
// block against a model; at the end it reads all once more. It returns the first
// difference, protocol violation or failed command, with the seed.
func Verify(ctx context.Context, c Config) (*Report, error) {
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano())
	}
	v := &verifier{c: c, report: &Report{Seed: c.Seed}}
	if err := v.run(ctx); err != nil {
		return v.report, fmt.Errorf("load with seed %d: %w", c.Seed, err)
	}
	return v.report, nil
}

// verifier is one run of Verify.
type verifier struct {
	c        Config
	sessions []*initiator.Session
	model    *Model
	report   *Report
	private  int // blocks of one stream's area
	shared   span
	stop     context.CancelCauseFunc
	ctx      context.Context

	reads, writes, readBytes, writeBytes atomic.Uint64
}

var errTimeUp = errors.New("time is up")

func (v *verifier) run(ctx context.Context) error {
	defer v.closeAll()
	if err := v.open(); err != nil {
		return err
	}
	v.ctx, v.stop = context.WithCancelCause(ctx)
	defer v.stop(nil)
	timer := time.AfterFunc(v.c.Duration, func() { v.stop(errTimeUp) })
	defer timer.Stop()

	fill := v.newStream(0, v.shared)
	if err := fill.fill(make([]byte, v.c.MaxLen)); err != nil {
		return v.judge(err)
	}
	var wg sync.WaitGroup
	for i, s := range v.sessions {
		for j := range v.c.Streams {
			id := i*v.c.Streams + j
			st := v.newStream(uint64(id)+1, span{id * v.private, v.private})
			st.s = s
			wg.Go(func() { v.end(st.run()) })
		}
	}
	wg.Wait()
	cause := context.Cause(v.ctx)
	if cause == errTimeUp || ctx.Err() != nil && errors.Is(cause, ctx.Err()) {
		cause = v.readAll()
	}
	return v.judge(cause)
}

// newStream returns a stream of the first session whose random choices follow
// from the seed and id.
func (v *verifier) newStream(id uint64, own span) *stream {
	return &stream{v: v, s: v.sessions[0], own: own, rng: rand.New(rand.NewPCG(v.c.Seed, id))}
}

// judge completes the report and says whether err is one.
func (v *verifier) judge(err error) error {
	v.account()
	if v.c.TolerateEnd && v.onlyEnded(err) {
		return nil
	}
	return err
}

// end takes the error of a stream: the first stops all the others.
func (v *verifier) end(err error) {
	if err != nil {
		v.stop(err)
	}
}

// onlyEnded reports whether err says no more than that the connection is gone.
func (v *verifier) onlyEnded(err error) bool {
	var violation *initiator.Violation
	var mismatch *mismatchError
	return !errors.As(err, &violation) && !errors.As(err, &mismatch)
}

func (v *verifier) account() {
	r := v.report
	r.Reads, r.Writes = v.reads.Load(), v.writes.Load()
	r.ReadBytes, r.WriteBytes = v.readBytes.Load(), v.writeBytes.Load()
	r.Model = v.model
	r.BlocksChecked, r.BlocksTorn = v.model.Counts()
}

// open logs the sessions in and lays the areas out.
func (v *verifier) open() error {
	var capacity initiator.Capacity
	for i := range v.c.Sessions {
		o := v.c.Login
		o.ISID = SessionISID(i)
		o.Depth = max(o.Depth, v.c.Streams)
		if v.c.Vary != nil {
			v.c.Vary(i, &o)
		}
		s, err := initiator.Dial(o)
		if err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		v.sessions = append(v.sessions, s)
		v.report.Params = s.Params()
		if err := s.Ready(v.c.LUN); err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		if capacity, err = s.Capacity(v.c.LUN); err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
	}
	bl := capacity.BlockLen
	if bl < 512 || v.c.MaxLen < bl {
		return fmt.Errorf("blocks of %d bytes and commands of at most %d", bl, v.c.MaxLen)
	}
	v.private = v.c.PrivateLen / bl
	privates := v.private * v.c.Sessions * v.c.Streams
	v.shared = span{privates, v.c.SharedLen / bl}
	total := privates + v.shared.n
	if v.c.FirstBlock+uint64(total) > capacity.Blocks {
		return fmt.Errorf("the load needs %d blocks from %d on, the unit has %d", total, v.c.FirstBlock, capacity.Blocks)
	}
	v.model = NewModel(total, bl, v.c.Seed)
	return nil
}

// SessionISID returns an ISID of the random format for session i (RFC 7143,
// Section 11.12.5).
func SessionISID(i int) pdu.ISID {
	return pdu.ISID{0x80, byte(i >> 16), byte(i >> 8), byte(i), 0, 1}
}

func (v *verifier) closeAll() {
	for _, s := range v.sessions {
		if s.Err() == nil {
			if _, err := s.Logout(); err == nil {
				continue
			}
		}
		s.Close()
	}
}

// readAll reads everything once more, when nothing is written any longer. It
// uses the sessions in turn, so that each one sees what the others wrote.
func (v *verifier) readAll() error {
	step := max(1, v.c.MaxLen/v.model.blockLen)
	buf := make([]byte, step*v.model.blockLen)
	for first, i := 0, 0; first < v.model.Blocks(); first, i = first+step, i+1 {
		n := min(step, v.model.Blocks()-first)
		st := v.newStream(uint64(first), span{})
		st.s = v.sessions[i%len(v.sessions)]
		if err := st.read(span{first, n}, buf); err != nil {
			return fmt.Errorf("at the end: %w", err)
		}
	}
	return nil
}

// mismatchError is a block that shows what it must not.
type mismatchError struct{ err error }

func (e *mismatchError) Error() string { return "wrong data: " + e.err.Error() }
func (e *mismatchError) Unwrap() error { return e.err }
