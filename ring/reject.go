// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"ietring/pdu"
	"ietring/scsi"
)

// reject answers the PDU that arrives, whose header is c.recv.bhs, with a Reject.
func (l *loop) reject(c *conn, reason pdu.RejectReason) { l.rejectHeader(c, &c.recv.bhs, reason) }

// rejectHeader answers the PDU with header refused, which may have arrived long
// ago, with a Reject. It carries that header (RFC 7143, Section 11.17).
func (l *loop) rejectHeader(c *conn, refused *pdu.BHS, reason pdu.RejectReason) {
	c.rejects++
	o := l.newOut(c, nil)
	h := o.bhs()
	h.SetOpcode(pdu.OpReject)
	h.SetFinal()
	h.SetITT(pdu.NoTag)
	h.Reject().SetReason(reason)
	h.SetStatSN(c.statSN)
	c.statSN++
	l.pushInline(c, o, refused[:])
}

// dataDigestError drops the data of the PDU that has arrived (RFC 7143, Section
// 7.8). The header was right, so the stream goes on. A command ends with sense
// that has initiators send it again, once all its data is here; there are no R2Ts
// for recovery at ErrorRecoveryLevel 0. Another request is forgotten; its number
// counts as received.
func (l *loop) dataDigestError(c *conn) {
	r := &c.recv
	if !c.badDigest { // once: a peer could fill the log
		c.badDigest = true
		l.eng.log.Warn().Str("initiator", c.sess.cfg.Initiator).Str("remote", c.remote).Msg("data digest error")
	}
	l.reject(c, pdu.ReasonDataDigest)
	switch t := r.task; {
	case t == nil: // nobody wanted the data
	case !t.isCommand():
		r.task, r.note = nil, noteDropped
		l.abort(t)
		l.releaseHeld(c.sess)
	case t.state != taskEnded && !t.discard:
		t.failSense(scsi.DigestError)
	}
}
