// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"bufio"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// answer returns the answer to a message that the server sends of its own, and
// what it was when it is one that has an effect. RFC 4171, Sections 5.7.5.8 and
// 5.7.5.13 say what goes back.
func answer(m *message, entity string) (reply *message, effect function) {
	status, back := statusOK, payload(nil)
	list, err := parseAttrs(m.payload)
	switch {
	case m.function != scn && m.function != esi:
		status = statusNotSupported
	case err != nil, len(list) == 0, len(m.payload) > maxNotice:
		status = statusFormat
	case m.function == scn && list[0].tag != tagName:
		status = statusFormat
	case m.function == esi && !names(list, entity):
		status = statusNoSuchEntry
	case m.function == esi:
		back = m.payload
	default:
		back = m.payload[:attrHeaderLen+len(list[0].value)] // the destination
	}
	if status == statusOK {
		effect = m.function
	}
	reply = &message{function: m.function | isResponse, xid: m.xid}
	reply.payload = append(binary.BigEndian.AppendUint32(nil, uint32(status)), back...)
	return reply, effect
}

// names reports whether list has entity as its entity identifier.
func names(list []attr, entity string) bool {
	for _, a := range list {
		if a.tag == tagEntityID {
			text, err := a.text(maxText)
			return err == nil && text == entity
		}
	}
	return false
}

// A listener takes the server's notifications at one address. TCP is what every
// server has (RFC 4171, Section 2.9.1), so no UDP port is offered.
type listener struct {
	addr   netip.Addr
	tcp    *net.TCPListener
	notice func(*message) *message
	slots  chan struct{} // shared by the listeners of a client
	tasks  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

// listen binds a free port of addr.
func listen(addr netip.Addr, slots chan struct{}, notice func(*message) *message) (*listener, error) {
	tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, err
	}
	n := &listener{addr: addr, tcp: tcp, notice: notice, slots: slots, conns: make(map[net.Conn]bool)}
	n.tasks.Go(n.accept)
	return n, nil
}

func (n *listener) port() uint32 { return uint32(n.tcp.Addr().(*net.TCPAddr).Port) }

// close stops listening, closes the connections and waits for their goroutines.
func (n *listener) close() error {
	n.mu.Lock()
	n.closed = true
	for c := range n.conns {
		c.Close() // it is done with either way
	}
	n.mu.Unlock()
	err := n.tcp.Close()
	n.tasks.Wait()
	return err
}

// acceptPause is waited after a failed accept, so that it does not spin.
const acceptPause = 100 * time.Millisecond

func (n *listener) accept() {
	for {
		c, err := n.tcp.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(acceptPause)
			continue
		}
		if !n.enter(c) {
			c.Close() // too many, or the end
			continue
		}
		n.tasks.Go(func() {
			defer n.leave(c)
			n.serve(c)
		})
	}
}

func (n *listener) enter(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	select {
	case n.slots <- struct{}{}:
		n.conns[c] = true
		return true
	default:
		return false
	}
}

func (n *listener) leave(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
	c.Close() // may be closed already
	<-n.slots
}

// serve answers what comes on c until it ends, says something that is no
// message, or nothing for too long.
func (n *listener) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		if err := c.SetDeadline(time.Now().Add(noticeIdle)); err != nil {
			return
		}
		m, err := readMessage(r, maxNotice)
		if err != nil || m.function&isResponse != 0 {
			return
		}
		if _, err := c.Write(appendMessage(nil, n.notice(m))); err != nil {
			return
		}
	}
}
