// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"fmt"
	"strings"

	"ietring/cmd/ietd/internal/admin"
)

// newTarget adds the target that --target names, or the Name of --params. Number
// 0, and no number with --target, are the next free one.
func newTarget(d *dialog) error {
	name := d.target
	if d.given("target") == d.given("params") {
		return invalid("a new target needs a name: give --params Name=NAME, or --target NAME")
	}
	if d.given("params") {
		// The key's case counts, as in IET, and the rest is the name, commas too.
		var found bool
		if name, found = strings.CutPrefix(d.params, "Name="); !found {
			return invalid("a new target takes one parameter, Name=NAME")
		}
	}
	if err := d.connect(); err != nil {
		return err
	}
	tid, err := d.client.NewTarget(uint32(d.command.tid), name)
	if err != nil {
		return err
	}
	return d.show(struct {
		TID uint32 `json:"tid"`
	}{tid}, "")
}

func deleteTarget(d *dialog) error {
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.DeleteTarget(tid, d.force)
}

// updateTarget sets parameters, or the redirect.
func updateTarget(d *dialog) error {
	switch {
	case d.given("params") && d.given("redirect"):
		return invalid("--params and --redirect are two changes; make one after the other")
	case d.given("redirect"):
		return redirectTarget(d)
	case d.permanent:
		return usageError("--permanent means nothing without --redirect")
	}
	params, err := parseParams(d.params)
	if err != nil {
		return err
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	effects, err := d.client.UpdateTarget(tid, params)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, e := range effects {
		switch e.When {
		case "now":
			fmt.Fprintf(&text, "%s holds now\n", e.Key)
		default:
			fmt.Fprintf(&text, "%s holds for %s\n", e.Key, e.When)
		}
	}
	return d.show(struct {
		Effects []admin.Effect `json:"effects"`
	}{orEmpty(effects)}, text.String())
}

func redirectTarget(d *dialog) error {
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.Redirect(tid, d.redirect, d.permanent)
}

// showTarget prints IET's five lines.
func showTarget(d *dialog) error {
	t, err := d.oneTarget()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Wthreads=%d\nType=%d\nQueuedCommands=%d\nNOPInterval=%d\nNOPTimeout=%d\n",
		t.Wthreads, t.Type, t.Queued, t.NOPInterval, t.NOPTimeout)
	if t.PortGroup != 0 {
		text += fmt.Sprintf("PortGroup=%d %s\n", t.PortGroup, t.AccessState)
	}
	return d.show(t, text)
}

// oneTarget dials ietd and asks for the target that the arguments name.
func (d *dialog) oneTarget() (admin.Target, error) {
	tid, err := d.connectTarget()
	if err != nil {
		return admin.Target{}, err
	}
	return d.client.Target(tid)
}
