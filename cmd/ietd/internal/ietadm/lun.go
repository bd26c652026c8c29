// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"ietring/cmd/ietd/internal/admin"
)

// newLun hands --params on as they are: they are the rest of a Lun line.
func newLun(d *dialog) error {
	if d.params == "" {
		return invalid("a new LUN needs --params, as in Path=/srv/disk.img,Type=fileio")
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.NewLun(tid, uint16(d.lun), d.params)
}

func deleteLun(d *dialog) error {
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.DeleteLun(tid, uint16(d.lun))
}

// updateLun changes a LUN, or looks whether its backing has grown.
func updateLun(d *dialog) error {
	var params []admin.Param
	if d.given("params") {
		var err error
		if params, err = parseParams(d.params); err != nil {
			return err
		}
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	text, err := d.client.UpdateLun(tid, uint16(d.lun), params)
	if err != nil {
		return err
	}
	return d.show(struct {
		Text string `json:"text"`
	}{text}, line(text))
}

// showLun prints nothing, as in IET, unless a program asks or somebody has
// registered or reserved something, which IET did not know.
func showLun(d *dialog) error {
	t, err := d.oneTarget()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(t.Luns, func(l admin.Lun) bool { return uint64(l.Number) == d.lun })
	switch {
	case i >= 0:
		return d.show(t.Luns[i], reservationText(t.Luns[i].Reservations))
	case d.json:
		return &admin.Error{Errno: syscall.ENOENT, Text: fmt.Sprintf("target %d has no LUN %d", t.TID, d.lun)}
	}
	return nil
}

// reservationText returns r for people.
func reservationText(r *admin.Reservations) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	if r.Reserve != "" {
		fmt.Fprintf(&b, "RESERVE by %s\n", r.Reserve)
	}
	if r.Type != "" {
		fmt.Fprintf(&b, "%s\n", r.Type)
	}
	for _, g := range r.Registrations {
		holder := ""
		if g.Holder {
			holder = ", holds the reservation"
		}
		fmt.Fprintf(&b, "key %s of %s%s\n", g.Key, g.Nexus, holder)
	}
	if r.Persist {
		b.WriteString("kept through a loss of power (APTPL)\n")
	}
	return b.String()
}

// line ends a text for people, which may be empty.
func line(text string) string {
	if text == "" {
		return ""
	}
	return text + "\n"
}
