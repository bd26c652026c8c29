// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"errors"
	"slices"
	"sync"
	"syscall"

	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// workers is the pool for what would stall a loop: comparing, transfers that
// need a bounce, and the rare operation that came short. A job is a task; the
// worker that has it may touch its plan, spans and outcome, and the loop does
// not until it is back.
type workers struct {
	mu    sync.Mutex
	more  sync.Cond
	queue []*task // bounded by the tasks that exist
	over  bool    // stop was called
}

// stop ends the workers when the queue is empty.
func (w *workers) stop() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.more.Broadcast()
}

func (w *workers) start(n int) {
	w.more.L = &w.mu
	for range n {
		go w.run()
	}
}

func (w *workers) push(t *task) {
	w.mu.Lock()
	w.queue = append(w.queue, t)
	w.mu.Unlock()
	w.more.Signal()
}

func (w *workers) run() {
	// A worker's own buffer, for comparing and filling; mapped when first needed.
	var scratch uring.Memory
	for t := w.next(); t != nil; t = w.next() {
		t.work(&scratch)
		t.conn.loop.mail.jobDone(t)
	}
	if scratch != nil {
		_ = scratch.Free() // nobody else has it; unmapping cannot fail
	}
}

// next waits for a job; nil means that there will be none.
func (w *workers) next() *task {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.over {
			return nil
		}
		w.more.Wait()
	}
	t := w.queue[0]
	n := copy(w.queue, w.queue[1:])
	w.queue[n] = nil
	w.queue = w.queue[:n]
	return t
}

// withdraw takes t off the queue; false when it is not there, or no more.
func (w *workers) withdraw(t *task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, t)
	if i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	return i >= 0
}

// job gives t to a worker.
func (l *loop) job(t *task) {
	l.opStarted(t)
	l.counters.Jobs++
	t.again, t.more = false, false
	l.eng.work.push(t)
}

// jobDone has t back from its worker.
func (l *loop) jobDone(t *task) {
	l.opEnded(t)
	t.asking, t.copying = false, false
	if t.jobErr != 0 {
		l.diskError(t, t.jobErr)
	}
	switch {
	case t.state == taskEnded && t.asked && t.plan.Action == scsi.ActionAbort:
		l.evict(t) // it has preempted; that it was aborted meanwhile changes nothing
	case t.state == taskEnded:
		l.settled(t)
		l.retire(t)
	case t.asked:
		t.asked = false
		l.collected(t)
	case t.more && t.status == scsi.StatusGood:
		l.job(t)
	default:
		l.transferred(t)
	}
}

// work does the disk part of t, on a worker. It leaves jobErr, or status and
// sense for what is no disk error.
func (t *task) work(scratch *uring.Memory) {
	if t.locating {
		t.workLocate(scratch)
		return
	}
	var err error
	switch p := &t.plan; p.Action {
	case scsi.ActionRead:
		err = t.workRead(p.FromMedium)
	case scsi.ActionWrite:
		err = t.workWrite(p.Durable)
	case scsi.ActionVerify:
		if p.FromMedium {
			err = t.unit.disk.Sync()
		}
		if err == nil {
			err = t.workVerify(scratch)
		}
	case scsi.ActionWriteVerify:
		if err = t.workWrite(true); err == nil {
			err = t.workVerify(scratch)
		}
	case scsi.ActionCopy:
		t.copyOut(scratch)
	case scsi.ActionCompareAndWrite:
		err = t.workCompareAndWrite(scratch)
	case scsi.ActionOrWrite:
		err = t.workOrWrite(scratch)
	case scsi.ActionPrefetch:
		err = t.workPrefetch(scratch)
	case scsi.ActionFlush:
		err = t.unit.disk.Sync()
	case scsi.ActionUnmap:
		err = t.workUnmap()
	case scsi.ActionWriteSame:
		err = t.workWriteSame(scratch)
	case scsi.ActionLBAStatus:
		err = t.workLBAStatus()
	case scsi.ActionCollect:
		t.asked = true
		t.giveParams()
	default:
		panic("ring: a worker's job with an action that has none")
	}
	if err != nil {
		t.jobErr = errnoOf(err)
	}
}

func (t *task) workRead(fromMedium bool) error {
	if fromMedium {
		if err := t.unit.disk.Sync(); err != nil {
			return err
		}
	}
	return t.eachPiece(t.need(), func(off int, b []byte) error {
		return t.unit.disk.ReadAt(b, t.plan.Off+int64(off))
	})
}

func (t *task) workWrite(durable bool) error {
	if t.plan.Atomic {
		return t.unit.disk.WriteAtomic(t.bytes(t.plan.Len), t.plan.Off, durable)
	}
	return t.eachPiece(t.plan.Len, func(off int, b []byte) error {
		return t.unit.disk.WriteAt(b, t.plan.Off+int64(off), durable)
	})
}

// needScratch maps a worker's own buffer when it is not there yet.
func needScratch(scratch *uring.Memory) error {
	if *scratch != nil {
		return nil
	}
	m, err := uring.NewMemory(maxSpan)
	*scratch = m
	return err
}

// eachPiece calls f for the first n bytes of the data, a span at a time.
func (t *task) eachPiece(n int, f func(off int, b []byte) error) error {
	for off := 0; off < n; off += maxSpan {
		if err := f(off, t.piece(off, min(n-off, maxSpan))); err != nil {
			return err
		}
	}
	return nil
}

// errnoOf returns the errno of an error of package backing.
func errnoOf(err error) syscall.Errno {
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e
	}
	return syscall.EIO
}
