// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"testing"

	"ietring/pdu"
)

// echo sends a NOP-Out with n bytes as one who has acknowledged all before exp.
func (i *peer) echo(n int, exp pdu.Serial) *pdu.PDU {
	r := i.request(pdu.OpNopOut, 0)
	r.NopOut().SetTTT(pdu.NoTag)
	r.SetExpStatSN(exp)
	r.Data = make([]byte, n)
	i.send(r)
	return i.next()
}

// A new MaxRecvDataSegmentLength is told by the next text negotiation that comes
// to its end, and holds from then on: a longer one at once, a shorter one when the
// initiator has acknowledged it.
func TestRenegotiate(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	ask := func(final bool, want string) *pdu.PDU {
		t.Helper()
		r := i.request(pdu.OpText, 0)
		r.TextRequest().SetTTT(pdu.NoTag)
		if !final {
			r.ClearFinal()
		}
		r.Data = []byte("k=v\x00")
		i.send(r)
		a := i.next()
		if a.Opcode() != pdu.OpTextResponse || string(a.Data) != "k=v\x00"+want {
			t.Fatalf("%v %q, want %q", a.Opcode(), a.Data, want)
		}
		return a
	}
	declares := func(n int) string { return fmt.Sprintf("MaxRecvDataSegmentLength=%d\x00", n) }
	served := func(n int, exp pdu.Serial, when string) {
		t.Helper()
		if a := i.echo(n, exp); a.Opcode() != pdu.OpNopIn {
			t.Fatalf("%s: %d bytes are answered by %v", when, n, a.Opcode())
		}
	}

	i.sess.Renegotiate(defaults.MaxRecvDataSegmentLength, 15)
	ask(true, "") // it knows that

	i.sess.Renegotiate(1<<20, 15)
	i.event(pdu.AsyncNegotiation)
	ask(false, declares(1<<20))
	ask(true, declares(1<<20)) // the first came to no end
	served(512<<10, 0, "after a longer one was declared")
	ask(true, "")

	i.sess.Renegotiate(4096, 15)
	i.event(pdu.AsyncNegotiation)
	i.sess.Renegotiate(1<<20, 15) // the operator thinks better of it
	ask(true, "")
	i.sess.Renegotiate(4096, 15)
	i.event(pdu.AsyncNegotiation)
	served(8192, 0, "before the negotiation")
	a := ask(true, declares(4096))
	served(8192, a.StatSN(), "before a shorter one is acknowledged")
	served(4096, a.StatSN()+1, "with the acknowledgement")
	if a := i.echo(8192, a.StatSN()+1); a.Opcode() != pdu.OpReject || a.Reject().Reason() != pdu.ReasonProtocolError {
		t.Errorf("a longer segment afterwards: %v", a.Opcode())
	}
	i.closed()
}
