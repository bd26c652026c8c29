// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ietring/scsi"
)

// errCannotSay is a Config that no ietd.conf can say, a name with a blank in it.
var errCannotSay = errors.New("config: ietd.conf cannot say it")

// Write writes an ietd.conf that [ParseFile] makes the Targets, Incoming,
// Outgoing and ISNS… of c again from. Secrets stand in it as they are: who may
// read it is the caller's business. It is an error, and nothing is written, when
// no file can say what c says.
func Write(w io.Writer, c *Config) error {
	var b bytes.Buffer
	writeGlobals(&b, c)
	targets := slices.Clone(c.Targets)
	for i := range targets {
		t := &targets[i]
		t.NOPTimeout = t.pingTimeout() // ietadm can have set more; this is what runs
		writeTarget(&b, t)
	}
	if err := reproduces(b.Bytes(), c, targets); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeGlobals(b *bytes.Buffer, c *Config) {
	if c.ISNSServer != "" {
		fmt.Fprintf(b, "iSNSServer %s\n", c.ISNSServer)
	}
	if c.ISNSAccessControl {
		fmt.Fprintln(b, "iSNSAccessControl Yes")
	}
	writeAccounts(b, "", c.Incoming, c.Outgoing)
}

func writeTarget(b *bytes.Buffer, t *Target) {
	const indent = "\t"
	if b.Len() > 0 {
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "Target %s\n", t.Name)
	if t.Alias != "" {
		fmt.Fprintf(b, "%sAlias %s\n", indent, t.Alias)
	}
	writeAccounts(b, indent, t.Incoming, t.Outgoing)
	for i := range t.Luns {
		fmt.Fprintf(b, "%sLun %s\n", indent, t.Luns[i].text(t.Name))
	}
	for _, m := range t.Masks {
		fmt.Fprintf(b, "%sLunMask %s\n", indent, m)
	}
	if t.Redirect != nil {
		fmt.Fprintf(b, "%sRedirect %s\n", indent, t.Redirect)
	}
	if t.Group.Number != 0 {
		fmt.Fprintf(b, "%sPortGroup %v\n", indent, t.Group)
	}
	for i := range targetNumbers {
		row := &targetNumbers[i]
		if n := *row.dst(t); n != 0 { // 0 is the default of each
			fmt.Fprintf(b, "%s%s %d\n", indent, row.name, n)
		}
	}
	for i, v := range t.Keys.values {
		if v != "" {
			fmt.Fprintf(b, "%s%s %s\n", indent, sessionKeys[i].name, v)
		}
	}
}

func writeAccounts(b *bytes.Buffer, indent string, incoming []Account, outgoing *Account) {
	for _, a := range incoming {
		fmt.Fprintf(b, "%sIncomingUser %s %s\n", indent, a.Name, string(a.Secret))
	}
	if outgoing != nil {
		fmt.Fprintf(b, "%sOutgoingUser %s %s\n", indent, outgoing.Name, string(outgoing.Secret))
	}
}

// text returns what stands after "Lun". An identity that is the default of the
// target's name is left out.
func (l *Lun) text(target string) string {
	p := &l.Backing
	var pairs []string
	add := func(name, value string) {
		if value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	count := func(name string, n uint64) {
		if n != 0 {
			pairs = append(pairs, fmt.Sprintf("%s=%d", name, n))
		}
	}
	add("Path", p.Path)
	add("Type", p.Type)
	add("IOMode", p.IOMode)
	count("BlockSize", uint64(p.BlockSize))
	count("PhysicalBlockSize", uint64(p.PhysicalBlockSize))
	count("Blocks", p.Blocks)
	add("Direct", p.Direct)
	count("AtomicWrite", uint64(p.AtomicWrite))
	add("Thin", p.Thin)
	count("ThinThreshold", uint64(l.ThinThreshold))
	count("EraseRate", uint64(l.EraseRate))
	if l.WSNZ {
		add("WSNZ", "yes")
	}
	if l.ScsiID != scsi.DefaultScsiID(target, uint32(l.Number)) {
		add("ScsiId", strings.TrimRight(string(l.ScsiID[:]), "\x00"))
	}
	if l.ScsiSN != scsi.DefaultScsiSN(l.ScsiID) {
		add("ScsiSN", l.ScsiSN)
	}
	if l.NAA {
		add("NAA", "yes")
	}
	if l.Removable {
		add("Removable", "yes")
	}
	return fmt.Sprintf("%d %s", l.Number, strings.Join(pairs, ","))
}

// reproduces reads text again and compares what comes of it with c and its targets. A Config can
// be made by other means than a file, and a blank or a line end in a name would
// be another directive.
func reproduces(text []byte, c *Config, targets []Target) error {
	got, report := ParseFile("", text)
	if err := report.Err(); err != nil {
		return fmt.Errorf("%w: %w", errCannotSay, err)
	}
	switch {
	case got.ISNSServer != c.ISNSServer || got.ISNSAccessControl != c.ISNSAccessControl:
		return fmt.Errorf("%w: iSNSServer or iSNSAccessControl", errCannotSay)
	case !slices.Equal(got.Incoming, c.Incoming) || !SameAccount(got.Outgoing, c.Outgoing):
		return fmt.Errorf("%w: an account for discovery", errCannotSay)
	case len(got.Targets) != len(targets):
		return fmt.Errorf("%w: the name of a target", errCannotSay)
	}
	for i := range targets {
		if !targets[i].Equal(&got.Targets[i]) {
			return fmt.Errorf("%w: target %q", errCannotSay, targets[i].Name)
		}
	}
	return nil
}

// Equal reports whether t and o say the same, LUNs, accounts and masks in the
// same order.
func (t *Target) Equal(o *Target) bool {
	for i := range targetNumbers {
		if *targetNumbers[i].dst(t) != *targetNumbers[i].dst(o) {
			return false
		}
	}
	return t.Name == o.Name && t.Alias == o.Alias && t.Keys == o.Keys && t.Group == o.Group &&
		slices.Equal(t.Luns, o.Luns) && slices.Equal(t.Incoming, o.Incoming) && SameAccount(t.Outgoing, o.Outgoing) && SameRedirect(t.Redirect, o.Redirect) &&
		slices.EqualFunc(t.Masks, o.Masks, func(a, b Mask) bool {
			return a.Initiator == b.Initiator && a.ReadOnly == b.ReadOnly && slices.Equal(a.Luns, b.Luns)
		})
}

// SameAccount reports whether a and b are the same account, or both none.
func SameAccount(a, b *Account) bool {
	return a == b || a != nil && b != nil && *a == *b
}
