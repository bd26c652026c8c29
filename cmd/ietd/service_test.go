// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/ring"
)

// serviceManager hears what daemons that are started from now on tell.
func serviceManager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return conn
}

// hears waits for a message that begins so, and returns those before it.
func hears(t *testing.T, conn *net.UnixConn, want string) (before []string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 512)
	for {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("no %s after %q: %v", want, before, err)
		}
		if strings.HasPrefix(string(b[:n]), want) {
			return before
		}
		before = append(before, string(b[:n]))
	}
}

// The service manager is told when we serve, reload, live and end.
func TestNotify(t *testing.T) {
	conn := serviceManager(t)
	t.Setenv("WATCHDOG_USEC", "200000")
	p := startPlace(t, "Target "+testName+"\n Lun 0 Type=nullio\n", nil)
	if before := hears(t, conn, "READY=1"); len(before) > 0 {
		t.Errorf("before it is ready: %q", before)
	}
	hears(t, conn, "WATCHDOG=1")
	hears(t, conn, "WATCHDOG=1")
	p.write("Target " + testName + "\n Lun x\n")
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	hears(t, conn, "RELOADING=1")
	hears(t, conn, "READY=1") // a bad file too
	if got := p.adm("dump"); got != "Target "+testName+"\n\tLun 0 Type=nullio\n" {
		t.Errorf("a bad file has changed something:\n%s", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	hears(t, conn, "STOPPING=1")
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

// A socket that the service manager has opened is served as it is.
func TestSocketActivation(t *testing.T) {
	if err := ring.Probe(); err != nil {
		t.Skipf("the data plane cannot run here: %v", err)
	}
	conn := serviceManager(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Only the process itself knows its id: a shell says it and becomes ietd.
	// The port of the flags is taken, which does not matter.
	c := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, os.Args[0],
		"-a", "127.0.0.1", "-p", fmt.Sprint(l.Addr().(*net.TCPAddr).Port), "--threads", "1", "--control-socket", "", "--target", testName, "--lun", "0 Type=nullio")
	c.Env = append(os.Environ(), "IETD_TEST_BE_IETD=1")
	c.ExtraFiles = []*os.File{f}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	hears(t, conn, "READY=1")
	s, err := initiator.Dial(initiator.Options{Address: l.Addr().String(), Target: testName, ISID: load.SessionISID(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Logout(); err != nil {
		t.Error(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
