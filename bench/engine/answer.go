// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"

	"ietring/bench/initiator"
	"ietring/pdu"
)

var (
	errTag      = errors.New("the target names a command that is not open")
	errStatSN   = errors.New("StatSN is not the next one (RFC 7143, Section 4.2.2.2)")
	errSegment  = errors.New("a data segment above MaxRecvDataSegmentLength (RFC 7143, Section 13.12)")
	errOffset   = errors.New("data at another offset than the next one, or beyond the command (RFC 7143, Section 11.7)")
	errShort    = errors.New("a command ends with status GOOD before its data has moved")
	errR2T      = errors.New("an R2T for other data than what comes next (RFC 7143, Section 11.8)")
	errResidual = errors.New("a residual count where everything was expected")
	errAHS      = errors.New("an additional header segment from a target")
	errDigest   = errors.New("a digest that does not match")
)

// receive follows the stream: header, data segment, padding and digest.
func (s *session) receive(b []byte) error {
	for len(b) > 0 {
		if s.have < s.headLen {
			n := copy(s.head[s.have:s.headLen], b)
			s.have += n
			b = b[n:]
			if s.have < s.headLen {
				return nil
			}
			if err := s.header(); err != nil {
				return err
			}
		}
		if s.data > 0 {
			n := min(s.data, len(b))
			s.take(b[:n])
			b = b[n:]
			if s.data > 0 {
				return nil
			}
		}
		if s.got < s.want {
			n := copy(s.trail[s.got:s.want], b)
			s.got += n
			b = b[n:]
			if s.got < s.want {
				return nil
			}
		}
		if err := s.pdu(); err != nil {
			return err
		}
	}
	return nil
}

// header looks at a header that is here and says what follows it.
func (s *session) header() error {
	h := pdu.View(s.head[:])
	if s.params.HeaderDigest && !pdu.Digest(0).Add(h[:]).Matches(s.head[pdu.HeaderLen:]) {
		return errDigest
	}
	if h.AHSLen() != 0 {
		return errAHS
	}
	if s.data = h.DataLen(); s.data > s.params.MaxRecvDataSegmentLength {
		return errSegment
	}
	s.want, s.got, s.crc, s.noteLen = 0, 0, 0, 0
	if s.data > 0 {
		s.want = pdu.PadLen(s.data)
		if s.params.DataDigest {
			s.want += pdu.DigestLen
		}
	}
	return nil
}

// take passes bytes of the data segment by.
func (s *session) take(b []byte) {
	s.data -= len(b)
	if s.params.DataDigest {
		s.crc = s.crc.Add(b)
	}
	if pdu.View(s.head[:]).Opcode() == pdu.OpSCSIResponse {
		s.noteLen += copy(s.note[s.noteLen:], b)
	}
}

// pdu handles a PDU that is here in whole.
func (s *session) pdu() error {
	s.have = 0
	h := pdu.View(s.head[:])
	if s.params.DataDigest && s.want > 0 {
		pad := s.want - pdu.DigestLen
		if !s.crc.Add(s.trail[:pad]).Matches(s.trail[pad:]) {
			return errDigest
		}
	}
	if s.maxCmdSN.Before(h.MaxCmdSN()) {
		s.maxCmdSN = h.MaxCmdSN()
	}
	var err error
	switch op := h.Opcode(); op {
	case pdu.OpDataIn:
		err = s.dataIn(h)
	case pdu.OpSCSIResponse:
		err = s.response(h)
	case pdu.OpR2T:
		err = s.readyToTransfer(h)
	case pdu.OpNopIn:
		if h.NopIn().TTT() != pdu.NoTag {
			err = s.echo(h)
		}
	case pdu.OpLogoutResponse:
		s.c.gone()
	default:
		err = fmt.Errorf("the target sent %v", op)
	}
	if err != nil || len(s.waiting) == 0 {
		return err
	}
	return s.admit()
}

// lane returns the open command with the tag of h.
func (s *session) lane(h *pdu.BHS) (*lane, error) {
	i := h.ITT() & (1<<laneBits - 1)
	if int(i) >= len(s.c.lanes) || s.c.lanes[i].tag() != h.ITT() {
		return nil, errTag
	}
	return &s.c.lanes[i], nil
}

// status takes a StatSN and the status that comes with it.
func (s *session) status(h *pdu.BHS, status uint8) error {
	if h.StatSN() != s.expStatSN {
		return errStatSN
	}
	s.expStatSN++
	if status != initiator.StatusGood {
		return s.statusError(status)
	}
	return nil
}

// statusError tells a status with the sense that came with it: two bytes of
// length, then fixed or descriptor format (RFC 7143, Section 11.4.7.2).
func (s *session) statusError(status uint8) error {
	e := &initiator.StatusError{Status: status}
	if b := s.note[:s.noteLen]; len(b) > 2 {
		e.Sense, _ = initiator.DecodeSense(b[2:])
	}
	return e
}

// dataIn takes Data-In, whose bytes have passed.
func (s *session) dataIn(h *pdu.BHS) error {
	l, err := s.lane(h)
	if err != nil {
		return err
	}
	d, total := h.DataIn(), s.c.e.cfg.BlockLen
	if l.write || int(d.BufferOffset()) != l.done || l.done+h.DataLen() > total {
		return errOffset
	}
	l.done += h.DataLen()
	if !d.HasStatus() {
		return nil
	}
	if err := s.status(h, d.Status()); err != nil {
		return err
	}
	if d.Residual() != 0 {
		return errResidual
	}
	return s.end(l)
}

// response takes a SCSI Response.
func (s *session) response(h *pdu.BHS) error {
	l, err := s.lane(h)
	if err != nil {
		return err
	}
	r := h.SCSIResponse()
	if r.Response() != pdu.ResponseCompleted {
		return fmt.Errorf("iSCSI service response %#02x", r.Response())
	}
	if err := s.status(h, r.Status()); err != nil {
		return err
	}
	if r.Residual() != 0 {
		return errResidual
	}
	return s.end(l)
}

func (s *session) end(l *lane) error {
	if l.done != s.c.e.cfg.BlockLen {
		return errShort
	}
	return s.c.complete(l)
}

// readyToTransfer answers an R2T with the data that it asks for.
func (s *session) readyToTransfer(h *pdu.BHS) error {
	l, err := s.lane(h)
	if err != nil {
		return err
	}
	r := h.R2T()
	n := int(r.DesiredLen())
	if !l.write || int(r.BufferOffset()) != l.done || n == 0 || n > s.params.MaxBurstLength || l.done+n > s.c.e.cfg.BlockLen {
		return errR2T
	}
	if !s.fits(n) {
		return errFlood
	}
	s.dataOut(l, r.TTT(), l.done, l.done+n)
	l.done += n
	return nil
}
