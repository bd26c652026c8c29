// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
)

var loopback = []netip.Addr{netip.MustParseAddr("127.0.0.1")}

// newServer listens on a free port. Engine is nil: these tests end before a
// hand-off.
func newServer(t *testing.T, addrs []netip.Addr) *Server {
	t.Helper()
	catalog := new(target.Catalog)
	if err := catalog.Add(&target.Target{Name: "iqn.a"}); err != nil {
		t.Fatal(err)
	}
	var s *Server
	s, err := Listen(Config{
		Addrs:     addrs,
		Login:     &login.Server{Targets: catalog, Sessions: session.NewRegistry(time.Second)},
		Directory: &discovery.Directory{Targets: catalog, Portals: func() []netip.AddrPort { return s.Portals() }},
		Log:       zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Portals()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(5 * time.Second))
	t.Cleanup(func() { c.Close() })
	return c
}

// ended reports whether the server closed c.
func ended(c net.Conn) bool {
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET)
}

var framing = pdu.Framing{MaxDataLen: 8192}

// say sends a PDU and returns the answer.
func say(t *testing.T, c net.Conn, op pdu.Opcode, text string) *pdu.PDU {
	t.Helper()
	p := new(pdu.PDU)
	p.SetOpcode(op)
	p.SetImmediate()
	p.SetFinal()
	if op == pdu.OpLogin {
		p.LoginRequest().SetStage(pdu.StageOperational, pdu.StageFullFeature, true, false)
		p.LoginRequest().SetISID(pdu.ISID{1})
	} else {
		p.TextRequest().SetTTT(pdu.NoTag)
	}
	p.Data = []byte(text)
	if _, err := c.Write(framing.Append(nil, p)); err != nil {
		t.Fatal(err)
	}
	answer := new(pdu.PDU)
	if err := framing.Read(c, answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

const discoveryLogin = "InitiatorName=iqn.host\x00SessionType=Discovery\x00"

func TestDiscovery(t *testing.T) {
	s := newServer(t, loopback)
	s.Serve()
	c := dial(t, s)
	if got := say(t, c, pdu.OpLogin, discoveryLogin).LoginResponse().Status(); got != pdu.LoginSuccess {
		t.Fatalf("login status %#04x", got)
	}
	want := "TargetName=iqn.a\x00TargetAddress=" + s.Portals()[0].String() + ",1\x00"
	if got := say(t, c, pdu.OpText, "SendTargets=All\x00"); string(got.Data) != want {
		t.Errorf("%q, want %q", got.Data, want)
	}
	if n := s.cfg.Login.Sessions.Len(); n != 1 {
		t.Errorf("%d sessions", n)
	}
	c.Close()
	for range 500 {
		if s.cfg.Login.Sessions.Len() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the session stays when its connection is closed")
}

// TestFailedLoginIsLogged: who it was and from where.
func TestFailedLoginIsLogged(t *testing.T) {
	s := newServer(t, loopback)
	var log bytes.Buffer
	s.cfg.Log = zerolog.New(&log)
	s.Serve()
	c := dial(t, s)
	if got := say(t, c, pdu.OpLogin, "InitiatorName=iqn.host\x00TargetName=iqn.other\x00").LoginResponse().Status(); got != pdu.LoginNotFound {
		t.Fatalf("login status %#04x", got)
	}
	peer := c.LocalAddr().String()
	if !ended(c) {
		t.Error("the connection stays")
	}
	if err := s.Close(); err != nil { // the log is written
		t.Fatal(err)
	}
	for _, want := range []string{`"peer":"` + peer + `"`, `"initiator":"iqn.host"`, "there is no target", "0x0203"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not in %s", want, log.String())
		}
	}
}

func TestTimes(t *testing.T) {
	s := newServer(t, loopback)
	s.loginTime, s.discoveryIdle = 30*time.Millisecond, 30*time.Millisecond
	s.Serve()
	if c := dial(t, s); !ended(c) {
		t.Error("a connection that says nothing stays")
	}
	c := dial(t, s)
	say(t, c, pdu.OpLogin, discoveryLogin)
	if !ended(c) {
		t.Error("a discovery session that says nothing stays")
	}
}

func TestTooManyFromOneAddress(t *testing.T) {
	s := newServer(t, loopback)
	s.Serve()
	for range maxLoginsPerAddr {
		dial(t, s)
	}
	if c := dial(t, s); !ended(c) {
		t.Errorf("%d connections in login from one address", maxLoginsPerAddr+1)
	}
}

// TestSilentMakeWay: an address whose silent connections fill its share can log in
// all the same, once they have had their time.
func TestSilentMakeWay(t *testing.T) {
	s := newServer(t, loopback)
	s.silentGrace = 0
	s.Serve()
	first := dial(t, s)
	for range maxLoginsPerAddr - 1 {
		dial(t, s)
	}
	for len(s.slots) < maxLoginsPerAddr { // all are in login
		time.Sleep(time.Millisecond)
	}
	c := dial(t, s)
	if p := say(t, c, pdu.OpLogin, discoveryLogin); p.Opcode() != pdu.OpLoginResponse || p.LoginResponse().Status() != pdu.LoginSuccess {
		t.Errorf("%v", p.Opcode())
	}
	if !ended(first) {
		t.Error("the oldest did not make way")
	}
}

func TestClose(t *testing.T) {
	s := newServer(t, loopback)
	s.Serve()
	silent, finding := dial(t, s), dial(t, s)
	say(t, finding, pdu.OpLogin, discoveryLogin)
	done := make(chan error)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Close waits for peers that say nothing")
	}
	if !ended(silent) || !ended(finding) {
		t.Error("connections stay")
	}
	if _, err := net.Dial("tcp", s.Portals()[0].String()); err == nil {
		t.Error("it still listens")
	}
}

func TestEverywhereHasOnePort(t *testing.T) {
	s := newServer(t, nil)
	for _, p := range s.Portals() {
		if p.Port() == 0 || p.Port() != s.Portals()[0].Port() || !p.Addr().IsUnspecified() {
			t.Errorf("portals %v", s.Portals())
		}
	}
}

func TestTakenPort(t *testing.T) {
	s := newServer(t, loopback)
	_, err := Listen(Config{Addrs: loopback, Port: int(s.Portals()[0].Port())})
	want := "cannot listen on " + s.Portals()[0].String() + ": address already in use"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = Listen(Config{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.77")}})
	if err == nil || !strings.Contains(err.Error(), "cannot assign requested address") {
		t.Errorf("an address that this host does not have: %v", err)
	}
}
