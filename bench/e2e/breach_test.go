// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"time"

	"ietring/bench/initiator"
	"ietring/pdu"
)

// outcome is what a target may do about a breach.
type outcome int

const (
	closes   outcome = iota // closes the connection, with or without a Reject
	answers                 // says Reject, a check condition or a refusal, or closes
	ignores                 // takes no notice: the connection goes on
	either                  // ignores or answers
	whatever                // may do as it likes, as long as the others live
)

// hostileRow is one way to be wrong.
type hostileRow struct {
	sentence string
	login    bool // the peer logs in first
	offer    func(o *initiator.Params)
	act      func(p *peer)
	want     outcome
}

var beforeLogin = []hostileRow{
	{"garbage", false, nil, func(p *peer) { p.write(garbage(64 << 10)) }, closes},
	{"another protocol", false, nil, func(p *peer) {
		p.write(bytes.Repeat([]byte("GET / HTTP/1.1\r\nHost: disk.example\r\nAccept: */*\r\n\r\n"), 20))
	}, closes},
	{"nothing", false, nil, func(p *peer) {}, whatever},
	{"half a header", false, nil, func(p *peer) { p.write(make([]byte, 24)) }, whatever},
	{"a command before login", false, nil, func(p *peer) {
		q := &pdu.PDU{}
		q.SetOpcode(pdu.OpSCSICommand)
		q.SetFinal()
		p.send(q)
	}, closes},
	{"a login with a header length that lies", false, nil, func(p *peer) {
		q := loginPDU(nil)
		b := p.f.Append(nil, q)
		pdu.View(b).SetAHSLen(pdu.MaxAHSLen)
		p.write(append(b, make([]byte, pdu.MaxAHSLen)...))
	}, closes},
	{"a login with 16 MiB of text", false, nil, func(p *peer) {
		p.write(p.f.Append(nil, loginPDU(bytes.Repeat([]byte("X-a=b\x00"), (1<<24-1)/6))))
	}, closes},
	{"a login whose text never ends", false, nil, func(p *peer) {
		q := loginPDU(bytes.Repeat([]byte("X-a=b\x00"), 1300))
		q.LoginRequest().SetStage(pdu.StageOperational, pdu.StageFullFeature, false, true)
		for range 2200 {
			p.send(q)
		}
	}, closes},
	{"a login without names", false, nil, func(p *peer) { p.send(loginPDU([]byte("HeaderDigest=None\x00"))) }, closes},
	{"a key without a value", false, nil, func(p *peer) { p.send(loginPDU([]byte("InitiatorName\x00\x00\xff\xfe=\x00"))) }, closes},
	{"the reserved stage", false, nil, func(p *peer) {
		q := loginPDU([]byte("InitiatorName=iqn.2026-11.com.example:x\x00"))
		q.LoginRequest().SetStage(2, 2, true, false)
		p.send(q)
	}, closes},
}

var afterLogin = []hostileRow{
	{"garbage", true, nil, func(p *peer) { p.write(garbage(64 << 10)) }, closes},
	{"half a header and silence", true, nil, func(p *peer) { p.write(make([]byte, 24)) }, whatever},
	{"half a data segment and silence", true, nil, func(p *peer) {
		q := p.writeCommand(1, 2)
		q.Data = make([]byte, 2*blockLen)
		b := p.f.Append(nil, q)
		p.write(b[:len(b)-700])
	}, whatever},
	{"a text of 16 MiB in one segment", true, nil, func(p *peer) {
		q := p.request(pdu.OpText, 5)
		q.TextRequest().SetTTT(pdu.NoTag)
		q.Data = bytes.Repeat([]byte("SendTargets=All\x00"), (1<<24-1)/16)
		p.send(q)
	}, answers},
	{"a text of 16 MiB in pieces", true, nil, textInPieces, answers},
	{"a header length that lies", true, nil, func(p *peer) {
		q := p.request(pdu.OpNopOut, 5)
		q.SetImmediate()
		q.NopOut().SetTTT(pdu.NoTag)
		b := p.f.Append(nil, q)
		pdu.View(b).SetAHSLen(pdu.MaxAHSLen)
		p.write(append(b, make([]byte, pdu.MaxAHSLen)...))
	}, answers},
	{"a command with an additional header that does not parse", true, nil, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.AHS = []byte{0xff, 0xff, 0x01, 0x00}
		p.send(q)
	}, answers},
	{"a data segment above what was declared", true, nil, func(p *peer) {
		q := p.writeCommand(5, 2048)
		q.Data = make([]byte, p.n.Params.MaxXmitDataSegmentLength+4)
		p.send(q)
	}, answers},
	{"immediate data above the expected length", true, nil, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.Data = make([]byte, 4*blockLen)
		p.send(q)
	}, answers},
	{"immediate data where it was negotiated away", true, func(o *initiator.Params) { o.ImmediateData = false }, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.Data = make([]byte, blockLen)
		p.send(q)
	}, answers},
	{"a read with the F bit clear", true, nil, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.SCSICommand().SetDirection(true, false)
		q.BHS[1] &= 0x7f
		p.send(q)
	}, answers},
	{"data with a wrong Target Transfer Tag", true, nil, func(p *peer) {
		d := p.dataOut(p.r2t(8), 8*blockLen)
		d.DataOut().SetTTT(d.DataOut().TTT() + 1000)
		p.send(d)
		p.ping(6)
	}, either},
	{"data with a wrong DataSN", true, nil, func(p *peer) {
		d := p.dataOut(p.r2t(8), 8*blockLen)
		d.DataOut().SetDataSN(3)
		p.send(d)
	}, answers},
	{"data with a wrong Buffer Offset", true, nil, func(p *peer) {
		d := p.dataOut(p.r2t(8), 8*blockLen)
		d.DataOut().SetBufferOffset(1 << 30)
		p.send(d)
	}, answers},
	{"more data than the R2T asked for", true, nil, func(p *peer) {
		p.send(p.dataOut(p.r2t(8), 9*blockLen))
	}, answers},
	{"less data than the R2T asked for, yet final", true, nil, func(p *peer) {
		p.send(p.dataOut(p.r2t(8), 7*blockLen))
	}, answers},
	{"data for a command that does not exist", true, nil, func(p *peer) {
		d := p.request(pdu.OpDataOut, 4711)
		d.DataOut().SetTTT(0x12345678)
		d.Data = make([]byte, blockLen)
		p.send(d)
		p.ping(6)
	}, whatever},
	{"R2Ts that are answered in the wrong order", true, func(o *initiator.Params) { o.MaxBurstLength, o.FirstBurstLength = 4096, 4096 }, func(p *peer) {
		first := p.r2t(24)
		second, err := p.read()
		must(p.t, err)
		p.send(p.dataOut(second, 8*blockLen))
		p.send(p.dataOut(first, 8*blockLen))
		p.ping(6)
	}, either},
	{"CmdSN above the window", true, nil, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.SetCmdSN(p.n.MaxCmdSN + 1)
		q.Data = make([]byte, blockLen)
		p.send(q)
		p.ping(6)
	}, ignores},
	{"CmdSN below the window", true, nil, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.SetCmdSN(p.n.CmdSN - 1)
		q.Data = make([]byte, blockLen)
		p.send(q)
		p.ping(6)
	}, ignores},
	{"an opcode that nobody has", true, nil, func(p *peer) { p.send(p.request(0x1f, 5)) }, answers},
	{"an opcode of targets", true, nil, func(p *peer) { p.send(p.request(pdu.OpR2T, 5)) }, answers},
	{"a login in full feature phase", true, nil, func(p *peer) { p.send(loginPDU([]byte("a=b\x00"))) }, answers},
	{"a SNACK at error recovery level 0", true, nil, func(p *peer) { p.send(p.request(pdu.OpSNACK, 5)) }, answers},
	{"a tag that is in use", true, nil, func(p *peer) {
		p.r2t(8)
		q := p.writeCommand(77, 8)
		q.SetCmdSN(p.n.CmdSN + 1)
		p.send(q)
	}, whatever},
	{"a wrong header digest", true, func(o *initiator.Params) { o.HeaderDigest = true }, func(p *peer) {
		b := p.f.Append(nil, p.writeCommand(5, 1))
		b[pdu.HeaderLen] ^= 1
		p.write(b)
	}, closes},
	{"a wrong data digest", true, func(o *initiator.Params) { o.DataDigest = true }, func(p *peer) {
		q := p.writeCommand(5, 1)
		q.Data = make([]byte, blockLen)
		b := p.f.Append(nil, q)
		b[len(b)-1] ^= 1
		p.write(b)
	}, answers},
	{"reads whose data is never taken", true, nil, readsNotTaken, whatever},
}

// textInPieces sends a Text Request that goes on and on with the C bit, taking
// the target's answers in between.
func textInPieces(p *peer) {
	ttt := uint32(pdu.NoTag)
	for sent := 0; sent < 1<<24; {
		q := p.request(pdu.OpText, 5)
		q.SetImmediate()
		q.BHS[1] = 0
		q.TextRequest().SetContinue()
		q.TextRequest().SetTTT(ttt)
		q.Data = bytes.Repeat([]byte("X-a=b\x00"), 1300)
		sent += len(q.Data)
		p.send(q)
		answer, err := p.read()
		if err != nil {
			return // closed
		}
		if answer.Opcode() != pdu.OpTextResponse {
			p.refused = refuses(p.t, answer)
			return
		}
		ttt = answer.TextResponse().TTT()
	}
	p.t.Error("16 MiB of text were taken")
}

// readsNotTaken asks for 16 reads of 1 MiB and takes nothing.
func readsNotTaken(p *peer) {
	for i := range uint32(16) {
		q := p.writeCommand(100+i, 2048)
		q.SetCmdSN(p.n.CmdSN + pdu.Serial(i))
		q.SCSICommand().SetDirection(true, false)
		*q.SCSICommand().CDB() = initiator.Read16(initiator.Range{Blocks: 2048})
		p.send(q)
	}
	time.Sleep(100 * time.Millisecond)
}
