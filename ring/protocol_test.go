// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"testing"
	"time"

	"ietring/pdu"
	"ietring/scsi"
)

// Every transition of a connection that the drawing lacks panics.
func TestConnStates(t *testing.T) {
	for from := range numConnStates {
		for to := range numConnStates {
			c := &conn{state: from}
			func() {
				defer func() {
					if refused, want := recover() != nil, connNext[from]&(1<<to) == 0; refused != want {
						t.Errorf("from %d to %d: refused %v", from, to, refused)
					}
				}()
				c.setState(to)
			}()
		}
	}
}

// Every opcode that an initiator may send in full feature phase has a row.
func TestHandlers(t *testing.T) {
	for op := range pdu.Opcode(64) {
		want := op.FromInitiator() && op != pdu.OpLogin
		if (handlers[op].begin != nil) != want {
			t.Errorf("%v: has a row: %v", op, !want)
		}
	}
}

// A ping comes back with its data, cut to what the initiator takes.
func TestNop(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.MaxXmitDataSegmentLength = 1000
	i := p.connect(params)
	for _, n := range []int{0, 5, 1000, 3000} {
		r := i.request(pdu.OpNopOut, 0)
		r.NopOut().SetTTT(pdu.NoTag)
		r.Data = pattern(n, n)
		i.send(r)
		a := i.next()
		if a.Opcode() != pdu.OpNopIn || a.ITT() != r.ITT() || a.NopIn().TTT() != pdu.NoTag || !bytes.Equal(a.Data, r.Data[:min(n, 1000)]) {
			t.Errorf("%d bytes: %v with %d bytes", n, a.Opcode(), len(a.Data))
		}
	}
	answer := &pdu.PDU{}
	answer.SetOpcode(pdu.OpNopOut)
	answer.SetImmediate()
	answer.SetFinal()
	answer.SetITT(pdu.NoTag)
	answer.NopOut().SetTTT(pdu.NoTag)
	i.send(answer) // is not answered
	if r := i.do(0, make([]byte, 6), 0, nil); r.status != scsi.StatusGood {
		t.Errorf("after a NOP-Out that wants no answer: %+v", r)
	}
}

// A silent initiator is pinged, and dropped when it does not answer.
func TestPing(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.NOPInterval, params.NOPTimeout = time.Second, time.Second
	i := p.connect(params)
	ping := i.next()
	if ping.Opcode() != pdu.OpNopIn || ping.ITT() != pdu.NoTag || ping.NopIn().TTT() == pdu.NoTag {
		t.Fatalf("%v instead of a ping", ping.Opcode())
	}
	answer := &pdu.PDU{}
	answer.SetOpcode(pdu.OpNopOut)
	answer.SetImmediate()
	answer.SetFinal()
	answer.SetITT(pdu.NoTag)
	answer.NopOut().SetTTT(ping.NopIn().TTT())
	i.send(answer)
	if i.next().Opcode() != pdu.OpNopIn {
		t.Fatal("no second ping")
	}
	i.closed()
}

// Logout waits for what is open, answers, and closes; an unknown CID and
// connection recovery are refused.
func TestLogout(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	for _, tt := range []struct {
		reason pdu.LogoutReason
		cid    uint16
		want   pdu.LogoutResult
	}{
		{pdu.LogoutRecovery, 7, pdu.LogoutRecoveryUnsupported},
		{pdu.LogoutCloseConnection, 8, pdu.LogoutCIDNotFound},
		{pdu.LogoutCloseSession, 0, pdu.LogoutClosed},
	} {
		r := i.request(pdu.OpLogout, 0)
		r.LogoutRequest().SetReason(tt.reason)
		r.LogoutRequest().SetCID(tt.cid)
		i.send(r)
		if a := i.next(); a.Opcode() != pdu.OpLogoutResponse || a.LogoutResponse().Result() != tt.want {
			t.Errorf("reason %d: %v, result %d", tt.reason, a.Opcode(), a.LogoutResponse().Result())
		}
	}
	i.closed()
	<-i.sess.Done()
	if s := <-p.ctl.gone; s != i.sess {
		t.Error("the control plane heard of another session")
	}
}

// taskMgmt sends a task management function and returns its answer.
func (i *peer) taskMgmt(f pdu.TaskFunction, lun uint64, ref uint32) pdu.TaskResponse {
	i.t.Helper()
	r := i.request(pdu.OpTaskMgmt, lun)
	r.TaskMgmt().SetFunction(f)
	r.TaskMgmt().SetRefTag(ref)
	i.send(r)
	a := i.next()
	if a.Opcode() != pdu.OpTaskMgmtResp || a.ITT() != r.ITT() {
		i.t.Fatalf("%v instead of the answer to function %d", a.Opcode(), f)
	}
	return a.TaskMgmtResponse().Response()
}

// Functions end the commands that they mean, on whatever loop, and tell the
// others by unit attention; an aborted command has no response.
func TestTaskManagement(t *testing.T) {
	p := newPlane(t, 2)
	i, other := p.connect(defaults), p.connect(defaults)
	stuck := func(i *peer) *pdu.PDU { return i.stuck(pdu.AttrSimple) }
	if r := i.taskMgmt(pdu.AbortTask, 0, stuck(i).ITT()); r != pdu.FunctionComplete {
		t.Errorf("abort task: %d", r)
	}
	if r := i.taskMgmt(pdu.AbortTask, 0, 4711); r != pdu.TaskDoesNotExist {
		t.Errorf("abort of a task that does not exist: %d", r)
	}
	if r := i.taskMgmt(pdu.LogicalUnitReset, 9, 0); r != pdu.LUNDoesNotExist {
		t.Errorf("reset of a LUN that does not exist: %d", r)
	}
	for f, want := range map[pdu.TaskFunction]pdu.TaskResponse{
		pdu.TaskReassign: pdu.ReassignNotSupported, pdu.ClearACA: pdu.FunctionNotSupported, 99: pdu.FunctionNotSupported,
	} {
		if r := i.taskMgmt(f, 0, 0); r != want {
			t.Errorf("function %d: %d, want %d", f, r, want)
		}
	}
	for _, f := range []pdu.TaskFunction{pdu.AbortTaskSet, pdu.ClearTaskSet} {
		theirs := stuck(other)
		mine := []*pdu.PDU{stuck(i), stuck(i)}
		if r := i.verdictWith(i.function(f, 0, 0, 0, false), mine...); r != pdu.FunctionComplete {
			t.Errorf("function %d: %d", f, r)
		}
		if r := other.taskMgmt(pdu.AbortTask, 0, theirs.ITT()); r != pdu.FunctionComplete {
			t.Errorf("function %d reached another nexus, whose task set is its own: %d", f, r)
		}
	}
	for _, tt := range []struct {
		f           pdu.TaskFunction
		asc, ascq   byte
		issuerHears bool
	}{
		{pdu.LogicalUnitReset, 0x29, 0x03, true},
		{pdu.TargetWarmReset, 0x29, 0x02, true},
	} {
		mine, theirs := stuck(i), stuck(other)
		if r := i.verdictWith(i.function(tt.f, 0, 0, 0, false), mine); r != pdu.FunctionComplete {
			t.Errorf("function %d: %d", tt.f, r)
		}
		for _, v := range []*pdu.PDU{mine, theirs} {
			late := dataOut(v.ITT(), 0x1000, 0, 0, make([]byte, 4096), true)
			i.send(late)
		}
		hears := func(i *peer) scsi.Sense { return i.do(0, make([]byte, 6), 0, nil).sense }
		if s := hears(other); s.ASC != tt.asc || s.ASCQ != tt.ascq {
			t.Errorf("function %d: the other hears %v", tt.f, s)
		}
		if s := hears(i); (s.ASC != 0) != tt.issuerHears {
			t.Errorf("function %d: the issuer hears %v", tt.f, s)
		}
		if tt.f == pdu.TargetWarmReset { // LUN 1 was reset too
			i.do(1, make([]byte, 6), 0, nil)
			other.do(1, make([]byte, 6), 0, nil)
		}
	}
	if r := i.taskMgmt(pdu.TargetColdReset, 0, 0); r != pdu.FunctionComplete {
		t.Errorf("cold reset: %d", r)
	}
	i.closed()
	other.closed()
}

// Two sessions of a target run on two loops.
func TestSpread(t *testing.T) {
	p := newPlane(t, 2)
	a, b := p.connect(defaults), p.connect(defaults)
	a.sess.mu.Lock()
	b.sess.mu.Lock()
	defer a.sess.mu.Unlock()
	defer b.sess.mu.Unlock()
	if a.sess.loop == b.sess.loop {
		t.Error("both are on one loop")
	}
}

// Closing a session drops its connection, whatever is open, and Attach refuses
// a session that was closed.
func TestSessionClose(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	i.send(i.scsi(0, write10(0, 8), 0, make([]byte, 4096)))
	i.sess.Close()
	i.sess.Close()
	i.closed()
	<-i.sess.Done()
	s := p.eng.NewSession(SessionConfig{Nexus: p.target.Attach("x", scsi.ISID{}, 1), QueueDepth: 1})
	s.Close()
	<-s.Done()
	if err := p.eng.Attach(Handoff{FD: -1, Session: s}); err != ErrStopping {
		t.Errorf("attach of a closed session: %v", err)
	}
}

// Shutdown lets a command whose data still comes finish, takes no new one, and
// ends the connections.
func TestShutdown(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	data := pattern(4096, 5)
	c := i.scsi(0, write10(0, 8), 0, data)
	i.send(c)
	r2t := i.next()
	ended := make(chan struct{})
	go func() { p.end(); close(ended) }()
	time.Sleep(50 * time.Millisecond)
	i.send(i.scsi(0, read10(0, 1), 512, nil)) // not answered
	i.answer(r2t, data)
	if r := i.finish(c.ITT(), nil); r.status != scsi.StatusGood {
		t.Errorf("the open write: %+v", r)
	}
	i.event(pdu.AsyncDropSession)
	i.closed()
	<-ended
}
