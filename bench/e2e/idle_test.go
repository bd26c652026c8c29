// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
)

// TestIdleSessions has 500 sessions sit on one loop: they use no CPU.
func TestIdleSessions(t *testing.T) {
	const sessions = 500
	const maxTicks = 3 * 10 * time.Millisecond // the runtime's own timers have some
	watch := 5 * time.Second
	p := serve(t, "--threads", "1", "--lun=0 Type=nullio,Blocks=1048576")
	dial(t, login(p)) // what is made once is there now
	before, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range sessions {
		o := login(p)
		o.ISID = load.SessionISID(i + 1)
		conn, err := net.Dial("tcp", o.Address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := initiator.Login(conn, &o); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
	}
	time.Sleep(time.Second) // what login left to do is done, the garbage collected
	begin, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(watch)
	end, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d idle sessions used %v of CPU in %v; RSS for each %d bytes (%v before, %v with them)",
		sessions, end.CPU-begin.CPU, watch, (end.RSS-before.RSS)/sessions, before, end)
	if cpu := end.CPU - begin.CPU; cpu > maxTicks {
		t.Errorf("%v of CPU in %v of idling, the most is %v", cpu, watch, maxTicks)
	}
	if n := end.Descriptors - before.Descriptors; n < sessions {
		t.Errorf("%d more descriptors with %d sessions: they were not kept", n, sessions)
	}
}
