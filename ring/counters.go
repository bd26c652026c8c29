// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"slices"
	"sync"

	"ietring/scsi"
)

// Counters are what an event loop has done since it began, and what it has now.
// The loop adds to numbers of its own, without a lock or an atomic operation;
// others get a copy that the loop makes between two turns.
type Counters struct {
	Loop int // which one, from 0

	// Since it began.
	Turns       uint64
	Enters      uint64 // io_uring_enter, its system call but for the end of connections
	Sleeps      uint64 // enters that waited
	SpinsPaid   uint64 // looks for work that found some before Config.BusyPoll was over
	SpinsVain   uint64 // looks that did not
	Receives    uint64 // completions that brought bytes
	Sends       uint64 // completions of sends, each of which gathers PDUs
	BytesIn     uint64
	BytesOut    uint64
	PDUsIn      uint64 // whole ones
	PDUsOut     uint64 // that the kernel has taken
	Reads       uint64 // SCSI commands that read blocks
	Writes      uint64 // SCSI commands that write the initiator's blocks
	Others      uint64 // all other SCSI commands, refused ones too
	Jobs        uint64 // given to workers
	Starvations uint64 // commands that had to wait for buffer memory

	// Now.
	BufferUsed   int // bytes of buffer memory that commands hold
	BufferMapped int // bytes of buffer memory that the loop has
	Connections  int
	Tasks        int // requests that are open
}

// A survey asks the loops for their counters. One question to each is open at
// most, so that a loop that hangs does not gather them.
type survey struct {
	mu      sync.Mutex
	open    []bool        // by loop: it was asked and has not answered
	answers chan Counters // room for all: no loop waits
}

// Counters returns the counters of the loops that answer before ctx ends, in the
// order of the loops. The others hang, or have ended. It costs each loop a turn.
func (e *Engine) Counters(ctx context.Context) []Counters {
	s := &e.survey
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.answers = make([]bool, len(e.loops)), make(chan Counters, len(e.loops))
	}
	// Answers to an earlier question came too late.
	for len(s.answers) > 0 {
		s.open[(<-s.answers).Loop] = false
	}
	waiting := 0
	for i, l := range e.loops {
		if s.open[i] || l.mail.post(func() { s.answers <- l.told() }) {
			s.open[i] = true
			waiting++
		}
	}
	var list []Counters
	for waiting > 0 {
		select {
		case c := <-s.answers:
			s.open[c.Loop] = false
			list = append(list, c)
			waiting--
			continue
		case <-ctx.Done():
		}
		break
	}
	slices.SortFunc(list, func(a, b Counters) int { return a.Loop - b.Loop })
	return list
}

// told returns the counters as they are now.
func (l *loop) told() Counters {
	c := l.counters
	c.Loop, c.Enters = l.id, l.ring.Enters()
	c.BufferUsed, c.BufferMapped = l.arena.used, l.arena.mapped
	c.Connections, c.Tasks = l.liveConns, len(l.tasks)-len(l.freeTasks)
	return c
}

// countCommand counts a command by what it does.
func (c *Counters) countCommand(sense scsi.Sense, p *scsi.Plan) {
	switch {
	case sense != scsi.Good:
		c.Others++
	case p.Action == scsi.ActionRead:
		c.Reads++
	case p.Action == scsi.ActionWrite, p.Action == scsi.ActionWriteVerify:
		c.Writes++
	default:
		c.Others++
	}
}
