// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
	"ietring/scsi"
)

// gate is an admission with two switches. It looks at what it is asked.
type gate struct {
	t               *testing.T
	initiator, here bool
}

func (g gate) Initiator(name, initiator string, remote netip.Addr) (bool, string) {
	if name != testTarget || initiator != testInitiator || remote != netip.MustParseAddr("127.0.0.1") {
		g.t.Errorf("asked for %s, %s, %v", name, initiator, remote)
	}
	return g.initiator, "initiators.allow:7"
}

func (g gate) Local(name string, local netip.Addr) bool {
	if name != testTarget || local != netip.MustParseAddr("127.0.0.1") {
		g.t.Errorf("asked for %s, %v", name, local)
	}
	return g.here
}

// change replaces the target of s by one that edit has changed.
func change(t *testing.T, s *Server, edit func(*target.Target)) {
	t.Helper()
	changed := *s.Targets.Find(testTarget)
	edit(&changed)
	if err := s.Targets.Replace(&changed); err != nil {
		t.Fatal(err)
	}
}

func TestAdmission(t *testing.T) {
	tests := []struct {
		name            string
		initiator, here bool
		status          pdu.LoginStatus
		why             string
	}{
		{"allowed", true, true, pdu.LoginSuccess, ""},
		{"the initiator is not", false, true, pdu.LoginNotFound, "login refused with status 0x0203: not allowed: initiators.allow:7"},
		{"our address is not", true, false, pdu.LoginNotFound, "login refused with status 0x0203: not allowed: the target is not for those who come to 127.0.0.1"},
	}
	for _, tt := range tests {
		s, _ := newServer(t)
		s.Admissions = target.Admissions{gate{t, tt.initiator, tt.here}}
		c := dial(t, s)
		a := straight(nil)
		a.status = tt.status
		c.talk([]ask{a})
		err := c.result()
		if tt.why == "" && err != nil || tt.why != "" && (err == nil || err.Error() != tt.why) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRedirect(t *testing.T) {
	tests := []struct {
		name   string
		to     target.Redirect
		status pdu.LoginStatus
		text   string
	}{
		{"for now", target.Redirect{Addr: netip.MustParseAddr("192.0.2.9")}, pdu.LoginMovedTemporarily, "TargetAddress=192.0.2.9"},
		{"for good, with a port", target.Redirect{Addr: netip.MustParseAddr("192.0.2.9"), Port: 3261, Permanent: true}, pdu.LoginMovedPermanently, "TargetAddress=192.0.2.9:3261"},
		{"to IPv6", target.Redirect{Addr: netip.MustParseAddr("2001:db8::9"), Port: 3260}, pdu.LoginMovedTemporarily, "TargetAddress=[2001:db8::9]:3260"},
		{"to where the initiator is already", target.Redirect{Addr: netip.MustParseAddr("127.0.0.1"), Port: 9}, pdu.LoginSuccess, ""},
	}
	for _, tt := range tests {
		s, _ := newServer(t)
		change(t, s, func(x *target.Target) {
			x.Redirect, x.Accounts = &tt.to, target.Accounts{}
		})
		c := dial(t, s)
		c.send(straight(nil))
		p := c.receive()
		if got := p.LoginResponse().Status(); got != tt.status {
			t.Errorf("%s: status %#04x, want %#04x", tt.name, got, tt.status)
		}
		if tt.text != "" && string(p.Data) != tt.text+"\x00" {
			t.Errorf("%s: %q, want %s", tt.name, p.Data, tt.text)
		}
		if err := c.result(); (err == nil) != (tt.status == 0) || s.Sessions.Len() == 0 != (tt.status != 0) {
			t.Errorf("%s: %v, %d sessions", tt.name, err, s.Sessions.Len())
		}
	}
	t.Run("who is not admitted does not learn where to", func(t *testing.T) {
		s, _ := newServer(t)
		change(t, s, func(x *target.Target) { x.Redirect = &tests[0].to })
		s.Admissions = target.Admissions{gate{t, false, true}}
		c := dial(t, s)
		c.send(straight(nil))
		if p := c.receive(); p.LoginResponse().Status() != pdu.LoginNotFound || len(p.Data) != 0 {
			t.Errorf("status %#04x, %q", p.LoginResponse().Status(), p.Data)
		}
	})
	t.Run("before CHAP", func(t *testing.T) {
		s, _ := newServer(t)
		change(t, s, func(x *target.Target) { x.Redirect, x.Accounts = &tests[0].to, testAccounts })
		dial(t, s).talk([]ask{{csg: 0, nsg: 1, text: names + "\nAuthMethod=CHAP", status: pdu.LoginMovedTemporarily}})
	})
	t.Run("not for discovery", func(t *testing.T) {
		s, _ := newServer(t)
		change(t, s, func(x *target.Target) { x.Redirect = &tests[0].to })
		dial(t, s).talk([]ask{{csg: 1, nsg: 3, t: true, wantT: true, text: discoverySession + "\nTargetName=" + testTarget, want: "MaxRecvDataSegmentLength=8192"}})
	})
}

// isid makes a login another session's.
func isid(n byte) func(*pdu.BHS) {
	return func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{n}) }
}

func TestMaxSessions(t *testing.T) {
	s, e := newServer(t)
	change(t, s, func(x *target.Target) { x.MaxSessions = 2 })
	login := func(n byte, status pdu.LoginStatus) {
		t.Helper()
		a := straight(isid(n))
		a.status = status
		c := dial(t, s)
		c.talk([]ask{a})
		c.result()
	}
	login(1, pdu.LoginSuccess)
	login(2, pdu.LoginSuccess)
	login(3, pdu.LoginTooManyConnections)
	login(2, pdu.LoginSuccess) // comes back
	e.refuses = true
	login(1, pdu.LoginSuccess) // comes back, and then no loop takes it
	e.refuses = false
	login(3, pdu.LoginSuccess)
	login(1, pdu.LoginTooManyConnections)
	if n := s.Sessions.Count(testTarget); n != 2 {
		t.Errorf("%d sessions", n)
	}
	for _, x := range e.sessions {
		x.Close()
	}
	login(4, pdu.LoginSuccess)
}

func TestListing(t *testing.T) {
	s, _ := newServer(t)
	c := dial(t, s)
	spelt := strings.ToUpper(testInitiator)
	a := straight(nil)
	a.text = "InitiatorName=" + spelt + "\nTargetName=" + strings.ToUpper(testTarget) + "\nDefaultTime2Wait=7\nDefaultTime2Retain=3\nMaxBurstLength=4096\nFirstBurstLength=512"
	a.want = "TargetPortalGroupTag=1\nTargetAlias=disks\nDefaultTime2Wait=7\nDefaultTime2Retain=3\nMaxBurstLength=4096\nFirstBurstLength=512\nMaxRecvDataSegmentLength=262144"
	c.talk([]ask{a})
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	list := s.Sessions.List(testTarget)
	if len(list) != 1 {
		t.Fatalf("%d sessions", len(list))
	}
	i := list[0]
	if i.Initiator != spelt || i.Target != testTarget || i.CID != 9 || i.Remote.String() != c.conn.LocalAddr().String() ||
		i.Params.MaxBurstLength != 4096 || i.DefaultTime2Wait != 7 || i.DefaultTime2Retain != 3 ||
		i.SID != session.SID(pdu.ISID{0x80, 1, 2, 3, 4, 5}, i.TSIH) {
		t.Errorf("%+v", i)
	}
}

// TestTargetGoes: a target that is deleted, or deleted and made anew, while a
// login is under way has no session of that login.
func TestTargetGoes(t *testing.T) {
	for _, anew := range []bool{false, true} {
		s, e := newServer(t)
		c := dial(t, s)
		c.talk([]ask{{csg: 0, nsg: 1, t: true, wantT: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"}})
		err := s.Targets.Remove(testTarget)
		if anew {
			err = errors.Join(err, s.Targets.Add(&target.Target{Name: testTarget, SCSI: scsi.NewTarget(testTarget), Keys: config.SessionKeys{}, QueueDepth: 1}))
		}
		if err != nil {
			t.Fatal(err)
		}
		c.send(ask{csg: 1, nsg: 3, t: true})
		if got := c.receive().LoginResponse().Status(); got != pdu.LoginNotFound {
			t.Errorf("anew %v: status %#04x", anew, got)
		}
		if err := c.result(); err == nil || s.Sessions.Len() != 0 || len(e.sessions) != 0 {
			t.Errorf("anew %v: %v, %d sessions", anew, err, s.Sessions.Len())
		}
	}
}
