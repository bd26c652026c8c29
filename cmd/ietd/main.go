// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Ietd serves files and block devices as iSCSI disks (RFC 7143).
//
//	arguments, ietd.conf --config--> state --disks, units--> ring's loops
//	                                  ^  ^                       ^
//	ietadm --admin--------------------+  |                       |
//	SIGHUP --reload----------------------+                       |
//	portal --> login --> hand-off -------------------------------+
//	                \-> discovery
//
// This folder is wiring and life: main.go goes from the arguments to an exit
// code, server.go brings the parts up and takes them down, engine.go fits the
// data plane to what login wants, admission.go the access files and iSNS,
// reload.go tells of a reload, procdir.go keeps the files of --proc-dir,
// manual.go prints what is installed with it. What the parts do stands in
// internal.
//
// Exit codes: 0 after an orderly end, 1 when something failed while running (a
// port that is taken, a kernel without io_uring), 2 when what the operator asked
// for cannot be (a flag, a path), said in one line before anything is bound.
// Under the name ietadm, or with the first argument adm, the program is that
// command line, with exit codes of its own.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/ietadm"
	"ietring/cmd/ietd/internal/logging"
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
	switch {
	case filepath.Base(argv[0]) == "ietadm":
		return ietadm.Main(args, stdout, stderr)
	case len(args) > 0 && args[0] == "adm":
		return ietadm.Main(args[1:], stdout, stderr)
	}
	var err error
	if printsItself(args) {
		err = printItself(stdout, args)
	} else {
		err = obey(args, stdout, stderr)
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

// obey does what ietd's own arguments say.
func obey(args []string, stdout, stderr io.Writer) error {
	cfg, action, err := config.ParseArgs(args)
	if err != nil {
		return &refusedError{err}
	}
	switch action {
	case config.PrintHelp:
		// IET exits with 1 here; a script that asks for help has not failed.
		err = config.PrintUsage(stdout)
	case config.PrintVersion:
		_, err = fmt.Fprintln(stdout, "ietd version", version())
	case config.CheckOnly:
		err = check(cfg, stdout)
	default:
		log, flush := newLog(cfg, stderr)
		defer flush()
		err = serve(&server{cfg: cfg, log: log}, stdout, flush)
		if err != nil {
			flush() // what the log says comes before the last line
		}
	}
	return err
}

// check prints what was found in ietd.conf.
func check(cfg *config.Config, stdout io.Writer) error {
	if err := cfg.Report.Print(stdout); err != nil {
		return err
	}
	where := cfg.File
	if where == "" {
		where = "no ietd.conf"
	}
	verdict := fmt.Sprintf("%s: %d errors, %d warnings", where, cfg.Report.Count(config.Error), cfg.Report.Count(config.Warning))
	if cfg.Report.Err() != nil {
		return &refusedError{errors.New(verdict)}
	}
	_, err := fmt.Fprintln(stdout, verdict)
	return err
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

// newLog returns the log of the whole program, and what waits at the end until
// it is written. config has checked the words.
func newLog(cfg *config.Config, w io.Writer) (zerolog.Logger, func()) {
	level, err := zerolog.ParseLevel(cfg.LogLevel)
	if err != nil {
		panic("ietd: a log level that config took is unknown")
	}
	return logging.New(w, level, cfg.LogFormat)
}

// version returns the version that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
