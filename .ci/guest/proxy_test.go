// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"testing"
)

// echo is a target that sends back what it gets.
func echo(t *testing.T) (portal string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// carries sends n bytes through the portal and gives how many came back.
func carries(t *testing.T, portal string, n int64) int64 {
	conn, err := net.Dial("tcp", portal)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go conn.Write(make([]byte, n)) // a cut is an error here, and the reader sees how far it came
	back, _ := io.CopyN(io.Discard, conn, n)
	return back
}

func TestProxy(t *testing.T) {
	p, err := newProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	const small, large = 4 << 10, mostLife
	if n := carries(t, p.portal, small); n != small {
		t.Errorf("nothing is to be cut: %d of %d bytes came back", n, small)
	}
	p.toCut.Store(2)
	if n := carries(t, p.portal, small); n != small || p.cut.Load() != 0 {
		t.Errorf("a connection of less than a life: %d of %d bytes came back, %d cuts", n, small, p.cut.Load())
	}
	for i := range int64(2) {
		if n := carries(t, p.portal, large); n == large || p.cut.Load() != i+1 {
			t.Errorf("cut %d: %d of %d bytes came back, %d cuts", i+1, n, large, p.cut.Load())
		}
	}
	if n := carries(t, p.portal, large); n != large || p.cut.Load() != 2 {
		t.Errorf("all cuts are made: %d of %d bytes came back, %d cuts", n, large, p.cut.Load())
	}
	if err := p.block(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", p.portal); err == nil {
		conn.Close()
		t.Error("blocked, and it lets a connection in")
	}
	if err := p.unblock(); err != nil {
		t.Fatal(err)
	}
	if n := carries(t, p.portal, small); n != small {
		t.Errorf("open again: %d of %d bytes came back", n, small)
	}
}
