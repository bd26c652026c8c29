// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFileSize is far above the 4096 LUNs that a file may well have, 16 MiB of
// longest lines.
const maxFileSize = 64 << 20

// surroundings are what the answer depends on besides the arguments.
type surroundings struct {
	files      []string // where ietd.conf may be; all but the first are deprecated
	euid       int
	runtimeDir string // $XDG_RUNTIME_DIR
	stateDirs  string // $STATE_DIRECTORY, which the service manager sets: paths between colons
	stateHome  string // $XDG_STATE_HOME
	home       string // $HOME
}

func here() surroundings {
	return surroundings{
		files:      []string{"/etc/iet/ietd.conf", "/etc/ietd.conf"},
		euid:       os.Geteuid(),
		runtimeDir: os.Getenv("XDG_RUNTIME_DIR"),
		stateDirs:  os.Getenv("STATE_DIRECTORY"),
		stateHome:  os.Getenv("XDG_STATE_HOME"),
		home:       os.Getenv("HOME"),
	}
}

// DefaultControlSocket returns the path of ietadm's socket when nobody names one:
// /run/ietd/ietd.sock for root, ietd.sock in $XDG_RUNTIME_DIR for others, and ""
// when that is not set.
func DefaultControlSocket() string { return here().controlSocket() }

func (s surroundings) controlSocket() string {
	switch {
	case s.euid == 0:
		return "/run/ietd/ietd.sock"
	case s.runtimeDir == "":
		return ""
	}
	return filepath.Join(s.runtimeDir, "ietd.sock")
}

// stateDir returns where state is kept when nobody says: where the service
// manager wants it, else /var/lib/ietd for root and ietd in the user's state
// folder for others (XDG Base Directory Specification), and "" without one.
func (s surroundings) stateDir() string {
	first, _, _ := strings.Cut(s.stateDirs, ":")
	switch {
	case filepath.IsAbs(first):
		return first
	case s.euid == 0:
		return "/var/lib/ietd"
	case filepath.IsAbs(s.stateHome):
		return filepath.Join(s.stateHome, "ietd")
	case filepath.IsAbs(s.home):
		return filepath.Join(s.home, ".local", "state", "ietd")
	}
	return ""
}

// loadFile finds ietd.conf, reads it, and makes one Config of it and the flags,
// which are in p.cfg. There may be none: then c.File is "".
func (p *parser) loadFile() error {
	text, deprecated, err := p.readFile()
	if err != nil || p.cfg.File == "" {
		return err
	}
	file, report := ParseFile(p.cfg.File, text)
	if deprecated {
		report = append(Report{{p.cfg.File, 0, Warning, "this place is deprecated; move the file to " + p.around.files[0], ""}}, report...)
	}
	p.cfg.Report = report
	if file == nil {
		return nil
	}
	p.merge(file)
	return nil
}

// readFile sets cfg.File and returns its text. A file that was named must be
// there; of the usual ones the first that is there counts. --demo alone is for
// trying the program out, and leaves the usual ones alone.
func (p *parser) readFile() (text []byte, deprecated bool, err error) {
	if p.cfg.File != "" {
		text, err = readAll(p.cfg.File)
		return text, false, err
	}
	if p.cfg.Demo && len(p.cfg.Targets) == 0 {
		return nil, false, nil
	}
	for i, path := range p.around.files {
		text, err = readAll(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		p.cfg.File = path
		return text, i > 0, err
	}
	return nil, false, nil
}

// readAll returns the text of a file. Its error names the path.
func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ietd.conf cannot be read: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("ietd.conf cannot be read: %w", err)
	}
	if len(text) > maxFileSize {
		return nil, fmt.Errorf("%s is larger than %d MiB; that is no ietd.conf", path, maxFileSize>>20)
	}
	return text, nil
}

// merge joins what the file says with what the flags say, and flags win. Targets
// of the file come first, so that their numbers are IET's.
func (p *parser) merge(file *Config) {
	c := p.cfg
	c.Incoming, c.Outgoing = file.Incoming, file.Outgoing
	c.ISNSServer, c.ISNSAccessControl = file.ISNSServer, file.ISNSAccessControl
	flagTargets := c.Targets
	c.Targets = file.Targets
	for i := range c.Targets {
		c.Targets[i].Keys.overlay(&c.Keys)
	}
	for i, k := range sessionKeys {
		if c.Keys.values[i] != "" {
			p.note("--session %s=%s counts for every target of the file", k.name, c.Keys.values[i])
		}
	}
	if p.fs.Changed("queue-depth") {
		for i := range c.Targets {
			c.Targets[i].QueuedCommands = 0
		}
		p.note("--queue-depth %d counts for every target of the file", c.QueueDepth)
	}
	for _, t := range flagTargets {
		i := slices.IndexFunc(c.Targets, func(o Target) bool { return strings.EqualFold(o.Name, t.Name) })
		if i < 0 {
			c.Targets = append(c.Targets, t)
			continue
		}
		p.note("--target %s replaces the whole block of the file", t.Name)
		c.Targets[i] = t
	}
}

// note tells the operator where a flag has won.
func (p *parser) note(format string, args ...any) {
	p.cfg.Report = append(p.cfg.Report, Finding{p.cfg.File, 0, Note, fmt.Sprintf(format, args...), ""})
}

// Reload reads the same arguments and the same file again and checks the whole.
// c stays as it is, and so does everything that it started. The error is a
// [*ReportError] when it is in the file. A file that was there must be there: one
// that is gone by mistake must not take its targets with it.
func (c *Config) Reload() (*Config, error) {
	p := newParser(c.around)
	p.require = c.File
	next, _, err := p.parse(c.args)
	return next, err
}
