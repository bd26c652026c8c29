// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

const defaultTimeout = 30 * time.Second

func (c *Config) timeout() time.Duration {
	if c.Login.Timeout == 0 {
		return defaultTimeout
	}
	return c.Login.Timeout
}

// connect makes all sessions.
func (e *engine) connect() error {
	size := initiator.Capacity{BlockLen: 512, Blocks: 1 << 40}
	if e.cfg.Protocol == ISCSI {
		var err error
		if size, err = e.capacity(); err != nil {
			return err
		}
	}
	span := int64(size.Blocks) * int64(size.BlockLen)
	if e.cfg.SpanLen != 0 {
		span = min(span, e.cfg.SpanLen)
	}
	slots := uint64(span / int64(e.cfg.BlockLen))
	if slots < 2 || e.cfg.BlockLen%size.BlockLen != 0 {
		return fmt.Errorf("commands of %d bytes on %d blocks of %d bytes", e.cfg.BlockLen, size.Blocks, size.BlockLen)
	}
	for i := range e.cfg.Sessions {
		c := &conn{e: e, index: i, lanes: make([]lane, e.cfg.Depth), places: newPlaces(e.cfg, i, slots)}
		for k := range c.lanes {
			c.lanes[k].id = k
		}
		if err := c.dial(size.BlockLen); err != nil {
			return fmt.Errorf("session %d: %w", i, err)
		}
		e.conns = append(e.conns, c)
	}
	return nil
}

// capacity asks every unit for its size, in a session of its own, and returns
// the least.
func (e *engine) capacity() (initiator.Capacity, error) {
	o := e.cfg.Login
	o.ISID = load.SessionISID(e.cfg.Sessions)
	s, err := initiator.Dial(o)
	if err != nil {
		return initiator.Capacity{}, err
	}
	defer s.Close()
	var least initiator.Capacity
	for i, n := range e.cfg.LUNs {
		if err := s.Ready(initiator.LUN(n)); err != nil {
			return least, fmt.Errorf("LUN %d: %w", n, err)
		}
		size, err := s.Capacity(initiator.LUN(n))
		if err != nil {
			return least, fmt.Errorf("LUN %d: %w", n, err)
		}
		switch {
		case i > 0 && size.BlockLen != least.BlockLen:
			return least, fmt.Errorf("LUN %d has blocks of %d bytes, others of %d", n, size.BlockLen, least.BlockLen)
		case i == 0 || size.Blocks < least.Blocks:
			least = size
		}
	}
	// The sizes are here; istgt answers this logout with a wrong ExpCmdSN.
	_, _ = s.Logout()
	return least, nil
}

// dial connects, logs in and clears what a new nexus finds; then the socket is
// the ring's.
func (c *conn) dial(blockLen int) error {
	cfg := c.e.cfg
	nc, err := net.DialTimeout("tcp", cfg.Login.Address, cfg.timeout())
	if err != nil {
		return err
	}
	defer nc.Close()
	switch cfg.Protocol {
	case Floor:
		c.proto, err = newBare(c)
	case ISCSI:
		c.proto, err = newSession(c, nc, blockLen)
	}
	if err != nil {
		return err
	}
	// A duplicate, since Go's poller must not watch what the ring owns.
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	ctlErr := raw.Control(func(fd uintptr) { c.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err := errors.Join(ctlErr, err); err != nil {
		return err
	}
	return unix.SetNonblock(c.fd, false)
}

// newSession logs in on nc.
func newSession(c *conn, nc net.Conn, blockLen int) (*session, error) {
	o := c.e.cfg.Login
	o.ISID = load.SessionISID(c.index)
	n, err := initiator.Login(nc, &o)
	if err != nil {
		return nil, err
	}
	s := &session{c: c, params: n.Params, blocks: uint32(c.e.cfg.BlockLen / blockLen),
		cmdSN: n.CmdSN, expStatSN: n.ExpStatSN, maxCmdSN: n.MaxCmdSN,
		luns: make([][8]byte, len(c.e.cfg.LUNs)), waiting: make([]*lane, 0, c.e.cfg.Depth)}
	if s.headLen = pdu.HeaderLen; n.Params.HeaderDigest {
		s.headLen += pdu.DigestLen
	}
	c.e.report.Digests = n.Params.HeaderDigest && n.Params.DataDigest
	f := n.Framing()
	for i, lun := range c.e.cfg.LUNs {
		s.luns[i] = initiator.LUN(lun)
		if err := s.ready(nc, &f, s.luns[i]); err != nil {
			return nil, fmt.Errorf("LUN %d: %w", lun, err)
		}
	}
	return s, s.makeOutbox()
}

// ready sends TEST UNIT READY until the unit has no more to tell.
func (s *session) ready(nc net.Conn, f *pdu.Framing, lun [8]byte) error {
	const maxAttentions = 16
	if err := nc.SetDeadline(time.Now().Add(s.c.e.cfg.timeout())); err != nil {
		return err
	}
	var status uint8
	for range maxAttentions {
		var req, resp pdu.PDU
		s.command(&req.BHS, 0, lun)
		if _, err := nc.Write(f.Append(nil, &req)); err != nil {
			return err
		}
		if err := f.Read(nc, &resp); err != nil {
			return err
		}
		if resp.Opcode() != pdu.OpSCSIResponse {
			return fmt.Errorf("TEST UNIT READY is answered by %v", resp.Opcode())
		}
		s.expStatSN, s.maxCmdSN = resp.StatSN()+1, resp.MaxCmdSN()
		if status = resp.SCSIResponse().Status(); status != initiator.StatusCheckCondition {
			break
		}
	}
	if status != initiator.StatusGood {
		return &initiator.StatusError{Status: status}
	}
	return nil
}

// tearDown frees what setUp made; the ring first, which has operations on the
// rest.
func (e *engine) tearDown() error {
	var err error
	for _, c := range e.conns {
		err = errors.Join(err, unix.Shutdown(c.fd, unix.SHUT_RDWR), unix.Close(c.fd))
	}
	if e.ring != nil {
		err = errors.Join(err, e.ring.Close())
	}
	return err
}
