// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ietring/ring"
)

// started is a server of two loops, of which the second hangs, and how often the
// loops were asked.
func started(t *testing.T) (s *Server, asked *int) {
	t.Helper()
	asked = new(int)
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"), Source{
		Loops:    2,
		Counters: func(context.Context) []ring.Counters { *asked++; return []ring.Counters{{Reads: 7, BytesIn: 1 << 60}} },
		Sessions: func() int { return 3 },
	}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	t.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s, asked
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends text and returns what comes until the end.
func ask(t *testing.T, s *Server, text string) string {
	t.Helper()
	c := dial(t, s)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil && len(b) > 0 {
		t.Fatal(err)
	}
	return string(b)
}

func TestRequests(t *testing.T) {
	s, _ := started(t)
	for _, row := range []struct{ sentence, ask, want string }{
		{"a scraper's question", "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
		{"with bare line ends, and a query", "GET /metrics?x=y HTTP/1.0\n\n", "HTTP/1.1 200 OK\r\n"},
		{"only the head", "HEAD /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n"},
		{"another path", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
		{"another method", "POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n"},
		{"something else is not answered", "\x16\x03\x01 hello\n\n", ""},
		{"a later version is not answered", "GET /metrics HTTP/2.0\r\n\r\n", ""},
		{"a header without an end is not answered", "GET /metrics HTTP/1.1\r\n" + strings.Repeat("x", maxRequest), ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			got := ask(t, s, row.ask)
			first, _, _ := strings.Cut(got, "\n")
			if want := strings.TrimSuffix(row.want, "\n"); first != want {
				t.Errorf("%q", first)
			}
			if strings.HasPrefix(row.ask, "HEAD") && !strings.HasSuffix(got, "\r\n\r\n") {
				t.Errorf("a body: %q", got)
			}
		})
	}
}

// TestText reads the answer as a scraper does: each name has a type before its
// first value, each line is one of the format's, and none is there twice.
func TestText(t *testing.T) {
	s, _ := started(t)
	head, text, _ := strings.Cut(ask(t, s, "GET /metrics HTTP/1.1\r\n\r\n"), "\r\n\r\n")
	if want := fmt.Sprintf("Content-Length: %d\r\n", len(text)); !strings.Contains(head, want) {
		t.Errorf("%q lacks %q", head, want)
	}
	comment := regexp.MustCompile(`^# (HELP|TYPE) ([a-z_]+) (.+)$`)
	value := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="[a-z0-9]+"(,[a-z]+="[a-z]+")?\})? [0-9.]+$`)
	kinds, seen := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := comment.FindStringSubmatch(line); m != nil {
			if m[1] == "TYPE" {
				if kinds[m[2]] != "" {
					t.Errorf("%s has a type twice", m[2])
				}
				kinds[m[2]] = m[3]
			}
			continue
		}
		m := value.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("what is %q?", line)
			continue
		}
		if kinds[m[1]] == "" {
			t.Errorf("%s has no type", m[1])
		}
		if isTotal := strings.HasSuffix(m[1], "_total"); isTotal != (kinds[m[1]] == counter) {
			t.Errorf("%s is a %s", m[1], kinds[m[1]])
		}
		if key := m[1] + m[2]; seen[key] {
			t.Errorf("%s is there twice", key)
		} else {
			seen[key] = true
		}
	}
	for _, want := range []string{"ietd_loop_up{loop=\"0\"} 1\n", "ietd_loop_up{loop=\"1\"} 0\n", "ietd_loop_commands_total{loop=\"0\",op=\"read\"} 7\n",
		"ietd_loop_received_bytes_total{loop=\"0\"} 1152921504606846976\n", "\nietd_sessions 3\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if strings.Contains(text, "process_resident_memory_bytes 0\n") || strings.Contains(text, "go_gc_heap_allocs_objects_total 0\n") {
		t.Error("a process without memory")
	}
}

// TestSilent has as many peers as there is room for say nothing: when one goes,
// another comes in, and the server can be closed all the same.
func TestSilent(t *testing.T) {
	s, _ := started(t)
	var silent []net.Conn
	for range maxConns {
		silent = append(silent, dial(t, s))
	}
	late := dial(t, s)
	if _, err := io.WriteString(late, "GET /metrics HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	silent[0].Close()
	if b, err := io.ReadAll(late); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200") {
		t.Errorf("%q, %v", b, err)
	}
	dial(t, s) // all room is taken again
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestFresh: who asks too often does not trouble the loops.
func TestFresh(t *testing.T) {
	s, asked := started(t)
	first, err := s.current()
	if err != nil {
		t.Fatal(err)
	}
	s.made = time.Now().Add(time.Hour) // no clock of a busy machine gets there
	second, err := s.current()
	if err != nil || &first[0] != &second[0] || *asked != 1 {
		t.Errorf("%d questions, %v", *asked, err)
	}
	s.made = time.Time{}
	if _, err := s.current(); err != nil || *asked != 2 {
		t.Errorf("%d questions, %v", *asked, err)
	}
}
