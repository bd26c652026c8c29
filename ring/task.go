// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"sync/atomic"
	"syscall"

	"ietring/pdu"
	"ietring/scsi"
)

// taskState is the life of a task.
//
//	free -> held -> blocked -> starved -> collecting -> working -> ended -> free
//
// States are skipped, never gone back to, but for free.
type taskState uint8

const (
	taskFree       taskState = iota
	taskHeld                 // an earlier CmdSN is missing
	taskBlocked              // another command of its task set goes first
	taskStarved              // waits for buffer memory
	taskCollecting           // waits for data of the initiator
	taskWorking              // an operation, a worker or a function works for it
	taskEnded                // its response is queued, or nobody wants one any more
)

// A task is one request of an initiator. Its loop owns it; a worker that has it
// as a job may read plan, unit and spans and set the outcome.
type task struct {
	idx   uint32
	gen   uint16
	state taskState

	conn       *conn
	next, prev *task // on the connection's list
	queued     *task // next on the starved queue, or of those that are blocked

	bhs       pdu.BHS // the request's header
	immediate bool
	numbered  bool // counts in the command window
	tagged    bool // is in the session's table of tags
	sameChain *task

	set *taskSet // that orders it; nil while all commands are SIMPLE

	plan scsi.Plan
	unit *lu

	spans  []span // memory of the data, in order
	length int    // bytes of data that the spans are for
	parked int    // bytes of the spans that are not in the connection's share

	// Data-out.
	want      int    // bytes that are to arrive
	got       int    // bytes that arrived, or were dropped where they are not wanted
	discard   bool   // data is counted, not kept
	unsol     bool   // unsolicited data is still to come: no F bit yet
	unsolEnd  int    // where unsolicited data must end
	dataSN    uint32 // of the next Data-Out PDU
	r2tSN     uint32 // of the next R2T
	solicited int    // end of what R2Ts were sent for
	burst     int    // end of the burst that arrives
	burstSN   uint32 // its R2TSN

	// Blocks that change without data of their own (provision.go).
	worked int64   // bytes that are done, of the range that is worked on
	runs   int     // ranges of an UNMAP that are done
	eraser *eraser // it waits for the end of this erasure (erase.go)

	// Data-in.
	sent  int // bytes of data-in queued
	total int // bytes that the command would move, whatever was expected

	// Blocks that it changes: see rangelock.go.
	writing  bool         // it was admitted, or waits for that, and is not settled
	claims   bool         // claim is in its unit's lock
	claim    claim        //
	watchers []*abortWait // claims that wait until it is settled

	// A third-party copy: see copy.go.
	asking    bool        // a worker finds out what the parameter data means
	copying   bool        // plan.Copy is under way
	cancelled atomic.Bool // it is to end early

	ops      int  // ring operations, worker jobs and functions that work for it
	outs     int  // queued PDUs that point to it
	again    bool // a ring operation came short: a worker does it all over
	more     bool // a worker has done a part, and the rest is to be queued again
	evicts   bool // it waits for commands of others that it aborts, and has nothing else to do
	asked    bool // a worker gave the parameter data to the device server
	abortd   bool // no response
	status   scsi.Status
	sense    scsi.Sense
	jobErr   syscall.Errno // of a worker's job
	locating bool          // a worker looks for the bad block, or has
	dataSNs  uint32        // Data-In and R2T PDUs sent
	waits    []*abortWait  // functions that wait for its end

	// What a function waits for at the initiator's side: see fence.go.
	awaits  bool       // data of a command that is aborted, or acknowledgements for a function
	awaited uint8      // ticks since then
	fenced  *abortWait // of a function: who waits for the acknowledgements
}

// newTask makes a task of the header that c has received. It returns nil when
// the loop has as many as it can name.
func (l *loop) newTask(c *conn) *task {
	var t *task
	if n := len(l.freeTasks); n > 0 {
		t = l.freeTasks[n-1]
		l.freeTasks = l.freeTasks[:n-1]
	} else {
		if len(l.tasks) == maxTasks {
			return nil
		}
		t = &task{idx: uint32(len(l.tasks))}
		l.tasks = append(l.tasks, t)
	}
	// Everything but the slot's identity and the room of its slices.
	*t = task{idx: t.idx, gen: t.gen, spans: t.spans[:0], waits: t.waits[:0], watchers: t.watchers[:0],
		plan: scsi.Plan{Reply: t.plan.Reply[:0]}, conn: c, bhs: c.recv.bhs}
	t.immediate = t.bhs.Immediate()
	if t.immediate {
		c.immediates++
	}
	if t.next = c.tasks; t.next != nil {
		t.next.prev = t
	}
	c.tasks = t
	c.numTasks++
	return t
}

// retire frees t when it has ended and nothing points to it any more.
func (l *loop) retire(t *task) {
	if t.state != taskEnded || t.ops > 0 {
		return
	}
	if t.set != nil {
		l.leaveSet(t)
	}
	if t.outs > 0 {
		return
	}
	c := t.conn
	l.settled(t)
	if c.recv.task == t {
		// It was ended while its data arrives: the rest is nobody's.
		c.recv.task, c.recv.note = nil, noteDropped
	}
	if t.plan.Copy != nil {
		t.plan.Copy.End(scsi.StatusTaskAborted, scsi.Good) // unless it has ended
		t.plan.Copy = nil
	}
	l.freeSpans(t)
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		c.tasks = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.next, t.prev, t.conn, t.unit = nil, nil, nil, nil
	c.numTasks--
	if t.immediate {
		c.immediates--
	}
	if cap(t.plan.Reply) > maxKeptReply {
		t.plan.Reply = nil
	}
	t.state = taskFree
	t.gen++
	l.freeTasks = append(l.freeTasks, t)
	for _, w := range t.waits {
		w.ended()
	}
	l.drained(c)
	l.closeIfQuiet(c)
}

// maxKeptReply is the largest reply buffer that a free task keeps.
const maxKeptReply = 4 << 10

// abort ends t without a response: at once where it only waits, else when what
// works for it is done.
func (l *loop) abort(t *task) {
	if t.state == taskEnded {
		return
	}
	switch t.state {
	case taskHeld:
		t.conn.sess.unhold(t)
	case taskBlocked:
		l.unblock(t)
	case taskStarved:
		l.starved.remove(t)
	case taskWorking:
		l.cancelWork(t)
	}
	t.abortd = true
	if t.isCommand() { // a function still waits for others
		l.gotten(t)
	}
	l.end(t)
}

// end marks t as over: it leaves the command window and is freed as soon as
// nothing points to it.
func (l *loop) end(t *task) {
	t.conn.sess.leave(t)
	t.state = taskEnded
	l.retire(t)
}

// taskQueue is a first-in-first-out list of tasks.
type taskQueue struct{ first, last *task }

func (q *taskQueue) push(t *task) {
	t.queued = nil
	if q.last != nil {
		q.last.queued = t
	} else {
		q.first = t
	}
	q.last = t
}

func (q *taskQueue) remove(t *task) {
	var prev *task
	for at := q.first; at != nil; prev, at = at, at.queued {
		if at != t {
			continue
		}
		if prev != nil {
			prev.queued = t.queued
		} else {
			q.first = t.queued
		}
		if q.last == t {
			q.last = prev
		}
		t.queued = nil
		return
	}
	panic("ring: a task is not on the queue that it waits on")
}
