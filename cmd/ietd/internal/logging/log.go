// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"
)

const (
	// pending is how many records may wait for the writer.
	pending = 4096
	// flushTime is how long the end of the program waits for a slow writer.
	flushTime = time.Second
)

// New returns a log of records from level up that go to w, and what waits at the
// end until they are written, a second at most. format is "console" or "json".
func New(w io.Writer, level zerolog.Level, format string) (log zerolog.Logger, flush func()) {
	if format == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.DateTime, NoColor: !isTerminal(w)}
	}
	// The wrapper hides a Close that w may have: standard error stays open.
	out := struct{ io.Writer }{w}
	d := diode.NewWriter(out, pending, 0, func(missed int) {
		// The writer cannot be told through itself; what fails here was lost
		// already.
		_, _ = fmt.Fprintf(out, `{"level":"warn","message":"%d log records were dropped: nobody reads the log fast enough"}`+"\n", missed)
	})
	flush = func() {
		done := make(chan struct{})
		go func() {
			_ = d.Close() // out has no Close that could fail
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(flushTime):
		}
	}
	return zerolog.New(d).Level(level).With().Timestamp().Logger(), flush
}

// isTerminal reports whether w is a character device: colours help there only.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
