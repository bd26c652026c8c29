// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"io"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/uring"
)

// protocol is how one connection speaks. Its calls are made on the engine's
// thread.
type protocol interface {
	// start queues the request of a lane in the connection's outbox, now or
	// when the server admits it.
	start(l *lane) error
	// receive takes bytes in the order of their arrival and ends lanes.
	receive(b []byte) error
	// leave queues the request that ends the session, and reports whether
	// there is one; its answer sets conn.left.
	leave() bool
}

// conn is one session, which has one connection.
type conn struct {
	e      *engine
	index  int
	fd     int
	out    *uring.Outbox
	proto  protocol
	lanes  []lane
	places places
	turn   int // of the next command over the LUNs
	dirty  bool
	left   bool // the session has ended in good order
}

// lane is one command that is in flight all the time.
type lane struct {
	id    int // index in its connection
	gen   uint32
	write bool
	lun   int    // index in Config.LUNs
	place uint64 // in units of BlockLen
	done  int    // bytes of data that were moved
	began time.Duration
}

// next starts the lane's next command.
func (c *conn) next(l *lane) error {
	l.gen++
	l.write, l.place = c.places.next()
	l.lun = c.turn
	if c.turn++; c.turn == len(c.e.cfg.LUNs) {
		c.turn = 0
	}
	l.done, l.began = 0, c.e.now
	c.e.open++
	c.touch()
	return c.proto.start(l)
}

// complete ends the lane's command.
func (c *conn) complete(l *lane) error {
	e := c.e
	e.open--
	e.progress = e.now
	if e.phase == measuring {
		e.hist.add(e.now - l.began)
	}
	if e.phase == draining {
		l.gen++ // an answer that comes twice finds nobody
		return nil
	}
	return c.next(l)
}

// touch has the connection looked at when the turn ends.
func (c *conn) touch() {
	if !c.dirty {
		c.dirty = true
		c.e.dirty = append(c.e.dirty, c)
	}
}

// received takes one completion of the receive, and arms it anew where needed.
func (c *conn) received(q uring.CQE) error {
	id, ok := q.Buffer()
	switch {
	case ok:
		err := c.proto.receive(c.e.bufs.Bytes(id, int(q.Res)))
		c.e.bufs.Return(id)
		if err != nil {
			return err
		}
	case q.Res == 0 && c.e.phase == leaving:
		c.gone()
		return nil
	case q.Res == 0:
		return io.ErrUnexpectedEOF
	case q.Res != -int32(unix.ENOBUFS):
		return unix.Errno(-q.Res)
	}
	if !q.More() {
		c.e.ring.Recv(c.fd, c.e.bufs, opRecv<<32|uint64(c.index))
	}
	return nil
}

// gone notes that the session has ended.
func (c *conn) gone() {
	if !c.left {
		c.left = true
		c.e.staying--
	}
}
