// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"
	"time"

	"ietring/pdu"
)

// pong answers a ping of the target as one who has acknowledged all but so many
// statuses.
func (i *peer) pong(ping *pdu.PDU, unread pdu.Serial) {
	i.t.Helper()
	if ping.Opcode() != pdu.OpNopIn || ping.ITT() != pdu.NoTag || ping.NopIn().TTT() == pdu.NoTag {
		i.t.Fatalf("%v instead of a ping", ping.Opcode())
	}
	a := &pdu.PDU{}
	a.SetOpcode(pdu.OpNopOut)
	a.SetImmediate()
	a.SetFinal()
	a.SetITT(pdu.NoTag)
	a.SetCmdSN(ping.ExpCmdSN())
	a.SetExpStatSN(ping.StatSN() - unread)
	a.NopOut().SetTTT(ping.NopIn().TTT())
	i.send(a)
}

// verdictWith sends a function, and the 4 KiB that each of r2ts asked for, and
// returns the answer.
func (i *peer) verdictWith(r *pdu.PDU, r2ts ...*pdu.PDU) pdu.TaskResponse {
	i.t.Helper()
	i.send(r)
	for _, r2t := range r2ts {
		i.answer(r2t, make([]byte, 4096))
	}
	return i.answered(r)
}

// Functions on several tasks wait for the data that R2Ts asked for (RFC 7143,
// Section 4.2.3.3), and for no more of it.
func TestFunctionWaitsForData(t *testing.T) {
	p := newPlane(t, 1)
	for _, tt := range []struct {
		name  string
		f     pdu.TaskFunction
		waits bool
	}{
		{"abort task is about one command, whose data does not come any more", pdu.AbortTask, false},
		{"abort task set waits", pdu.AbortTaskSet, true},
		{"clear task set waits", pdu.ClearTaskSet, true},
		{"a reset of the unit waits", pdu.LogicalUnitReset, true},
		{"a warm reset waits", pdu.TargetWarmReset, true},
		{"a cold reset waits", pdu.TargetColdReset, true},
	} {
		i := p.connect(defaults)
		i.timeout = time.Minute
		r2t := i.stuck(pdu.AttrSimple)
		f := i.function(tt.f, 0, r2t.ITT(), i.cmdSN-1, true)
		i.send(f)
		r := r2t.R2T()
		if tt.waits {
			i.silent(tt.name)
			i.send(dataOut(r2t.ITT(), r.TTT(), 0, 0, make([]byte, 1024), false))
			i.silent(tt.name + ": a part of the data is not all")
			i.send(dataOut(r2t.ITT(), r.TTT(), 1, 1024, make([]byte, 3072), true))
		}
		if v := i.answered(f); v != pdu.FunctionComplete {
			t.Errorf("%s: %d", tt.name, v)
		}
	}
}

// An initiator that sends no data for what it aborts is not waited for for ever,
// and what it sends later is nobody's.
func TestFunctionWithoutData(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	i.timeout = time.Minute
	first, second := i.stuck(pdu.AttrSimple), i.stuck(pdu.AttrSimple)
	f := i.function(pdu.AbortTaskSet, 0, 0, 0, true)
	again := i.function(pdu.ClearTaskSet, 0, 0, 0, true)
	i.send(f)
	i.send(again)
	i.answer(first, make([]byte, 4096))
	i.silent("while the data of the second command is missing")
	seen := map[uint32]bool{}
	for range 2 {
		a := i.next()
		if a.Opcode() != pdu.OpTaskMgmtResp || a.TaskMgmtResponse().Response() != pdu.FunctionComplete {
			t.Fatalf("%v of tag %d", a.Opcode(), a.ITT())
		}
		seen[a.ITT()] = true
	}
	if !seen[f.ITT()] || !seen[again.ITT()] {
		t.Errorf("answers to %v", seen)
	}
	i.answer(second, make([]byte, 4096))
	i.alive(i)
}

// A function on several tasks is answered when the initiator has acknowledged
// what was sent before on the other connections of the session, or does not for
// a time.
func TestFunctionWaitsForAcknowledgement(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b := a.join(p, 8)
	a.timeout, b.timeout = time.Minute, time.Minute
	b.alive(a)
	ask := func(f pdu.TaskFunction) *pdu.PDU {
		r := a.function(f, 0, 4711, 0, true)
		a.send(r)
		return r
	}
	complete := func(r *pdu.PDU) {
		t.Helper()
		if v := a.answered(r); v != pdu.FunctionComplete {
			t.Errorf("%d", v)
		}
	}
	r := ask(pdu.AbortTaskSet)
	ping := b.next()
	a.silent("before the ping is answered")
	b.pong(ping, 1)
	a.silent("while one status is not acknowledged")
	b.pong(ping, 0)
	complete(r)

	r = ask(pdu.LogicalUnitReset)
	ping = b.next()
	complete(r) // it was not answered
	b.pong(ping, 0)
	if r := a.do(0, testUnitReady, 0, nil); r.sense.ASC != 0x29 {
		t.Errorf("after a reset: %+v", r)
	}

	if v := a.answered(ask(pdu.AbortTask)); v != pdu.TaskDoesNotExist {
		t.Errorf("abort of a task that is not there: %d", v)
	}
	b.silent("no ping for it")

	r = ask(pdu.AbortTaskSet)
	b.next()
	b.send(a.logout(pdu.LogoutCloseConnection, 8)) // acknowledges nothing, but ends the connection
	b.loggedOut(pdu.LogoutClosed)
	complete(r)
	a.alive(a)
}
