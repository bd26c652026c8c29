// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// A script is an iSNS server that knows one initiator of every target, and does
// as a test says.
type script struct {
	t *testing.T
	l net.Listener
	// reply answers a request; what is nil has an answer that is right.
	reply func(conn net.Conn, m *message) (answered bool)

	mu    sync.Mutex
	heard []string // requests, in order
	conns []net.Conn
}

func newScript(t *testing.T, reply func(net.Conn, *message) bool) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, l: l, reply: reply}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			tasks.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.hangUp()
		tasks.Wait()
	})
	return s
}

// hangUp closes every connection.
func (s *script) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

func (s *script) serve(c net.Conn) {
	defer c.Close()
	for {
		m, err := readMessage(c, maxMessage)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.heard = append(s.heard, m.function.String())
		s.mu.Unlock()
		if s.reply != nil && s.reply(c, m) {
			continue
		}
		c.Write(response(m, statusOK, right(m)))
	}
}

// count returns how often a function was asked for.
func (s *script) count(f function) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, h := range s.heard {
		if h == f.String() {
			n++
		}
	}
	return n
}

func response(m *message, status Status, p payload) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(status)), p...)
	return appendMessage(nil, &message{function: m.function | isResponse, xid: m.xid, payload: b})
}

// right is what a server says that works: alice to a query for initiators.
func right(m *message) payload {
	var p payload
	if m.function != devAttrQry {
		return nil
	}
	p.delimiter()
	if wantsInitiators(m) {
		p.text(tagName, alice)
		p.number(tagNodeType, nodeInitiator)
	}
	return p
}

func wantsInitiators(m *message) bool {
	list, err := parseAttrs(m.payload)
	return err == nil && len(list) > 1 && list[1].tag == tagNodeType && list[1].value[3] == nodeInitiator
}

var disk = TargetInfo{Name: disk1}

// Whatever a server does wrong once, the client is there again afterwards.
func TestServerMisbehaves(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(c net.Conn, m *message)
		told string // in the log
	}{
		{"it closes", func(c net.Conn, _ *message) { c.Close() }, "closed the connection"},
		{"half a header", func(c net.Conn, _ *message) { io.WriteString(c, "\x00\x01\x80"); c.Close() }, "unexpected EOF"},
		{"half a payload", func(c net.Conn, m *message) { b := response(m, 0, nil); c.Write(b[:len(b)-1]); c.Close() }, "unexpected EOF"},
		{"garbage", func(c net.Conn, _ *message) { io.WriteString(c, "220 mail.example.com ESMTP\r\n") }, "not iSNS"},
		{"no status", func(c net.Conn, m *message) {
			c.Write(appendMessage(nil, &message{function: m.function | isResponse, xid: m.xid}))
		}, "has no status"},
		{"an attribute that is too long", func(c net.Conn, m *message) { c.Write(response(m, 0, payload("\x00\x00\x00\x20\x00\x00\x00\x40"))) }, "has 64 bytes"},
		{"silence", func(net.Conn, *message) {}, "no answer"},
		{"the answer to something else", func(c net.Conn, m *message) {
			c.Write(response(&message{function: devDereg, xid: m.xid}, 0, nil))
		}, "no answer"},
		{"the answer of another transaction", func(c net.Conn, m *message) {
			c.Write(response(&message{function: m.function, xid: m.xid - 1}, 0, nil))
		}, "no answer"},
		{"a refusal", func(c net.Conn, m *message) { c.Write(response(m, 11, nil)) }, "internal error (status 11)"},
		{"a status that nobody knows", func(c net.Conn, m *message) { c.Write(response(m, 4711, nil)) }, "status 4711"},
	} {
		for _, at := range []function{devAttrReg, devAttrQry} {
			t.Run(fmt.Sprintf("%s at %s", row.name, at), func(t *testing.T) {
				var once sync.Once
				s := newScript(t, func(c net.Conn, m *message) (done bool) {
					if m.function == at && (at == devAttrReg || wantsInitiators(m)) {
						once.Do(func() { row.do(c, m); done = true })
					}
					return done
				})
				h := newHost(t, s.l.Addr().String(), disk)
				h.times.call = 100 * time.Millisecond
				h.run(t)
				eventually(t, "the initiator is known", func() bool { return h.Allowed(disk1, alice) })
				if log := h.log.String(); !strings.Contains(log, row.told) {
					t.Errorf("the log has no %q:\n%s", row.told, log)
				}
			})
		}
	}
}

// While the server is away nothing is forgotten, and it is told once.
func TestServerAway(t *testing.T) {
	s := newScript(t, nil)
	h := newHost(t, s.l.Addr().String(), disk)
	if h.Allowed(disk1, alice) {
		t.Error("before there is a list, somebody is let in")
	}
	h.run(t)
	eventually(t, "the initiator is known", func() bool { return h.Allowed(disk1, alice) })
	s.l.Close()
	s.hangUp()
	eventually(t, "the failure is told", func() bool { return strings.Contains(h.log.String(), "connection refused") })
	time.Sleep(300 * time.Millisecond) // several attempts
	if !h.Allowed(disk1, alice) {
		t.Error("the last list is forgotten")
	}
	if n := strings.Count(h.log.String(), "connection refused"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A connection that was idle and is gone is no reason to register again.
func TestReconnectKeepsRegistration(t *testing.T) {
	s := newScript(t, nil)
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	before := s.count(devAttrQry)
	s.hangUp()
	eventually(t, "another round", func() bool { return s.count(devAttrQry) >= before+3 })
	if n := s.count(devAttrReg); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

// A server that describes us otherwise than before has lost something.
func TestForgottenIsRegisteredAgain(t *testing.T) {
	var mu sync.Mutex
	forgot := false
	s := newScript(t, func(c net.Conn, m *message) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case m.function == devAttrReg:
			forgot = false
		case m.function == devAttrQry && !wantsInitiators(m) && forgot:
			c.Write(response(m, statusNoSuchEntry, nil))
			return true
		}
		return false
	})
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	mu.Lock()
	forgot = true
	mu.Unlock()
	h.TargetsChanged()
	eventually(t, "registered again", func() bool { return s.count(devAttrReg) == 2 })
	if !strings.Contains(h.log.String(), "no inquiry (ESI) from it came through") {
		t.Error("that no inquiry came is not told")
	}
}

// A server in trouble has not forgotten anybody.
func TestBusyIsNotForgotten(t *testing.T) {
	var mu sync.Mutex
	busy := false
	s := newScript(t, func(c net.Conn, m *message) bool {
		mu.Lock()
		defer mu.Unlock()
		if busy && m.function == devAttrQry {
			c.Write(response(m, statusBusy, nil))
		}
		return busy && m.function == devAttrQry
	})
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	mu.Lock()
	busy = true
	mu.Unlock()
	h.TargetsChanged()
	eventually(t, "that is told", func() bool { return strings.Contains(h.log.String(), "busy (status 12)") })
	mu.Lock()
	busy = false
	mu.Unlock()
	before := s.count(devAttrQry)
	eventually(t, "rounds go on", func() bool { return s.count(devAttrQry) >= before+3 })
	if n := s.count(devAttrReg); n != 1 || !h.Allowed(disk1, alice) {
		t.Errorf("registered %d times", n)
	}
}

func TestNoESI(t *testing.T) {
	s := newScript(t, func(c net.Conn, m *message) bool {
		if m.function != devAttrReg {
			return false
		}
		if list, err := parseAttrs(m.payload); err == nil {
			for _, a := range list {
				if a.tag == tagESIPort {
					c.Write(response(m, statusNoESI, nil))
					return true
				}
			}
		}
		return false
	})
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "registered without inquiries", func() bool { return h.Allowed(disk1, alice) })
}

// A notification on our own connection to the server counts as one at the port.
func TestNoticeOnTheLink(t *testing.T) {
	s := newScript(t, nil)
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	var p payload
	p.text(tagName, disk1)
	before := s.count(devAttrQry)
	s.mu.Lock()
	s.conns[0].Write(appendMessage(nil, &message{function: scn, xid: 77, payload: p}))
	s.mu.Unlock()
	eventually(t, "it is answered", func() bool { return s.count(scn|isResponse) == 1 })
	eventually(t, "it makes a round", func() bool { return s.count(devAttrQry) > before })
}

// Many targets take several messages, each of a bounded size.
func TestManyTargets(t *testing.T) {
	s := newScript(t, func(c net.Conn, m *message) bool {
		if len(m.payload) > maxRequest+1024 {
			t.Errorf("a request of %d bytes", len(m.payload))
		}
		return false
	})
	var list []TargetInfo
	for n := range 1000 {
		list = append(list, TargetInfo{Name: fmt.Sprintf("iqn.2026-11.com.example:%03d%s", n, strings.Repeat("x", 150)), Alias: "alias"})
	}
	h := newHost(t, s.l.Addr().String(), list...)
	h.run(t)
	eventually(t, "all are known", func() bool { return h.Allowed(list[999].Name, alice) })
	if n := s.count(devAttrReg); n < 5 {
		t.Errorf("%d messages", n)
	}
	h.setTargets(list[0])
	eventually(t, "all but one are gone", func() bool { return !h.Allowed(list[999].Name, alice) && s.count(devDereg) > 5 })
	h.setTargets()
	eventually(t, "none is left", func() bool { return !h.Allowed(list[0].Name, alice) })
	eventually(t, "that is told", func() bool { return strings.Contains(h.log.String(), "iSNS: deregistered") })
}

// At the end all is deregistered; a server that does not answer holds up nobody.
func TestEnd(t *testing.T) {
	s := newScript(t, nil)
	h := newHost(t, s.l.Addr().String(), disk)
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	h.end()
	if s.count(devDereg) != 1 {
		t.Error("not deregistered")
	}

	s = newScript(t, func(_ net.Conn, m *message) bool { return m.function == devDereg })
	h = newHost(t, s.l.Addr().String(), disk)
	h.times.bye = 100 * time.Millisecond
	h.run(t)
	eventually(t, "a whole round", func() bool { return h.Allowed(disk1, alice) })
	start := time.Now()
	h.end()
	if d := time.Since(start); d > time.Second {
		t.Errorf("the end took %s", d)
	}
	if !strings.Contains(h.log.String(), "cannot deregister") {
		t.Error("that is not told")
	}
}

func TestAccessControlOff(t *testing.T) {
	c, err := New(Config{Server: "192.0.2.1", EntityID: "host"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Allowed(disk1, alice) {
		t.Error("without access control somebody is kept out")
	}
}

func TestNew(t *testing.T) {
	for _, row := range []struct{ server, entity, want, err string }{
		{"isns.example.com", "host", "isns.example.com:3205", ""},
		{"192.0.2.1:13205", "host", "192.0.2.1:13205", ""},
		{"2001:db8::1", "host", "[2001:db8::1]:3205", ""},
		{"[2001:db8::1]", "host", "[2001:db8::1]:3205", ""},
		{"[2001:db8::1]:1", "", "[2001:db8::1]:1", ""},
		{"", "host", "", "neither host nor host:port"},
		{":3205", "host", "", "neither host nor host:port"},
		{"a:0", "host", "", "neither host nor host:port"},
		{"a:65536", "host", "", "neither host nor host:port"},
		{"a:isns", "host", "", "neither host nor host:port"},
		{"a", strings.Repeat("h", 256), "", "longer than 255 bytes"},
	} {
		c, err := New(Config{Server: row.server, EntityID: row.entity})
		switch {
		case row.err != "":
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%q: %v, want %s", row.server, err, row.err)
			}
		case err != nil || c.server != row.want:
			t.Errorf("%q: %v, want %s", row.server, err, row.want)
		}
	}
}

func TestPortals(t *testing.T) {
	s := newScript(t, nil)
	h := newHost(t, s.l.Addr().String())
	l, err := dial(context.Background(), h.server, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	h.link = l
	for _, row := range []struct {
		name, in, first string
	}{
		{"as it is", "192.0.2.1:3260", "192.0.2.1:3260"},
		{"mapped", "[::ffff:192.0.2.1]:3260", "192.0.2.1:3260"},
		{"a zone means nothing elsewhere", "[fe80::1%lo]:3260", "[fe80::1]:3260"},
	} {
		h.portals = []netip.AddrPort{netip.MustParseAddrPort(row.in), netip.MustParseAddrPort(row.in)}
		if got, err := h.Client.portals(); err != nil || len(got) != 1 || got[0].String() != row.first {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
	h.portals = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:3260")}
	got, err := h.Client.portals()
	found := false
	for _, p := range got {
		found = found || p.String() == "127.0.0.1:3260" // where the script sees us
		if p.Addr().IsUnspecified() || !p.Addr().Is4() {
			t.Errorf("a wildcard became %s", p)
		}
	}
	if err != nil || !found {
		t.Errorf("a wildcard became %v, %v", got, err)
	}
	h.portals = nil
	for n := range maxPortals + 1 {
		h.portals = append(h.portals, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(n+1)))
	}
	if _, err := h.Client.portals(); err == nil || !strings.Contains(err.Error(), "at most 64") {
		t.Errorf("%d portals: %v", len(h.portals), err)
	}
}
