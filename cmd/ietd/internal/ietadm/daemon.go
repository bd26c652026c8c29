// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"strings"

	"ietring/cmd/ietd/internal/admin"
)

// stopAll is IET's "stop all activity", which de-registers from iSNS.
func stopAll(d *dialog) error {
	if err := d.connect(); err != nil {
		return err
	}
	return d.client.StopAll()
}

// reload prints what changed, or would; with an error, what is wrong with the
// file.
func reload(d *dialog) error {
	if err := d.connect(); err != nil {
		return err
	}
	lines, err := d.client.Reload(d.dryRun)
	shown := d.show(struct {
		Lines []string `json:"lines"`
	}{orEmpty(lines)}, line(strings.Join(lines, "\n")))
	if err != nil {
		return err
	}
	return shown
}

// dump prints an ietd.conf, as it is; in JSON it is in base64, since it need not
// be UTF-8.
func dump(d *dialog) error {
	if err := d.connect(); err != nil {
		return err
	}
	conf, err := d.client.Dump()
	if err != nil {
		return err
	}
	return d.show(struct {
		Conf []byte `json:"conf"`
	}{conf}, string(conf))
}

// showVolumes prints /proc/net/iet/volume, of all targets or of one.
func showVolumes(d *dialog) error {
	targets, err := d.targets()
	if err != nil {
		return err
	}
	for i := range targets {
		targets[i].Sessions = nil
	}
	return d.show(targetList{orEmpty(targets)}, string(admin.VolumeText(targets)))
}

// showSessions prints /proc/net/iet/session, of all targets or of one.
func showSessions(d *dialog) error {
	targets, err := d.targets()
	if err != nil {
		return err
	}
	for i := range targets {
		targets[i].Luns = nil
	}
	return d.show(targetList{orEmpty(targets)}, string(admin.SessionText(targets)))
}

// targetList is what --json prints of several targets.
type targetList struct {
	Targets []admin.Target `json:"targets"`
}

// targets asks for all targets, or for the one that the arguments name.
func (d *dialog) targets() ([]admin.Target, error) {
	if d.hasTarget() {
		t, err := d.oneTarget()
		return []admin.Target{t}, err
	}
	if err := d.connect(); err != nil {
		return nil, err
	}
	return d.client.Targets()
}
