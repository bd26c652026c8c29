// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/scsi"
)

// join adds a connection to the session of i. Requests are numbered by i, and
// sent on whichever connection a test likes.
func (i *peer) join(p *plane, cid uint16) *peer {
	i.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		i.t.Fatal(err)
	}
	if err := p.eng.Attach(Handoff{FD: fds[0], Session: i.sess, CID: cid, StatSN: 1, Params: defaults, Remote: "test"}); err != nil {
		i.t.Fatal(err)
	}
	j := &peer{t: i.t, fd: fds[1], sess: i.sess, timeout: 5 * time.Second, framing: pdu.Framing{MaxDataLen: pdu.MaxDataLen}}
	i.t.Cleanup(func() { _ = unix.Close(j.fd) })
	return j
}

// logout makes a logout request.
func (i *peer) logout(reason pdu.LogoutReason, cid uint16) *pdu.PDU {
	r := i.request(pdu.OpLogout, 0)
	r.LogoutRequest().SetReason(reason)
	r.LogoutRequest().SetCID(cid)
	return r
}

// loggedOut receives the answer to a logout.
func (i *peer) loggedOut(want pdu.LogoutResult) {
	i.t.Helper()
	if a := i.next(); a.Opcode() != pdu.OpLogoutResponse || a.LogoutResponse().Result() != want {
		i.t.Fatalf("%v instead of a logout with result %d", a.Opcode(), want)
	}
}

// event receives an Asynchronous Message.
func (i *peer) event(want pdu.AsyncEvent) {
	i.t.Helper()
	if a := i.next(); a.Opcode() != pdu.OpAsync || a.AsyncMessage().Event() != want {
		i.t.Fatalf("%v instead of event %d", a.Opcode(), want)
	}
}

// alive wants the session to serve on connection i.
func (i *peer) alive(by *peer) {
	i.t.Helper()
	c := by.scsi(0, testUnitReady, 0, nil)
	i.send(c)
	if r := i.finish(c.ITT(), nil); r.status != scsi.StatusGood {
		i.t.Fatalf("%+v", r)
	}
}

// Commands of several connections are carried out in the order of their numbers,
// and each has its data and its response on the connection that it came on, with
// that connection's StatSN.
func TestOrderAcrossConnections(t *testing.T) {
	p := newPlane(t, 2)
	a := p.connect(defaults)
	b := a.join(p, 8)
	first := a.scsi(0, write10(0, 8), 0, make([]byte, 4096))
	second := a.scsi(0, testUnitReady, 0, nil)
	third := a.scsi(0, read10(0, 1), 512, nil)
	b.send(second)
	b.silent("before the first command is here")
	a.send(third)
	a.silent("before the first command is here")
	b.send(first)
	r2t := b.next()
	if r2t.Opcode() != pdu.OpR2T || r2t.ITT() != first.ITT() {
		t.Fatalf("%v", r2t.Opcode())
	}
	answer := b.next()
	if answer.ITT() != second.ITT() || answer.StatSN() != 1 {
		t.Errorf("tag %d, StatSN %d", answer.ITT(), answer.StatSN())
	}
	if answer := a.next(); answer.ITT() != third.ITT() || answer.StatSN() != 3 { // two unit attentions before
		t.Errorf("tag %d, StatSN %d", answer.ITT(), answer.StatSN())
	}
	a.send(dataOut(first.ITT(), r2t.R2T().TTT(), 0, 0, make([]byte, 4096), true)) // the wrong connection
	a.silent("data on another connection than the command's")
	b.answer(r2t, make([]byte, 4096))
	b.ends("the first command", first)
	for k := range 200 {
		i := []*peer{a, b}[k&1]
		i.alive(a)
	}
}

// A logout ends the connection that it names, here or there, with its commands;
// the session goes on with the others, and ends with the last.
func TestLogoutOfConnections(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b, c := a.join(p, 8), a.join(p, 9)
	w := a.scsi(0, write10(0, 8), 0, make([]byte, 4096))
	b.send(w)
	if r := b.next(); r.Opcode() != pdu.OpR2T {
		t.Fatalf("%v", r.Opcode())
	}
	a.send(a.logout(pdu.LogoutCloseConnection, 8))
	a.loggedOut(pdu.LogoutClosed)
	b.closed()
	a.send(a.logout(pdu.LogoutCloseConnection, 8))
	a.loggedOut(pdu.LogoutCIDNotFound)
	a.alive(a)
	c.send(a.logout(pdu.LogoutRecovery, 7))
	c.loggedOut(pdu.LogoutRecoveryUnsupported)
	c.send(a.logout(pdu.LogoutCloseConnection, 9))
	c.loggedOut(pdu.LogoutClosed)
	c.closed()
	a.alive(a)
	b = a.join(p, 8)
	b.send(a.logout(pdu.LogoutCloseSession, 0))
	b.loggedOut(pdu.LogoutClosed)
	b.closed()
	a.closed()
	<-a.sess.Done()
}

// A connection that ends without a logout takes the session with it, as
// ErrorRecoveryLevel is 0; the others are told.
func TestLossOfConnection(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b := a.join(p, 8)
	b.alive(a)
	_ = unix.Shutdown(b.fd, unix.SHUT_RDWR)
	a.event(pdu.AsyncDropSession)
	a.closed()
	<-a.sess.Done()
}

// A connection can be dropped without the session, which is told.
func TestDropConnection(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b := a.join(p, 8)
	b.send(a.scsi(0, write10(0, 8), 0, make([]byte, 4096)))
	if r := b.next(); r.Opcode() != pdu.OpR2T {
		t.Fatalf("%v", r.Opcode())
	}
	gone := a.sess.DropConnection(8)
	b.event(pdu.AsyncDropConnection)
	<-gone
	if a.sess.Has(8) || !a.sess.Has(7) {
		t.Error("the session has the wrong connections")
	}
	<-a.sess.DropConnection(8) // there is none any more
	a.alive(a)
	b = a.join(p, 8)
	b.alive(a)
}

// Functions reach the commands of all connections. An immediate one waits for
// commands before it that another connection brings.
func TestFunctionsAcrossConnections(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b := a.join(p, 8)
	stuck := func() (c, r2t *pdu.PDU) {
		t.Helper()
		c = a.scsi(0, write10(0, 8), 0, make([]byte, 4096))
		b.send(c)
		if r2t = b.next(); r2t.Opcode() != pdu.OpR2T {
			t.Fatalf("%v", r2t.Opcode())
		}
		return c, r2t
	}
	c, _ := stuck()
	if r := a.verdictOf(a.function(pdu.AbortTask, 0, c.ITT(), c.CmdSN(), true)); r != pdu.FunctionComplete {
		t.Errorf("abort task: %d", r)
	}
	_, asked := stuck()
	late := a.scsi(0, write10(0, 8), 0, make([]byte, 4096))
	f := a.function(pdu.AbortTaskSet, 0, 0, 0, true)
	a.send(f)
	a.silent("while a command before the function is missing")
	b.send(late) // has an R2T, then it is aborted
	b.answer(asked, make([]byte, 4096))
	b.answer(b.next(), make([]byte, 4096))
	b.pong(b.next(), 0)
	if r := a.answered(f); r != pdu.FunctionComplete {
		t.Errorf("abort task set: %d", r)
	}
	f = a.function(pdu.AbortTaskSet, 0, 0, 0, true)
	missing := a.scsi(0, testUnitReady, 0, nil)
	f.SetCmdSN(missing.CmdSN() + 1)
	a.send(f)
	a.silent("while a command before the function is missing")
	a.send(a.logout(pdu.LogoutCloseConnection, 8)) // waits for the missing one, too
	b.send(missing)
	seen := map[pdu.Opcode]int{}
	for range 2 {
		seen[a.next().Opcode()]++
	}
	if seen[pdu.OpTaskMgmtResp] != 1 || seen[pdu.OpLogoutResponse] != 1 {
		t.Errorf("%v", seen)
	}
	a.alive(a)
}
