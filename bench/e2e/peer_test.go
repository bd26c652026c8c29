// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

// peer is a connection to the target for a hostile row.
type peer struct {
	t    *testing.T
	conn net.Conn
	n    *initiator.Negotiation // nil before login
	f    pdu.Framing

	refused bool // the row has seen the target's refusal itself
}

func (p *peer) send(q *pdu.PDU) { p.write(p.f.Append(nil, q)) }

// write sends bytes; that the target closes meanwhile is its good right.
func (p *peer) write(b []byte) {
	must(p.t, p.conn.SetWriteDeadline(time.Now().Add(patience(5*time.Second))))
	if _, err := p.conn.Write(b); errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatal("the target neither reads nor closes")
	}
}

// request returns a request header with a tag and the session's numbers.
func (p *peer) request(op pdu.Opcode, itt uint32) *pdu.PDU {
	q := &pdu.PDU{}
	q.SetOpcode(op)
	q.SetFinal()
	q.SetITT(itt)
	if op.HasCmdSN() {
		q.SetCmdSN(p.n.CmdSN)
	}
	q.SetExpStatSN(p.n.ExpStatSN)
	return q
}

// writeCommand returns a WRITE (16) of n blocks without data.
func (p *peer) writeCommand(itt uint32, n uint32) *pdu.PDU {
	q := p.request(pdu.OpSCSICommand, itt)
	c := q.SCSICommand()
	c.SetDirection(false, true)
	c.SetAttr(pdu.AttrSimple)
	c.SetEDTL(n * blockLen)
	*c.CDB() = initiator.Write16(initiator.Range{LBA: farLBA, Blocks: n}, false)
	return q
}

// ping asks for an answer with a tag.
func (p *peer) ping(itt uint32) {
	q := p.request(pdu.OpNopOut, itt)
	q.SetImmediate()
	q.NopOut().SetTTT(pdu.NoTag)
	p.send(q)
}

// read returns the next PDU or the end of the stream.
func (p *peer) read() (*pdu.PDU, error) {
	must(p.t, p.conn.SetReadDeadline(time.Now().Add(patience(5*time.Second))))
	var q pdu.PDU
	if err := p.f.Read(p.conn, &q); err != nil {
		return nil, err
	}
	return &q, nil
}

// r2t starts a write of n blocks and returns its R2T.
func (p *peer) r2t(n uint32) *pdu.PDU {
	p.send(p.writeCommand(77, n))
	q, err := p.read()
	must(p.t, err)
	if q.Opcode() != pdu.OpR2T {
		p.t.Fatalf("%v instead of an R2T", q.Opcode())
	}
	return q
}

// dataOut returns the last Data-Out that answers q, with len bytes.
func (p *peer) dataOut(q *pdu.PDU, n int) *pdu.PDU {
	d := p.request(pdu.OpDataOut, q.ITT())
	d.DataOut().SetTTT(q.R2T().TTT())
	d.DataOut().SetBufferOffset(q.R2T().BufferOffset())
	d.Data = make([]byte, n)
	return d
}

// clearAttention takes the unit attention of a new session.
func (p *peer) clearAttention() {
	for range 4 {
		q := p.request(pdu.OpSCSICommand, 3)
		q.SCSICommand().SetAttr(pdu.AttrSimple)
		p.send(q)
		answer, err := p.read()
		must(p.t, err)
		p.n.CmdSN++
		p.n.ExpStatSN = answer.StatSN() + 1
		p.n.MaxCmdSN = answer.MaxCmdSN()
		if answer.Opcode() == pdu.OpSCSIResponse && answer.SCSIResponse().Status() == initiator.StatusGood {
			return
		}
	}
	p.t.Fatal("TEST UNIT READY does not become GOOD")
}

func garbage(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 2)) // the same in every run
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func loginPDU(text []byte) *pdu.PDU {
	q := &pdu.PDU{Data: text}
	q.SetOpcode(pdu.OpLogin)
	q.SetImmediate()
	q.SetITT(1)
	q.LoginRequest().SetStage(pdu.StageOperational, pdu.StageFullFeature, true, false)
	q.LoginRequest().SetISID(load.SessionISID(99))
	return q
}
