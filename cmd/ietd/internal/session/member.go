// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"slices"
	"time"
)

// Errors of [Registry.Join].
var (
	// ErrAlone says that the session has no connection but the one that is to
	// be replaced: the login takes the session over, by Reserve.
	ErrAlone = errors.New("the session has no other connection")
	// ErrConnections says that the session has MaxConnections of them.
	ErrConnections = errors.New("too many connections of this session")
)

// A member is a connection's place in its session.
type member struct {
	conn     Conn
	attached bool          // a loop has it, or had it
	settled  chan struct{} // closed by Attached
}

// present returns the connections of e, those whose logins end just now too, and
// forgets the others. The caller holds Registry.mu.
func (e *Entry) present() []Conn {
	e.conns = slices.DeleteFunc(e.conns, func(m *member) bool { return m.attached && !e.live.Has(m.conn.CID) })
	list := make([]Conn, len(e.conns))
	for i, m := range e.conns {
		list[i] = m.conn
	}
	return list
}

// Room reports whether a connection with this CID may log in to the session:
// there are fewer than MaxConnections, or it replaces one.
func (r *Registry) Room(e *Entry, cid uint16) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	conns := e.present()
	return len(conns) < e.conn.MaxConnections || slices.ContainsFunc(conns, func(c Conn) bool { return c.CID == cid })
}

// Join makes a place for another connection of a live session. One with the same
// CID is asked to end and waited for (connection reinstatement, RFC 7143, Section
// 6.3.4). The caller says by Attached how it went on. It fails with ErrAlone,
// ErrConnections, ErrReplaced when the session has ended or another login wants
// the CID too, or ErrBusy.
func (r *Registry) Join(e *Entry, conn Conn) (Live, error) {
	deadline := time.NewTimer(r.patience)
	defer deadline.Stop()
	for {
		old, err := r.tryJoin(e, conn)
		if err != nil {
			return nil, err
		}
		if old == nil {
			return e.live, nil // does not change any more
		}
		select {
		case <-old:
		case <-deadline.C:
			return nil, ErrBusy
		}
	}
}

// tryJoin adds conn, or asks the old connection that is in its way to end and
// returns what tells of that.
func (r *Registry) tryJoin(e *Entry, conn Conn) (<-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.closing || r.byTSIH[e.tsih] != e || e.hasEnded() {
		return nil, ErrReplaced
	}
	conns := e.present()
	same := slices.IndexFunc(conns, func(c Conn) bool { return c.CID == conn.CID })
	switch {
	case len(conns) == 0, len(conns) == 1 && same == 0:
		return nil, ErrAlone
	case same >= 0 && !e.conns[same].attached && e.live.Has(conn.CID):
		return e.conns[same].settled, nil // its login is about to say so
	case same >= 0 && !e.conns[same].attached:
		return nil, ErrReplaced
	case same >= 0:
		return e.live.DropConnection(conn.CID), nil
	case len(conns) >= e.conn.MaxConnections:
		return nil, ErrConnections
	}
	e.conns = append(e.conns, &member{conn: conn, settled: make(chan struct{})})
	return nil, nil
}

// Attached says that a loop has connection cid of e, or that none will.
func (r *Registry) Attached(e *Entry, cid uint16, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(e.conns, func(m *member) bool { return m.conn.CID == cid && !m.attached })
	if i < 0 {
		return // it came and went
	}
	close(e.conns[i].settled)
	if ok {
		e.conns[i].attached = true
	} else {
		e.conns = slices.Delete(e.conns, i, i+1)
	}
}
