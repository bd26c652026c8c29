// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "ietring/pdu"

// reject answers the PDU whose header is c.recv.bhs with a Reject, which
// carries that header (RFC 7143, Section 11.17).
func (l *loop) reject(c *conn, reason pdu.RejectReason) {
	o := l.newOut(c, nil)
	h := o.bhs()
	h.SetOpcode(pdu.OpReject)
	h.SetFinal()
	h.SetITT(pdu.NoTag)
	h.Reject().SetReason(reason)
	h.SetStatSN(c.statSN)
	c.statSN++
	l.pushInline(c, o, c.recv.bhs[:])
}
