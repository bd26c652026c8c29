// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// A link is one connection to the server. A goroutine reads it; everything else
// belongs to its owner.
type link struct {
	conn net.Conn
	call time.Duration
	xid  uint16
	in   chan *message // closed when nothing more comes
	err  error         // why; valid once in is closed
	done chan struct{} // closed by close
}

// errClosed is why a link ends that the server closed.
var errClosed = errors.New("the server closed the connection")

func dial(ctx context.Context, server string, timeout time.Duration) (*link, error) {
	d := net.Dialer{Timeout: timeout}
	conn, err := d.DialContext(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	l := &link{conn: conn, call: timeout, in: make(chan *message), done: make(chan struct{})}
	go l.read()
	return l, nil
}

// read delivers messages until the connection ends.
func (l *link) read() {
	defer close(l.in)
	r := bufio.NewReader(l.conn)
	for {
		m, err := readMessage(r, maxMessage)
		if err != nil {
			l.err = fmt.Errorf("%w: %w", errClosed, err)
			return
		}
		select {
		case l.in <- m:
		case <-l.done:
			return
		}
	}
}

// close ends the link and its goroutine.
func (l *link) close() error {
	close(l.done)
	return l.conn.Close()
}

// send writes a message within the time of a call.
func (l *link) send(m *message) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.call)); err != nil {
		return err
	}
	_, err := l.conn.Write(appendMessage(nil, m))
	return err
}

// request sends a request and returns the attributes of its answer. What the
// server sends of its own meanwhile goes to notice. An answer that is not
// successful is a *refusal; after any other error the link is of no more use.
func (l *link) request(ctx context.Context, f function, flags uint16, p payload, notice func(*message) *message) ([]attr, error) {
	l.xid++
	if err := l.send(&message{function: f, flags: flags, xid: l.xid, payload: p}); err != nil {
		return nil, err
	}
	timer := time.NewTimer(l.call)
	defer timer.Stop()
	for {
		select {
		case m, open := <-l.in:
			switch {
			case !open:
				return nil, l.err
			case m.function == f|isResponse && m.xid == l.xid:
				return parseAnswer(f, m.payload)
			}
			if err := l.serve(m, notice); err != nil {
				return nil, err
			}
		case <-timer.C:
			return nil, fmt.Errorf("no answer to %s within %s", f, l.call)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serve answers a request of the server. An answer nobody waits for any more
// is dropped.
func (l *link) serve(m *message, notice func(*message) *message) error {
	if m.function&isResponse != 0 {
		return nil
	}
	return l.send(notice(m))
}

// parseAnswer reads the status and the attributes of an answer.
func parseAnswer(f function, b []byte) ([]attr, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("the answer to %s has no status", f)
	}
	if status := Status(binary.BigEndian.Uint32(b)); status != statusOK {
		return nil, &refusal{f, status}
	}
	list, err := parseAttrs(b[4:])
	if err != nil {
		return nil, fmt.Errorf("the answer to %s: %w", f, err)
	}
	return list, nil
}
