// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "ietring/pdu"

// logout ends the connection, and as MaxConnections is 1 the session, when the
// commands in flight have ended (RFC 7143, Section 11.14).
func (l *loop) logout(t *task) {
	c := t.conn
	req := t.bhs.LogoutRequest()
	switch {
	case req.Reason() == pdu.LogoutRecovery:
		l.answerLogout(t, pdu.LogoutRecoveryUnsupported)
		return
	case req.Reason() == pdu.LogoutCloseConnection && req.CID() != c.cid:
		l.answerLogout(t, pdu.LogoutCIDNotFound)
		return
	case req.Reason() > pdu.LogoutRecovery:
		c.recv.bhs = t.bhs // Reject shows the header that it refuses
		l.reject(c, pdu.ReasonInvalidPDUField)
		l.end(t)
		return
	}
	t.ops++ // t must stay until the others have ended
	w := &abortWait{left: 1, done: func() {
		t.ops--
		l.answerLogout(t, pdu.LogoutClosed)
		if c.serving() {
			l.closeAfterSend(c)
		}
	}}
	l.abortAll(c, w, func(v *task) bool { return v != t })
	w.ended()
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

// requestLogout sends the Asynchronous Message that asks for a logout.
func (l *loop) requestLogout(c *conn, seconds uint16) {
	o := l.newOut(c, nil)
	h := o.bhs()
	h.SetOpcode(pdu.OpAsync)
	h.SetFinal()
	h.SetITT(pdu.NoTag)
	a := h.AsyncMessage()
	a.SetEvent(pdu.AsyncLogoutRequest)
	a.SetParams(0, 0, seconds)
	h.SetStatSN(c.statSN)
	c.statSN++
	l.push(c, o)
}
