// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"net"
	"os"
	"testing"

	"ietring/pdu"
	"ietring/pdu/flow"
)

// feed is a connection whose peer has said everything already.
type feed struct {
	net.Conn
	in  *bytes.Reader
	out int
}

func (f *feed) Read(b []byte) (int, error)  { return f.in.Read(b) }
func (f *feed) Write(b []byte) (int, error) { f.out += len(b); return len(b), nil }
func (f *feed) RemoteAddr() net.Addr        { return &net.TCPAddr{} }
func (f *feed) LocalAddr() net.Addr         { return &net.TCPAddr{} }

// goldenLogins adds what real initiators log in with.
func goldenLogins(f *testing.F) {
	flows, err := flow.Load(os.DirFS("../portal/testdata"))
	if err != nil {
		f.Fatal(err)
	}
	for _, golden := range flows {
		f.Add(golden.Login())
	}
}

func FuzzLogin(f *testing.F) {
	goldenLogins(f)
	f.Add(framing.Append(nil, loginPDU(straight(nil))))
	two := framing.Append(nil, loginPDU(ask{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=None"}))
	f.Add(framing.Append(two, loginPDU(ask{csg: 1, nsg: 3, t: true, text: "HeaderDigest=CRC32C\nMaxBurstLength=0x200\nInitialR2T=No"})))
	f.Add(framing.Append(nil, loginPDU(ask{csg: 1, nsg: 3, t: true, text: "InitiatorName=a\nSessionType=Discovery"})))
	f.Fuzz(func(t *testing.T, wire []byte) {
		s, _ := newServer(t)
		c := &feed{in: bytes.NewReader(wire)}
		d, err := s.Run(c)
		if d == nil && err == nil {
			t.Error("a login on what is no socket had no error")
		}
		if d == nil && s.Sessions.Len() != 0 {
			t.Error("a session stays after a login that failed")
		}
		// Each request is answered by at most one PDU of at most maxLoginData.
		if most := (len(wire)/pdu.HeaderLen + 2) * (pdu.HeaderLen + maxLoginData); c.out > most {
			t.Errorf("%d bytes of answers to %d bytes", c.out, len(wire))
		}
	})
}

// FuzzLoginCHAP: where there are accounts no bytes make a session, for no
// fuzzer finds the secret.
func FuzzLoginCHAP(f *testing.F) {
	goldenLogins(f)
	offer := framing.Append(nil, loginPDU(ask{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=CHAP"}))
	offer = framing.Append(offer, loginPDU(ask{csg: 0, nsg: 1, t: true, text: "CHAP_A=8,7,6,5"}))
	f.Add(framing.Append(offer, loginPDU(ask{csg: 0, nsg: 3, t: true, text: "CHAP_N=alice\nCHAP_R=0x00\nCHAP_I=1\nCHAP_C=0bAA=="})))
	f.Add(framing.Append(nil, loginPDU(straight(nil))))
	f.Add(framing.Append(nil, loginPDU(ask{csg: 0, nsg: 3, t: true, text: discoverySession + "\nAuthMethod=None"})))
	f.Fuzz(func(t *testing.T, wire []byte) {
		s, e := newServer(t)
		withAccounts(t, s, testAccounts)
		d, err := s.Run(&feed{in: bytes.NewReader(wire)})
		if d != nil || err == nil || s.Sessions.Len() != 0 || len(e.sessions) != 0 {
			t.Errorf("somebody got in: %v, %v", d, err)
		}
	})
}
