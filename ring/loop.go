// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ietring/ring/internal/uring"
)

// An opKind says what an operation in the kernel was started for.
type opKind uint8

const (
	opEvent  opKind = iota // the eventfd that wakes the loop was read
	opRecv                 // slot: a connection
	opSend                 // slot: a connection
	opDisk                 // slot: a task; aux: its span
	opCancel               // nobody waits for it
)

// ud packs the name of an operation: kind, aux, generation and slot.
func ud(op opKind, aux uint8, gen uint16, slot uint32) uint64 {
	return uint64(op)<<56 | uint64(aux)<<48 | uint64(gen)<<32 | uint64(slot)
}

// A loop is one event loop: a locked thread, a ring, and all that lives on it.
type loop struct {
	eng  *Engine
	id   int
	mail mailbox
	// count is how many connections the loop has or was promised; the engine
	// reads it to spread them.
	count atomic.Int32

	ring  *uring.Ring
	bufs  *uring.BufRing
	arena arena
	event uring.Memory // where the eventfd is read to
	files int          // slots of the ring's file table

	conns     []*conn
	freeConns []*conn
	liveConns int
	tasks     []*task
	freeTasks []*task
	starved   taskQueue // tasks that wait for memory
	frozen    bool      // no blocked command is started, see freeze
	slots     slotPool
	blocks    blockPool

	dirty     []*conn
	funcs     []func()
	jobs      []*task
	onCQE     func(uring.CQE) // l.complete, bound once
	pinging   int             // connections with NOPInterval
	lingering int             // connections that send their last words or wait for the peer to close
	awaiting  int             // tasks that wait for what a function needs of its initiator
	ticked    time.Time       // last look at these three
	turns     uint32          // without a pause
	underway  int             // operations of disks and jobs of workers that have not ended
	forPeers  spinner         // looks when none is: the next to come is an initiator's
	forDisks  spinner         // looks otherwise
	brisk     bool            // the last sleep was short
	counters  Counters        // what the loop adds to; told has the rest
	quiesce   bool            // no new commands
	stopped   bool            // the loop ends when its connections have
}

// run is the loop. ready gets nil or why it could not start.
func (l *loop) run(cpu int, ready chan<- error) {
	runtime.LockOSThread()
	// The thread may be pinned, and its ring belongs to it: it ends with the
	// goroutine, so it is never unlocked.
	if err := l.setup(cpu); err != nil {
		ready <- err
		return
	}
	ready <- nil
	for !l.stopped || l.liveConns > 0 {
		l.turn()
	}
	l.teardown()
}

// turn is one round: what completed, what was posted, what is to be sent, one
// enter; or two, where there is work for disks and something to send: a send takes
// as long as the kernel copies, and the disks need not wait for that.
func (l *loop) turn() {
	l.counters.Turns++
	l.ring.Reap(reapBatch, l.onCQE)
	if l.mail.full.Load() {
		l.readMail()
	}
	l.feedStarved()
	l.bufs.Publish()
	if len(l.dirty) > 0 && l.ring.Unsubmitted() > 0 {
		l.ring.Submit()
	}
	l.flush()
	if l.ring.Unsubmitted() > 0 || l.ring.HasWork() {
		l.ring.Submit()
	}
	if l.ring.Ready() == 0 && !l.mail.full.Load() {
		l.idle()
	} else if l.turns++; l.turns%tickTurns == 0 {
		l.tick(l.eng.now())
	}
}

// complete takes one completion to where it belongs. A stale generation names
// something that ended meanwhile.
func (l *loop) complete(e uring.CQE) {
	op, aux, gen, slot := opKind(e.UserData>>56), uint8(e.UserData>>48), uint16(e.UserData>>32), uint32(e.UserData)
	switch op {
	case opRecv:
		l.recvDone(l.conns[slot], gen, e)
	case opSend:
		l.sendDone(l.conns[slot], e.Res)
	case opDisk:
		if t := l.tasks[slot]; t.gen == gen {
			l.diskDone(t, int(aux), e.Res)
		}
	case opEvent:
		l.armEvent()
	case opCancel:
	default:
		panic("ring: completion of an operation that was never started")
	}
}

func (l *loop) readMail() {
	l.funcs, l.jobs = l.mail.take(l.funcs, l.jobs)
	for i, f := range l.funcs {
		l.funcs[i] = nil
		f()
	}
	for i, t := range l.jobs {
		l.jobs[i] = nil
		l.jobDone(t)
	}
}

func (l *loop) armEvent() {
	uring.Read(l.ring.SQE(), uring.File{FD: int32(l.mail.event)}, l.event.Addr(0), 8, 0, -1, ud(opEvent, 0, 0, 0))
}

// setup makes the ring and its memory on the loop's own thread.
func (l *loop) setup(cpu int) error {
	if cpu >= 0 {
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pin loop %d to CPU %d: %w", l.id, cpu, err)
		}
	}
	preferThread()
	r, err := uring.New(l.eng.cfg.RingEntries)
	if err != nil {
		return err
	}
	return l.equip(r)
}

// equip gives the loop r, and registers with it what the kernel is to know.
func (l *loop) equip(r *uring.Ring) (err error) {
	l.ring = r
	if l.bufs, err = l.ring.NewBufRing(0, recvBufCount, recvBufLen); err != nil {
		return err
	}
	if l.event, err = uring.NewMemory(minSpan); err != nil {
		return err
	}
	if err = l.ring.RegisterBufferTable(maxExtents); err != nil {
		return err
	}
	l.files = l.eng.fileSlots()
	if err = l.ring.RegisterFileTable(l.files); err != nil {
		return err
	}
	l.onCQE = l.complete
	l.arena.init(l.ring, l.eng.cfg.loopMemory(), func(err error) {
		l.eng.log.Warn().Err(err).Int("loop", l.id).Msg("raise the memlock limit")
	})
	l.armEvent()
	return nil
}

func (l *loop) teardown() {
	for _, f := range l.mail.close() {
		f() // attaches are refused, closes find no connection
	}
	if err := l.ring.DropFileTable(); err != nil {
		l.eng.log.Warn().Err(err).Int("loop", l.id).Msg("devices are free a little later")
	}
	l.ring.Close()
	_ = unix.Close(l.mail.event)
	close(l.eng.loopDone[l.id])
}
