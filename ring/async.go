// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "ietring/pdu"

// async queues an Asynchronous Message (RFC 7143, Section 11.9) with the three
// parameters of its event: a CID where one connection is meant, then times in
// seconds.
func (l *loop) async(c *conn, event pdu.AsyncEvent, p1, p2, p3 uint16) {
	o := l.newOut(c, nil)
	h := o.bhs()
	h.SetOpcode(pdu.OpAsync)
	h.SetFinal()
	h.SetITT(pdu.NoTag)
	a := h.AsyncMessage()
	a.SetEvent(event)
	a.SetParams(p1, p2, p3)
	h.SetStatSN(c.statSN)
	c.statSN++
	l.push(c, o)
}
