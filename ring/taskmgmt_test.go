// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"

	"ietring/pdu"
	"ietring/scsi"
)

// function makes a task management function that is not sent yet. An immediate
// one has the number of the next command and does not use it up.
func (i *peer) function(f pdu.TaskFunction, lun uint64, ref uint32, refSN pdu.Serial, immediate bool) *pdu.PDU {
	r := i.request(pdu.OpTaskMgmt, lun)
	if immediate {
		r.SetImmediate()
		i.cmdSN--
	}
	r.TaskMgmt().SetFunction(f)
	r.TaskMgmt().SetRefTag(ref)
	r.TaskMgmt().SetRefCmdSN(refSN)
	return r
}

// verdictOf sends a function and returns its answer.
func (i *peer) verdictOf(r *pdu.PDU) pdu.TaskResponse {
	i.t.Helper()
	i.send(r)
	return i.answered(r)
}

// answered receives the answer to a function.
func (i *peer) answered(r *pdu.PDU) pdu.TaskResponse {
	i.t.Helper()
	a := i.next()
	if a.Opcode() != pdu.OpTaskMgmtResp || a.ITT() != r.ITT() {
		i.t.Fatalf("%v of tag %d instead of the answer to a function", a.Opcode(), a.ITT())
	}
	return a.TaskMgmtResponse().Response()
}

// ABORT TASK of a command that never came makes its number count as received
// (RFC 7143, Section 11.6.1), and only then.
func TestAbortOfMissing(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	missing := i.scsi(0, testUnitReady, 0, nil) // never sent
	later := i.scsi(0, testUnitReady, 0, nil)
	i.send(later)
	i.silent("while an earlier command is missing")
	for _, tt := range []struct {
		name  string
		refSN pdu.Serial
	}{
		{"a number before the window", missing.CmdSN() - 1},
		{"a number behind the window", missing.CmdSN() + 2*testDepth},
		{"the number of a command that waits, with another tag", later.CmdSN()},
		{"the function's own number", i.cmdSN},
	} {
		if r := i.verdictOf(i.function(pdu.AbortTask, 0, 4711, tt.refSN, true)); r != pdu.TaskDoesNotExist {
			t.Errorf("%s: %d", tt.name, r)
		}
	}
	r := i.function(pdu.AbortTask, 0, missing.ITT(), missing.CmdSN(), true)
	i.send(r)
	seen := map[pdu.Opcode]bool{}
	for range 2 {
		seen[i.next().Opcode()] = true
	}
	if !seen[pdu.OpTaskMgmtResp] || !seen[pdu.OpSCSIResponse] {
		t.Errorf("after the abort: %v", seen)
	}
	i.send(missing) // ignored in silence: it was received
	i.send(later)   // so is a duplicate
	if r := i.do(0, testUnitReady, 0, nil); r.status != scsi.StatusGood {
		t.Errorf("the session is spoilt: %+v", r)
	}
}

// A command that waits for its turn can be aborted, twice sent it is ignored,
// and its number is not waited for.
func TestAbortOfHeld(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	missing := i.scsi(0, testUnitReady, 0, nil)
	held := i.scsi(0, testUnitReady, 0, nil)
	i.send(held)
	i.send(held)
	if r := i.verdictOf(i.function(pdu.AbortTask, 0, held.ITT(), held.CmdSN(), true)); r != pdu.FunctionComplete {
		t.Errorf("abort of a command that waits: %d", r)
	}
	after := i.scsi(0, testUnitReady, 0, nil)
	i.send(after)
	i.send(missing)
	i.ends("the missing one has come", missing, after)
	i.noSets()
}

// A function is about what was sent before it: commands with a later number
// that have come already live on.
func TestFunctionCovers(t *testing.T) {
	p := newPlane(t, 1)
	for _, f := range []pdu.TaskFunction{pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset, pdu.TargetWarmReset} {
		i := p.connect(defaults)
		old := i.stuck(pdu.AttrSimple)
		r := i.function(f, 0, 0, 0, false)
		later := i.scsi(0, write10(0, 8), 0, make([]byte, 4096))
		i.send(later) // waits for the function
		i.send(r)
		i.answer(old, make([]byte, 4096))
		if v := i.answered2(r, later.ITT()); v != pdu.FunctionComplete {
			t.Errorf("function %d: %d", f, v)
		}
		if i.verdictOf(i.function(pdu.AbortTask, 0, old.ITT(), 0, true)) != pdu.TaskDoesNotExist {
			t.Errorf("function %d left a command alone", f)
		}
	}
}

// answered2 receives the answer to a function, and an R2T or the end of the
// command with tag itt, in any order.
func (i *peer) answered2(r *pdu.PDU, itt uint32) pdu.TaskResponse {
	i.t.Helper()
	var v pdu.TaskResponse = 99
	lives := false
	for range 2 {
		switch a := i.next(); {
		case a.Opcode() == pdu.OpTaskMgmtResp && a.ITT() == r.ITT():
			v = a.TaskMgmtResponse().Response()
		case a.ITT() == itt:
			lives = true
		default:
			i.t.Fatalf("%v of tag %d", a.Opcode(), a.ITT())
		}
	}
	if !lives {
		i.t.Error("a later command was aborted")
	}
	return v
}

// A reset of the target makes all numbers before it count as received.
func TestResetPlugs(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	missing := i.scsi(0, testUnitReady, 0, nil)
	held := i.scsi(0, testUnitReady, 0, nil)
	i.send(held)
	if v := i.verdictOf(i.function(pdu.TargetWarmReset, 0, 0, 0, true)); v != pdu.FunctionComplete {
		t.Errorf("reset: %d", v)
	}
	i.send(missing)
	if r := i.do(0, testUnitReady, 0, nil); r.sense.ASC != 0x29 {
		t.Errorf("after the reset: %+v", r)
	}
}

// An aborted read whose disk operations are under way ends without a response,
// and the function waits for it.
func TestAbortOfWorking(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	for range 50 {
		c := i.scsi(0, read10(0, 8192), 8192*512, nil)
		f := i.function(pdu.AbortTask, 0, c.ITT(), c.CmdSN(), true)
		wire := i.framing.Append(nil, c)
		if _, err := i.Write(i.framing.Append(wire, f)); err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			a := i.next()
			switch {
			case a.Opcode() == pdu.OpTaskMgmtResp:
				done = true
			case a.ITT() != c.ITT() || a.Opcode() != pdu.OpDataIn:
				t.Fatalf("%v of tag %d", a.Opcode(), a.ITT())
			}
		}
	}
	if r := i.do(0, read10(0, 1), 512, nil); r.status != scsi.StatusGood {
		t.Errorf("after all: %+v", r)
	}
}
