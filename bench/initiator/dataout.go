// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"time"

	"ietring/pdu"
)

// sendCommand queues c and the data that needs no R2T. The caller holds s.mu
// and has seen that the window is open.
func (s *Session) sendCommand(c *Command) {
	h := s.blank()
	h.SetOpcode(pdu.OpSCSICommand)
	h.SetLUN(c.LUN)
	h.SetITT(c.itt)
	c.sn = s.cmdSN
	h.SetCmdSN(s.cmdSN)
	s.cmdSN++
	sc := h.SCSICommand()
	sc.SetAttr(c.Attr)
	sc.SetDirection(c.In != nil, c.Out != nil)
	sc.SetEDTL(uint32(c.edtl))
	*sc.CDB() = c.CDB

	first := s.unsolicited(c)
	immediate := 0
	if s.p.ImmediateData {
		immediate = min(first, s.p.MaxXmitDataSegmentLength)
	}
	if s.p.InitialR2T {
		first = immediate
	}
	if first == immediate {
		h.SetFinal()
	}
	s.push(h, c.Out[:immediate])
	c.asked = first
	if first > immediate {
		s.sendBurst(c, burst{ttt: pdu.NoTag, lun: c.LUN, off: immediate, end: first})
	}
}

// blank returns the session's header, zeroed: one that is built anew for each
// PDU would be allocated. The caller holds s.mu.
func (s *Session) blank() *pdu.BHS {
	s.header = pdu.BHS{}
	return &s.header
}

// unsolicited returns how many bytes of c may go without an R2T, immediate data
// included. See RFC 7143, Section 13.14.
func (s *Session) unsolicited(c *Command) int {
	if c.Out == nil || c.NoUnsolicited {
		return 0
	}
	return min(c.edtl, len(c.Out), s.p.FirstBurstLength)
}

// burst is one sequence of Data-Out PDUs: c.Out[off:end].
type burst struct {
	ttt      uint32
	lun      [8]byte
	off, end int
}

// sendBurst queues a sequence of Data-Out PDUs. The caller holds s.mu.
func (s *Session) sendBurst(c *Command, b burst) {
	var sn uint32
	for off := b.off; off < b.end; sn++ {
		n := min(b.end-off, s.p.MaxXmitDataSegmentLength)
		h := s.blank()
		h.SetOpcode(pdu.OpDataOut)
		h.SetLUN(b.lun)
		h.SetITT(c.itt)
		d := h.DataOut()
		d.SetTTT(b.ttt)
		d.SetDataSN(sn)
		d.SetBufferOffset(uint32(off))
		if off+n == b.end {
			h.SetFinal()
		}
		s.push(h, c.Out[off:off+n])
		off += n
	}
}

// r2t answers a Ready To Transfer. The caller holds s.mu.
func (s *Session) r2t(h *pdu.BHS) error {
	op := pdu.OpR2T
	t := s.task(h.ITT())
	if t == nil || t.cmd == nil {
		return violation("11.8", op, "Initiator Task Tag %#x belongs to no open command", h.ITT())
	}
	c, r := t.cmd, h.R2T()
	off, n := int(r.BufferOffset()), int(r.DesiredLen())
	switch {
	case c.Out == nil:
		return violation("11.8", op, "for a command that is no write")
	case h.StatSN() != s.statSN:
		return violation("11.8.3", op, "StatSN %d, the next is %d", h.StatSN(), s.statSN)
	case r.R2TSN() != c.dataSN:
		return violation("11.8.2", op, "R2TSN %d, expected %d", r.R2TSN(), c.dataSN)
	case r.TTT() == pdu.NoTag:
		return violation("11.8.5", op, "Target Transfer Tag is the reserved one")
	case n == 0:
		return violation("11.8.4", op, "Desired Data Transfer Length is 0")
	case n > s.p.MaxBurstLength:
		return violation("11.8.4", op, "Desired Data Transfer Length %d above MaxBurstLength %d", n, s.p.MaxBurstLength)
	case off != c.asked:
		return violation("13.19", op, "Buffer Offset %d, the next in order is %d", off, c.asked)
	case off+n > c.edtl:
		return violation("11.8.4", op, "asks for bytes to %d of %d", off+n, c.edtl)
	case len(c.held) == s.p.MaxOutstandingR2T:
		return violation("13.17", op, "more than %d are open", s.p.MaxOutstandingR2T)
	case h.LUN() != c.LUN:
		return violation("11.8.5", op, "LUN %x, the command's is %x", h.LUN(), c.LUN)
	}
	c.dataSN++
	c.asked += n
	b := burst{r.TTT(), h.LUN(), off, off + n}
	if s.o.HoldR2T == 0 {
		s.sendBurst(c, b)
		return nil
	}
	c.held = append(c.held, b)
	itt := c.itt
	time.AfterFunc(s.o.HoldR2T, func() { s.answerOldest(itt) })
	return nil
}

// answerOldest sends the data of the oldest R2T that is held for a command, if
// that is still open: DataSequenceInOrder=Yes wants them answered in order.
func (s *Session) answerOldest(itt uint32) {
	s.mu.Lock()
	if t := s.task(itt); t != nil && t.cmd != nil && s.err == nil {
		c := t.cmd
		s.sendBurst(c, c.held[0])
		c.held = append(c.held[:0], c.held[1:]...)
	}
	s.mu.Unlock()
	s.flush()
}
