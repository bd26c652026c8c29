// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Ietd serves files and block devices as iSCSI disks (RFC 7143).
//
//	arguments --config--> disks --ring.Start--> loops
//	                                 ^
//	portal --> login --> hand-off ---+
//	                \-> discovery
//
// This folder is wiring and life: main.go goes from the arguments to an exit
// code, server.go brings the parts up and takes them down, engine.go fits the
// data plane to what login wants. What the parts do stands in internal.
//
// Exit codes: 0 after an orderly end, 1 when something failed while running (a
// port that is taken, a kernel without io_uring), 2 when what the operator asked
// for cannot be (a flag, a path), said in one line before anything is bound.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/config"
)

// Exit codes.
const (
	exitGood    = 0
	exitFailed  = 1
	exitRefused = 2
)

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// run is the program without its process: it returns the exit code.
func run(argv []string, stdout, stderr io.Writer) int {
	args := argv[1:]
	if filepath.Base(argv[0]) == "ietadm" || len(args) > 0 && args[0] == "adm" {
		return complain(stderr, exitRefused, errors.New("the ietadm command line is not part of this version yet; restart ietd with other flags instead"))
	}
	cfg, action, err := config.ParseArgs(args)
	if err != nil {
		return complain(stderr, exitRefused, err)
	}
	switch action {
	case config.PrintHelp:
		// IET exits with 1 here; a script that asks for help has not failed.
		err = config.PrintUsage(stdout)
	case config.PrintVersion:
		_, err = fmt.Fprintln(stdout, "ietd version", version())
	default:
		err = serve(cfg, newLog(cfg, stderr), stdout)
	}
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return complain(stderr, exitRefused, err)
	case err != nil:
		return complain(stderr, exitFailed, err)
	}
	return exitGood
}

// refusedError is what the operator asked for and cannot have.
type refusedError struct{ error }

func (r *refusedError) Unwrap() error { return r.error }

// complain writes the one line and returns code. When standard error cannot be
// written there is nobody left to tell.
func complain(stderr io.Writer, code int, err error) int {
	fmt.Fprintln(stderr, "ietd:", err)
	return code
}

// newLog returns the log of the whole program. config has checked the words.
func newLog(cfg *config.Config, w io.Writer) zerolog.Logger {
	if cfg.LogFormat == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.DateTime, NoColor: !isTerminal(w)}
	}
	level, err := zerolog.ParseLevel(cfg.LogLevel)
	if err != nil {
		panic("ietd: a log level that config took is unknown")
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
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

// version returns the version that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
