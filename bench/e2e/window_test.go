// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

// TestClosedWindow has sessions ask for far more data than fits anywhere and
// take none of it: what they hold is bounded, and others go on beside them.
func TestClosedWindow(t *testing.T) {
	const (
		readers      = 12 // that would take all memory, were the shares fixed
		readsOfEach  = 100
		bufferMemory = 64 << 20
	)
	p := serve(t, "--threads", "1", "--buffer-memory", "64MiB", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1)))
	before := settled(t, p)
	var conns []net.Conn
	for i := range readers {
		conns = append(conns, closedWindow(t, login(p), i+10, readsOfEach))
	}

	c := quick(p)
	c.Sessions, c.Duration = 2, max(c.Duration, time.Second)
	r, err := load.Verify(context.Background(), c)
	if err != nil {
		t.Errorf("the sessions beside: %v", err)
	}
	with := settled(t, p)
	t.Logf("%d reads of 1 MiB that nobody takes: %v before, %v with them; beside them %v", readers*readsOfEach, before, with, r)
	most := int64(bufferMemory + slackRSS)
	if race {
		most += slackRSSRace
	}
	if with.RSS > before.RSS+most {
		t.Errorf("they hold %d bytes, the most is %d", with.RSS-before.RSS, most)
	}
	for _, c := range conns {
		c.Close()
	}
	nothingLeft(t, p, before)
	must(t, life(lifeOptions(login(p), 1)))
}

// closedWindow logs in on a connection with the smallest receive buffer, and
// sends n reads of 1 MiB.
func closedWindow(t *testing.T, o initiator.Options, isid, n int) net.Conn {
	t.Helper()
	small := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		cerr := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1) })
		if cerr != nil {
			return cerr
		}
		return err
	}}
	conn, err := small.Dial("tcp", o.Address)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	o.ISID = load.SessionISID(isid)
	p := &peer{t: t, conn: conn}
	p.n, err = initiator.Login(conn, &o)
	must(t, err)
	p.f = p.n.Framing()
	p.clearAttention()
	for i := range uint32(n) {
		q := p.writeCommand(100+i, 2048)
		q.SetCmdSN(p.n.CmdSN + pdu.Serial(i))
		q.SCSICommand().SetDirection(true, false)
		*q.SCSICommand().CDB() = initiator.Read16(initiator.Range{Blocks: 2048})
		p.send(q)
	}
	return conn
}
