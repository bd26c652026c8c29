// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"encoding/binary"

	"ietring/pdu"
)

// dataIn takes a Data-In: its header is checked, its data goes straight into
// Command.In.
func (s *Session) dataIn(h *pdu.BHS) error {
	d := h.DataIn()
	s.mu.Lock()
	c, err := s.checkDataIn(h)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	off := int(d.BufferOffset())
	if err := s.readData(h, c.In[off:off+h.DataLen()]); err != nil {
		return err
	}
	s.mu.Lock()
	s.batching = true
	c.Received += h.DataLen()
	if !d.HasStatus() {
		s.mu.Unlock()
		return nil
	}
	if err := s.status(h); err != nil {
		s.mu.Unlock()
		return err
	}
	c.Status, c.Residual = d.Status(), d.Residual()
	if err := s.checkEnd(c, h.Opcode()); err != nil {
		s.mu.Unlock()
		return err
	}
	s.finish(c)
	return nil
}

// checkDataIn finds the command of a Data-In and holds its numbers against what
// must be next. The caller holds s.mu.
func (s *Session) checkDataIn(h *pdu.BHS) (*Command, error) {
	op := pdu.OpDataIn
	if err := s.window(h); err != nil {
		return nil, err
	}
	t := s.task(h.ITT())
	if t == nil || t.cmd == nil {
		return nil, violation("11.7", op, "Initiator Task Tag %#x belongs to no open command", h.ITT())
	}
	c, d := t.cmd, h.DataIn()
	off, end := int(d.BufferOffset()), int(d.BufferOffset())+h.DataLen()
	c.burst += h.DataLen()
	switch {
	case c.In == nil:
		return nil, violation("11.7", op, "for a command that is no read")
	case d.TTT() != pdu.NoTag:
		return nil, violation("11.7.4", op, "Target Transfer Tag %#x where no acknowledgement can be asked for", d.TTT())
	case d.DataSN() != c.dataSN:
		return nil, violation("11.7.5", op, "DataSN %d, expected %d", d.DataSN(), c.dataSN)
	case off != c.Received:
		return nil, violation("11.7.6", op, "Buffer Offset %d, the next in order is %d", off, c.Received)
	case end > c.edtl || end > len(c.In):
		return nil, violation("11.7.6", op, "data to %d of %d", end, c.edtl)
	case c.burst > s.p.MaxBurstLength && !s.o.LongDataIn:
		return nil, violation("13.13", op, "a sequence of %d, the most is %d", c.burst, s.p.MaxBurstLength)
	case d.HasStatus() && !h.Final():
		return nil, violation("11.7.3", op, "S bit without F bit")
	case d.HasStatus() && d.Status() == StatusCheckCondition:
		return nil, violation("11.7.3", op, "CHECK CONDITION without room for sense data")
	}
	c.dataSN++
	if h.Final() {
		c.burst = 0
	}
	return c, nil
}

// response takes a SCSI Response. The caller holds s.mu, which response unlocks.
func (s *Session) response(h *pdu.BHS, data []byte) error {
	c, err := s.checkResponse(h, data)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.finish(c)
	return nil
}

func (s *Session) checkResponse(h *pdu.BHS, data []byte) (*Command, error) {
	op := pdu.OpSCSIResponse
	if err := s.status(h); err != nil {
		return nil, err
	}
	t := s.task(h.ITT())
	if t == nil || t.cmd == nil {
		return nil, violation("11.4", op, "Initiator Task Tag %#x belongs to no open command", h.ITT())
	}
	c, r := t.cmd, h.SCSIResponse()
	if r.Response() != pdu.ResponseCompleted {
		return nil, violation("11.4.3", op, "response %#x", r.Response())
	}
	c.Status, c.Residual = r.Status(), r.Residual()
	// The section counts R2Ts in its first sentence and, in its second, wants 0
	// where there was no Data-In: a write may be answered either way.
	if r.ExpDataSN() != c.dataSN && (c.In != nil || r.ExpDataSN() != 0) {
		return nil, violation("11.4.8", op, "ExpDataSN %d, there were %d Data-In and R2T", r.ExpDataSN(), c.dataSN)
	}
	if len(data) > 0 {
		n := 0
		if len(data) >= 2 {
			n = int(binary.BigEndian.Uint16(data))
		}
		if len(data) < 2 || n > len(data)-2 {
			return nil, violation("11.4.7", op, "SenseLength %d in a data segment of %d", n, len(data))
		}
		c.SenseLen = copy(c.SenseBuf[:], data[2:2+n])
	}
	if _, ok := DecodeSense(c.SenseBuf[:c.SenseLen]); !ok && c.Status == StatusCheckCondition {
		return nil, violation("11.4.7", op, "CHECK CONDITION without sense data that parses")
	}
	return c, s.checkEnd(c, op)
}

// checkEnd holds the residual against what was received. See RFC 7143, Section
// 11.4.5. The caller holds s.mu.
func (s *Session) checkEnd(c *Command, op pdu.Opcode) error {
	missing := -int(c.Residual) // what U says was not transferred
	switch {
	case missing > c.edtl:
		return violation("11.4.5", op, "residual underflow of %d of %d bytes", missing, c.edtl)
	case c.In == nil:
		return nil
	case c.Residual < 0 && c.Received != c.edtl-missing:
		return violation("11.4.5", op, "residual underflow of %d, yet %d of %d bytes came", missing, c.Received, c.edtl)
	case c.Residual >= 0 && c.Status == StatusGood && c.Received != c.edtl:
		return violation("11.4.5", op, "%d of %d bytes came and no underflow is told", c.Received, c.edtl)
	}
	return nil
}
