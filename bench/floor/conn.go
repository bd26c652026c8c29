// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package floor

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"ietring/bench/uring"
)

var errTooMany = errors.New("floor: too many requests without reading answers")

// accepted takes a new connection, or refuses it when there is no slot. An
// accept that failed is armed anew: the next client may have more luck.
func (s *Server) accepted(c uring.CQE) {
	if !c.More() {
		s.ring.Accept(s.listener, opAccept<<32)
	}
	if c.Res < 0 {
		return
	}
	fd := int(c.Res)
	for slot, k := range s.conns {
		if k != nil {
			continue
		}
		if unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) != nil {
			break
		}
		out, err := uring.NewOutbox(maxPending*HeaderLen, maxPieces)
		if err != nil {
			break
		}
		k = &conn{fd: fd, slot: slot, out: out, reading: true}
		s.conns[slot] = k
		s.ring.Recv(fd, s.bufs, opRecv<<32|uint64(slot))
		return
	}
	_ = unix.Close(fd) // nothing was promised
}

// received takes what arrived.
func (s *Server) received(k *conn, c uring.CQE) {
	if id, ok := c.Buffer(); ok {
		if k.err == nil {
			k.fail(s.take(k, s.bufs.Bytes(id, int(c.Res))))
		}
		s.bufs.Return(id)
	} else if c.Res == 0 {
		k.fail(io.EOF)
	} else if errno := unix.Errno(-c.Res); errno != unix.ENOBUFS {
		k.fail(errno)
	}
	if !c.More() {
		k.reading = k.err == nil
		if k.reading {
			s.ring.Recv(k.fd, s.bufs, opRecv<<32|uint64(k.slot))
		}
	}
	s.touch(k)
}

// take reads requests and queues their answers, each when all of the request is
// here.
func (s *Server) take(k *conn, b []byte) error {
	for len(b) > 0 {
		if k.have < HeaderLen {
			n := copy(k.request[k.have:], b)
			k.have += n
			b = b[n:]
			if k.have < HeaderLen {
				return nil
			}
			if err := k.request.Check(); err != nil {
				return err
			}
			k.skip = k.request.Follows()
		}
		n := min(k.skip, len(b))
		k.skip -= n
		b = b[n:]
		if k.skip > 0 {
			return nil
		}
		k.have = 0
		if err := s.answer(k); err != nil {
			return err
		}
	}
	return nil
}

// answer queues the answer to the request that is here.
func (s *Server) answer(k *conn) error {
	n := k.request.AnswerLen()
	if !k.out.Fits(HeaderLen, 1+uring.PayloadPieces(n)+n/zerosLen) {
		return errTooMany
	}
	copy(k.out.Part(HeaderLen), k.request[:])
	for n > 0 {
		m := min(n, zerosLen)
		k.out.Payload(s.zeros[:m])
		n -= m
	}
	return nil
}

// fail notes why a connection must end; the first reason stays.
func (k *conn) fail(err error) {
	if k.err == nil {
		k.err = err
	}
}

// end closes a connection of which the kernel has nothing any more; before that
// it shuts it down, which ends what the kernel has.
func (s *Server) end(k *conn) {
	if k.reading || k.sending {
		_ = unix.Shutdown(k.fd, unix.SHUT_RDWR) // it may be down already
		return
	}
	s.conns[k.slot] = nil
	_, _ = unix.Close(k.fd), k.out.Free() // both are ours and cannot be in use
}
