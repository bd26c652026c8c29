// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"testing"

	"ietring/pdu"
)

// Text goes to the control plane and its answer back, in as many PDUs as it
// takes either way.
func TestText(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.MaxXmitDataSegmentLength = 600
	i := p.connect(params)
	want := pattern(2000, 1)
	var got []byte
	ttt := uint32(pdu.NoTag)
	for off := 0; off < len(want); off += 1000 {
		r := i.request(pdu.OpText, 0)
		r.TextRequest().SetTTT(ttt)
		r.Data = want[off : off+1000]
		if off+1000 < len(want) {
			r.ClearFinal()
			r.TextRequest().SetContinue()
		}
		i.send(r)
		a := i.next()
		if a.Opcode() != pdu.OpTextResponse {
			t.Fatalf("%v", a.Opcode())
		}
		ttt = a.TextResponse().TTT()
		got = append(got, a.Data...)
	}
	for ttt != pdu.NoTag {
		r := i.request(pdu.OpText, 0)
		r.TextRequest().SetTTT(ttt)
		i.send(r)
		a := i.next()
		ttt = a.TextResponse().TTT()
		if a.Final() != (ttt == pdu.NoTag) || a.TextResponse().Continue() == a.Final() {
			t.Fatalf("F %v, C %v, TTT %x", a.Final(), a.TextResponse().Continue(), ttt)
		}
		got = append(got, a.Data...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back", len(got))
	}
	bad := i.request(pdu.OpText, 0)
	bad.TextRequest().SetTTT(4711)
	i.send(bad)
	if a := i.next(); a.Opcode() != pdu.OpReject || a.Reject().Reason() != pdu.ReasonProtocolError || !bytes.Equal(a.Data, bad.BHS[:]) {
		t.Errorf("a tag that nobody gave: %v", a.Opcode())
	}
}

// A negotiation goes on as long as the initiator does not set F; a declared
// length counts from its end on; malformed text and keys before our answer has
// ended are rejected, and leave nothing behind.
func TestTextNegotiation(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.MaxXmitDataSegmentLength = 512
	i := p.connect(params)
	ask := func(ttt uint32, final bool, data []byte) *pdu.PDU {
		t.Helper()
		r := i.request(pdu.OpText, 0)
		r.TextRequest().SetTTT(ttt)
		if !final {
			r.ClearFinal()
		}
		r.Data = data
		i.send(r)
		return i.next()
	}
	a := ask(pdu.NoTag, false, []byte("more"))
	if a.Opcode() != pdu.OpTextResponse || a.Final() || a.TextResponse().TTT() == pdu.NoTag || string(a.Data) != "more" {
		t.Fatalf("F=0: %v, F %v, TTT %x, %q", a.Opcode(), a.Final(), a.TextResponse().TTT(), a.Data)
	}
	if a = ask(a.TextResponse().TTT(), true, []byte("last")); !a.Final() || a.TextResponse().TTT() != pdu.NoTag || string(a.Data) != "last" {
		t.Errorf("the end: F %v, TTT %x, %q", a.Final(), a.TextResponse().TTT(), a.Data)
	}
	if a = ask(pdu.NoTag, true, []byte("bad")); a.Opcode() != pdu.OpReject || a.Reject().Reason() != pdu.ReasonProtocolError {
		t.Errorf("malformed: %v", a.Opcode())
	}
	if a = ask(pdu.NoTag, true, pattern(900, 1)); a.Final() || len(a.Data) != 512 {
		t.Fatalf("a long answer: F %v, %d bytes", a.Final(), len(a.Data))
	}
	if a = ask(a.TextResponse().TTT(), true, []byte("x")); a.Opcode() != pdu.OpReject {
		t.Errorf("keys before the answer has ended: %v", a.Opcode())
	}
	if a = ask(pdu.NoTag, true, pattern(700, 1)); len(a.Data) != 512 {
		t.Fatalf("before the end of the negotiation: %d bytes in a PDU", len(a.Data))
	}
	if a = ask(a.TextResponse().TTT(), true, nil); len(a.Data) != 188 || !a.Final() {
		t.Fatalf("the rest: %d bytes", len(a.Data))
	}
	if a = ask(pdu.NoTag, true, pattern(700, 1)); len(a.Data) != 700 {
		t.Errorf("after the end of the negotiation: %d bytes in a PDU", len(a.Data))
	}
}
