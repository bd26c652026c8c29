// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"
	"sync"

	"ietring/pdu"
)

// A Session is an I_T nexus in full feature phase. All its connections are on
// one loop, which owns the command window and the task sets: commands of several
// connections are put in order without a lock, and what one connection brings
// can go on with what another one waits for in the same turn.
type Session struct {
	cfg  SessionConfig
	done chan struct{}

	mu     sync.Mutex // guards what follows; taken by the control plane and at the ends of a connection's life
	loop   *loop      // of all connections; nil before the first
	cids   []uint16   // of the connections that were given to the loop and are not closed yet
	closed bool       // Close was called or the session has ended: no Attach any more

	// What follows is the loop's.
	window
	tags     tagTable
	conns    []*conn
	deferred []*task    // immediate functions that wait for commands before them
	sets     []*taskSet // empty while all commands are SIMPLE
}

// NewSession makes a session that has no connection yet.
func (e *Engine) NewSession(cfg SessionConfig) *Session {
	return &Session{cfg: cfg, done: make(chan struct{}), tags: newTagTable(cfg.QueueDepth), window: window{expCmdSN: cfg.CmdSN, depth: cfg.QueueDepth}}
}

// Config returns what the session was made with.
func (s *Session) Config() SessionConfig { return s.cfg }

// Done is closed when the last connection of the session is closed and its
// last command has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Has reports whether the session has connection cid: it was given to a loop and
// is not closed yet.
func (s *Session) Has(cid uint16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.cids, cid)
}

// Connections returns how many connections the session has.
func (s *Session) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.cids)
}

// Close asks for the end of the session: the initiator is told by an
// Asynchronous Message (RFC 7143, Section 11.9, AsyncEvent 3) as far as it takes
// one, and all connections are dropped. It does not wait; see Done. A session
// that never had a connection ends at once.
func (s *Session) Close() {
	s.mu.Lock()
	l, mine := s.loop, s.loop == nil && !s.closed
	s.closed = true
	s.mu.Unlock()
	switch {
	case mine:
		s.cfg.Nexus.Detach()
		close(s.done)
	case l != nil:
		l.mail.post(func() { l.closeSession(s, "the session was closed") })
	}
}

// DropConnection asks for the end of one connection, as a logout of it would;
// the session goes on when it has another. The result is closed when that
// connection's last command has ended, or when there is no such connection.
func (s *Session) DropConnection(cid uint16) <-chan struct{} {
	gone := make(chan struct{})
	if !s.post(func(l *loop) { l.dropConnection(s, cid, gone) }) {
		close(gone)
	}
	return gone
}

// Window returns ExpCmdSN and MaxCmdSN, for the login of another connection.
func (s *Session) Window() (exp, most pdu.Serial) {
	answer := make(chan window, 1)
	if !s.post(func(*loop) { answer <- s.window }) {
		return s.cfg.CmdSN, s.cfg.CmdSN + pdu.Serial(s.cfg.QueueDepth) - 1
	}
	w := <-answer // a loop that ends carries out what was posted
	return w.expCmdSN, w.maxCmdSN()
}

// RequestLogout asks the initiator by an Asynchronous Message on each connection
// to log out within so many seconds (RFC 7143, Section 11.9, AsyncEvent 1). It
// does not close the session when it does not; see Close.
func (s *Session) RequestLogout(seconds uint16) {
	s.post(func(l *loop) {
		for _, c := range s.conns {
			if c.serving() && !c.lastWords {
				l.async(c, pdu.AsyncLogoutRequest, 0, 0, seconds)
			}
		}
	})
}

// post has f called on the loop of the session. It reports false when there is
// none, as before the first connection, or it has ended.
func (s *Session) post(f func(l *loop)) bool {
	s.mu.Lock()
	l := s.loop
	s.mu.Unlock()
	return l != nil && l.mail.post(func() { f(l) })
}

// give books connection cid for a loop: that of the session, or, for its first
// connection, best. It returns nil when the session was closed.
func (s *Session) give(cid uint16, best *loop) *loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.loop == nil {
		s.loop = best
	}
	s.cids = append(s.cids, cid)
	return s.loop
}

// takeBack undoes give: the loop has ended.
func (s *Session) takeBack(cid uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strike(cid)
	if len(s.cids) == 0 {
		s.loop = nil
	}
}

// strike takes cid off the list once. The caller holds s.mu.
func (s *Session) strike(cid uint16) {
	if i := slices.Index(s.cids, cid); i >= 0 {
		s.cids = slices.Delete(s.cids, i, i+1)
	}
}

// adopt makes c a connection of the session; false when it was closed.
func (s *Session) adopt(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns = append(s.conns, c)
	return true
}

// lose tells that connection cid, c if it was adopted, is gone; with the last
// one the session ends.
func (s *Session) lose(cid uint16, c *conn, e *Engine) {
	s.conns = slices.DeleteFunc(s.conns, func(v *conn) bool { return v == c })
	s.mu.Lock()
	s.strike(cid)
	last := len(s.cids) == 0
	s.closed = s.closed || last
	s.mu.Unlock()
	if last {
		s.cfg.Nexus.Detach()
		close(s.done)
		e.spawn(func() { e.ctl.SessionGone(s) })
	}
}

// leave takes t out of the window and gives its tag free: with its response, or
// without one.
func (s *Session) leave(t *task) {
	s.window.leave(t)
	s.tags.remove(t)
}

// unhold forgets a request that waits in the window, or a function that waits
// for commands before it; its number counts as received.
func (s *Session) unhold(t *task) {
	if t.immediate {
		s.deferred = slices.DeleteFunc(s.deferred, func(v *task) bool { return v == t })
		return
	}
	s.forget(t.bhs.CmdSN())
}

// closeSession tells the initiator that the session ends, and drops every
// connection.
func (l *loop) closeSession(s *Session, why string) {
	for _, c := range slices.Clone(s.conns) {
		if !c.serving() {
			continue
		}
		if !c.lastWords {
			l.async(c, pdu.AsyncDropSession, 0, 0, 0)
		}
		l.dropAfterSend(c, why)
	}
}

// dropConnection drops one connection of s without ending the session.
func (l *loop) dropConnection(s *Session, cid uint16, gone chan struct{}) {
	for _, c := range s.conns {
		if c.cid != cid {
			continue
		}
		c.gone = append(c.gone, gone)
		c.loggedOut = true
		if c.serving() && !c.lastWords {
			l.async(c, pdu.AsyncDropConnection, cid, 0, 0)
		}
		l.dropAfterSend(c, "the connection was closed")
		return
	}
	close(gone)
}
