// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"ietring/pdu"
	"ietring/scsi"
)

// What happens while a PDU is half here, or half gone. The simulation found these.

// part sends bytes from..to of u in wire form.
func (i *peer) part(u *pdu.PDU, from, to int) {
	i.t.Helper()
	if _, err := i.Write(i.framing.Append(nil, u)[from:to]); err != nil {
		i.t.Fatal(err)
	}
}

// TestAbortedWhileArriving: one initiator resets the unit while data of another
// arrives. The rest of that data must not go to the command that gets the task
// next, which is somebody else's.
func TestAbortedWhileArriving(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.MaxBurstLength = 4096
	a, b := p.connect(params), p.connect(params)
	theirs, ours := pattern(4096, 1), pattern(8192, 2)

	w := a.scsi(0, write10(8, 8), 0, theirs)
	a.send(w)
	r2t := a.next()
	d := dataOut(w.ITT(), r2t.R2T().TTT(), 0, 0, theirs, true)
	a.part(d, 0, 48+1024)
	time.Sleep(20 * time.Millisecond) // nothing tells that half a PDU has arrived

	f := b.request(pdu.OpTaskMgmt, 0)
	f.TaskMgmt().SetFunction(pdu.LogicalUnitReset)
	f.TaskMgmt().SetRefTag(pdu.NoTag)
	b.send(f)
	if r := b.next(); r.Opcode() != pdu.OpTaskMgmtResp || r.TaskMgmtResponse().Response() != pdu.FunctionComplete {
		t.Fatalf("reset: %v", r.Opcode())
	}
	if r := b.command(0, "000000000000", 0, nil); r.status != scsi.StatusCheckCondition {
		t.Fatalf("no unit attention after the reset: %v", r.status)
	}
	idle := b.scsi(0, write10(200, 8), 0, theirs) // takes the task of the reset
	b.send(idle)
	last := b.next()
	w = b.scsi(0, write10(100, 16), 0, ours) // takes the task that was aborted
	b.send(w)
	first := b.next()
	b.answer(first, ours)
	second := b.next()

	a.part(d, 48+1024, 48+4096)
	n := a.request(pdu.OpNopOut, 0)
	n.NopOut().SetTTT(pdu.NoTag)
	a.send(n)
	if r := a.next(); r.Opcode() != pdu.OpNopIn {
		t.Fatalf("%v after the end of data that nobody wants", r.Opcode())
	}

	b.answer(second, ours)
	if r := b.finish(w.ITT(), ours); r.status != scsi.StatusGood {
		t.Fatalf("write: %v", r.status)
	}
	b.answer(last, theirs)
	b.finish(idle.ITT(), theirs)
	if r := b.do(0, read10(100, 16), 8192, nil); !bytes.Equal(r.data, ours) {
		t.Errorf("the disk holds %s… at byte 1024", hex.EncodeToString(r.data[1024:1032]))
	}
}

// TestRejectWhileArriving: a Reject of an earlier text is made while the next PDU
// arrives, and must not change how that one is read.
func TestRejectWhileArriving(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	bad := i.request(pdu.OpText, 0)
	bad.TextRequest().SetTTT(pdu.NoTag)
	bad.Data = []byte("bad")
	n := i.request(pdu.OpNopOut, 0)
	n.NopOut().SetTTT(pdu.NoTag)
	n.Data = pattern(8, 1)
	i.send(bad)
	i.part(n, 0, 52)
	if r := i.next(); r.Opcode() != pdu.OpReject {
		t.Fatalf("%v for a malformed text", r.Opcode())
	}
	i.part(n, 52, 56)
	if r := i.next(); r.Opcode() != pdu.OpNopIn || !bytes.Equal(r.Data, n.Data) {
		t.Errorf("%v with %d bytes for the ping behind it", r.Opcode(), len(r.Data))
	}
}

// TestTwoLogouts: the second logout aborts the first, and both wait for a write
// whose R2T is being sent: the end of that send ends all three.
func TestTwoLogouts(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	b := i.framing.Append(nil, i.scsi(0, write10(8, 8), 0, pattern(4096, 1)))
	for range 2 {
		out := i.request(pdu.OpLogout, 0)
		out.LogoutRequest().SetReason(pdu.LogoutCloseSession)
		b = i.framing.Append(b, out)
	}
	if _, err := i.Write(b); err != nil {
		t.Fatal(err)
	}
	i.closed()
	other := p.connect(defaults)
	if r := other.command(0, "000000000000", 0, nil); r.status != scsi.StatusGood {
		t.Errorf("another session afterwards: %v", r.status)
	}
}
