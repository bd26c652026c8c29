// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"strings"
	"testing"

	"ietring/bench/initiator"
	"ietring/pdu"
)

const testLen = 4096

// newTestSession is a session with a read in lane 0 and a write in lane 1, as a
// login would leave it, without a socket.
func newTestSession(t *testing.T, digests bool) *session {
	t.Helper()
	e := &engine{cfg: &Config{Depth: 2, BlockLen: testLen, WritePct: 50, LUNs: []int{0}, Sessions: 1, Pattern: Random}, phase: draining}
	var err error
	if e.payload, err = newPayload(testLen); err != nil {
		t.Fatal(err)
	}
	c := &conn{e: e, lanes: make([]lane, 2), places: newPlaces(e.cfg, 0, 100)}
	p := initiator.Defaults()
	p.HeaderDigest, p.DataDigest, p.InitialR2T, p.ImmediateData = digests, digests, true, false
	p.MaxXmitDataSegmentLength = 1024
	s := &session{c: c, params: p, blocks: testLen / 512, luns: make([][8]byte, 1), waiting: make([]*lane, 0, 2),
		cmdSN: 10, maxCmdSN: 100, expStatSN: 50, headLen: pdu.HeaderLen}
	if digests {
		s.headLen += pdu.DigestLen
	}
	c.proto = s
	if err := s.makeOutbox(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.out.Free(), e.payload.Free()); err != nil {
			t.Error(err)
		}
	})
	e.open = 2
	c.lanes[1].id, c.lanes[1].write = 1, true
	for i := range c.lanes {
		c.lanes[i].gen = 3
		if err := s.start(&c.lanes[i]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// answer is a PDU of the target for lane i.
func (s *session) answer(op pdu.Opcode, i int, data []byte) *pdu.PDU {
	p := &pdu.PDU{Data: data}
	p.SetOpcode(op)
	p.SetFinal()
	p.SetITT(s.c.lanes[i].tag())
	p.SetStatSN(50)
	p.SetWindow(11, 101)
	return p
}

// wire is p as it comes over the socket.
func (s *session) wire(p *pdu.PDU) []byte {
	f := pdu.Framing{HeaderDigest: s.params.HeaderDigest, DataDigest: s.params.DataDigest}
	return f.Append(nil, p)
}

func (s *session) good(i int) *pdu.PDU {
	p := s.answer(pdu.OpDataIn, i, make([]byte, testLen))
	p.DataIn().SetStatus(0)
	return p
}

// TestAnswers has the target say one thing a row.
func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		sentence string
		say      func(s *session) *pdu.PDU
		err      error
	}{
		{"data with status", func(s *session) *pdu.PDU { return s.good(0) }, nil},
		{"a ping that wants no answer", func(s *session) *pdu.PDU {
			p := s.answer(pdu.OpNopIn, 0, nil)
			p.SetITT(pdu.NoTag)
			p.NopIn().SetTTT(pdu.NoTag)
			return p
		}, nil},
		{"a tag that nobody has", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.SetITT(p.ITT() + 1<<laneBits)
			return p
		}, errTag},
		{"data for a write", func(s *session) *pdu.PDU { return s.good(1) }, errOffset},
		{"data at an offset", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.DataIn().SetBufferOffset(512)
			return p
		}, errOffset},
		{"less than all", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.Data = p.Data[:512]
			return p
		}, errShort},
		{"more than all", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.Data = make([]byte, testLen+512)
			return p
		}, errOffset},
		{"a status number that was left out", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.SetStatSN(51)
			return p
		}, errStatSN},
		{"status without data", func(s *session) *pdu.PDU { return s.answer(pdu.OpSCSIResponse, 0, nil) }, errShort},
		{"a write that never got its data", func(s *session) *pdu.PDU { return s.answer(pdu.OpSCSIResponse, 1, nil) }, errShort},
		{"an R2T for a read", func(s *session) *pdu.PDU {
			p := s.answer(pdu.OpR2T, 0, nil)
			p.R2T().SetDesiredLen(testLen)
			return p
		}, errR2T},
		{"an R2T beyond the command", func(s *session) *pdu.PDU {
			p := s.answer(pdu.OpR2T, 1, nil)
			p.R2T().SetDesiredLen(testLen + 4)
			return p
		}, errR2T},
		{"an R2T for nothing", func(s *session) *pdu.PDU { return s.answer(pdu.OpR2T, 1, nil) }, errR2T},
		{"an R2T for all", func(s *session) *pdu.PDU {
			p := s.answer(pdu.OpR2T, 1, nil)
			p.R2T().SetDesiredLen(testLen)
			return p
		}, nil},
		{"a residual count", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.DataIn().SetResidual(-512)
			return p
		}, errResidual},
		{"an additional header", func(s *session) *pdu.PDU {
			p := s.good(0)
			p.AHS = make([]byte, 4)
			return p
		}, errAHS},
		{"a segment above what was declared", func(s *session) *pdu.PDU {
			return s.answer(pdu.OpDataIn, 0, make([]byte, s.params.MaxRecvDataSegmentLength+4))
		}, errSegment},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			s := newTestSession(t, false)
			if err := s.receive(s.wire(row.say(s))); err != row.err {
				t.Errorf("%v, want %v", err, row.err)
			}
		})
	}
}

// TestSense has a CHECK CONDITION tell its sense.
func TestSense(t *testing.T) {
	s := newTestSession(t, false)
	p := s.answer(pdu.OpSCSIResponse, 0, append([]byte{0, 18}, 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0))
	p.SCSIResponse().SetStatus(initiator.StatusCheckCondition)
	err := s.receive(s.wire(p))
	if err == nil || !strings.Contains(err.Error(), "5/21/00") {
		t.Errorf("%v", err)
	}
}

// TestStream has what the target says arrive in pieces of every size, with
// digests and padding.
func TestStream(t *testing.T) {
	for _, digests := range []bool{false, true} {
		for _, piece := range []int{1, 3, 47, 48, 49, 52, 53, 1000, 1 << 20} {
			s := newTestSession(t, digests)
			first := s.answer(pdu.OpDataIn, 0, make([]byte, 1001))
			rest := s.good(0)
			rest.Data = rest.Data[1001:]
			rest.DataIn().SetBufferOffset(1001)
			b := append(s.wire(first), s.wire(rest)...)
			for len(b) > 0 {
				n := min(piece, len(b))
				if err := s.receive(b[:n]); err != nil {
					t.Fatalf("digests %v, pieces of %d: %v", digests, piece, err)
				}
				b = b[n:]
			}
			if s.c.e.open != 1 || s.expStatSN != 51 {
				t.Errorf("digests %v, pieces of %d: %d commands are open", digests, piece, s.c.e.open)
			}
		}
	}
}

// TestDigests changes one byte at a time.
func TestDigests(t *testing.T) {
	for _, at := range []int{20, 48, 52, 1000, 52 + testLen} {
		s := newTestSession(t, true)
		b := s.wire(s.good(0))
		b[at] ^= 1
		if err := s.receive(b); err != errDigest {
			t.Errorf("byte %d is wrong: %v", at, err)
		}
	}
}

// TestWindow has commands wait until the target admits them.
func TestWindow(t *testing.T) {
	s := newTestSession(t, false)
	s.maxCmdSN, s.cmdSN = 11, 12
	s.c.e.phase = measuring // the lane goes on
	p := s.good(0)
	p.SetWindow(11, 11)
	if err := s.receive(s.wire(p)); err != nil || len(s.waiting) != 1 || s.cmdSN != 12 {
		t.Fatalf("%v, %d commands wait, CmdSN %d", err, len(s.waiting), s.cmdSN)
	}
	ping := s.answer(pdu.OpNopIn, 0, nil)
	ping.NopIn().SetTTT(pdu.NoTag)
	ping.SetWindow(12, 12)
	if err := s.receive(s.wire(ping)); err != nil || len(s.waiting) != 0 || s.cmdSN != 13 {
		t.Errorf("%v, %d commands wait, CmdSN %d", err, len(s.waiting), s.cmdSN)
	}
}

// TestFlood has a target ask for an answer again and again: what waits to be
// sent is bounded.
func TestFlood(t *testing.T) {
	s := newTestSession(t, false)
	ping := s.answer(pdu.OpNopIn, 0, nil)
	ping.NopIn().SetTTT(1)
	b := s.wire(ping)
	for range 100000 {
		if err := s.receive(b); err == errFlood {
			return
		}
	}
	t.Error("there is no end")
}

var _ protocol = (*session)(nil)
