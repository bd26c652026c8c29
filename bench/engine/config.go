// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"time"

	"ietring/bench/floor"
	"ietring/bench/initiator"
)

// A Protocol is what the server speaks.
type Protocol string

// Protocols.
const (
	ISCSI Protocol = "iscsi"
	Floor Protocol = "floor"
)

// A Pattern says where commands go.
type Pattern string

// Patterns. Zipf favours few places, which are spread over the unit.
const (
	Random     Pattern = "random"
	Sequential Pattern = "sequential"
	Zipf       Pattern = "zipf"
)

// Limits of a run.
const (
	maxSessions = 4096
	maxDepth    = 1024
	maxBlockLen = floor.MaxPayload
	maxLUNs     = 256
)

// A Config says what is done.
type Config struct {
	Protocol Protocol
	Login    initiator.Options // of the floor, only Address and Timeout count
	LUNs     []int             // commands take turns over them
	Sessions int
	Depth    int // commands in flight a session
	BlockLen int // bytes of each command
	WritePct int // share of writes in percent
	Pattern  Pattern
	Skew     float64 // of Zipf, above 1
	SpanLen  int64   // bytes of each unit that are used; 0 means all
	Warmup   time.Duration
	Duration time.Duration
	Seed     uint64
}

// Check returns what is wrong with the configuration, in one sentence.
func (c *Config) Check() error {
	within := func(name string, v, lo, hi int) error {
		if v < lo || v > hi {
			return fmt.Errorf("%s %d: not from %d to %d", name, v, lo, hi)
		}
		return nil
	}
	err := errors.Join(
		within("sessions", c.Sessions, 1, maxSessions),
		within("depth", c.Depth, 1, maxDepth),
		within("block size", c.BlockLen, 512, maxBlockLen),
		within("write percent", c.WritePct, 0, 100),
		within("number of LUNs", len(c.LUNs), 1, maxLUNs))
	switch {
	case err != nil:
		return err
	case c.BlockLen%512 != 0:
		return fmt.Errorf("block size %d: not a multiple of 512", c.BlockLen)
	case c.Protocol != ISCSI && c.Protocol != Floor:
		return fmt.Errorf("protocol %q: neither iscsi nor floor", c.Protocol)
	case c.Pattern != Random && c.Pattern != Sequential && c.Pattern != Zipf:
		return fmt.Errorf("pattern %q: not random, sequential or zipf", c.Pattern)
	case c.Pattern == Zipf && c.Skew <= 1:
		return fmt.Errorf("skew %v: not above 1", c.Skew)
	case c.Duration <= 0 || c.Warmup < 0:
		return errors.New("a duration that is not above 0")
	}
	return nil
}

// A Report is what was measured.
type Report struct {
	Protocol Protocol `json:"protocol"`
	Sessions int      `json:"sessions"`
	LUNs     int      `json:"luns"`
	Depth    int      `json:"depth"`
	BlockLen int      `json:"block_bytes"`
	WritePct int      `json:"write_percent"`
	Pattern  Pattern  `json:"pattern"`
	Digests  bool     `json:"digests"`
	Seconds  float64  `json:"seconds"`
	IOs      uint64   `json:"ios"`
	IOPS     float64  `json:"iops"`
	MBps     float64  `json:"mb_per_s"`
	P50      float64  `json:"p50_us"`
	P99      float64  `json:"p99_us"`
	P999     float64  `json:"p999_us"`
	CPUPerIO float64  `json:"load_cpu_us_per_io"`   // of the load generator itself
	CallsPer float64  `json:"load_syscalls_per_io"` // of the load generator itself
	CPUShare float64  `json:"load_cpu_percent"`     // of one CPU
	Start    float64  `json:"start_unix_s"`         // of the measured part
}
