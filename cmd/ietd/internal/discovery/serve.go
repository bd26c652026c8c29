// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"time"

	"ietring/pdu"
)

// maxTextLen is the text of one request over all its PDUs. SendTargets and a
// name need 250 bytes.
const maxTextLen = 8192

// A Params is what a discovery session's login agreed on.
type Params struct {
	Initiator string     // InitiatorName
	Remote    netip.Addr // where it is
	CID       uint16
	Framing   pdu.Framing // of both directions
	MaxXmit   int         // bytes of a data segment that may be sent, at least 512
	StatSN    pdu.Serial  // of the next response
	CmdSN     pdu.Serial  // that is expected next
	Idle      time.Duration
}

// conn is one discovery session. Its goroutine owns it.
type conn struct {
	net.Conn
	Params
	dir   *Directory
	local netip.AddrPort

	in   pdu.PDU
	text []byte // of a request whose C bit says that more comes
	// rest is what of an answer is still to be sent; the initiator asks for
	// it with tag.
	rest []byte
	tag  uint32
}

// Serve is full feature phase of a discovery session on c: it returns nil after
// a logout, and else why the session ended. The caller closes c.
func (d *Directory) Serve(c net.Conn, local netip.AddrPort, p Params) error {
	s := &conn{Conn: c, Params: p, dir: d, local: local}
	for {
		if err := c.SetDeadline(time.Now().Add(p.Idle)); err != nil {
			return err
		}
		if err := s.Framing.Read(c, &s.in); err != nil {
			return err
		}
		done, err := s.handle()
		if done || err != nil {
			return err
		}
	}
}

// handle does what one PDU asks for. done is true exactly when it is a logout.
func (s *conn) handle() (done bool, err error) {
	op := s.in.Opcode()
	bad := pdu.Check(&s.in.BHS, &pdu.Limits{MaxRecvDataSegmentLength: s.Framing.MaxDataLen})
	if bad != nil {
		return false, s.reject(bad.Reason)
	}
	if op.HasCmdSN() && !s.in.Immediate() {
		// The window is one command wide; what is outside is ignored (RFC
		// 7143, Section 4.2.2.1).
		if s.in.CmdSN() != s.CmdSN {
			return false, nil
		}
		s.CmdSN++
	}
	switch op {
	case pdu.OpText:
		return false, s.answerText()
	case pdu.OpNopOut:
		return false, s.answerNop()
	case pdu.OpLogout:
		return s.answerLogout()
	}
	// Only these three belong to a discovery session (RFC 7143, Section
	// 4.3).
	return false, s.reject(pdu.ReasonProtocolError)
}

// answerText handles a Text Request: a piece of a text, a whole one, or the wish
// for the rest of an answer. See RFC 7143, Sections 11.10 and 11.11.
func (s *conn) answerText() error {
	t := s.in.TextRequest()
	switch {
	case t.TTT() == pdu.NoTag:
		// A new negotiation; an old one that has not ended is forgotten.
		s.text, s.rest = nil, nil
	case t.TTT() != s.tag || s.text == nil && s.rest == nil:
		return s.reject(pdu.ReasonProtocolError)
	case s.rest != nil && len(s.in.Data) == 0:
		return s.sendText()
	case s.rest != nil:
		return s.reject(pdu.ReasonProtocolError)
	}
	if len(s.text)+len(s.in.Data) > maxTextLen {
		return fmt.Errorf("the text of a request is longer than %d bytes", maxTextLen)
	}
	s.text = append(s.text, s.in.Data...)
	if t.Continue() {
		if s.text == nil {
			s.text = []byte{}
		}
		return s.sendPiece(nil, true)
	}
	answer, err := s.dir.answer(view{all: true, initiator: s.Initiator, remote: s.Remote, local: s.local}, s.text)
	s.text = nil
	if err != nil {
		return s.reject(pdu.ReasonProtocolError)
	}
	s.rest = answer.Text
	if err := s.sendText(); err != nil || answer.MaxRecv == 0 {
		return err
	}
	s.MaxXmit = answer.MaxRecv
	return nil
}

// sendText sends the next piece of s.rest. A piece ends with a whole pair when
// one fits: initiators that cannot put a pair together are served too.
func (s *conn) sendText() error {
	n := len(s.rest)
	if n > s.MaxXmit {
		n = s.MaxXmit
		if i := bytes.LastIndexByte(s.rest[:n], 0); i >= 0 {
			n = i + 1
		}
	}
	piece := s.rest[:n]
	s.rest = s.rest[n:]
	if len(s.rest) == 0 {
		s.rest = nil
	}
	return s.sendPiece(piece, s.rest != nil)
}

// sendPiece sends one Text Response. more is true exactly when the negotiation
// goes on: another piece of the answer comes, or another of the request is
// awaited.
func (s *conn) sendPiece(piece []byte, more bool) error {
	p := s.response(pdu.OpTextResponse)
	t := p.TextResponse()
	t.SetTTT(pdu.NoTag)
	if more {
		s.tag = (s.tag + 1) & 0x7fffffff // never NoTag
		t.SetTTT(s.tag)
		if len(piece) > 0 {
			t.SetContinue()
		}
	} else {
		p.SetFinal()
	}
	p.Data = piece
	return s.send(p)
}

// answerNop answers a ping; a NOP-Out without a task tag wants no answer.
func (s *conn) answerNop() error {
	if s.in.ITT() == pdu.NoTag {
		return nil
	}
	p := s.response(pdu.OpNopIn)
	p.SetFinal()
	p.NopIn().SetTTT(pdu.NoTag)
	p.Data = s.in.Data[:min(len(s.in.Data), s.MaxXmit)]
	return s.send(p)
}

// answerLogout ends the session, unless the request means another connection.
// See RFC 7143, Section 11.14.
func (s *conn) answerLogout() (done bool, err error) {
	l := s.in.LogoutRequest()
	result := pdu.LogoutClosed
	switch {
	case l.Reason() == pdu.LogoutRecovery:
		result = pdu.LogoutRecoveryUnsupported
	case l.Reason() > pdu.LogoutRecovery:
		return false, s.reject(pdu.ReasonInvalidPDUField)
	case l.Reason() == pdu.LogoutCloseConnection && l.CID() != s.CID:
		result = pdu.LogoutCIDNotFound
	}
	p := s.response(pdu.OpLogoutResponse)
	p.SetFinal()
	p.LogoutResponse().SetResult(result)
	return result == pdu.LogoutClosed, s.send(p)
}

// reject answers a PDU that cannot be served with its own header (RFC 7143,
// Section 11.17).
func (s *conn) reject(reason pdu.RejectReason) error {
	p := s.response(pdu.OpReject)
	p.SetFinal()
	p.SetITT(pdu.NoTag)
	p.Reject().SetReason(reason)
	p.Data = s.in.BHS[:]
	return s.send(p)
}

// response returns a PDU with what all responses have in common.
func (s *conn) response(op pdu.Opcode) *pdu.PDU {
	p := new(pdu.PDU)
	p.SetOpcode(op)
	p.SetITT(s.in.ITT())
	p.SetStatSN(s.StatSN)
	s.StatSN++
	p.SetWindow(s.CmdSN, s.CmdSN)
	return p
}

func (s *conn) send(p *pdu.PDU) error {
	_, err := s.Write(s.Framing.Append(nil, p))
	return err
}
