// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"net"
	"syscall"

	"ietring/pdu"
)

// batch is what is to be written. One party at a time has the writing role:
// whoever flushes writes without blocking, and hands the rest to the writer
// goroutine when the socket is full.
type batch struct {
	queued  []byte // guarded by Session.mu
	writing bool   // guarded by Session.mu: somebody has the role
	mute    bool   // guarded by Session.mu: the socket takes nothing any more

	// Owned by whoever has the role.
	sending []byte
	raw     syscall.RawConn // nil when conn is not a TCP socket
	try     func(fd uintptr) bool
	n       int
	err     error
	stalled chan struct{} // gives the role to the writer goroutine
}

func (b *batch) init(s *Session) error {
	b.stalled = make(chan struct{}, 1)
	t, ok := s.conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	b.raw = raw
	b.try = func(fd uintptr) bool {
		b.n, b.err = syscall.Write(int(fd), b.sending)
		return true // never wait here
	}
	return nil
}

// flush writes what is queued, unless somebody is at it. It does not block.
func (s *Session) flush() {
	b := &s.out
	s.mu.Lock()
	if b.mute {
		b.queued = b.queued[:0]
	}
	for !b.writing && len(b.queued) > 0 {
		b.writing = true
		b.sending, b.queued = b.queued, b.sending[:0]
		s.mu.Unlock()
		if !s.tryWrite() {
			b.stalled <- struct{}{}
			return
		}
		s.mu.Lock()
		b.writing = false
	}
	s.mu.Unlock()
}

// tryWrite writes what the socket takes at once and reports whether that was
// all. The caller has the writing role.
func (s *Session) tryWrite() bool {
	b := &s.out
	if b.raw == nil {
		return false
	}
	b.n, b.err = 0, nil
	if err := b.raw.Write(b.try); err != nil {
		s.stopWriting()
		return true
	}
	switch {
	case b.err == syscall.EAGAIN || b.err == syscall.EINTR:
		return false
	case b.err != nil:
		s.stopWriting()
		return true
	}
	b.sending = b.sending[:copy(b.sending, b.sending[b.n:])]
	return len(b.sending) == 0
}

// stopWriting gives up on a socket that refused to send. The reader goes on: what
// the target said before it went, such as a Logout Response, still counts, and
// the reader meets the end of the connection by itself.
func (s *Session) stopWriting() {
	s.mu.Lock()
	s.out.mute = true
	s.out.queued = s.out.queued[:0]
	s.mu.Unlock()
}

// writer takes the role over when the socket was full.
func (s *Session) writer() {
	b := &s.out
	for {
		select {
		case <-s.done:
			return
		case <-b.stalled:
		}
		if _, err := s.conn.Write(b.sending); err != nil {
			s.stopWriting()
		}
		s.mu.Lock()
		b.sending = b.sending[:0]
		b.writing = false
		s.mu.Unlock()
		s.flush()
	}
}

// push appends a PDU to the queue: header, then data with padding and digests.
// It fills in the length and ExpStatSN. The caller holds s.mu.
func (s *Session) push(h *pdu.BHS, data []byte) {
	h.SetDataLen(len(data))
	h.SetExpStatSN(s.statSN)
	b := append(s.out.queued, h[:]...)
	if s.framing.HeaderDigest {
		b = appendDigest(b, h[:])
	}
	if len(data) > 0 {
		start := len(b)
		b = append(b, data...)
		b = append(b, zeros[:pdu.PadLen(len(data))]...)
		if s.framing.DataDigest {
			b = appendDigest(b, b[start:])
		}
	}
	s.out.queued = b
}

var zeros [3]byte

func appendDigest(dst, covered []byte) []byte {
	d := pdu.Digest(0).Add(covered)
	dst = append(dst, 0, 0, 0, 0)
	d.Put(dst[len(dst)-pdu.DigestLen:])
	return dst
}
