// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"ietring/pdu"
)

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
