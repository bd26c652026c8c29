// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"strconv"

	"ietring/pdu"
)

// Renegotiate tells the initiator that we receive data segments of up to maxRecv
// bytes from now on, as far as it wants to know: an Asynchronous Message on each
// connection where it was told another length asks for a text negotiation within
// so many seconds (RFC 7143, Section 11.9, AsyncEvent 4), and the answer to its
// next Text Request declares the new one. Until then the old one holds.
func (s *Session) Renegotiate(maxRecv int, seconds uint16) {
	s.post(func(l *loop) {
		for _, c := range s.conns {
			switch {
			case !c.serving() || c.lastWords:
			case c.declared == maxRecv:
				c.declare = 0 // as it was; if it is being told another, it keeps that
			default:
				c.declare = maxRecv
				l.async(c, pdu.AsyncNegotiation, 0, 0, seconds)
			}
		}
	})
}

// say adds to the answer of a negotiation what c is to declare.
func (c *conn) say(answer []byte) []byte {
	if c.declare == 0 {
		return answer
	}
	c.saying, c.declare = c.declare, 0
	return pdu.AppendKey(answer, "MaxRecvDataSegmentLength", strconv.Itoa(c.saying))
}

// unsay is the end of a negotiation that comes to nothing: what it declared is
// for the next one.
func (c *conn) unsay() {
	if c.declare == 0 {
		c.declare = c.saying
	}
	c.saying = 0
}

// said is the end of a negotiation. A longer segment may come from now on; a
// shorter one has to when the initiator has acknowledged our answer.
func (l *loop) said(c *conn) {
	n := c.saying
	if n == 0 {
		return
	}
	c.saying, c.declared = 0, n
	if n >= c.params.MaxRecvDataSegmentLength {
		c.params.MaxRecvDataSegmentLength = n
		return
	}
	c.fences = append(c.fences, fence{statSN: c.statSN, wait: &abortWait{left: 1, done: func() {
		if c.declared == n {
			c.params.MaxRecvDataSegmentLength = n
		}
	}}})
}
