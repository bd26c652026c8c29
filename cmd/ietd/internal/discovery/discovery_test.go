// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// directory has the targets named, and listens on portals.
func directory(t *testing.T, portals []string, names ...string) *Directory {
	t.Helper()
	d := &Directory{Targets: new(target.Catalog)}
	for _, n := range names {
		if err := d.Targets.Add(&target.Target{Name: n}); err != nil {
			t.Fatal(err)
		}
	}
	d.Portals = func() (list []netip.AddrPort) {
		for _, p := range portals {
			list = append(list, addr(p))
		}
		return list
	}
	return d
}

func TestAnswer(t *testing.T) {
	everywhere := []string{"0.0.0.0:3260", "[::]:3260"}
	tests := []struct {
		name    string
		portals []string
		own     string
		local   string
		text    string // pairs, one a line
		want    string
	}{
		{"All", everywhere, "", "192.0.2.1:3260", "SendTargets=All",
			"TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1\nTargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"one by its name", everywhere, "", "192.0.2.1:3260", "SendTargets=iqn.b", "TargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"names have no case", everywhere, "", "192.0.2.1:3260", "SendTargets=IQN.B", "TargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"one that is not there", everywhere, "", "192.0.2.1:3260", "SendTargets=iqn.c", ""},
		{"nothing, without an own target", everywhere, "", "192.0.2.1:3260", "SendTargets=", ""},
		{"nothing, in a normal session, is its own", everywhere, "iqn.b", "192.0.2.1:3260", "SendTargets=", "TargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"All in a normal session (libiscsi)", everywhere, "iqn.b", "192.0.2.1:3260", "SendTargets=All",
			"TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1\nTargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"All misspelt", everywhere, "iqn.b", "192.0.2.1:3260", "SendTargets=Alle", ""},
		{"All cut short", everywhere, "iqn.b", "192.0.2.1:3260", "SendTargets=A", ""},
		{"a key that only looks like it", everywhere, "iqn.b", "192.0.2.1:3260", "SendTargetsPlease=All", "SendTargetsPlease=NotUnderstood"},
		{"key names have a case", everywhere, "iqn.b", "192.0.2.1:3260", "sENDtARGETS=aLL", "sENDtARGETS=NotUnderstood"},
		{"keys of login stay as they are", everywhere, "iqn.b", "192.0.2.1:3260", "MaxBurstLength=512", "MaxBurstLength=Reject"},
		{"an alias wants no answer", everywhere, "iqn.b", "192.0.2.1:3260", "InitiatorAlias=x", ""},
		{"IPv6 in brackets", everywhere, "", "[2001:db8::1]:3260", "SendTargets=iqn.a", "TargetName=iqn.a\nTargetAddress=[2001:db8::1]:3260,1"},
		{"a zone is left out", everywhere, "", "[fe80::1%eth0]:3260", "SendTargets=iqn.a", "TargetName=iqn.a\nTargetAddress=[fe80::1]:3260,1"},
		{"a mapped address is IPv4", everywhere, "", "[::ffff:192.0.2.1]:3260", "SendTargets=iqn.a", "TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1"},
		{"the client's address first, then others of its family", []string{"192.0.2.2:3260", "192.0.2.1:3260", "[2001:db8::1]:3260", "127.0.0.1:3260"}, "", "192.0.2.1:3260", "SendTargets=iqn.a",
			"TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1\nTargetAddress=192.0.2.2:3260,1"},
		{"over loopback, loopback is an address", []string{"127.0.0.1:3260", "127.0.0.2:3260"}, "", "127.0.0.1:3260", "SendTargets=iqn.a",
			"TargetName=iqn.a\nTargetAddress=127.0.0.1:3260,1\nTargetAddress=127.0.0.2:3260,1"},
	}
	for _, tt := range tests {
		d := directory(t, tt.portals, "iqn.a", "iqn.b")
		got, err := d.Answer(tt.own, addr(tt.local), pairs(tt.text))
		if err != nil || !bytes.Equal(got.Text, pairs(tt.want)) {
			t.Errorf("%s:\n%q, %v, want\n%q", tt.name, got.Text, err, pairs(tt.want))
		}
	}
	if _, err := directory(t, everywhere).Answer("", addr("192.0.2.1:1"), []byte("nonsense\x00")); err == nil {
		t.Error("a pair without = is no error")
	}
}

// A TargetAddress ends with the tag of its portal group.
func TestPortalGroupTags(t *testing.T) {
	d := directory(t, []string{"192.0.2.1:3260", "192.0.2.2:3260"}, "iqn.a")
	d.Groups = config.PortalGroups{netip.MustParseAddr("192.0.2.2"): 5}
	a, err := d.Answer("iqn.a", addr("192.0.2.1:3260"), pairs("SendTargets="))
	if want := pairs("TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1\nTargetAddress=192.0.2.2:3260,5"); err != nil || !bytes.Equal(a.Text, want) {
		t.Errorf("%q, %v, want %q", a.Text, err, want)
	}
}

// MaxRecvDataSegmentLength may be declared again; what is no length is refused,
// and so is a second one.
func TestRenegotiation(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
		length           int
	}{
		{"a length", "MaxRecvDataSegmentLength=65536", "", 65536},
		{"a length in hexadecimal", "MaxRecvDataSegmentLength=0x200", "", 512},
		{"too small", "MaxRecvDataSegmentLength=511", "MaxRecvDataSegmentLength=Reject", 0},
		{"too large", "MaxRecvDataSegmentLength=16777216", "MaxRecvDataSegmentLength=Reject", 0},
		{"no number", "MaxRecvDataSegmentLength=much", "MaxRecvDataSegmentLength=Reject", 0},
		{"twice", "MaxRecvDataSegmentLength=1024\nMaxRecvDataSegmentLength=2048", "MaxRecvDataSegmentLength=Reject", 1024},
		{"what one login fixed", "HeaderDigest=CRC32C\nMaxConnections=2", "HeaderDigest=Reject\nMaxConnections=Reject", 0},
	} {
		a, err := directory(t, nil).Answer("iqn.a", addr("192.0.2.1:1"), pairs(tt.text))
		if err != nil || a.MaxRecv != tt.length || !bytes.Equal(a.Text, pairs(tt.want)) {
			t.Errorf("%s: %d, %q, %v", tt.name, a.MaxRecv, a.Text, err)
		}
	}
}

func pairs(lines string) []byte {
	if lines == "" {
		return nil
	}
	return []byte(strings.ReplaceAll(lines, "\n", "\x00") + "\x00")
}

// client is the initiator of a discovery session.
type client struct {
	t       *testing.T
	conn    net.Conn
	framing pdu.Framing
	cmdSN   pdu.Serial
	statSN  pdu.Serial
	end     chan error
}

func begin(t *testing.T, d *Directory, p Params) *client {
	t.Helper()
	near, far := net.Pipe()
	p.CID, p.StatSN, p.CmdSN, p.Framing.MaxDataLen = 9, 50, 100, 8192
	if p.Idle == 0 {
		p.Idle = 5 * time.Second
	}
	if p.MaxXmit == 0 {
		p.MaxXmit = 8192
	}
	c := &client{t: t, conn: near, framing: p.Framing, cmdSN: 100, statSN: 50, end: make(chan error, 1)}
	near.SetDeadline(time.Now().Add(5 * time.Second))
	go func() {
		c.end <- d.Serve(far, addr("192.0.2.1:3260"), p)
		far.Close()
	}()
	t.Cleanup(func() { near.Close() })
	return c
}

// send sends a PDU with the next CmdSN; edit comes last.
func (c *client) send(op pdu.Opcode, data string, edit func(h *pdu.BHS)) {
	c.t.Helper()
	p := new(pdu.PDU)
	p.SetOpcode(op)
	p.SetFinal()
	p.SetITT(1)
	p.SetCmdSN(c.cmdSN)
	c.cmdSN++
	p.Data = []byte(data)
	switch op {
	case pdu.OpText:
		p.TextRequest().SetTTT(pdu.NoTag)
	case pdu.OpNopOut:
		p.NopOut().SetTTT(pdu.NoTag)
	}
	if edit != nil {
		edit(&p.BHS)
	}
	if _, err := c.conn.Write(c.framing.Append(nil, p)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) receive(op pdu.Opcode) *pdu.PDU {
	c.t.Helper()
	p := new(pdu.PDU)
	if err := c.framing.Read(c.conn, p); err != nil {
		c.t.Fatal(err)
	}
	if p.Opcode() != op || p.StatSN() != c.statSN || p.ExpCmdSN() != c.cmdSN || p.MaxCmdSN() != c.cmdSN {
		c.t.Fatalf("%v StatSN %d window %d..%d, want %v %d %d", p.Opcode(), p.StatSN(), p.ExpCmdSN(), p.MaxCmdSN(), op, c.statSN, c.cmdSN)
	}
	c.statSN++
	return p
}

func TestSession(t *testing.T) {
	for _, f := range []pdu.Framing{{}, {HeaderDigest: true, DataDigest: true}} {
		t.Run(fmt.Sprintf("digests %v", f.HeaderDigest), func(t *testing.T) {
			c := begin(t, directory(t, nil, "iqn.a"), Params{Framing: f})
			c.send(pdu.OpText, "SendTargets=All\x00", nil)
			p := c.receive(pdu.OpTextResponse)
			if string(p.Data) != "TargetName=iqn.a\x00TargetAddress=192.0.2.1:3260,1\x00" || !p.Final() || p.TextResponse().TTT() != pdu.NoTag {
				t.Errorf("%q %x", p.Data, p.BHS)
			}
			c.send(pdu.OpNopOut, "ping", nil)
			if p := c.receive(pdu.OpNopIn); string(p.Data) != "ping" || p.ITT() != 1 {
				t.Errorf("%q", p.Data)
			}
			c.send(pdu.OpLogout, "", func(h *pdu.BHS) { h.LogoutRequest().SetReason(pdu.LogoutCloseSession) })
			if p := c.receive(pdu.OpLogoutResponse); p.LogoutResponse().Result() != pdu.LogoutClosed {
				t.Errorf("%v", p.LogoutResponse().Result())
			}
			if err := <-c.end; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLongAnswer(t *testing.T) {
	var names []string
	var want []byte
	for i := range 200 {
		n := fmt.Sprintf("iqn.2026-11.com.example:%d", i)
		names = append(names, n)
		want = pdu.AppendKey(want, "TargetName", n)
		want = pdu.AppendKey(want, "TargetAddress", "192.0.2.1:3260,1")
	}
	c := begin(t, directory(t, nil, names...), Params{MaxXmit: 512})
	c.send(pdu.OpText, "SendTargets=All\x00", nil)
	var got []byte
	for {
		p := c.receive(pdu.OpTextResponse)
		r := p.TextResponse()
		got = append(got, p.Data...)
		if len(p.Data) > 512 || p.Data[len(p.Data)-1] != 0 {
			t.Fatalf("a piece of %d bytes that ends with %q", len(p.Data), p.Data[len(p.Data)-1])
		}
		if p.Final() {
			if r.Continue() || r.TTT() != pdu.NoTag {
				t.Error("the last piece says that more comes")
			}
			break
		}
		if !r.Continue() || r.TTT() == pdu.NoTag {
			t.Fatal("a piece says that no more comes")
		}
		tag := r.TTT()
		c.send(pdu.OpText, "", func(h *pdu.BHS) { h.TextRequest().SetTTT(tag) })
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

func TestRequestInPieces(t *testing.T) {
	c := begin(t, directory(t, nil, "iqn.a"), Params{})
	more := func(h *pdu.BHS) { h[1] = 0; h.TextRequest().SetContinue() }
	c.send(pdu.OpText, "SendTarg", more)
	p := c.receive(pdu.OpTextResponse)
	if p.Final() || p.TextResponse().Continue() || p.TextResponse().TTT() == pdu.NoTag || len(p.Data) > 0 {
		t.Fatalf("%x", p.BHS)
	}
	tag := p.TextResponse().TTT()
	c.send(pdu.OpText, "ets=All\x00", func(h *pdu.BHS) { h.TextRequest().SetTTT(tag) })
	if p := c.receive(pdu.OpTextResponse); !bytes.HasPrefix(p.Data, []byte("TargetName=iqn.a\x00")) {
		t.Errorf("%q", p.Data)
	}
}

func TestRejects(t *testing.T) {
	tests := []struct {
		name string
		op   pdu.Opcode
		data string
		edit func(h *pdu.BHS)
		want pdu.RejectReason
	}{
		{"a SCSI command", pdu.OpSCSICommand, "", nil, pdu.ReasonProtocolError},
		{"task management", pdu.OpTaskMgmt, "", nil, pdu.ReasonProtocolError},
		{"text that is malformed", pdu.OpText, "nonsense", nil, pdu.ReasonProtocolError},
		{"a tag that nobody gave", pdu.OpText, "", func(h *pdu.BHS) { h.TextRequest().SetTTT(5) }, pdu.ReasonProtocolError},
		{"a logout for a reason that does not exist", pdu.OpLogout, "", func(h *pdu.BHS) { h.LogoutRequest().SetReason(3) }, pdu.ReasonInvalidPDUField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := begin(t, directory(t, nil, "iqn.a"), Params{})
			c.send(tt.op, tt.data, tt.edit)
			p := c.receive(pdu.OpReject)
			if got := p.Reject().Reason(); got != tt.want || len(p.Data) != pdu.HeaderLen {
				t.Errorf("%v with %d bytes", got, len(p.Data))
			}
			c.send(pdu.OpNopOut, "", nil) // the session goes on
			c.receive(pdu.OpNopIn)
		})
	}
}

func TestLogoutResults(t *testing.T) {
	tests := []struct {
		name   string
		reason pdu.LogoutReason
		cid    uint16
		want   pdu.LogoutResult
		ends   bool
	}{
		{"its own connection", pdu.LogoutCloseConnection, 9, pdu.LogoutClosed, true},
		{"another's connection", pdu.LogoutCloseConnection, 8, pdu.LogoutCIDNotFound, false},
		{"for recovery", pdu.LogoutRecovery, 9, pdu.LogoutRecoveryUnsupported, false},
	}
	for _, tt := range tests {
		c := begin(t, directory(t, nil), Params{})
		c.send(pdu.OpLogout, "", func(h *pdu.BHS) { h.LogoutRequest().SetReason(tt.reason); h.LogoutRequest().SetCID(tt.cid) })
		if got := c.receive(pdu.OpLogoutResponse).LogoutResponse().Result(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		if !tt.ends {
			c.send(pdu.OpNopOut, "", nil)
			c.receive(pdu.OpNopIn)
		} else if err := <-c.end; err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestOutsideTheWindow(t *testing.T) {
	c := begin(t, directory(t, nil, "iqn.a"), Params{})
	c.send(pdu.OpText, "SendTargets=All\x00", func(h *pdu.BHS) { h.SetCmdSN(99) })
	c.send(pdu.OpText, "SendTargets=All\x00", func(h *pdu.BHS) { h.SetCmdSN(102) })
	c.cmdSN = 100 // neither was taken
	c.send(pdu.OpNopOut, "", nil)
	c.receive(pdu.OpNopIn)
}

func TestEnds(t *testing.T) {
	c := begin(t, directory(t, nil), Params{Idle: 10 * time.Millisecond})
	if err := <-c.end; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent session: %v", err)
	}
	c = begin(t, directory(t, nil), Params{})
	c.conn.Close()
	// A pipe whose other end is closed fails in one of two ways, as Serve was
	// reading or about to set its deadline.
	if err := <-c.end; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed connection: %v", err)
	}
	c = begin(t, directory(t, nil), Params{})
	more := func(h *pdu.BHS) { h[1] = 0; h.TextRequest().SetContinue() }
	c.send(pdu.OpText, strings.Repeat("x", 8000), more)
	tag := c.receive(pdu.OpTextResponse).TextResponse().TTT()
	c.send(pdu.OpText, strings.Repeat("x", 8000), func(h *pdu.BHS) { more(h); h.TextRequest().SetTTT(tag) })
	if err := <-c.end; err == nil || !strings.Contains(err.Error(), "longer than 8192") {
		t.Errorf("a text without end: %v", err)
	}
}
