// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"ietring/cmd/ietd/internal/admin"
)

// Main is the program: it takes the arguments after the program's name and
// returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	var out bytes.Buffer
	err := run(args, &out)
	if _, writing := stdout.Write(out.Bytes()); writing != nil {
		err = errors.Join(err, fmt.Errorf("cannot write the answer: %w", writing))
	}
	if err != nil {
		return fail(stderr, err)
	}
	return 0
}

// run carries the arguments out and writes what there is to print to out.
func run(args []string, out *bytes.Buffer) error {
	c, err := parse(args)
	switch {
	case err != nil:
		return err
	case c.help:
		printUsage(out)
		return nil
	case c.version:
		fmt.Fprintln(out, "ietadm version", version())
		return nil
	}
	a, err := c.action()
	if err != nil {
		return err
	}
	d := &dialog{command: c, out: out}
	return errors.Join(a.run(d), d.close())
}

// version returns the version that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// A dialog is one command being carried out.
type dialog struct {
	*command
	out    *bytes.Buffer
	client *admin.Client // nil until connect
}

// connect dials ietd. What can be known without it is checked before.
func (d *dialog) connect() error {
	if d.socket == "" {
		return usageError("there is no usual place for the control socket; give --control-socket PATH")
	}
	var err error
	d.client, err = admin.Dial(d.socket)
	return err
}

// connectTarget dials ietd and returns the number of the target that the
// arguments name, which is 0 without one.
func (d *dialog) connectTarget() (tid uint32, err error) {
	if err := d.connect(); err != nil {
		return 0, err
	}
	if d.given("target") {
		return d.client.TargetByName(d.target)
	}
	return uint32(d.tid), nil
}

func (d *dialog) close() error {
	if d.client == nil {
		return nil
	}
	return d.client.Close()
}

// show prints v for programs, or text for people.
func (d *dialog) show(v any, text string) error {
	if !d.json {
		d.out.WriteString(text)
		return nil
	}
	e := json.NewEncoder(d.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// orEmpty makes a list that is nil one that is JSON's empty list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
