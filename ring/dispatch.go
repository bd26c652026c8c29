// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "ietring/pdu"

// What begin leaves for end of the same PDU, in recvState.note.
const (
	noteDropped uint8 = iota // refused, ignored or complete: end does nothing
	noteTask                 // recv.task has its data
	noteFinal                // recv.task has its data, and the F bit was set
)

// handlers has a row for each initiator opcode. begin is called when the header
// is here and says where the data goes; end when the data is here and its
// digest was right.
var handlers [64]struct{ begin, end func(*loop, *conn) }

func init() {
	row := func(op pdu.Opcode, begin, end func(*loop, *conn)) {
		handlers[op].begin, handlers[op].end = begin, end
	}
	row(pdu.OpSCSICommand, (*loop).beginCommand, (*loop).endCommand)
	row(pdu.OpDataOut, (*loop).beginDataOut, (*loop).endDataOut)
	row(pdu.OpNopOut, (*loop).beginRequest, (*loop).endRequest)
	row(pdu.OpTaskMgmt, (*loop).beginRequest, (*loop).endRequest)
	row(pdu.OpText, (*loop).beginRequest, (*loop).endRequest)
	row(pdu.OpLogout, (*loop).beginRequest, (*loop).endRequest)
	row(pdu.OpSNACK, (*loop).beginSNACK, nil)
}

// refusePDU answers a PDU that did not pass the door. One whose data segment is
// longer than we declared ends the connection, since skipping it would let the
// peer send what it likes; the others are rejected and their data is dropped.
func (l *loop) refusePDU(c *conn, err *pdu.Error) {
	r := &c.recv
	l.eng.log.Debug().Err(err).Str("remote", c.remote).Msg("PDU refused")
	if r.bhs.DataLen() > c.params.MaxRecvDataSegmentLength {
		r.left = 0
		l.reject(c, err.Reason)
		l.closeAfterSend(c)
		return
	}
	if r.bhs.Opcode().HasCmdSN() && !r.bhs.Immediate() {
		// A refused request used its number up, or all after it would wait.
		if c.sess.order(r.bhs.CmdSN()) == ignore {
			return
		}
		c.sess.skip(r.bhs.CmdSN())
		defer l.releaseHeld(c.sess)
	}
	l.reject(c, err.Reason)
}

// accept decides what becomes of a request by its number and makes the task. It
// returns nil when the request is ignored or was rejected.
func (l *loop) accept(c *conn) *task {
	h := &c.recv.bhs
	v := deliver
	if h.Immediate() {
		if c.immediates == maxImmediate {
			l.reject(c, pdu.ReasonTooManyImmediate)
			return nil
		}
	} else if v = c.sess.order(h.CmdSN()); v == ignore {
		return nil
	}
	if c.sess.tags.taken(h.ITT()) {
		l.refusePDU(c, &pdu.Error{Op: h.Opcode(), Reason: pdu.ReasonTaskInProgress, Field: "Initiator Task Tag"})
		return nil
	}
	t := l.newTask(c)
	if t == nil {
		l.drain(c, "the loop has no task left")
		return nil
	}
	c.sess.tags.add(t)
	switch {
	case v == hold:
		t.state = taskHeld
		c.sess.put(h.CmdSN(), t)
	case !t.immediate:
		c.sess.number(t)
	}
	return t
}

// releaseHeld delivers the requests of s whose turn has come, and the functions
// that waited for them. One whose own PDU still arrives is delivered at its end.
func (l *loop) releaseHeld(s *Session) {
	for t := s.turn(); t != nil && t != t.conn.recv.task && t.conn.serving(); t = s.turn() {
		s.taken()
		s.number(t)
		switch {
		case t.bhs.Opcode() != pdu.OpSCSICommand:
			l.request(t)
		case l.enter(t):
			l.start(t)
		default:
			l.park(t)
		}
	}
	l.releaseDeferred(s)
}

// beginRequest receives the data of a request that is no SCSI command.
func (l *loop) beginRequest(c *conn) {
	r := &c.recv
	if l.quiesce && r.bhs.Opcode() != pdu.OpLogout && r.bhs.Opcode() != pdu.OpNopOut {
		return
	}
	if r.bhs.Opcode() == pdu.OpNopOut && r.bhs.ITT() == pdu.NoTag {
		c.pinged = false // the answer to our ping, or nothing: no response
		return
	}
	t := l.accept(c)
	if t == nil {
		return
	}
	if n := min(r.left, maxText); n > 0 && !l.allocSpans(t, n) {
		// No memory for a few KiB: the initiator tries again after a Reject.
		t.discard = true
	}
	t.want, t.got = r.left, r.left
	r.task, r.note = t, noteTask
}

// endRequest has the whole request.
func (l *loop) endRequest(c *conn) {
	t := c.recv.task
	c.recv.task = nil
	if c.recv.note == noteTask && t.state != taskEnded && t.state != taskHeld {
		l.request(t)
	}
	l.releaseHeld(c.sess)
}

// request carries out a request that is no SCSI command, in its turn.
func (l *loop) request(t *task) {
	if t.bhs.Opcode() == pdu.OpTaskMgmt && t.deferred() {
		return
	}
	t.state = taskWorking
	switch t.bhs.Opcode() {
	case pdu.OpNopOut:
		l.nopOut(t)
	case pdu.OpTaskMgmt:
		l.taskMgmt(t)
	case pdu.OpText:
		l.text(t)
	case pdu.OpLogout:
		l.logout(t)
	default:
		panic("ring: a request of an opcode that has no function")
	}
}

// beginSNACK refuses: there is no recovery below the session at
// ErrorRecoveryLevel 0.
func (l *loop) beginSNACK(c *conn) { l.refusePDU(c, errSNACK) }

var errSNACK = &pdu.Error{Op: pdu.OpSNACK, Reason: pdu.ReasonSNACK, Field: "ErrorRecoveryLevel is 0"}
