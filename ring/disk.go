// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"syscall"

	"golang.org/x/sys/unix"

	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// file names the unit's backing for an operation of this loop.
func (l *loop) file(u *lu) uring.File {
	if h := int(u.unit.Handle()); h < l.files {
		return uring.File{FD: int32(h), Fixed: true}
	}
	return uring.File{FD: int32(u.disk.FD())}
}

// opStarted counts an operation in the kernel, or a job of a worker, for t.
func (l *loop) opStarted(t *task) {
	t.ops++
	l.underway++
}

// opEnded has one of them back.
func (l *loop) opEnded(t *task) {
	t.ops--
	l.underway--
}

// read reads the first n bytes of the planned range and sends them.
func (l *loop) read(t *task, n int) {
	p := &t.plan
	switch {
	case t.unit.null || n == 0:
		l.sendData(t, n)
	case p.FromMedium || !t.ringIO(n):
		l.job(t)
	default:
		for i := range t.spans {
			at := i * maxSpan
			s := &t.spans[i]
			l.opStarted(t)
			uring.Read(l.ring.SQE(), l.file(t.unit), uring.Addr(s.mem), min(n-at, maxSpan),
				p.Off+int64(at), int(s.buf), ud(opDisk, uint8(i), t.gen, t.idx))
		}
	}
}

// write writes the data that was collected.
func (l *loop) write(t *task) {
	p := &t.plan
	switch {
	case t.unit.null || p.Len == 0:
		l.respond(t)
	case p.Atomic || !t.ringIO(p.Len):
		l.job(t)
	default:
		flags := t.unit.disk.WriteFlags(p.Durable)
		for i := range t.spans {
			at := i * maxSpan
			if at >= p.Len {
				break // a command that came early has memory for all that was announced
			}
			s := &t.spans[i]
			l.opStarted(t)
			uring.Write(l.ring.SQE(), l.file(t.unit), uring.Addr(s.mem), min(p.Len-at, maxSpan),
				p.Off+int64(at), int(s.buf), flags, ud(opDisk, uint8(i), t.gen, t.idx))
		}
	}
}

// ringIO reports whether the transfer of n bytes, in pieces of a span, may go
// to the ring as it is.
func (t *task) ringIO(n int) bool {
	for at := 0; at < n; at += maxSpan {
		if !t.unit.disk.RingIO(t.plan.Off+int64(at), min(n-at, maxSpan)) {
			return false
		}
	}
	return true
}

// flushUnit makes the acknowledged writes durable. With IMMED the status goes
// first.
func (l *loop) flushUnit(t *task) {
	if t.unit.null {
		l.respond(t)
		return
	}
	l.opStarted(t)
	uring.Sync(l.ring.SQE(), l.file(t.unit), ud(opDisk, 0, t.gen, t.idx))
	if t.plan.Immediate {
		l.respond(t)
	}
}

// prefetch brings blocks into the cache in front of the backing, where there is
// one: CONDITION MET says that all of them are, or with IMMED will be, there. No
// more than MaxTransfer is read ahead: the cache serves all units.
func (l *loop) prefetch(t *task) {
	p := &t.plan
	if t.unit.null || t.unit.disk.Direct() {
		l.respond(t)
		return
	}
	if p.Len <= MaxTransfer {
		t.status = scsi.StatusConditionMet
	} else {
		p.Len = MaxTransfer
	}
	l.job(t)
	if p.Immediate {
		l.respond(t)
	}
}

// diskDone takes the result of one operation of t: a count or -errno.
func (l *loop) diskDone(t *task, i int, res int32) {
	l.opEnded(t)
	switch want := t.opLen(i); {
	case t.abortd && res == -int32(unix.ECANCELED):
	case res == -int32(unix.EAGAIN), res == -int32(unix.EINTR), res >= 0 && int(res) < want:
		t.again = true
	case res < 0:
		l.diskError(t, syscall.Errno(-res))
	}
	if t.ops > 0 {
		return
	}
	if t.state == taskEnded { // aborted, or the status went first
		l.settled(t)
		l.retire(t)
		return
	}
	if t.again && t.status == scsi.StatusGood {
		l.job(t)
		return
	}
	l.transferred(t)
}

// cancelWork takes back what of t neither the kernel nor a worker has begun.
// What they have is waited for: until then it may reach the disk.
func (l *loop) cancelWork(t *task) {
	switch {
	case t.ops == 0 || !t.isCommand():
	case t.copying:
		l.cancelCopy(t)
	case l.eng.work.withdraw(t):
		l.opEnded(t)
	default:
		for i := range max(len(t.spans), 1) {
			uring.Cancel(l.ring.SQE(), ud(opDisk, uint8(i), t.gen, t.idx), ud(opCancel, 0, 0, 0))
		}
	}
}

// opLen is how many bytes operation i of t moves.
func (t *task) opLen(i int) int {
	switch t.plan.Action {
	case scsi.ActionRead:
		return min(t.need()-i*maxSpan, maxSpan)
	case scsi.ActionWrite:
		return min(t.plan.Len-i*maxSpan, maxSpan)
	}
	return 0
}

// transferred answers a command whose disk work is done.
func (l *loop) transferred(t *task) {
	if t.status == scsi.StatusCheckCondition && l.locate(t) {
		return
	}
	if t.status == scsi.StatusGood && t.plan.MustFlush() {
		t.plan.Action, t.plan.Durable = scsi.ActionFlush, true
		l.job(t)
		return
	}
	l.settled(t)
	switch {
	case t.status == scsi.StatusCheckCondition:
		l.respond(t)
	case t.plan.Action == scsi.ActionRead:
		l.sendData(t, t.need())
	case t.plan.Action == scsi.ActionReply: // a worker made the reply
		if !t.bhs.SCSICommand().Write() {
			t.total = len(t.plan.Reply)
		}
		l.dataIn(t)
	default:
		l.respond(t)
	}
}

// diskError turns the errno of the backing into sense and logs it, not more
// often than errorLogEvery for each unit.
func (l *loop) diskError(t *task, e syscall.Errno) {
	if t.status == scsi.StatusCheckCondition {
		return // the first error is the one that is told
	}
	t.status = scsi.StatusCheckCondition
	t.sense = senseOf(t.plan.Action, e)
	if deviceGone(e) && t.unit.gone.CompareAndSwap(false, true) {
		unit := t.unit.unit
		l.eng.spawn(func() { l.eng.ctl.DeviceGone(unit, e) })
	}
	now := l.eng.now().UnixNano() // a disk error is no ordinary command
	if last := t.unit.lastError.Load(); now-last > int64(errorLogEvery) && t.unit.lastError.CompareAndSwap(last, now) {
		l.eng.log.Error().Err(e).Str("path", t.unit.disk.Path()).Int64("offset", t.plan.Off).
			Int("length", t.plan.Len).Msg("disk error")
	}
}

// senseOf says what a failed disk operation means to the initiator.
func senseOf(a scsi.Action, e syscall.Errno) scsi.Sense {
	switch a {
	case scsi.ActionRead, scsi.ActionVerify, scsi.ActionPrefetch, scsi.ActionLBAStatus:
		return scsi.ReadSense(e)
	case scsi.ActionFlush:
		return scsi.FlushSense(e)
	}
	return scsi.WriteSense(e)
}
