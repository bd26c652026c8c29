// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Every record of the level is written by the time flush returns, in order.
func TestLog(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		var b bytes.Buffer
		log, flush := New(&b, zerolog.InfoLevel, format)
		for range 100 {
			log.Info().Msg("first")
			log.Debug().Msg("not this")
			log.Warn().Msg("second")
		}
		flush()
		text := b.String()
		if strings.Count(text, "first") != 100 || strings.Count(text, "second") != 100 || strings.Contains(text, "not this") {
			t.Errorf("%s: %d lines", format, strings.Count(text, "\n"))
		}
		if strings.Index(text, "first") > strings.Index(text, "second") {
			t.Errorf("%s: out of order", format)
		}
	}
}

// stuck is a pipe that nobody reads until it is let go.
type stuck struct {
	free chan struct{}
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// A writer that is stuck holds nobody up, and what was lost for it is told.
func TestStuckWriter(t *testing.T) {
	s := &stuck{free: make(chan struct{})}
	log, flush := New(s, zerolog.InfoLevel, "json")
	done := make(chan struct{})
	go func() {
		for range 3 * pending {
			log.Info().Msg("record")
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("logging waits for the writer")
	}
	close(s.free)
	flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(s.text.String(), "log records were dropped") {
		t.Error("the loss was not told")
	}
}

// The end of the program does not wait for ever.
func TestFlushIsBounded(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	log, flush := New(w, zerolog.InfoLevel, "json")
	log.Info().Msg("nobody reads this")
	began := time.Now()
	flush()
	if waited := time.Since(began); waited > 10*flushTime {
		t.Errorf("flush took %v", waited)
	}
}
