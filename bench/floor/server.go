// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package floor

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/uring"
)

// Limits of the server. Who goes beyond them is disconnected.
const (
	maxConns   = 1024
	maxPending = 1024 // answers of a connection that wait to be sent
	recvCount  = 32
	recvLen    = 64 << 10
	ringLen    = 1024
	zerosLen   = 1 << 20
	// maxPieces is how many pieces those take: two for a small answer, more
	// for large ones, of which there may be fewer.
	maxPieces = 4 * maxPending
)

// Operations, in the upper half of the user data; the lower is the connection.
const (
	opAccept = iota
	opRecv
	opSend
)

// A Server is the floor on one listening socket.
type Server struct {
	listener int
	addr     net.Addr
	ring     *uring.Ring
	bufs     *uring.BufRing
	zeros    uring.Memory
	conns    []*conn // by slot; nil: free
	dirty    []*conn
}

// conn is one connection.
type conn struct {
	fd, slot int
	out      *uring.Outbox
	dirty    bool   // it is looked at when the turn ends
	reading  bool   // a receive is armed
	sending  bool   // a send is in flight
	err      error  // it ends when the kernel has nothing of it
	request  Header // the request that is arriving
	have     int    // bytes of it that are here
	skip     int    // bytes that follow it and are not here
}

// Listen makes a server on a TCP address; port 0 is the kernel's choice.
func Listen(address string) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	s := &Server{addr: l.Addr(), conns: make([]*conn, maxConns), dirty: make([]*conn, 0, maxConns)}
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return nil, err
	}
	// A duplicate, since the ring owns what Go's poller must not watch.
	ctlErr := raw.Control(func(fd uintptr) { s.listener, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	return s, errors.Join(ctlErr, err)
}

// Addr returns where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Serve answers until the ring fails, on the calling goroutine, which stays
// locked to its thread.
func (s *Server) Serve() error {
	runtime.LockOSThread()
	var err error
	if s.ring, err = uring.New(ringLen); err != nil {
		return err
	}
	if s.bufs, err = s.ring.NewBufRing(0, recvCount, recvLen); err != nil {
		return err
	}
	if s.zeros, err = uring.NewMemory(zerosLen); err != nil {
		return err
	}
	s.ring.Accept(s.listener, opAccept<<32)
	for {
		if err := s.turn(); err != nil {
			return err
		}
	}
}

// turn is one round: what completed, what is to be sent, one enter.
func (s *Server) turn() error {
	for c, ok := s.ring.Next(); ok; c, ok = s.ring.Next() {
		slot := int(uint32(c.UserData))
		switch c.UserData >> 32 {
		case opAccept:
			s.accepted(c)
		case opRecv:
			s.received(s.conns[slot], c)
		case opSend:
			k := s.conns[slot]
			k.sending = false
			k.fail(k.out.Sent(c.Res))
			s.touch(k)
		}
	}
	wait := uring.Patience{}
	for _, k := range s.dirty {
		k.dirty = false
		switch {
		case k.err != nil:
			s.end(k)
		case k.out.Waiting():
			k.sending = true
			wait.Add(k.out.Send(s.ring, k.fd, opSend<<32|uint64(k.slot)))
		}
	}
	s.dirty = s.dirty[:0]
	s.bufs.Publish()
	if errno := wait.Enter(s.ring, time.Second); errno != 0 && !uring.Passing(errno) {
		return fmt.Errorf("floor: enter: %w", errno)
	}
	return nil
}

// touch has k looked at when the turn ends.
func (s *Server) touch(k *conn) {
	if !k.dirty {
		k.dirty = true
		s.dirty = append(s.dirty, k)
	}
}
