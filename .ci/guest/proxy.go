// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A connection that is cut lives for at least leastLife bytes, which is more
// than a login, and at most for mostLife.
const (
	leastLife = 64 << 10
	mostLife  = 4 << 20
)

// A proxy stands between the guest and a portal, and ends connections: in
// mid-transfer after a random number of bytes, or all of them for a while.
type proxy struct {
	portal   string // where it listens
	to       string
	listener net.Listener

	toCut  atomic.Int64 // connections that are to be cut in mid-transfer, one after the other
	cut    atomic.Int64 // those that were
	passed atomic.Int64 // bytes that went through, both ways

	mu     sync.Mutex // guards all below
	closed bool       // no connection is let in
	conns  map[net.Conn]bool
}

// newProxy listens on a free port of the loopback address.
func newProxy(to string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{portal: l.Addr().String(), to: to, listener: l, conns: map[net.Conn]bool{}}
	go p.accept(l)
	return p, nil
}

// stop ends the proxy and all that goes through it.
func (p *proxy) stop() error {
	err := p.listener.Close()
	if p.blocked() {
		err = nil // it was closed before
	}
	p.drop()
	return err
}

// block ends every connection and refuses new ones, as a port does on which
// nobody listens. A connection that is let in only to be closed is no good: it
// may close before the guest's kernel has it, and iscsid 2.1.8 then tries to
// hand over the dead socket for ever.
func (p *proxy) block() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.listener.Close()
	p.drop()
	return err
}

// unblock lets connections in again, at the same place.
func (p *proxy) unblock() error {
	l, err := net.Listen("tcp", p.portal)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.closed = false
	p.mu.Unlock()
	p.listener = l
	go p.accept(l)
	return nil
}

func (p *proxy) blocked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// drop ends every connection that there is.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close() // what it says is that the peer was quicker
	}
}

// enter notes a connection, so that drop finds it; false is a closed proxy.
func (p *proxy) enter(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.conns[c] = true
	}
	return !p.closed
}

func (p *proxy) leave(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

func (p *proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // blocked or stopped
		}
		go p.carry(conn.(*net.TCPConn))
	}
}

// carry copies both ways until one side ends or the cut comes.
func (p *proxy) carry(guest *net.TCPConn) {
	defer guest.Close()
	if !p.enter(guest) {
		return
	}
	defer p.leave(guest)
	conn, err := p.dial()
	if err != nil {
		return // no target: the guest sees that its connection ends
	}
	target := conn.(*net.TCPConn)
	defer target.Close()
	life := newLife(p)
	ended := make(chan error, 2)
	go func() { ended <- life.copy(target, guest) }()
	go func() { ended <- life.copy(guest, target) }()
	err = <-ended
	if errors.Is(err, errLifeOver) && rand.IntN(2) == 0 {
		// Half of the cuts are resets; an error means that it has ended anyway.
		guest.SetLinger(0)
		target.SetLinger(0)
	}
	guest.Close()
	target.Close()
	<-ended
}

// dial connects to the target. One that is being started again is waited for:
// see block for why the guest's connection is not closed instead.
func (p *proxy) dial() (conn net.Conn, err error) {
	for range 100 {
		if conn, err = net.Dial("tcp", p.to); err == nil {
			break
		}
		time.Sleep(look)
	}
	return conn, err
}

var errLifeOver = errors.New("the connection is cut here")

// A life is how many bytes a connection may still carry, both ways together.
type life struct {
	p    *proxy
	left atomic.Int64
	cut  bool // it ends when nothing is left
}

func newLife(p *proxy) *life {
	l := &life{p: p, cut: p.cut.Load() < p.toCut.Load()}
	l.left.Store(leastLife + rand.Int64N(mostLife-leastLife))
	return l
}

// copy carries from one side to the other. The last bytes before a cut are
// sent, so that the peer sees a PDU that stops in its middle.
func (l *life) copy(to io.Writer, from io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		left := int64(n) + 1
		if l.cut {
			left = l.left.Add(-int64(n)) + int64(n) // before these n
		}
		send := max(0, min(int64(n), left))
		l.p.passed.Add(send)
		if _, werr := to.Write(buffer[:send]); werr != nil {
			return werr
		}
		if left <= int64(n) {
			if left > 0 { // else the other direction has been counted
				l.p.cut.Add(1)
			}
			return errLifeOver
		}
		if err != nil {
			return fmt.Errorf("from the peer: %w", err)
		}
	}
}
