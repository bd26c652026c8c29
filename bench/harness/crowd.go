// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/pdu"
)

// crowdRow is the name of the crowd for --rows.
const crowdRow = "idle_sessions"

// What a crowd of sessions that ask for nothing is.
const (
	crowdSize   = 5000
	crowdSettle = 2 * time.Second  // what logins leave to do is done
	crowdWatch  = 10 * time.Second // for how long it is looked at
	spareFiles  = 200              // descriptors that are for something else
)

// Crowd is what sessions take that ask for nothing.
type Crowd struct {
	Sessions   int     `json:"sessions"`
	Seconds    float64 `json:"seconds"`
	CPUms      float64 `json:"cpu_ms"` // in that time
	RSSBefore  int64   `json:"rss_before_bytes"`
	RSS        int64   `json:"rss_bytes"`
	LoginPerS  float64 `json:"logins_per_s"`
	LoginCPUms float64 `json:"login_cpu_ms"` // each
}

// PerSession is the memory of one session in bytes.
func (c *Crowd) PerSession() float64 { return float64(c.RSS-c.RSSBefore) / float64(c.Sessions) }

// crowd measures a crowd of n sessions on an ietd of its own.
func (h *harness) crowd(ctx context.Context, n int, settle, watch time.Duration) (c *Crowd, err error) {
	if err := allowFiles(uint64(n + spareFiles)); err != nil {
		return nil, err
	}
	args := []string{"--threads", "1", "--state-dir", "", "--control-socket", "", "--target", targetName, "--lun", ietdLun(0, onNull, "")}
	p, err := daemon.StartIetd(h.ietd, h.targetCPU, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, exitOf(p.Stop())) }()
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, conn := range conns {
			err = errors.Join(err, conn.Close())
		}
	}()
	first, err := logIn(p.Addr, n) // what is made once is there now
	if err != nil {
		return nil, err
	}
	conns = append(conns, first)
	before, err := p.Usage()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for i := range n {
		conn, err := logIn(p.Addr, i)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, fmt.Errorf("session %d: %w", i, err)
		}
		conns = append(conns, conn)
	}
	took := time.Since(began)
	time.Sleep(settle)
	begin, err := p.Usage()
	if err != nil {
		return nil, err
	}
	time.Sleep(watch)
	end, err := p.Usage()
	if err != nil {
		return nil, err
	}
	if had := end.Descriptors - before.Descriptors; had < n {
		return nil, fmt.Errorf("of %d sessions %d were kept", n, had)
	}
	return &Crowd{
		Sessions: n, Seconds: watch.Seconds(), CPUms: (end.CPU - begin.CPU).Seconds() * 1e3,
		RSSBefore: before.RSS, RSS: end.RSS,
		LoginPerS: float64(n) / took.Seconds(), LoginCPUms: (begin.CPU - before.CPU).Seconds() * 1e3 / float64(n),
	}, nil
}

// logIn makes the i-th session, which is silent from then on.
func logIn(addr string, i int) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	o := initiator.Options{Address: addr, Target: targetName, ISID: pdu.ISID{0x80, byte(i >> 16), byte(i >> 8), byte(i), 0, 1}}
	if _, err := initiator.Login(conn, &o); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// allowFiles raises the limit of descriptors to at least n, for this process and
// those that it starts.
func allowFiles(n uint64) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Cur >= n && l.Max >= n {
		return nil
	}
	l.Cur, l.Max = max(l.Cur, n), max(l.Max, n)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("%d descriptors are needed: %w", n, err)
	}
	return nil
}
