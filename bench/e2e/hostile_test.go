// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

// How much more than at the start a target may hold when its hostile peers are
// gone. The memory is that of a Go heap between collections; under the race
// detector each byte has several of shadow.
const (
	slackRSS         = 16 << 20
	slackRSSRace     = 256 << 20
	slackDescriptors = 0
)

// watchNeighbour starts a verified load beside the test and returns a function
// that ends it and fails the test if anything was wrong.
func watchNeighbour(t *testing.T, p *daemon.Process) (end func()) {
	t.Helper()
	c := quick(p)
	c.Sessions, c.Streams, c.Duration = 1, 2, time.Hour
	c.PrivateLen, c.SharedLen, c.MaxLen = 256<<10, 256<<10, 64<<10
	c.Login.Initiator = "iqn.2026-11.com.example:neighbour"
	c.Login.Timeout = patience(10 * time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		r, err := load.Verify(ctx, c)
		if err == nil && r.Reads < 10 {
			err = errors.New("it read almost nothing")
		}
		result <- err
	}()
	time.Sleep(200 * time.Millisecond) // it has logged in: the start value has it
	return func() {
		t.Helper()
		cancel()
		if err := <-result; err != nil {
			t.Errorf("the session beside: %v", err)
		}
	}
}

// settled returns what p uses once it has stopped to change.
func settled(t *testing.T, p *daemon.Process) daemon.Usage {
	t.Helper()
	u, err := p.Usage()
	must(t, err)
	return u
}

// nothingLeft checks that p is back at its start value.
func nothingLeft(t *testing.T, p *daemon.Process, before daemon.Usage) {
	t.Helper()
	slack := int64(slackRSS)
	if race {
		slack = slackRSSRace
	}
	deadline := time.Now().Add(patience(5 * time.Second))
	for {
		now, err := p.Usage()
		must(t, err)
		fine := now.Descriptors <= before.Descriptors+slackDescriptors && now.RSS <= before.RSS+slack
		if fine || time.Now().After(deadline) {
			t.Logf("before: %v; after: %v", before, now)
			if !fine {
				t.Errorf("not back at the start value: slack is %d bytes and %d descriptors", slack, slackDescriptors)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

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

// TestHostilePeers has peers be wrong in every way we know, beside a session
// that verifies its data; in the end nothing of them is left in the target.
func TestHostilePeers(t *testing.T) {
	p := serve(t, "--threads", "1", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1))) // what is made once is there now
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)
	for _, row := range beforeLogin {
		t.Run("before login "+row.sentence, func(t *testing.T) { row.run(t, p) })
	}
	for _, row := range afterLogin {
		t.Run("after login "+row.sentence, func(t *testing.T) { row.run(t, p) })
	}
	neighbour()
	nothingLeft(t, p, before)
	must(t, life(lifeOptions(login(p), 1)))
}

func (row *hostileRow) run(t *testing.T, d *daemon.Process) {
	conn, err := net.Dial("tcp", d.Addr)
	must(t, err)
	defer conn.Close()
	p := &peer{t: t, conn: conn, f: pdu.Framing{MaxDataLen: 8192}}
	if row.login {
		o := login(d)
		offer := initiator.Defaults()
		if row.offer != nil {
			row.offer(&offer)
		}
		o.Offer, o.ISID = &offer, load.SessionISID(50)
		p.n, err = initiator.Login(conn, &o)
		must(t, err)
		p.f = p.n.Framing()
		p.clearAttention()
	}
	row.act(p)
	row.judge(p)
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

// judge reads what the target does and holds it against the row.
func (row *hostileRow) judge(p *peer) {
	if row.want == whatever || p.refused && row.want != ignores {
		return
	}
	for {
		q, err := p.read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.t.Error("the target does nothing about it")
			return
		case err != nil:
			if row.want == ignores {
				p.t.Errorf("the connection ended: %v", err)
			}
			if !errors.Is(err, io.EOF) {
				p.t.Logf("closed: %v", err)
			}
			return
		case q.Opcode() == pdu.OpNopIn && q.ITT() == 6 && (row.want == ignores || row.want == either):
			return
		case row.want == ignores:
			p.t.Errorf("%v instead of the answer to a ping: the command was to be ignored", q.Opcode())
			return
		case row.want != closes && refuses(p.t, q):
			return
		}
	}
}

// refuses reports whether a PDU says that something was wrong.
func refuses(t *testing.T, q *pdu.PDU) bool {
	switch q.Opcode() {
	case pdu.OpReject:
		t.Logf("Reject: %v", q.Reject().Reason())
		return true
	case pdu.OpSCSIResponse:
		t.Logf("status %#02x", q.SCSIResponse().Status())
		return q.SCSIResponse().Status() != initiator.StatusGood
	case pdu.OpLogoutResponse, pdu.OpAsync:
		return true
	}
	return false
}

// TestManyStopInLogin has many connections from one address go silent at
// different places of login, while others log in from another and work.
func TestManyStopInLogin(t *testing.T) {
	const peers = 300
	p := serve(t, "--threads", "1", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1)))
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)
	whole := new(pdu.Framing).Append(nil, loginPDU([]byte("InitiatorName=iqn.2026-11.com.example:slow\x00")))
	elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var conns []net.Conn
	for i := range peers {
		conn, err := elsewhere.Dial("tcp", p.Addr)
		must(t, err)
		conns = append(conns, conn)
		if _, err := conn.Write(whole[:i%len(whole)]); err != nil {
			t.Logf("peer %d: %v", i, err) // the target may limit them
		}
	}
	o := lifeOptions(login(p), 2)
	if err := life(o); err != nil {
		t.Errorf("with %d connections that stopped in login: %v", peers, err)
	}
	for _, c := range conns {
		c.Close()
	}
	neighbour()
	nothingLeft(t, p, before)
}
