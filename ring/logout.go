// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"

	"ietring/pdu"
)

// logout ends the session, the connection that it came on, or another one, when
// the commands in flight there have ended (RFC 7143, Section 11.14). The session
// outlives the end of a connection when it has another.
func (l *loop) logout(t *task) {
	c := t.conn
	req := t.bhs.LogoutRequest()
	which := slices.Clone(c.sess.conns)
	switch req.Reason() {
	case pdu.LogoutCloseSession:
	case pdu.LogoutCloseConnection:
		which = slices.DeleteFunc(which, func(v *conn) bool { return v.cid != req.CID() || !v.serving() })
		if len(which) == 0 {
			l.answerLogout(t, pdu.LogoutCIDNotFound)
			return
		}
	case pdu.LogoutRecovery:
		l.answerLogout(t, pdu.LogoutRecoveryUnsupported)
		return
	default:
		l.rejectHeader(c, &t.bhs, pdu.ReasonInvalidPDUField)
		l.end(t)
		return
	}
	gens := make([]uint16, len(which)) // a slot may have another connection by then
	for k, v := range which {
		gens[k] = v.gen
	}
	t.ops++ // t must stay until the others have ended
	w := &abortWait{left: 1, done: func() {
		t.ops--
		for k, v := range which {
			if v.gen != gens[k] {
				which[k] = nil
			}
		}
		l.loggedOut(t, which)
	}}
	l.freeze(func() {
		for _, v := range which {
			l.abortAll(v, w, func(v *task) bool { return v != t })
		}
	})
	w.ended()
	if c.serving() {
		l.releaseHeld(c.sess) // numbers of requests that were aborted count as received
	}
}

// loggedOut answers t, whose connections have no commands any more, and ends
// them. One that has ended by itself is nil.
func (l *loop) loggedOut(t *task, which []*conn) {
	c := t.conn
	own := false
	for _, v := range which {
		switch v {
		case nil:
		case c:
			own = true
		default:
			v.loggedOut = true
			l.drain(v, "logged out")
		}
	}
	if own && c.serving() {
		c.loggedOut = true
	}
	l.answerLogout(t, pdu.LogoutClosed)
	if own && c.serving() {
		l.closeAfterSend(c)
	}
}

func (l *loop) answerLogout(t *task, r pdu.LogoutResult) {
	if t.state == taskEnded { // the connection closes anyway
		l.retire(t)
		return
	}
	h, o := l.response(t, pdu.OpLogoutResponse)
	h.LogoutResponse().SetResult(r)
	l.push(t.conn, o)
	l.end(t)
}
