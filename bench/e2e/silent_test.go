// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/bench/load"
)

// pinging starts an ietd that pings after a second of silence, and gives a
// second for the answer.
func pinging(t *testing.T) *daemon.Process {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "ietd.conf")
	text := fmt.Sprintf("Target %s\nLun 0 Type=nullio,Blocks=262144\nNOPInterval 1\nNOPTimeout 1\n", target)
	must(t, os.WriteFile(conf, []byte(text), 0o600))
	p, err := daemon.StartIetd(ietd, daemon.AnyCPU, "--config", conf)
	must(t, err)
	t.Cleanup(func() { stop(t, p) })
	return p
}

// descriptorsFall waits until p has n descriptors again.
func descriptorsFall(t *testing.T, p *daemon.Process, n int) {
	t.Helper()
	deadline := time.Now().Add(patience(30 * time.Second))
	for settled(t, p).Descriptors > n {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, %d before: the connection is still there", settled(t, p).Descriptors, n)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestUnansweredPing has a peer whose TCP is well and who answers no NOP-In: it
// is dropped, and one who answers is not.
func TestUnansweredPing(t *testing.T) {
	p := pinging(t)
	o := login(p)
	o.ISID = load.SessionISID(1)
	answers := dial(t, o)
	before := settled(t, p)
	conn, err := net.Dial("tcp", p.Addr)
	must(t, err)
	defer conn.Close()
	o.ISID = load.SessionISID(2)
	_, err = initiator.Login(conn, &o)
	must(t, err)
	if n := settled(t, p).Descriptors; n <= before.Descriptors {
		t.Fatalf("%d descriptors with the peer, %d without", n, before.Descriptors)
	}
	descriptorsFall(t, p, before.Descriptors)
	must(t, answers.Ping(nil))
}

// TestHalfOpen cuts the network between target and initiator, so that neither
// hears of the other any more: the connection dies by the ping. It has a network
// of its own, whose only device it takes down.
func TestHalfOpen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network of one's own needs root")
	}
	// The thread is not given back: it ends with this goroutine, and the
	// network with it.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network of one's own: %v", err)
	}
	loopback := func(way string) {
		t.Helper()
		if said, err := exec.Command("ip", "link", "set", "lo", way).CombinedOutput(); err != nil {
			t.Fatalf("ip link set lo %s: %v: %s", way, err, said)
		}
	}
	loopback("up")
	p := pinging(t)
	before := settled(t, p)
	conn, err := net.Dial("tcp", p.Addr)
	must(t, err)
	defer conn.Close()
	o := login(p)
	_, err = initiator.Login(conn, &o)
	must(t, err)
	if n := settled(t, p).Descriptors; n <= before.Descriptors {
		t.Fatalf("%d descriptors with the session, %d without", n, before.Descriptors)
	}
	loopback("down")
	descriptorsFall(t, p, before.Descriptors)
	loopback("up")
	conn, err = net.Dial("tcp", p.Addr)
	must(t, err)
	defer conn.Close()
	if _, err = initiator.Login(conn, &o); err != nil {
		t.Errorf("when the network is back: %v", err)
	}
}
