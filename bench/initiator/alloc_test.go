// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"io"
	"net"
	"testing"

	"ietring/pdu"
)

// TestCommandAllocs has a warm read and a warm write allocate nothing: a load
// that pays the garbage collector measures itself.
func TestCommandAllocs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		answerAll(t, conn)
	}()
	offer := fakeOffer()
	s, err := Dial(Options{Address: l.Addr().String(), Target: "iqn.2026-11.com.example:fake", Offer: &offer})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, row := range []struct {
		sentence string
		cmd      Command
	}{
		{"read", Command{In: make([]byte, 4096)}},
		{"write", Command{Out: make([]byte, 4096)}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			run := func() {
				if s.Do(&row.cmd) != nil || row.cmd.Status != StatusGood {
					t.Fatal(row.cmd.OK())
				}
			}
			run()
			if n := testing.AllocsPerRun(500, run); n != 0 {
				t.Errorf("%v allocations a command", n)
			}
		})
	}
}

// answerAll logs in and then answers each command with GOOD, without
// allocating: the test counts for the whole process.
func answerAll(t *testing.T, conn net.Conn) {
	f := &fake{t: t, conn: conn, f: pdu.Framing{MaxDataLen: 1 << 20}, n: 7}
	if !f.login(fakeOffer()) {
		return
	}
	// login has read the first command already.
	var in pdu.PDU
	in = *f.cmd
	out := make([]byte, pdu.HeaderLen+4096)
	h := pdu.View(out)
	body := make([]byte, 4096)
	for {
		n := 0
		*h = pdu.BHS{}
		if in.SCSICommand().Read() {
			n = 4096
			h.SetOpcode(pdu.OpDataIn)
			h.DataIn().SetTTT(pdu.NoTag)
			h.DataIn().SetStatus(StatusGood)
		} else {
			h.SetOpcode(pdu.OpSCSIResponse)
		}
		h.SetFinal()
		h.SetDataLen(n)
		h.SetITT(in.ITT())
		h.SetStatSN(f.n)
		f.n++
		h.SetWindow(in.CmdSN()+1, in.CmdSN()+32)
		if _, err := conn.Write(out[:pdu.HeaderLen+n]); err != nil {
			return
		}
		if _, err := io.ReadFull(conn, in.BHS[:]); err != nil || in.Opcode() != pdu.OpSCSICommand {
			return
		}
		if _, err := io.ReadFull(conn, body[:in.DataLen()]); err != nil {
			return
		}
	}
}
