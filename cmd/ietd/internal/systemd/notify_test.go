// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// manager listens as a service manager does, and makes it ours.
func manager(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	return conn
}

// heard returns the next message.
func heard(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var b [512]byte
	n, err := conn.Read(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestNotify(t *testing.T) {
	names := map[string]string{
		"a path":                        filepath.Join(t.TempDir(), "notify"),
		"a name without a file, with @": "@ietring-test-" + strconv.Itoa(unix.Getpid()),
	}
	messages := []struct {
		name string
		send func(*Notifier) error
		want string
	}{
		{"ready", (*Notifier).Ready, "READY=1"},
		{"stopping", (*Notifier).Stopping, "STOPPING=1"},
		{"a status", func(n *Notifier) error { return n.Status("2 targets") }, "STATUS=2 targets"},
		{"a status cannot smuggle in another assignment",
			func(n *Notifier) error { return n.Status("bad file\nREADY=1") }, "STATUS=bad file; READY=1"},
	}
	for kind, name := range names {
		t.Run(kind, func(t *testing.T) {
			conn := manager(t, name)
			n, err := NewNotifier()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				if err := m.send(n); err != nil {
					t.Errorf("%s: %v", m.name, err)
					continue
				}
				if got := heard(t, conn); got != m.want {
					t.Errorf("%s: %q, want %q", m.name, got, m.want)
				}
			}
		})
	}
}

// TestReloadingTime sees that the time is the monotonic clock's in microseconds.
func TestReloadingTime(t *testing.T) {
	conn := manager(t, filepath.Join(t.TempDir(), "notify"))
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	before := monotonic(t)
	if err := n.Reloading(); err != nil {
		t.Fatal(err)
	}
	after := monotonic(t)
	got := heard(t, conn)
	text, ok := strings.CutPrefix(got, "RELOADING=1\nMONOTONIC_USEC=")
	usec, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || usec < before || usec > after {
		t.Errorf("%q, between %d and %d", got, before, after)
	}
}

func monotonic(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano() / 1000
}

func TestWithoutManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range []error{n.Ready(), n.Reloading(), n.Stopping(), n.Status("fine")} {
		if err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

func TestManagerGone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	t.Setenv("NOTIFY_SOCKET", name)
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Ready(); err == nil || !strings.Contains(err.Error(), "cannot reach the service manager") {
		t.Errorf("nobody listens: %v", err)
	}
	conn := manager(t, name)
	if err := n.Ready(); err != nil {
		t.Errorf("it came: %v", err)
	}
	if got := heard(t, conn); got != "READY=1" {
		t.Errorf("%q", got)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	for _, row := range []struct{ name, variable, value, want string }{
		{"a socket that is no Unix socket", "NOTIFY_SOCKET", "vsock:2:1234", "must be a path"},
		{"an interval that is no number", "WATCHDOG_USEC", "soon", "number of microseconds"},
		{"an interval of nothing", "WATCHDOG_USEC", "0", "number of microseconds"},
		{"an interval that no duration holds", "WATCHDOG_USEC", "9223372036854775807", "number of microseconds"},
		{"a process that is no number", "WATCHDOG_PID", "me", "process id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", "1000000")
			t.Setenv(row.variable, row.value)
			if _, err := NewNotifier(); err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), row.variable) {
				t.Errorf("%v", err)
			}
		})
	}
}
