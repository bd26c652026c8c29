// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Bounds and defaults of the flags.
const (
	defaultPort        = 3260 // RFC 7143, Section 4.1
	defaultQueueDepth  = 128
	maxQueueDepth      = 1024
	defaultMaxThreads  = 8
	maxThreads         = 256
	defaultRingEntries = 1024
	minRingEntries     = 64
	maxRingEntries     = 32768 // the kernel's own limit
	defaultWorkers     = 2
	maxWorkers         = 64
	defaultBusyPoll    = 50 * time.Microsecond
	maxBusyPoll        = time.Millisecond
	maxDebugLevel      = 2
)

// An Action is what the arguments ask the program to do.
type Action uint8

// Actions.
const (
	Serve Action = iota
	PrintHelp
	PrintVersion
	CheckOnly // --check: print Config.Report and end
)

// flagValue is a flag whose words are handled one by one, in order, as they
// stand on the command line.
type flagValue struct {
	set  func(string) error
	def  string
	kind string
}

func (f *flagValue) Set(s string) error { return f.set(s) }
func (f *flagValue) String() string     { return f.def }
func (f *flagValue) Type() string       { return f.kind }

// parser holds what flags say until the whole is known.
type parser struct {
	cfg           *Config
	fs            *pflag.FlagSet
	debug         int
	help, version bool
	foreground    bool
	check         bool
	around        surroundings
	require       string // the file that must be there; "": as the flags say
}

// ParseArgs reads the arguments after the program's name and the ietd.conf that
// they name, or that stands where IET's did. Errors are one line without the
// program's name; the error is a [*ReportError] when it is in the file. With
// CheckOnly the errors of the file are in Config.Report, and only others are
// returned. Nothing is bound, and no disk is opened.
func ParseArgs(args []string) (*Config, Action, error) {
	return newParser(here()).parse(args)
}

func (p *parser) parse(args []string) (*Config, Action, error) {
	c := p.cfg
	c.args, c.around = slices.Clone(args), p.around
	if err := p.fs.Parse(args); err != nil {
		return nil, Serve, flagError(err)
	}
	action := Serve
	switch {
	case p.help:
		return c, PrintHelp, nil
	case p.version:
		return c, PrintVersion, nil
	case p.fs.NArg() > 0:
		return nil, Serve, fmt.Errorf("%q is not a flag; see ietd --help", p.fs.Arg(0))
	case p.check:
		action = CheckOnly
	}
	if err := p.flagsAlone(); err != nil {
		return nil, action, err
	}
	if p.require != "" {
		c.File = p.require
	}
	if err := p.loadFile(); err != nil {
		return nil, action, err
	}
	if err := c.Report.Err(); err != nil {
		if action == CheckOnly {
			return c, action, nil
		}
		return nil, action, err
	}
	if err := c.Check(); err != nil {
		return nil, action, err
	}
	return c, action, nil
}

// flagsAlone finishes what flags say of themselves.
func (p *parser) flagsAlone() error {
	if err := p.debugLevel(); err != nil {
		return err
	}
	for i := range p.cfg.Targets {
		p.cfg.Targets[i].Keys = p.cfg.Keys
	}
	if len(p.cfg.Targets) > 0 || p.cfg.Demo {
		if err := p.cfg.Keys.Check(); err != nil {
			return fmt.Errorf("--session: %w", err)
		}
	}
	return p.cfg.checkFlagTargets()
}

// PrintUsage writes the text of --help.
func PrintUsage(w io.Writer) error {
	p := newParser(here())
	_, err := fmt.Fprintf(w, `ietd serves files, block devices and nothing at all as iSCSI disks.

Usage:
  ietd [-c FILE] [flags]           (default: %s, else %s)
  ietd --check [-c FILE]
  ietd --demo
  ietd --target NAME --lun 'NUMBER Path=FILE[,KEY=VALUE…]' [--lun …] [--target …] [flags]

Flags:
%s
Lun parameters (each --lun belongs to the --target before it):
%s
Session keys (--session KEY=VALUE, RFC 7143):
%s`, p.around.files[0], p.around.files[1], p.fs.FlagUsages(), lunParamUsage(), sessionKeyUsage())
	return err
}

func lunParamUsage() string {
	var b strings.Builder
	for _, p := range lunParams {
		fmt.Fprintf(&b, "  %-18s %s\n", p.name, p.want)
	}
	return b.String()
}

func sessionKeyUsage() string {
	var b strings.Builder
	for i := range sessionKeys {
		k := &sessionKeys[i]
		fmt.Fprintf(&b, "  %-24s %s (default %s)\n", k.name, k.want(), k.def)
	}
	return b.String()
}

func newParser(around surroundings) *parser {
	c := &Config{
		Port: defaultPort, QueueDepth: defaultQueueDepth,
		Threads:     min(runtime.NumCPU(), defaultMaxThreads),
		RingEntries: defaultRingEntries, Workers: defaultWorkers, BusyPoll: defaultBusyPoll,
		LogLevel: "info", LogFormat: "console",
		ControlSocket: around.controlSocket(), StateDir: around.stateDir(),
	}
	p := &parser{cfg: c, around: around, fs: pflag.NewFlagSet("ietd", pflag.ContinueOnError)}
	p.fs.SortFlags = false
	p.fs.SetOutput(io.Discard) // main prints the one line
	p.fs.Usage = func() {}
	p.fileFlags()
	p.diskFlags()
	p.engineFlags()
	p.processFlags()
	return p
}

// flag registers one flag whose value set takes.
func (p *parser) flag(name, short, kind, def, usage string, set func(string) error) {
	p.fs.VarP(&flagValue{set: set, def: def, kind: kind}, name, short, usage)
}

// number registers a flag that is a number from lo to hi.
func (p *parser) number(dst *int, name, short string, lo, hi int, usage string) {
	p.flag(name, short, "N", strconv.Itoa(*dst), usage, func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < lo || n > hi {
			return fmt.Errorf("%q is not a number from %d to %d", s, lo, hi)
		}
		*dst = n
		return nil
	})
}

// word registers a flag that is one of a few words.
func (p *parser) word(dst *string, name string, words []string, usage string) {
	p.flag(name, "", "WORD", *dst, usage, func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
		}
		*dst = s
		return nil
	})
}

// path registers a flag that is a path, which must not be empty.
func (p *parser) path(dst *string, name, short, usage, example string) {
	p.flag(name, short, "PATH", *dst, usage+"; example: --"+name+" "+example, func(s string) error {
		if s == "" {
			return fmt.Errorf("the path is empty; write it as in %s", example)
		}
		*dst = s
		return nil
	})
}

// fileFlags are about ietd.conf and other files.
func (p *parser) fileFlags() {
	c := p.cfg
	p.path(&c.File, "config", "c", "read this ietd.conf, which must be there (default: "+p.around.files[0]+", else "+p.around.files[1]+", else none; with --demo alone none); flags win over what it says", "/etc/iet/ietd.conf")
	p.fs.BoolVar(&p.check, "check", false, "check ietd.conf and the flags, print what is found, and end: 0 without errors, 2 with; example: --check -c new.conf")
	p.fs.BoolVar(&c.Strict, "strict", false, "do not start when the backing of a LUN cannot be opened (without it that LUN is not ready); example: --strict")
	p.flag("control-socket", "", "PATH", c.ControlSocket, "Unix socket that ietadm talks to, '' for none; example: --control-socket /run/ietd/ietd.sock", func(s string) error {
		c.ControlSocket = s
		return nil
	})
	p.flag("metrics", "", "ADDR:PORT", "", "answer GET /metrics by HTTP on this address in the text format of Prometheus, to everybody who reaches it, port 0 for a free one (default: nowhere); example: --metrics 127.0.0.1:9326", p.metrics)
	p.path(&c.ProcDir, "proc-dir", "", "keep the texts of /proc/net/iet, volume and session, in this directory (default: nowhere)", "/run/ietd/proc")
	p.flag("state-dir", "", "PATH", c.StateDir, "keep in this directory what disks remember over a restart, such as persistent reservations, '' for nowhere: then they forget; example: --state-dir /var/lib/ietd", func(s string) error {
		if s != "" && !filepath.IsAbs(s) {
			return fmt.Errorf("%q is not an absolute path", s)
		}
		c.StateDir = s
		return nil
	})
	p.path(&c.AccessDir, "access-dir", "", "read initiators.allow, initiators.deny and targets.allow in this directory (default: /etc/iet, else /etc)", "/etc/iet")
}

// diskFlags are about what is served and where.
func (p *parser) diskFlags() {
	c := p.cfg
	p.flag("target", "", "NAME", "", "begin a target with this iSCSI name (repeatable); example: --target iqn.2026-11.com.example:disk", c.addTarget)
	p.flag("lun", "", "LINE", "", "give the last target a LUN, in the words of ietd.conf (repeatable); example: --lun '0 Path=/srv/disk.img,Type=fileio'", c.addLun)
	p.fs.BoolVar(&c.Demo, "demo", false, "serve a 1 GiB file and a nullio LUN and print how to use them; example: --demo")
	p.flag("address", "a", "ADDR[,TAG]", "", "listen on this IP address, in this portal group (repeatable; default: every address, v4 and v6, in group 1); example: -a 192.0.2.1 -a 2001:db8::1,2", p.address)
	p.number(&c.Port, "port", "p", 0, 65535, "listen on this TCP port, 0 for a free one; example: -p 3260")
	p.flag("session", "", "KEY=VALUE", "", "set a session key for every target (repeatable); example: --session MaxBurstLength=1048576", p.session)
	p.number(&c.QueueDepth, "queue-depth", "", 1, maxQueueDepth, "commands that a session may have open (IET's QueuedCommands, and before those of the file); example: --queue-depth 128")
}

// engineFlags are about threads and memory.
func (p *parser) engineFlags() {
	c := p.cfg
	p.number(&c.Threads, "threads", "", 1, maxThreads, "event loops, one thread each (the default is the number of CPUs, at most 8); example: --threads 4")
	p.flag("ring-entries", "", "N", strconv.Itoa(c.RingEntries), "submission queue entries of each loop, a power of two; example: --ring-entries 1024", p.ringEntries)
	p.number(&c.Workers, "workers", "", 1, maxWorkers, "completion workers: threads for what would stall a loop; example: --workers 2")
	p.flag("cpus", "", "LIST", "", "pin the loops to these CPUs, in turn (default: not pinned); example: --cpus 0,2-3", func(s string) (err error) {
		c.CPUs, err = parseCPUs(s)
		return err
	})
	p.flag("busy-poll", "", "TIME", c.BusyPoll.String(), "look for work so long before a loop sleeps, where that has paid lately, 0 never; example: --busy-poll 50us", p.busyPoll)
	p.flag("buffer-memory", "", "SIZE", "", "most memory for I/O buffers, bytes of all loops together (default: 64MiB for each loop); example: --buffer-memory 256MiB", p.bufferMemory)
}

// processFlags are about the process, most of them IET's.
func (p *parser) processFlags() {
	c := p.cfg
	p.word(&c.LogLevel, "log-level", LogLevels, "log what is at least this important: trace, debug, info, warn, error; example: --log-level debug")
	p.word(&c.LogFormat, "log-format", []string{"console", "json"}, "how log lines look on standard error: console or json; example: --log-format json")
	p.path(&c.PIDFile, "pid-file", "", "write the process id to this file and hold its lock (default: none)", "/run/ietd.pid")
	p.fs.BoolVarP(&p.foreground, "foreground", "f", false, "accepted as IET's: ietd always stays in the foreground; example: -f")
	p.number(&p.debug, "debug", "d", 0, maxDebugLevel, "IET's debug level: 1 is --log-level debug, 2 is trace; example: -d 1")
	p.number(&c.UID, "uid", "u", 0, 1<<31-2, "become this user id when everything is open, 0 stays; example: -u 1000")
	p.number(&c.GID, "gid", "g", 0, 1<<31-2, "become this group id when everything is open, 0 stays; example: -g 1000")
	p.fs.BoolVarP(&p.version, "version", "v", false, "print the version; example: -v")
	p.fs.BoolVarP(&p.help, "help", "h", false, "print this; example: -h")
}

func (p *parser) session(s string) error {
	name, value, found := strings.Cut(s, "=")
	if !found {
		return fmt.Errorf("%q has no value; write KEY=VALUE, as in MaxBurstLength=1048576", s)
	}
	return p.cfg.Keys.Set(name, value)
}

func (p *parser) ringEntries(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < minRingEntries || n > maxRingEntries || bits.OnesCount(uint(n)) != 1 {
		return fmt.Errorf("%q is not a power of two from %d to %d", s, minRingEntries, maxRingEntries)
	}
	p.cfg.RingEntries = n
	return nil
}

func (p *parser) busyPoll(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxBusyPoll {
		return fmt.Errorf("%q is not a time from 0 to %s, such as 20us", s, maxBusyPoll)
	}
	p.cfg.BusyPoll = d
	return nil
}

func (p *parser) metrics(s string) error {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return fmt.Errorf("%q is not an address with a port, such as 127.0.0.1:9326 or [::1]:9326", s)
	}
	p.cfg.Metrics = a
	return nil
}

func (p *parser) bufferMemory(s string) error {
	n, err := parseSize(s)
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("no memory at all is too little")
	}
	p.cfg.BufferMemory = n
	return nil
}

// debugLevel makes IET's number a log level.
func (p *parser) debugLevel() error {
	if p.debug == 0 {
		return nil
	}
	if p.fs.Changed("log-level") {
		return errors.New("--debug and --log-level are both there; give one of them")
	}
	p.cfg.LogLevel = [...]string{1: "debug", maxDebugLevel: "trace"}[p.debug]
	return nil
}

// flagError turns pflag's errors into our one line.
func flagError(err error) error {
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		return fmt.Errorf("--%s: %w", bad.GetFlag().Name, errors.Unwrap(err))
	}
	return fmt.Errorf("%w; see ietd --help", err)
}
