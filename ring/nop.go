// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "ietring/pdu"

// nopOut answers a ping with its own data, as much as the initiator takes (RFC
// 7143, Section 11.19).
func (l *loop) nopOut(t *task) {
	c := t.conn
	h, o := l.response(t, pdu.OpNopIn)
	h.NopIn().SetTTT(pdu.NoTag)
	if n := min(t.length, c.params.MaxXmitDataSegmentLength); n > 0 {
		l.pushData(c, o, t.bytes(n))
	} else {
		l.push(c, o)
	}
	l.end(t)
}

// ping looks at the connections that have NOPInterval, once a tick: a silent
// one is pinged, and closed when it does not answer (IET's NOPInterval and
// NOPTimeout).
func (l *loop) ping() {
	for _, c := range l.conns {
		if !c.serving() || c.lastWords || c.params.NOPInterval == 0 {
			continue
		}
		c.quiet++
		interval := int(c.params.NOPInterval / tickTime)
		switch {
		case c.pinged && c.quiet > interval+int(c.params.NOPTimeout/tickTime):
			l.drain(c, "no answer to a ping within NOPTimeout")
		case !c.pinged && c.quiet > interval:
			c.pinged = true
			l.sendPing(c)
		}
	}
}

// sendPing queues a NOP-In that the initiator has to answer.
func (l *loop) sendPing(c *conn) {
	o := l.newOut(c, nil)
	h := o.bhs()
	h.SetOpcode(pdu.OpNopIn)
	h.SetFinal()
	h.SetITT(pdu.NoTag)
	h.NopIn().SetTTT(pingTag)
	h.SetStatSN(c.statSN)
	l.push(c, o)
}

// pingTag is the Target Transfer Tag of our pings. Their answers need not be told
// apart: each says what the initiator has acknowledged by then.
const pingTag = 0
