// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"ietring/cmd/ietd/internal/admin"
	"ietring/pdu"
)

// A wire is one connection of an initiator that says what the test wants.
type wire struct {
	t       *testing.T
	conn    net.Conn
	framing pdu.Framing
}

// wireTo connects and logs in to a session: the TSIH is 0 for a new one. It
// returns the last answer.
func (h *house) wireTo(t *testing.T, tsih, cid uint16, cmdSN pdu.Serial, more string) (*wire, *pdu.PDU) {
	t.Helper()
	conn, err := net.Dial("tcp", h.portal.Portals()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	w := &wire{t, conn, pdu.Framing{MaxDataLen: 1 << 20}}
	p := new(pdu.PDU)
	p.SetOpcode(pdu.OpLogin)
	p.SetImmediate()
	p.SetITT(1)
	p.SetCmdSN(cmdSN)
	l := p.LoginRequest()
	l.SetStage(pdu.StageOperational, pdu.StageFullFeature, true, false)
	l.SetISID(pdu.ISID{0x80, 0, 0, 0, 0, 9})
	l.SetTSIH(tsih)
	l.SetCID(cid)
	p.Data = []byte("InitiatorName=iqn.host\x00TargetName=iqn.a\x00" + more)
	w.send(p)
	return w, w.next()
}

func (w *wire) send(p *pdu.PDU) {
	w.t.Helper()
	if _, err := w.conn.Write(w.framing.Append(nil, p)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) next() *pdu.PDU {
	w.t.Helper()
	p := new(pdu.PDU)
	if err := w.framing.Read(w.conn, p); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// tur makes a TEST UNIT READY whose tag is its number.
func tur(sn pdu.Serial) *pdu.PDU {
	p := new(pdu.PDU)
	p.SetOpcode(pdu.OpSCSICommand)
	p.SetFinal()
	p.SetITT(uint32(sn))
	p.SetCmdSN(sn)
	p.SCSICommand().SetAttr(pdu.AttrSimple)
	return p
}

// answered wants the end of the command with that number.
func (w *wire) answered(sn pdu.Serial) {
	w.t.Helper()
	if p := w.next(); p.Opcode() != pdu.OpSCSIResponse || p.ITT() != uint32(sn) {
		w.t.Fatalf("%v of tag %d, want the end of %d", p.Opcode(), p.ITT(), sn)
	}
}

// dropped wants the connection to be told of its end, and to end.
func (w *wire) dropped() {
	w.t.Helper()
	if p := w.next(); p.Opcode() != pdu.OpAsync || p.AsyncMessage().Event() != pdu.AsyncDropConnection {
		w.t.Fatalf("%v", p.Opcode())
	}
	if _, err := w.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		w.t.Fatalf("the connection stays: %v", err)
	}
}

// Several connections log in to one session, bring its commands in one order,
// are listed, replaced and closed one by one.
func TestConnectionsOfOneSession(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n MaxConnections 2\n", always)
	conns := func() int {
		if s := h.Targets()[0].Sessions; len(s) == 1 {
			return len(s[0].Conns)
		}
		return 0
	}
	a, p := h.wireTo(t, 0, 1, 10, "MaxConnections=8\x00")
	tsih := p.LoginResponse().TSIH()
	if p.LoginResponse().Status() != pdu.LoginSuccess || tsih == 0 {
		t.Fatalf("status %#04x, TSIH %d", p.LoginResponse().Status(), tsih)
	}
	a.send(tur(10))
	a.answered(10)
	b, p := h.wireTo(t, tsih, 2, 11, "")
	if st := p.LoginResponse().Status(); st != pdu.LoginSuccess || p.ExpCmdSN() != 11 {
		t.Fatalf("status %#04x, ExpCmdSN %d", st, p.ExpCmdSN())
	}
	if _, p = h.wireTo(t, tsih, 3, 11, ""); p.LoginResponse().Status() != pdu.LoginTooManyConnections {
		t.Errorf("a third connection: status %#04x", p.LoginResponse().Status())
	}
	eventually(t, "the second connection is not listed", func() bool { return conns() == 2 })
	a.send(tur(12)) // waits for 11
	b.send(tur(11))
	b.answered(11)
	a.answered(12)

	again, p := h.wireTo(t, tsih, 2, 13, "")
	if st := p.LoginResponse().Status(); st != pdu.LoginSuccess {
		t.Fatalf("reinstatement: status %#04x", st)
	}
	b.dropped()
	again.send(tur(13))
	again.answered(13)
	if err := h.CloseConnection(1, h.Targets()[0].Sessions[0].SID, 2); err != nil {
		t.Fatal(err)
	}
	again.dropped()
	eventually(t, "the closed connection is listed", func() bool { return conns() == 1 })
	a.send(tur(14))
	a.answered(14)

	// Alone, the connection takes its session over when it comes back.
	c, p := h.wireTo(t, tsih, 1, 40, "")
	if st := p.LoginResponse().Status(); st != pdu.LoginSuccess || p.LoginResponse().TSIH() != tsih || p.ExpCmdSN() != 40 {
		t.Fatalf("the only connection again: status %#04x, ExpCmdSN %d", st, p.ExpCmdSN())
	}
	c.send(tur(40))
	c.answered(40)
}

// A MaxRecvDataSegmentLength that changes is told to the sessions that exist: they
// are asked to negotiate, by ietadm and by a reload.
func TestRedeclare(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n", always)
	w, p := h.wireTo(t, 0, 1, 10, "")
	if st := p.LoginResponse().Status(); st != pdu.LoginSuccess {
		t.Fatalf("status %#04x", st)
	}
	sn := pdu.Serial(10)
	told := func(how, want string) {
		t.Helper()
		if p := w.next(); p.Opcode() != pdu.OpAsync || p.AsyncMessage().Event() != pdu.AsyncNegotiation {
			t.Fatalf("%s: %v", how, p.Opcode())
		}
		r := new(pdu.PDU)
		r.SetOpcode(pdu.OpText)
		r.SetFinal()
		r.SetITT(uint32(sn))
		r.SetCmdSN(sn)
		r.TextRequest().SetTTT(pdu.NoTag)
		sn++
		w.send(r)
		if p := w.next(); p.Opcode() != pdu.OpTextResponse || string(p.Data) != "MaxRecvDataSegmentLength="+want+"\x00" {
			t.Fatalf("%s: %v %q", how, p.Opcode(), p.Data)
		}
	}
	effects, err := h.UpdateTarget(1, []admin.Param{{Key: "MaxRecvDataSegmentLength", Value: "131072"}, {Key: "MaxBurstLength", Value: "524288"}})
	if err != nil || effects[0].When != "new sessions, and others that negotiate it" || effects[1].When != "new sessions" {
		t.Errorf("%v, %v", effects, err)
	}
	told("ietadm", "131072")
	text, err := h.reload("Target iqn.a\n Lun 0 Type=nullio\n MaxRecvDataSegmentLength 65536\n MaxBurstLength 524288\n")
	if err != nil || text != "~ target iqn.a: MaxRecvDataSegmentLength 131072 -> 65536 (new sessions, and others that negotiate it)" {
		t.Errorf("%q, %v", text, err)
	}
	told("a reload", "65536")
}
