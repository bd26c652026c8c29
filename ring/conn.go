// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/ring/internal/uring"
)

// connState is the life of a connection's slot. A slot is never freed, only
// used again.
//
//	free --attach--> serving --drain--> draining --last operation--> free
//	                    \                  /
//	                     --> lingering -->
//
// serving is LOGGED_IN of RFC 7143, Section 8.1; the states before it belong to
// login.
type connState uint8

const (
	connFree      connState = iota // no descriptor; the slot is on the free list
	connServing                    // a receive is armed, a send when there is something
	connLingering                  // our last PDU is sent; what still arrives is dropped until the peer closes
	connDraining                   // nothing is started; receive, send and tasks come to their end
	numConnStates
)

// connNext holds, for each state, the states it may go to.
var connNext = [numConnStates]uint8{
	connFree:      1 << connServing,
	connServing:   1<<connLingering | 1<<connDraining,
	connLingering: 1 << connDraining,
	connDraining:  1 << connFree,
}

// A conn is a connection in full feature phase. Its loop owns it: no other
// goroutine may touch any field but loop.
type conn struct {
	loop  *loop
	idx   uint32
	gen   uint16
	state connState

	fd     int
	cid    uint16
	sess   *Session
	params Params
	remote string
	statSN pdu.Serial // of the next status

	recv       recvState
	recvArmed  bool // the multishot receive is in the kernel
	rearm      bool // the receive ended for lack of buffers and is armed again this turn
	quiet      int  // ticks since bytes arrived, or since the lingering began
	stalled    int  // ticks without a byte either way while others waited for its memory, or since lastWords
	pinged     bool // a NOP-In ping is not answered yet
	textIn     []byte
	textOut    []byte // what of a text response is still to be fetched
	textTag    uint32
	textActive bool // Control.Text works for this connection
	declare    int  // MaxRecvDataSegmentLength that the next text negotiation is to declare; 0: none
	saying     int  // the one that this negotiation declares
	declared   int  // the one that the initiator was told last
	nextXmit   int  // MaxXmitDataSegmentLength from the end of the text negotiation on; 0: as it is

	tasks      *task // the open ones, newest first
	numTasks   int
	immediates int // immediate requests among them
	heldBytes  int // arena bytes of its tasks
	// parkedBytes are those of blocked commands among them, which do not count
	// in the connection's share.
	parkedBytes int

	fences []fence // what functions wait for that the initiator acknowledges here

	out       outQueue
	dirty     bool   // on the loop's list of connections to send for
	sending   bool   // a send is in the kernel
	lastWords bool   // nothing is received any more; what is queued is sent, then the connection ends
	curt      string // with lastWords: why it ends, without waiting for the initiator to close; empty: it waits
	loggedOut bool   // its end does not end the session

	rejects   int  // Reject PDUs queued since bytes went out
	badDigest bool // a data digest error was logged

	gone []chan struct{} // closed when the slot is free again
}

// setState panics on a transition that the drawing does not have.
func (c *conn) setState(s connState) {
	if connNext[c.state]&(1<<s) == 0 {
		panic("ring: connection goes where it cannot")
	}
	c.state = s
}

// unread reports whether more answers wait to be sent than any initiator can
// have asked for that reads them: a task lives until its answer is sent, and an
// initiator that knows of no answer has a window of commands open and some
// immediate ones. What it is refused counts since the last send.
func (c *conn) unread() bool {
	return c.numTasks > 2*c.sess.depth+4*maxImmediate || c.rejects > maxRejects
}

func (c *conn) serving() bool { return c.state == connServing }

// newConn takes a slot from the free list or makes one.
func (l *loop) newConn() *conn {
	if n := len(l.freeConns); n > 0 {
		c := l.freeConns[n-1]
		l.freeConns = l.freeConns[:n-1]
		return c
	}
	if len(l.conns) == maxConns {
		return nil
	}
	c := &conn{loop: l, idx: uint32(len(l.conns)), fd: -1}
	l.conns = append(l.conns, c)
	return c
}

// attach begins to serve the connection of h, whose descriptor is the loop's
// from here on.
func (l *loop) attach(h Handoff) {
	c := l.newConn()
	if c == nil || l.quiesce {
		if c != nil {
			l.freeConns = append(l.freeConns, c)
		}
		l.refuse(h)
		return
	}
	*c = conn{loop: l, idx: c.idx, gen: c.gen, fd: h.FD, cid: h.CID, sess: h.Session,
		params: h.Params, remote: h.Remote, statSN: h.StatSN, textTag: pdu.NoTag,
		declared: h.Params.MaxRecvDataSegmentLength,
		recv:     recvState{ahs: c.recv.ahs}}
	if !h.Session.adopt(c) {
		c.sess, c.fd = nil, -1
		l.freeConns = append(l.freeConns, c)
		l.refuse(h)
		return
	}
	l.limitSilence(c)
	c.setState(connServing)
	l.liveConns++
	if c.params.NOPInterval > 0 {
		l.tickFrom(l.eng.now()) // once a connection
		l.pinging++
	}
	l.startRecv(c)
	l.eng.log.Info().Str("initiator", c.sess.cfg.Initiator).Str("target", c.sess.cfg.TargetName).
		Str("remote", c.remote).Int("loop", l.id).Msg("session in full feature phase")
}

// refuse closes a connection that came too late.
func (l *loop) refuse(h Handoff) {
	_ = unix.Close(h.FD) // nothing was written that could be lost
	l.count.Add(-1)
	h.Session.lose(h.CID, nil, l.eng)
}

// drain asks everything that the connection has in the kernel to end. why goes
// to the log.
func (l *loop) drain(c *conn, why string) {
	if c.state != connServing && c.state != connLingering {
		return
	}
	if c.lastWords {
		l.lingering--
	}
	was := c.state
	c.setState(connDraining)
	if was == connServing {
		l.unserve(c, why)
	}
	// Both the armed receive and a send end through this. ENOTCONN means that
	// the peer was faster.
	_ = unix.Shutdown(c.fd, unix.SHUT_RDWR)
	if c.recvArmed {
		uring.Cancel(l.ring.SQE(), c.ud(opRecv), ud(opCancel, 0, 0, 0))
	}
	l.dropQueue(c)
	l.abortTasks(c)
	l.drained(c)
}

// closeAfterSend ends the connection when everything queued is sent and the
// initiator has closed, too; nothing that still arrives is looked at.
func (l *loop) closeAfterSend(c *conn) {
	l.beginLastWords(c)
	if c.out.first == nil && !c.sending {
		l.linger(c)
	}
}

// dropAfterSend is closeAfterSend for a connection that may be dead already: its
// commands are aborted, and nobody waits for the initiator.
func (l *loop) dropAfterSend(c *conn, why string) {
	if !c.serving() {
		l.drain(c, why)
		return
	}
	l.beginLastWords(c)
	if c.curt == "" {
		c.curt = why // the first cause is the one that is told
	}
	l.abortTasks(c)
	if c.out.first == nil && !c.sending {
		l.drain(c, why)
	}
}

// beginLastWords stops receiving. The rest is bounded by ticks.
func (l *loop) beginLastWords(c *conn) {
	if c.lastWords {
		return
	}
	l.tickFrom(l.eng.now()) // once a connection
	l.lingering++
	c.lastWords, c.stalled = true, 0
}

// linger ends the connection after its last PDU was sent. To close at once
// while the initiator still sends would make the kernel reset the connection,
// and the initiator could lose the last PDU.
func (l *loop) linger(c *conn) {
	c.setState(connLingering)
	l.unserve(c, "the last PDU is sent")
	c.quiet = 0
	_ = unix.Shutdown(c.fd, unix.SHUT_WR) // ENOTCONN: the peer was faster
	l.abortTasks(c)
}

// abortTasks aborts everything that is open on c.
func (l *loop) abortTasks(c *conn) {
	for t := c.tasks; t != nil; {
		next := t.next
		l.abort(t)
		if next != nil && next.conn != c {
			next = c.tasks // a function that waited for t went with it; those before it have ended
		}
		t = next
	}
}

// unserve is the end of full feature phase. Without a logout it is the end of
// the session too: at ErrorRecoveryLevel 0 nothing can take a lost connection's
// place (RFC 7143, Section 7.1.5).
func (l *loop) unserve(c *conn, why string) {
	if c.params.NOPInterval > 0 {
		l.pinging--
	}
	l.eng.log.Info().Str("initiator", c.sess.cfg.Initiator).Str("target", c.sess.cfg.TargetName).
		Str("remote", c.remote).Str("why", why).Msg("connection closes")
	if !c.loggedOut {
		l.closeSession(c.sess, "another connection of the session was lost")
	}
	l.dropFences(c)
}

// drained closes the connection when nothing of it is in the kernel any more.
func (l *loop) drained(c *conn) {
	if c.state != connDraining || c.recvArmed || c.sending || c.numTasks > 0 || c.textActive {
		return
	}
	_ = unix.Close(c.fd) // everything was sent or given up; there is nobody to tell
	sess := c.sess
	for _, ch := range c.gone {
		close(ch)
	}
	c.setState(connFree)
	c.gen++
	c.fd, c.sess, c.textIn, c.textOut, c.gone = -1, nil, nil, nil, nil
	l.freeConns = append(l.freeConns, c)
	l.liveConns--
	l.count.Add(-1)
	sess.lose(c.cid, c, l.eng)
	l.releaseDeferred(sess)
}

// ud names an operation of the connection in the kernel.
func (c *conn) ud(op opKind) uint64 { return ud(op, 0, c.gen, c.idx) }
