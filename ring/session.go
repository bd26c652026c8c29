// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"sync"

	"ietring/pdu"
)

// A Session is an I_T nexus in full feature phase. While MaxConnections is 1
// it has one connection, and the loop of that connection owns the command
// window.
type Session struct {
	cfg  SessionConfig
	done chan struct{}

	mu     sync.Mutex // guards what follows; taken by the control plane and at the ends of life
	conn   *conn      // nil before a loop has it and after the end; the loop's to look into
	loop   *loop      // of conn
	given  bool       // Attach gave it to a loop, which will end it
	closed bool       // Close was called or the session has ended: no Attach any more

	// The command window (RFC 7143, Section 4.2.2.1), owned by the loop.
	expCmdSN pdu.Serial
	open     int // numbered requests between their dispatch and their response
	held     int // tasks that wait for an earlier CmdSN
}

// NewSession makes a session that has no connection yet.
func (e *Engine) NewSession(cfg SessionConfig) *Session {
	return &Session{cfg: cfg, done: make(chan struct{}), expCmdSN: cfg.CmdSN}
}

// Config returns what the session was made with.
func (s *Session) Config() SessionConfig { return s.cfg }

// Done is closed when the last connection of the session is closed and its
// last command has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Close asks for the end of the session: its connection is dropped. It does
// not wait; see Done. A session that never had a connection ends at once.
func (s *Session) Close() {
	s.mu.Lock()
	c, l, mine := s.conn, s.loop, !s.given && !s.closed
	s.closed = true
	s.mu.Unlock()
	if c != nil {
		l.mail.post(func() {
			if c.sess == s {
				l.drain(c, "the session was closed")
			}
		})
	}
	if mine {
		s.cfg.Nexus.Detach()
		close(s.done)
	}
}

// RequestLogout asks the initiator by an Asynchronous Message to log out within
// so many seconds (RFC 7143, Section 11.9, AsyncEvent 1). It does not close the
// session when it does not; see Close.
func (s *Session) RequestLogout(seconds uint16) {
	s.mu.Lock()
	c, l := s.conn, s.loop
	s.mu.Unlock()
	if c == nil {
		return
	}
	l.mail.post(func() {
		if c.sess == s && c.serving() && !c.lastWords {
			l.requestLogout(c, seconds)
		}
	})
}

// give marks the session as a loop's; false when it was closed.
func (s *Session) give() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = !s.closed
	return s.given
}

// takeBack undoes give: the loop has ended.
func (s *Session) takeBack() {
	s.mu.Lock()
	s.given = false
	s.mu.Unlock()
}

// adopt makes c the connection of the session; false when it was closed.
func (s *Session) adopt(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conn, s.loop = c, c.loop
	return true
}

// end tells that the connection is gone and with it the session.
func (s *Session) end(e *Engine) {
	s.mu.Lock()
	s.conn, s.closed = nil, true
	s.mu.Unlock()
	s.cfg.Nexus.Detach()
	close(s.done)
	e.spawn(func() { e.ctl.SessionGone(s) })
}

// maxCmdSN returns the last command number that is taken. It never goes back:
// a dispatch moves expCmdSN and open together, a response lowers open.
func (s *Session) maxCmdSN() pdu.Serial {
	return s.expCmdSN + pdu.Serial(s.cfg.QueueDepth-s.open-1)
}

// A verdict says what becomes of a numbered request.
type verdict uint8

const (
	deliver verdict = iota // now
	hold                   // an earlier one is missing
	ignore                 // outside the window: in silence
)

// order looks at the number of a request that is not immediate.
func (s *Session) order(sn pdu.Serial) verdict {
	switch {
	case sn == s.expCmdSN && sn.InWindow(s.expCmdSN, s.maxCmdSN()):
		return deliver
	case sn.InWindow(s.expCmdSN, s.maxCmdSN()):
		return hold
	}
	return ignore
}
