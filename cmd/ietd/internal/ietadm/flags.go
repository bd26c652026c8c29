// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ietring/cmd/ietd/internal/config"
)

// A command is what the arguments say.
type command struct {
	fs *pflag.FlagSet

	op       string
	tid      uint64
	sid      uint64
	cid      uint64
	lun      uint64
	params   string
	redirect string
	target   string
	socket   string

	user, volume, session, json bool
	dryRun, force, permanent    bool
	help, version               bool
}

// number is the value of a flag that is a number in base 10, as IET read them.
type number struct {
	dst *uint64
	max uint64
}

func (n number) Set(s string) error {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v > n.max {
		return fmt.Errorf("%q is not a number from 0 to %d", s, n.max)
	}
	*n.dst = v
	return nil
}

func (n number) String() string { return "" } // there is no default
func (n number) Type() string   { return "N" }

// abbreviated are IET's long options. getopt_long takes any beginning that only
// one of them has; options of our own do not take part, so that an abbreviation
// in an old script stays unique.
var abbreviated = []string{"op", "tid", "sid", "cid", "lun", "params", "user", "redirect", "version", "help"}

// Flags returns ietadm's flags, for whoever lists them.
func Flags() *pflag.FlagSet { return newCommand().fs }

func newCommand() *command {
	c := &command{fs: pflag.NewFlagSet("ietadm", pflag.ContinueOnError)}
	f := c.fs
	f.SortFlags = false
	f.SetOutput(io.Discard) // Main prints what is wrong
	f.Usage = func() {}
	f.StringVarP(&c.op, "op", "o", "", "the `OPERATION`: new, delete, update, show, reload or dump; it can also be given as a word; example: --op show")
	f.VarP(number{&c.tid, 1<<32 - 1}, "tid", "t", "the target with this number; example: --tid 1")
	f.StringVar(&c.target, "target", "", "the target with this `NAME`, instead of --tid; example: --target iqn.2026-11.com.example:disk")
	f.VarP(number{&c.sid, 1<<64 - 1}, "sid", "s", "the session with this number; example: --sid 562949990973952")
	f.VarP(number{&c.cid, 1<<16 - 1}, "cid", "c", "the connection with this number; example: --cid 0")
	f.VarP(number{&c.lun, 1<<16 - 1}, "lun", "l", "the LUN with this number; example: --lun 0")
	f.StringVarP(&c.params, "params", "p", "", "parameters of the object, `KEY=VALUE,...`; example: --params Path=/srv/disk.img,Type=fileio")
	f.BoolVarP(&c.user, "user", "u", false, "the object is a CHAP account: of the target, or without one of discovery; example: --op show --user")
	f.StringVarP(&c.redirect, "redirect", "r", "", "send initiators that log in to this `ADDRESS[:PORT]`, '' ends it; example: --op update --tid 1 --redirect 192.0.2.2")
	f.BoolVar(&c.permanent, "permanent", false, "with --redirect: tell initiators to remember it; example: --permanent")
	f.BoolVar(&c.force, "force", false, "with --op delete of a target: close its sessions first; example: --op delete --tid 1 --force")
	f.BoolVar(&c.volume, "volume", false, "with --op show: print /proc/net/iet/volume; example: --op show --volume")
	f.BoolVar(&c.session, "session", false, "with --op show: print /proc/net/iet/session; example: --op show --session")
	f.BoolVar(&c.json, "json", false, "print JSON, for programs; example: --op show --tid 1 --json")
	f.BoolVar(&c.dryRun, "dry-run", false, "with reload: print what would change; example: ietadm reload --dry-run")
	f.StringVar(&c.socket, "control-socket", config.DefaultControlSocket(), "ietd's Unix socket, a `PATH`; example: --control-socket /run/ietd/ietd.sock")
	f.BoolVarP(&c.version, "version", "v", false, "print the version; example: --version")
	f.BoolVarP(&c.help, "help", "h", false, "print this; example: --help")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(unabbreviate(f, name))
	})
	return c
}

// unabbreviate returns the option that name begins, if there is one.
func unabbreviate(f *pflag.FlagSet, name string) string {
	exact := false
	f.VisitAll(func(flag *pflag.Flag) { exact = exact || flag.Name == name })
	if exact {
		return name
	}
	var fit []string
	for _, long := range abbreviated {
		if strings.HasPrefix(long, name) {
			fit = append(fit, long)
		}
	}
	if len(fit) == 1 {
		return fit[0]
	}
	return name
}

// operations are the words of --op.
var operations = []string{"new", "delete", "update", "show", "reload", "dump"}

// parse reads the arguments after the program's name. An error is a usageError,
// or an EINVAL where IET answered that.
func parse(args []string) (*command, error) {
	c := newCommand()
	if err := c.fs.Parse(args); err != nil {
		return nil, usageError(err.Error())
	}
	if c.help || c.version {
		return c, nil
	}
	words := c.fs.Args()
	if !c.given("op") && len(words) > 0 {
		c.op, words = words[0], words[1:]
	}
	if !slices.Contains(operations, c.op) {
		return nil, invalid("no operation: give --op with one of %s", strings.Join(operations, ", "))
	}
	if len(words) > 0 {
		return nil, usageError("unrecognized: " + strings.Join(words, " "))
	}
	return c, c.checkText()
}

// given reports whether a flag was given, with whatever value.
func (c *command) given(name string) bool { return c.fs.Changed(name) }

// hasTarget reports whether the arguments name a target.
func (c *command) hasTarget() bool { return c.given("tid") || c.given("target") }
