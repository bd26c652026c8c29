// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
	"ietring/ring"
	"ietring/scsi"
)

const (
	testInitiator = "iqn.2026-11.com.example:host"
	testTarget    = "iqn.2026-11.com.example:disk"
)

// fakeSession is the engine's session: it ends when the test lets it.
type fakeSession struct {
	cfg     ring.SessionConfig
	closed  chan struct{} // Close was called
	done    chan struct{}
	lingers bool // Close alone does not end it
	drops   []uint16
	gone    map[uint16]bool // connections that were dropped
	once    sync.Once
}

func (f *fakeSession) Close() {
	f.once.Do(func() {
		close(f.closed)
		if !f.lingers {
			close(f.done)
		}
	})
}

func (f *fakeSession) Done() <-chan struct{} { return f.done }

func (f *fakeSession) Has(cid uint16) bool { return !f.gone[cid] }

// DropConnection ends a connection at once.
func (f *fakeSession) DropConnection(cid uint16) <-chan struct{} {
	f.drops = append(f.drops, cid)
	f.gone[cid] = true
	gone := make(chan struct{})
	close(gone)
	return gone
}

func (f *fakeSession) Window() (exp, most pdu.Serial) { return 500, 531 }

// fakeEngine remembers what it is given and closes the sockets.
type fakeEngine struct {
	mu       sync.Mutex
	sessions []*fakeSession
	handoffs []ring.Handoff
	lingers  bool
	refuses  bool
}

func (f *fakeEngine) NewSession(cfg ring.SessionConfig) session.Live {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &fakeSession{cfg: cfg, closed: make(chan struct{}), done: make(chan struct{}), lingers: f.lingers, gone: make(map[uint16]bool)}
	f.sessions = append(f.sessions, s)
	return s
}

func (f *fakeEngine) Attach(h ring.Handoff, s session.Live) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(s.(*fakeSession).gone, h.CID)
	if f.refuses {
		return errors.New("no room")
	}
	f.handoffs = append(f.handoffs, h)
	return unix.Close(h.FD)
}

// newServer returns a server with one target.
func newServer(t testing.TB, set ...string) (*Server, *fakeEngine) {
	t.Helper()
	var keys config.SessionKeys
	for _, kv := range set {
		name, value, _ := strings.Cut(kv, "=")
		if err := keys.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	catalog := new(target.Catalog)
	err := catalog.Add(&target.Target{Name: testTarget, Alias: "disks", SCSI: scsi.NewTarget(testTarget), Keys: keys, QueueDepth: 32})
	if err != nil {
		t.Fatal(err)
	}
	e := new(fakeEngine)
	return &Server{Targets: catalog, Sessions: session.NewRegistry(50 * time.Millisecond), Engine: e}, e
}

// client is an initiator that says what a test wants.
type client struct {
	t    testing.TB
	conn net.Conn
	end  chan error // what Run returned
	d    *Discovery
}

// dial begins a login over loopback TCP.
func dial(t testing.TB, s *Server) *client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &client{t: t, end: make(chan error, 1)}
	if c.conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	c.conn.SetDeadline(deadline)
	served.SetDeadline(deadline)
	go func() {
		d, err := s.Run(served)
		c.d = d
		if err != nil {
			served.Close()
		}
		c.end <- err
	}()
	t.Cleanup(func() { c.conn.Close(); served.Close() })
	return c
}

// ask is one Login Request of a test, and what must come back.
type ask struct {
	csg, nsg pdu.Stage
	t, c     bool
	text     string // pairs, one a line
	edit     func(h *pdu.BHS)

	want   string // pairs of the answer, one a line; the text of a refusal is not looked at
	status pdu.LoginStatus
	wantT  bool
}

// pairs turns lines into text of the wire.
func pairs(lines string) []byte {
	if lines == "" {
		return nil
	}
	return []byte(strings.ReplaceAll(lines, "\n", "\x00") + "\x00")
}

func loginPDU(a ask) *pdu.PDU {
	p := new(pdu.PDU)
	p.SetOpcode(pdu.OpLogin)
	p.SetImmediate()
	p.SetITT(0xabcd)
	p.SetCmdSN(100)
	p.SetExpStatSN(77)
	l := p.LoginRequest()
	l.SetStage(a.csg, a.nsg, a.t, a.c)
	l.SetISID(pdu.ISID{0x80, 1, 2, 3, 4, 5})
	l.SetCID(9)
	p.Data = pairs(a.text)
	if a.edit != nil {
		a.edit(&p.BHS)
	}
	return p
}

func (c *client) send(a ask) {
	c.t.Helper()
	if _, err := c.conn.Write(framing.Append(nil, loginPDU(a))); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) receive() *pdu.PDU {
	c.t.Helper()
	p := new(pdu.PDU)
	if err := framing.Read(c.conn, p); err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	return p
}

// talk carries out a transcript.
func (c *client) talk(script []ask) {
	c.t.Helper()
	for i, a := range script {
		c.send(a)
		p := c.receive()
		if p.Opcode() != pdu.OpLoginResponse {
			c.t.Fatalf("step %d: %v", i, p.Opcode())
		}
		l := p.LoginResponse()
		if l.Status() != a.status {
			c.t.Fatalf("step %d: status %#04x, want %#04x", i, l.Status(), a.status)
		}
		if p.StatSN() != pdu.Serial(77+i) {
			c.t.Errorf("step %d: StatSN %d, want %d", i, p.StatSN(), 77+i)
		}
		if a.status != pdu.LoginSuccess {
			continue
		}
		if !bytes.Equal(p.Data, pairs(a.want)) {
			c.t.Fatalf("step %d: answer\n%q, want\n%q", i, p.Data, pairs(a.want))
		}
		if l.Transit() != a.wantT || l.CSG() != a.csg || a.wantT && l.NSG() != a.nsg {
			c.t.Errorf("step %d: T=%v CSG=%d NSG=%d", i, l.Transit(), l.CSG(), l.NSG())
		}
	}
}

// result waits for the end of Run.
func (c *client) result() error {
	c.t.Helper()
	select {
	case err := <-c.end:
		return err
	case <-time.After(5 * time.Second):
		c.t.Fatal("login does not end")
		return nil
	}
}

const names = "InitiatorName=" + testInitiator + "\nTargetName=" + testTarget

// straight logs in with the fewest words.
func straight(edit func(*pdu.BHS)) ask {
	return ask{csg: 1, nsg: 3, t: true, wantT: true, text: names, edit: edit,
		want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144"}
}
