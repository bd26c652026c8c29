// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"fmt"
	"io"

	"ietring/pdu"
)

// reader reads PDUs until the stream ends or the target breaks the protocol,
// then ends every command that is left.
func (s *Session) reader() {
	var h pdu.BHS
	var err error
	for err == nil {
		if s.br.Buffered() < pdu.HeaderLen {
			s.rest()
		}
		if _, err = io.ReadFull(s.br, h[:]); err != nil {
			break
		}
		if err = s.checkHeader(&h); err != nil {
			break
		}
		if s.br.Buffered() < s.bodyLen(&h) {
			s.rest()
		}
		if h.Opcode() == pdu.OpDataIn {
			err = s.dataIn(&h)
		} else {
			err = s.other(&h)
		}
	}
	if err == io.EOF {
		err = fmt.Errorf("initiator: the target closed the connection: %w", err)
	}
	s.fail(err)
	s.endAll()
	close(s.done)
}

// bodyLen returns how many bytes follow the header of a PDU.
func (s *Session) bodyLen(h *pdu.BHS) int {
	n := h.DataLen()
	if n == 0 {
		return 0
	}
	n += pdu.PadLen(n)
	if s.framing.DataDigest {
		n += pdu.DigestLen
	}
	return n
}

// rest is called before the reader may sleep: what its commands queued goes out.
func (s *Session) rest() {
	s.mu.Lock()
	s.batching = false
	pending := len(s.out.queued) > 0
	s.mu.Unlock()
	if pending {
		s.flush()
	}
}

// checkHeader looks at what every header has: the digest, the opcode, lengths.
func (s *Session) checkHeader(h *pdu.BHS) error {
	op := h.Opcode()
	if s.framing.HeaderDigest {
		if _, err := io.ReadFull(s.br, s.digest[:]); err != nil {
			return err
		}
		if !pdu.Digest(0).Add(h[:]).Matches(s.digest[:]) {
			return violation("11.2.3", op, "header digest does not match")
		}
	}
	switch {
	case !op.FromTarget():
		return violation("11.2.1.2", op, "is nothing that a target sends")
	case h.AHSLen() != 0:
		return violation("11.2.1.5", op, "TotalAHSLength %d", h.AHSLen())
	case h.DataLen() > s.p.MaxRecvDataSegmentLength:
		return violation("13.12", op, "DataSegmentLength %d, the most is %d", h.DataLen(), s.p.MaxRecvDataSegmentLength)
	case !h.Final() && op != pdu.OpDataIn && op != pdu.OpTextResponse:
		return violation("11", op, "bit 0 of byte 1 is not set")
	}
	return nil
}

// readData reads the data segment of h into b, with padding and digest.
func (s *Session) readData(h *pdu.BHS, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := io.ReadFull(s.br, b); err != nil {
		return err
	}
	pad := s.pad[:pdu.PadLen(len(b))]
	if _, err := io.ReadFull(s.br, pad); err != nil {
		return err
	}
	for _, c := range pad {
		if c != 0 {
			return violation("11.2", h.Opcode(), "padding is not zero")
		}
	}
	if !s.framing.DataDigest {
		return nil
	}
	if _, err := io.ReadFull(s.br, s.digest[:]); err != nil {
		return err
	}
	if !pdu.Digest(0).Add(b).Add(pad).Matches(s.digest[:]) {
		return violation("11.2.3", h.Opcode(), "data digest does not match")
	}
	return nil
}

// window takes ExpCmdSN and MaxCmdSN. See RFC 7143, Section 4.2.2.1. The caller
// holds s.mu.
func (s *Session) window(h *pdu.BHS) error {
	s.progress++
	exp, last := h.ExpCmdSN(), h.MaxCmdSN()
	switch {
	case last.Before(exp - 1):
		return violation("4.2.2.1", h.Opcode(), "MaxCmdSN %d below ExpCmdSN %d - 1", last, exp)
	case s.cmdSN.Before(exp):
		return violation("4.2.2.1", h.Opcode(), "ExpCmdSN %d, we have sent up to %d", exp, s.cmdSN-1)
	case exp.Before(s.expCmdSN):
		return violation("4.2.2.1", h.Opcode(), "ExpCmdSN went back from %d to %d", s.expCmdSN, exp)
	}
	s.expCmdSN = exp
	if s.maxCmdSN.Before(last) {
		s.maxCmdSN = last
		s.admit()
	}
	return nil
}

// status takes StatSN of a PDU that carries a status. The caller holds s.mu.
func (s *Session) status(h *pdu.BHS) error {
	if h.StatSN() != s.statSN {
		return violation("4.2.2.2", h.Opcode(), "StatSN %d, expected %d", h.StatSN(), s.statSN)
	}
	s.statSN++
	return nil
}

// other takes a PDU that is no Data-In.
func (s *Session) other(h *pdu.BHS) error {
	op := h.Opcode()
	var data []byte
	if n := h.DataLen(); n > 0 {
		data = make([]byte, n) // sense, text and pings are rare
		if err := s.readData(h, data); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.batching = true
	if err := s.window(h); err != nil {
		s.mu.Unlock()
		return err
	}
	switch op {
	case pdu.OpSCSIResponse:
		return s.response(h, data)
	case pdu.OpR2T:
		defer s.mu.Unlock()
		return s.r2t(h)
	case pdu.OpReject:
		return s.reject(h, data)
	case pdu.OpAsync:
		return s.async(h)
	case pdu.OpNopIn:
		if h.ITT() == pdu.NoTag {
			defer s.mu.Unlock()
			return s.pong(h, data)
		}
	}
	return s.reply(h, data)
}

// finish ends c: frees its slot, admits what waits, tells the owner. The caller
// holds s.mu, which finish unlocks.
func (s *Session) finish(c *Command) {
	s.release(c.itt)
	s.admit()
	s.mu.Unlock()
	c.complete()
}

// endAll ends every command and request of a session that is over.
func (s *Session) endAll() {
	s.mu.Lock()
	err := s.err
	var left []*Command
	for i := range s.slots {
		t := &s.slots[i]
		switch {
		case t.cmd != nil:
			left = append(left, t.cmd)
		case t.req != nil:
			t.req.err = err
			select {
			case t.req.done <- struct{}{}:
			default: // between two rounds nobody waits
			}
		}
		t.cmd, t.req = nil, nil
	}
	for c := s.first; c != nil; c = c.next {
		left = append(left, c)
	}
	s.first, s.last, s.open = nil, nil, 0
	s.mu.Unlock()
	for _, c := range left {
		c.Err = err
		c.complete()
	}
}
