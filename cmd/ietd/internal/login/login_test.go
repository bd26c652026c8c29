// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
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
	s := &fakeSession{cfg: cfg, closed: make(chan struct{}), done: make(chan struct{}), lingers: f.lingers}
	f.sessions = append(f.sessions, s)
	return s
}

func (f *fakeEngine) Attach(h ring.Handoff, _ session.Live) error {
	f.mu.Lock()
	defer f.mu.Unlock()
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

func TestLogins(t *testing.T) {
	tests := []struct {
		name   string
		set    []string
		script []ask
		want   ring.Params
	}{
		{
			name: "open-iscsi: security, then all keys in one request",
			script: []ask{
				{csg: 0, nsg: 1, t: true, wantT: true,
					text: "InitiatorName=" + testInitiator + "\nInitiatorAlias=host\nTargetName=" + testTarget + "\nSessionType=Normal\nAuthMethod=None",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"},
				{csg: 1, nsg: 3, t: true, wantT: true,
					text: "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\nDefaultTime2Retain=0\nIFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\nInitialR2T=No\nImmediateData=Yes\nMaxBurstLength=16776192\nFirstBurstLength=262144\nMaxOutstandingR2T=1\nMaxConnections=1\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nMaxRecvDataSegmentLength=262144",
					want: "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\nDefaultTime2Retain=0\nIFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\nInitialR2T=No\nImmediateData=Yes\nMaxBurstLength=1048576\nMaxOutstandingR2T=1\nMaxConnections=1\nDataPDUInOrder=Yes\nDataSequenceInOrder=Yes\nFirstBurstLength=262144\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 262144, MaxBurstLength: 1048576, FirstBurstLength: 262144, MaxOutstandingR2T: 1, ImmediateData: true},
		},
		{
			name: "libiscsi: the names are said again in the operational stage",
			script: []ask{
				{csg: 0, nsg: 1, t: true, wantT: true, text: names + "\nSessionType=Normal\nAuthMethod=CHAP,None",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"},
				{csg: 1, nsg: 3, t: true, wantT: true, text: names + "\nSessionType=Normal\nHeaderDigest=CRC32C,None\nInitialR2T=Yes\nImmediateData=No",
					want: "HeaderDigest=CRC32C\nInitialR2T=Yes\nImmediateData=No\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, HeaderDigest: true},
		},
		{
			name:   "no security stage, no keys: RFC 7143's defaults",
			script: []ask{straight(nil)},
			want:   ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "from security straight to full feature phase",
			script: []ask{{csg: 0, nsg: 3, t: true, wantT: true, text: names + "\nAuthMethod=None",
				want: "TargetPortalGroupTag=1\nTargetAlias=disks\nAuthMethod=None"}},
			want: ring.Params{MaxRecvDataSegmentLength: 8192, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 262144, FirstBurstLength: 65536, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "the target names keys whose default the operator does not want",
			set:  []string{"MaxBurstLength=4096", "FirstBurstLength=512", "ImmediateData=No", "InitialR2T=Yes", "DataDigest=CRC32C"},
			script: []ask{
				{csg: 1, nsg: 3, t: true, wantT: false, text: names,
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nDataDigest=CRC32C\nImmediateData=No\nMaxBurstLength=4096\nFirstBurstLength=512"},
				{csg: 1, nsg: 3, t: true, wantT: true, text: "DataDigest=CRC32C\nImmediateData=No\nMaxBurstLength=2048\nFirstBurstLength=512"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 2048, FirstBurstLength: 512, MaxOutstandingR2T: 1, InitialR2T: true, DataDigest: true},
		},
		{
			name: "a text over two PDUs",
			script: []ask{
				{csg: 1, c: true, text: names},
				{csg: 1, nsg: 3, t: true, wantT: true, text: "MaxBurstLength=512\nFirstBurstLength=512",
					want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxBurstLength=512\nFirstBurstLength=512\nMaxRecvDataSegmentLength=262144"},
			},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 512, FirstBurstLength: 512, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
		{
			name: "FirstBurstLength before MaxBurstLength in one text is answered within it",
			script: []ask{{csg: 1, nsg: 3, t: true, wantT: true, text: names + "\nFirstBurstLength=65536\nMaxBurstLength=4096",
				want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxBurstLength=4096\nFirstBurstLength=4096\nMaxRecvDataSegmentLength=262144"}},
			want: ring.Params{MaxRecvDataSegmentLength: 262144, MaxXmitDataSegmentLength: 8192, MaxBurstLength: 4096, FirstBurstLength: 4096, MaxOutstandingR2T: 1, InitialR2T: true, ImmediateData: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e := newServer(t, tt.set...)
			c := dial(t, s)
			c.talk(tt.script)
			if err := c.result(); err != nil {
				t.Fatal(err)
			}
			if len(e.handoffs) != 1 {
				t.Fatalf("%d hand-offs", len(e.handoffs))
			}
			h, cfg := e.handoffs[0], e.sessions[0].cfg
			if h.Params != tt.want {
				t.Errorf("params\n%+v, want\n%+v", h.Params, tt.want)
			}
			if h.CID != 9 || h.StatSN != pdu.Serial(77+len(tt.script)) || h.Remote == "" {
				t.Errorf("hand-off %+v", h)
			}
			if cfg.CmdSN != 100 || cfg.QueueDepth != 32 || cfg.TSIH == 0 || cfg.Initiator != testInitiator || cfg.TargetName != testTarget || cfg.Nexus == nil {
				t.Errorf("session %+v", cfg)
			}
		})
	}
}

func TestLastAnswer(t *testing.T) {
	s, e := newServer(t)
	c := dial(t, s)
	c.send(straight(nil))
	p := c.receive()
	l := p.LoginResponse()
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	if l.TSIH() == 0 || l.TSIH() != e.sessions[0].cfg.TSIH {
		t.Errorf("TSIH %d, the session has %d", l.TSIH(), e.sessions[0].cfg.TSIH)
	}
	if p.ExpCmdSN() != 100 || p.MaxCmdSN() != 131 || p.ITT() != 0xabcd {
		t.Errorf("ExpCmdSN %d MaxCmdSN %d ITT %#x", p.ExpCmdSN(), p.MaxCmdSN(), p.ITT())
	}
}

func TestRefusals(t *testing.T) {
	many := strings.Repeat("X-a=1\n", maxKeys+1)
	tests := []struct {
		name   string
		set    []string
		script []ask
	}{
		{"InitiatorName is missing", nil, []ask{{csg: 1, nsg: 3, t: true, text: "TargetName=" + testTarget, status: pdu.LoginMissingParameter}}},
		{"TargetName is missing", nil, []ask{{csg: 1, nsg: 3, t: true, text: "InitiatorName=" + testInitiator, status: pdu.LoginMissingParameter}}},
		{"ISID and TSIH are zero", nil, []ask{{csg: 1, nsg: 3, t: true, text: names, edit: func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{}) }, status: pdu.LoginMissingParameter}}},
		{"nobody has this target", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\nTargetName=iqn.2026-11.com.example:other", status: pdu.LoginNotFound}}},
		{"a session type that does not exist", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nSessionType=Odd", status: pdu.LoginSessionType}}},
		{"an initiator name with a control character", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\x07b\nTargetName=" + testTarget, status: pdu.LoginInitiatorError}}},
		{"an initiator name of 224 bytes", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=" + strings.Repeat("a", 224) + "\nTargetName=" + testTarget, status: pdu.LoginInitiatorError}}},
		{"a version above ours", nil, []ask{{csg: 0, nsg: 1, t: true, text: names, edit: func(h *pdu.BHS) { h[3] = 1 }, status: pdu.LoginUnsupportedVersion}}},
		{"a TSIH that nobody has", nil, []ask{{csg: 0, nsg: 1, t: true, text: names, edit: func(h *pdu.BHS) { h.LoginRequest().SetTSIH(5) }, status: pdu.LoginSessionNotFound}}},
		{"a TSIH in discovery", nil, []ask{{csg: 0, nsg: 1, t: true, text: "InitiatorName=a\nSessionType=Discovery", edit: func(h *pdu.BHS) { h.LoginRequest().SetTSIH(5) }, status: pdu.LoginSessionNotFound}}},
		{"only CHAP is offered and there is none", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=CHAP", status: pdu.LoginAuthFailure}}},
		{"CHAP's keys without CHAP", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=None\nCHAP_A=5", status: pdu.LoginInitiatorError}}},
		{"CHAP's keys in the operational stage", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nCHAP_A=5", status: pdu.LoginInitiatorError}}},
		{"CSG 2 is reserved", nil, []ask{{csg: 2, nsg: 3, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"CSG 3 is no stage of login", nil, []ask{{csg: 3, nsg: 3, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG 2 is reserved", nil, []ask{{csg: 1, nsg: 2, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG is CSG", nil, []ask{{csg: 1, nsg: 1, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"NSG is before CSG", nil, []ask{{csg: 1, nsg: 0, t: true, text: names, status: pdu.LoginInitiatorError}}},
		{"T with C", nil, []ask{{csg: 1, nsg: 3, t: true, c: true, text: names, status: pdu.LoginInitiatorError}}},
		{"the stage changes without T", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 1, nsg: 3, t: true, status: pdu.LoginInitiatorError}}},
		{"the CID changes", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, edit: func(h *pdu.BHS) { h.LoginRequest().SetCID(1) }, status: pdu.LoginInitiatorError}}},
		{"NOP-Out during login", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, edit: func(h *pdu.BHS) { h.SetOpcode(pdu.OpNopOut) }, status: pdu.LoginInvalidRequest}}},
		{"a key twice", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nMaxBurstLength=512\nMaxBurstLength=512", status: pdu.LoginInitiatorError}}},
		{"the target is another one later", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, text: "TargetName=other", status: pdu.LoginInitiatorError}}},
		{"the session becomes discovery later", nil, []ask{
			{csg: 0, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks"},
			{csg: 0, nsg: 3, t: true, text: "SessionType=Discovery", status: pdu.LoginInitiatorError}}},
		{"an operational key in the security stage", nil, []ask{{csg: 0, nsg: 1, t: true, text: names + "\nMaxBurstLength=512", status: pdu.LoginInitiatorError}}},
		{"AuthMethod in the operational stage", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nAuthMethod=None", status: pdu.LoginInitiatorError}}},
		{"SendTargets in login", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nSendTargets=All", status: pdu.LoginInitiatorError}}},
		{"a declared length that cannot be", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nMaxRecvDataSegmentLength=511", status: pdu.LoginInitiatorError}}},
		{"a pair without =", nil, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nNonsense", status: pdu.LoginInitiatorError}}},
		{"too many keys", nil, []ask{{csg: 1, nsg: 3, t: true, text: many, status: pdu.LoginInitiatorError}}},
		{"the digest that the operator enforces is not offered", []string{"HeaderDigest=CRC32C"}, []ask{{csg: 1, nsg: 3, t: true, text: names + "\nHeaderDigest=None", status: pdu.LoginInitiatorError}}},
		{"the digest that the operator enforces is refused", []string{"HeaderDigest=CRC32C"}, []ask{
			{csg: 1, nsg: 3, t: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nHeaderDigest=CRC32C"},
			{csg: 1, nsg: 3, t: true, text: "HeaderDigest=Reject", status: pdu.LoginInitiatorError}}},
		{"an answer above our offer", []string{"MaxBurstLength=4096", "FirstBurstLength=512"}, []ask{
			{csg: 1, nsg: 3, t: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks\nMaxRecvDataSegmentLength=262144\nMaxBurstLength=4096\nFirstBurstLength=512"},
			{csg: 1, nsg: 3, t: true, text: "MaxBurstLength=8192\nFirstBurstLength=512", status: pdu.LoginInitiatorError}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, e := newServer(t, tt.set...)
			c := dial(t, s)
			c.talk(tt.script)
			var r *refusal
			if err := c.result(); !errors.As(err, &r) || r.why == "" {
				t.Errorf("Run returned %v", err)
			}
			if len(e.handoffs) != 0 || s.Sessions.Len() != 0 {
				t.Errorf("%d hand-offs, %d sessions", len(e.handoffs), s.Sessions.Len())
			}
			if n, err := c.conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("after the refusal: %d bytes, %v", n, err)
			}
		})
	}
}

func TestLongTexts(t *testing.T) {
	t.Run("a data segment above 8192 bytes is refused", func(t *testing.T) {
		s, _ := newServer(t)
		c := dial(t, s)
		p := loginPDU(ask{csg: 1})
		p.Data = make([]byte, maxLoginData+1)
		go c.conn.Write(framing.Append(nil, p)) // fails when the other side has gone
		if got := c.receive().LoginResponse().Status(); got != pdu.LoginInitiatorError {
			t.Errorf("status %#04x", got)
		}
	})
	t.Run("a text without end is refused at its bound", func(t *testing.T) {
		s, _ := newServer(t)
		c := dial(t, s)
		a := ask{csg: 1, c: true, text: "X-a=" + strings.Repeat("y", maxLoginData-5)}
		for range maxTextLen / maxLoginData {
			c.send(a)
			if p := c.receive(); p.LoginResponse().Status() != 0 || len(p.Data) != 0 {
				t.Fatalf("%v", p)
			}
		}
		c.send(a)
		if got := c.receive().LoginResponse().Status(); got != pdu.LoginInitiatorError {
			t.Errorf("status %#04x", got)
		}
	})
	t.Run("a login without end is refused at its bound", func(t *testing.T) {
		s, _ := newServer(t)
		c := dial(t, s)
		a := ask{csg: 1, text: names}
		for range maxPDUs {
			c.send(a)
			if p := c.receive(); p.LoginResponse().Status() != 0 {
				t.Fatalf("%v", p)
			}
		}
		c.send(a)
		if got := c.receive().LoginResponse().Status(); got != pdu.LoginInitiatorError {
			t.Errorf("status %#04x", got)
		}
	})
	t.Run("an answer above 8192 bytes comes in pieces", func(t *testing.T) {
		s, _ := newServer(t)
		c := dial(t, s)
		text := names
		for i := range 120 {
			text += "\n" + strings.Repeat("x", 60) + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "=1"
		}
		text += "\nMaxConnections=1"
		first := pairs(text)
		p := loginPDU(ask{csg: 1, c: true})
		p.Data = first[:7001]
		c.conn.Write(framing.Append(nil, p))
		c.receive()
		p = loginPDU(ask{csg: 1, nsg: 3, t: true})
		p.Data = first[7001:]
		c.conn.Write(framing.Append(nil, p))
		got := c.receive()
		if !got.LoginResponse().Continue() || got.LoginResponse().Transit() || len(got.Data) != maxLoginData {
			t.Fatalf("first piece: %d bytes, flags %#x", len(got.Data), got.BHS[1])
		}
		c.send(ask{csg: 1, nsg: 3, t: true})
		got = c.receive()
		if got.LoginResponse().Continue() || !got.LoginResponse().Transit() {
			t.Fatalf("last piece: flags %#x", got.BHS[1])
		}
	})
}

func TestReinstatement(t *testing.T) {
	t.Run("the same name and ISID end the old session", func(t *testing.T) {
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
	})
	t.Run("another ISID is another session", func(t *testing.T) {
		s, _ := newServer(t)
		for i := range 2 {
			c := dial(t, s)
			c.talk([]ask{straight(func(h *pdu.BHS) { h.LoginRequest().SetISID(pdu.ISID{byte(i + 1)}) })})
		}
		if s.Sessions.Len() != 2 {
			t.Errorf("%d sessions", s.Sessions.Len())
		}
	})
	t.Run("a login that fails leaves the old session alone", func(t *testing.T) {
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
	})
	t.Run("an old session that does not end refuses the new one", func(t *testing.T) {
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
	})
	t.Run("the same CID takes its connection over and keeps the session", func(t *testing.T) {
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
	})
	t.Run("another CID is a second connection", func(t *testing.T) {
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
	})
	t.Run("when no loop takes the connection the session is gone", func(t *testing.T) {
		s, e := newServer(t)
		e.refuses = true
		c := dial(t, s)
		c.talk([]ask{straight(nil)})
		if err := c.result(); err == nil || s.Sessions.Len() != 0 {
			t.Errorf("%v, %d sessions", err, s.Sessions.Len())
		}
	})
}

func TestDiscoveryLogin(t *testing.T) {
	s, _ := newServer(t)
	c := dial(t, s)
	c.talk([]ask{{csg: 1, nsg: 3, t: true, wantT: true,
		text: "InitiatorName=" + testInitiator + "\nSessionType=Discovery\nMaxConnections=4\nDataDigest=CRC32C\nMaxRecvDataSegmentLength=512\nX-y=1\nIFMarkInt=5",
		want: "MaxConnections=Irrelevant\nDataDigest=CRC32C\nX-y=NotUnderstood\nIFMarkInt=Reject\nMaxRecvDataSegmentLength=8192"}})
	if err := c.result(); err != nil {
		t.Fatal(err)
	}
	d := c.d
	if d == nil || d.MaxXmit != 512 || d.CmdSN != 100 || d.StatSN != 78 || d.CID != 9 || !d.Framing.DataDigest || d.Framing.HeaderDigest || d.Entry.TSIH() == 0 {
		t.Errorf("%+v", d)
	}
}

// scriptAuth is an authentication method of three steps: the seam that CHAP
// takes its place in.
type scriptAuth struct{ step_ int }

func (a *scriptAuth) step(keys []pdu.Key) ([]pdu.Key, bool, error) {
	a.step_++
	switch a.step_ {
	case 1:
		return []pdu.Key{{Name: "CHAP_A", Value: "5"}}, false, nil
	case 2:
		if len(keys) == 1 && keys[0].Value == "right" {
			return nil, true, nil
		}
	}
	return nil, false, refuse(pdu.LoginAuthFailure, "wrong")
}

func TestAuthenticatorSteps(t *testing.T) {
	was := authMethods[pdu.ValueNone]
	authMethods[pdu.ValueNone] = func() authenticator { return new(scriptAuth) }
	defer func() { authMethods[pdu.ValueNone] = was }()
	first := ask{csg: 0, nsg: 1, t: true, text: names, want: "TargetPortalGroupTag=1\nTargetAlias=disks\nCHAP_A=5"}
	s, _ := newServer(t)
	dial(t, s).talk([]ask{first,
		{csg: 0, nsg: 1, t: true, wantT: true, text: "CHAP_R=right"},
		{csg: 1, nsg: 3, t: true, wantT: true, want: "MaxRecvDataSegmentLength=262144"}})
	dial(t, s).talk([]ask{first, {csg: 0, nsg: 1, t: true, text: "CHAP_R=wrong", status: pdu.LoginAuthFailure}})
}

// TestEndsEarly closes the connection at every byte of a good login: nothing may
// stay behind.
func TestEndsEarly(t *testing.T) {
	s, e := newServer(t)
	wire := framing.Append(nil, loginPDU(ask{csg: 0, nsg: 1, t: true, text: names}))
	for n := range wire {
		near, far := net.Pipe()
		end := make(chan error, 1)
		go func() {
			_, err := s.Run(far)
			end <- err
		}()
		near.Write(wire[:n])
		near.Close()
		if err := <-end; err == nil {
			t.Fatalf("cut at byte %d: no error", n)
		}
		far.Close()
	}
	if s.Sessions.Len() != 0 || len(e.sessions) != 0 {
		t.Errorf("%d sessions stay", s.Sessions.Len())
	}
}

func TestSlowPeer(t *testing.T) {
	s, _ := newServer(t)
	near, far := net.Pipe()
	defer near.Close()
	far.SetDeadline(time.Now().Add(20 * time.Millisecond))
	go near.Write(make([]byte, 10))
	if _, err := s.Run(far); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestNotLogin(t *testing.T) {
	s, _ := newServer(t)
	c := dial(t, s)
	c.send(ask{edit: func(h *pdu.BHS) { h.SetOpcode(pdu.OpText) }})
	if err := c.result(); !errors.Is(err, errNotLogin) {
		t.Errorf("%v", err)
	}
}

// feed is a connection whose peer has said everything already.
type feed struct {
	net.Conn
	in  *bytes.Reader
	out int
}

func (f *feed) Read(b []byte) (int, error)  { return f.in.Read(b) }
func (f *feed) Write(b []byte) (int, error) { f.out += len(b); return len(b), nil }
func (f *feed) RemoteAddr() net.Addr        { return &net.TCPAddr{} }

func FuzzLogin(f *testing.F) {
	f.Add(framing.Append(nil, loginPDU(straight(nil))))
	two := framing.Append(nil, loginPDU(ask{csg: 0, nsg: 1, t: true, text: names + "\nAuthMethod=None"}))
	f.Add(framing.Append(two, loginPDU(ask{csg: 1, nsg: 3, t: true, text: "HeaderDigest=CRC32C\nMaxBurstLength=0x200\nInitialR2T=No"})))
	f.Add(framing.Append(nil, loginPDU(ask{csg: 1, nsg: 3, t: true, text: "InitiatorName=a\nSessionType=Discovery"})))
	f.Fuzz(func(t *testing.T, wire []byte) {
		s, _ := newServer(t)
		c := &feed{in: bytes.NewReader(wire)}
		d, err := s.Run(c)
		if d == nil && err == nil {
			t.Error("a login on what is no socket had no error")
		}
		if d == nil && s.Sessions.Len() != 0 {
			t.Error("a session stays after a login that failed")
		}
		// Each request is answered by at most one PDU of at most maxLoginData.
		if most := (len(wire)/pdu.HeaderLen + 2) * (pdu.HeaderLen + maxLoginData); c.out > most {
			t.Errorf("%d bytes of answers to %d bytes", c.out, len(wire))
		}
	})
}
