// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"net/netip"
	"testing"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
	"ietring/scsi"
)

// TestSameNameEndsOldSession: the same name and ISID end the old session.
func TestSameNameEndsOldSession(t *testing.T) {
	s, e := newServer(t)
	for range 2 {
		c := dial(t, s)
		c.talk([]ask{straight(nil)})
		if err := c.result(); err != nil {
			t.Fatal(err)
		}
	}
	<-e.sessions[0].closed
	if s.Sessions.Len() != 1 || e.sessions[0].cfg.TSIH == e.sessions[1].cfg.TSIH {
		t.Errorf("%d sessions, TSIH %d and %d", s.Sessions.Len(), e.sessions[0].cfg.TSIH, e.sessions[1].cfg.TSIH)
	}
}

// TestOtherISID: another ISID is another session.
func TestOtherISID(t *testing.T) {
	s, _ := newServer(t)
	for i := range 2 {
		c := dial(t, s)
		c.talk([]ask{straight(func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{byte(i + 1)}) })})
	}
	if s.Sessions.Len() != 2 {
		t.Errorf("%d sessions", s.Sessions.Len())
	}
}

// TestFailedLoginEndsNothing: a login that fails leaves the old session alone.
func TestFailedLoginEndsNothing(t *testing.T) {
	s, e := newServer(t)
	c := dial(t, s)
	c.talk([]ask{straight(nil)})
	c = dial(t, s)
	c.talk([]ask{{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=CHAP", status: pdu.LoginAuthFailure}})
	select {
	case <-e.sessions[0].closed:
		t.Error("the session was closed")
	default:
	}
}

// TestOldSessionThatStays: an old session that does not end refuses the new one.
func TestOldSessionThatStays(t *testing.T) {
	s, e := newServer(t)
	e.lingers = true
	c := dial(t, s)
	c.talk([]ask{straight(nil)})
	a := straight(nil)
	a.status = pdu.LoginServiceUnavailable
	c = dial(t, s)
	c.talk([]ask{a})
	close(e.sessions[0].done)
	c = dial(t, s)
	c.talk([]ask{straight(nil)})
}

// TestConnectionReinstatement: the same CID takes its connection over and keeps the session.
func TestConnectionReinstatement(t *testing.T) {
	s, e := newServer(t)
	c := dial(t, s)
	a := straight(nil)
	a.text += "\nMaxBurstLength=4096\nFirstBurstLength=512"
	a.want = "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxBurstLength=4096\nFirstBurstLength=512\nMaxRecvDataSegmentLength=262144"
	c.talk([]ask{a})
	c.result()
	tsih := e.sessions[0].cfg.TSIH
	again := func(h *pdu.BHS) { h.LoginRequest().SetTSIH(tsih) }
	c = dial(t, s)
	c.talk([]ask{straight(again)})
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	if got := e.sessions[1].cfg.TSIH; got != tsih {
		t.Errorf("TSIH %d, want %d", got, tsih)
	}
	if e.handoffs[1].Params.MaxBurstLength != 4096 {
		t.Errorf("%+v", e.handoffs[1].Params)
	}
	a.edit, a.status = again, pdu.LoginInitiatorError
	c = dial(t, s)
	c.talk([]ask{a}) // keys of the leading login
}

// TestSecondConnection: another CID is a second connection.
func TestSecondConnection(t *testing.T) {
	s, e := newServer(t)
	c := dial(t, s)
	c.talk([]ask{straight(nil)})
	c.result()
	a := straight(func(h *pdu.BHS) {
		h.LoginRequest().SetTSIH(e.sessions[0].cfg.TSIH)
		h.LoginRequest().SetCID(10)
	})
	a.status = pdu.LoginTooManyConnections
	c = dial(t, s)
	c.talk([]ask{a})
}

// TestConnectionsOfSession: up to MaxConnections log in to one session, with its
// window; one with a CID that is there replaces it.
func TestConnectionsOfSession(t *testing.T) {
	s, e := newServer(t, "MaxConnections=2")
	first := straight(nil)
	first.text += "\nMaxConnections=8"
	first.want = "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxConnections=2\nMaxRecvDataSegmentLength=262144"
	c := dial(t, s)
	c.talk([]ask{first})
	c.result()
	tsih := e.sessions[0].cfg.TSIH
	another := func(cid uint16) ask {
		return straight(func(h *pdu.BHS) {
			h.LoginRequest().SetTSIH(tsih)
			h.LoginRequest().SetCID(cid)
		})
	}
	join := func(a ask) {
		t.Helper()
		c := dial(t, s)
		c.send(a)
		p := c.receive()
		if st := p.LoginResponse().Status(); st != pdu.LoginSuccess {
			t.Fatalf("status %#04x", st)
		}
		if p.ExpCmdSN() != 500 || p.MaxCmdSN() != 531 || p.LoginResponse().TSIH() != tsih {
			t.Errorf("ExpCmdSN %d, MaxCmdSN %d, TSIH %d", p.ExpCmdSN(), p.MaxCmdSN(), p.LoginResponse().TSIH())
		}
		if err := c.result(); err != nil {
			t.Fatal(err)
		}
	}
	join(another(10))
	if len(e.sessions) != 1 || len(e.handoffs) != 2 || e.handoffs[1].CID != 10 {
		t.Fatalf("%d sessions, %d hand-offs", len(e.sessions), len(e.handoffs))
	}
	full := another(11)
	full.status = pdu.LoginTooManyConnections
	c = dial(t, s)
	c.talk([]ask{full})
	join(another(10))
	if len(e.sessions) != 1 || len(e.sessions[0].drops) != 1 || e.sessions[0].drops[0] != 10 {
		t.Errorf("connection 10 was not replaced: %v", e.sessions[0].drops)
	}
	if list := s.Sessions.List(""); len(list) != 1 || len(list[0].Conns) != 2 || list[0].MaxConnections != 2 {
		t.Errorf("%+v", list)
	}
	leading := another(10)
	leading.text, leading.status = leading.text+"\nMaxConnections=2", pdu.LoginInitiatorError
	c = dial(t, s)
	c.talk([]ask{leading})
}

// TestForeignSession: a TSIH is good for nothing without the initiator's name,
// the ISID and the target that it was given for.
func TestForeignSession(t *testing.T) {
	s, e := newServer(t, "MaxConnections=2")
	if err := s.Targets.Add(&target.Target{Name: testTarget + "2", SCSI: scsi.NewTarget(testTarget + "2"), QueueDepth: 32}); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s)
	c.talk([]ask{straight(nil)})
	c.result()
	tsih := e.sessions[0].cfg.TSIH
	for _, tt := range []struct {
		name, text string
		isid       pdu.ISID
	}{
		{"another initiator", "InitiatorName=iqn.2026-11.com.example:other\nTargetName=" + testTarget, e.sessions[0].cfg.ISID},
		{"another ISID", names, pdu.ISID{0x80, 1, 2, 3, 4, 6}},
		{"another target", names + "2", e.sessions[0].cfg.ISID},
	} {
		a := ask{csg: 1, nsg: 3, t: true, text: tt.text, status: pdu.LoginSessionNotFound, edit: func(h *pdu.BHS) {
			h.LoginRequest().SetTSIH(tsih)
			h.LoginRequest().SetISID(tt.isid)
		}}
		c := dial(t, s)
		c.talk([]ask{a})
		if err := c.result(); err == nil || s.Sessions.Len() != 1 {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestPortalGroup: the answer names the group that the connection came to, a
// session does not span two, and a session of the same name in another group is
// another one.
func TestPortalGroup(t *testing.T) {
	s, e := newServer(t, "MaxConnections=2")
	s.Groups = config.PortalGroups{netip.MustParseAddr("127.0.0.1"): 4}
	first := straight(nil)
	first.text += "\nMaxConnections=2"
	first.want = "TargetPortalGroupTag=4\nTargetAlias=disks\nMaxConnections=2\nMaxRecvDataSegmentLength=262144"
	c := dial(t, s)
	c.talk([]ask{first})
	c.result()
	s.Groups = config.PortalGroups{netip.MustParseAddr("127.0.0.1"): 5}
	span := straight(func(h *pdu.BHS) {
		h.LoginRequest().SetTSIH(e.sessions[0].cfg.TSIH)
		h.LoginRequest().SetCID(10)
	})
	span.status = pdu.LoginCannotInclude
	c = dial(t, s)
	c.talk([]ask{span})
	first.want = "TargetPortalGroupTag=5" + first.want[len("TargetPortalGroupTag=4"):]
	c = dial(t, s)
	c.talk([]ask{first})
	if err := c.result(); err != nil || s.Sessions.Len() != 2 {
		t.Errorf("%v, %d sessions", err, s.Sessions.Len())
	}
}

// TestNoLoop: when no loop takes the connection the session is gone.
func TestNoLoop(t *testing.T) {
	s, e := newServer(t)
	e.refuses = true
	c := dial(t, s)
	c.talk([]ask{straight(nil)})
	if err := c.result(); err == nil || s.Sessions.Len() != 0 {
		t.Errorf("%v, %d sessions", err, s.Sessions.Len())
	}
}
