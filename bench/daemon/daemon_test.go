// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestListening(t *testing.T) {
	for _, row := range []struct {
		sentence, log, want string
	}{
		{"the record is there", "{\"level\":\"info\",\"message\":\"listening\",\"address\":\"127.0.0.1:7\"}\n", "127.0.0.1:7"},
		{"it comes after others", "plain text\n{\"message\":\"starting\",\"address\":\"x\"}\n{\"message\":\"listening\",\"address\":\"127.0.0.1:8\"}\n", "127.0.0.1:8"},
		{"it is cut off", "{\"message\":\"listening\",\"addr", ""},
		{"there is nothing", "", ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			if got, ok := told(row.log, "listening"); got != row.want || ok != (row.want != "") {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
}

// TestUsage starts a process that works and holds its figures against what must
// be true of it.
func TestUsage(t *testing.T) {
	p, err := start(0, "/bin/sh", "-c", "while :; do :; done")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	u, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if u.CPU <= 0 || u.CPU > 2*time.Second || u.RSS <= 0 || u.Descriptors < 3 || u.Threads != 1 {
		t.Errorf("a busy shell uses %v", u)
	}
	if b, err := os.ReadFile("/proc/self/status"); err != nil || len(b) == 0 {
		t.Fatal("this test needs /proc")
	}
	if code, err := p.Stop(); err == nil || code != -1 {
		t.Errorf("a process that died of SIGTERM: code %d, %v", code, err)
	}
}

func TestStopCodes(t *testing.T) {
	for _, row := range []struct {
		sentence, script string
		code             int
		bad              bool
	}{
		{"an orderly end", "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done", 0, false},
		{"an end with a complaint", "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done", 3, false},
		{"an end of its own", "exit 2", 2, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			p, err := start(AnyCPU, "/bin/sh", "-c", row.script)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
			if code, err := p.Stop(); code != row.code || (err != nil) != row.bad {
				t.Errorf("code %d, %v", code, err)
			}
		})
	}
}

// TestLogKeepsBothEnds has a daemon that says more than is kept: the address at
// the beginning and the panic at the end must survive.
func TestLogKeepsBothEnds(t *testing.T) {
	var l logBuffer
	write := func(s string) {
		if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	write("first")
	for range 5 * maxLog / 1000 {
		write(strings.Repeat("x", 1000))
	}
	write("last")
	s := l.String()
	if !strings.HasPrefix(s, "first") || !strings.HasSuffix(s, "last") || !strings.Contains(s, "cut here") {
		t.Error("an end is missing")
	}
	if len(s) > 4*maxLog {
		t.Errorf("%d bytes are kept", len(s))
	}
}
