// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"fmt"
	"slices"
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

// showLun prints nothing, as in IET, unless a program asks.
func showLun(d *dialog) error {
	if !d.json {
		_, err := d.connectTarget()
		return err
	}
	t, err := d.oneTarget()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(t.Luns, func(l admin.Lun) bool { return uint64(l.Number) == d.lun })
	if i < 0 {
		return &admin.Error{Errno: syscall.ENOENT, Text: fmt.Sprintf("target %d has no LUN %d", t.TID, d.lun)}
	}
	return d.show(t.Luns[i], "")
}

// line ends a text for people, which may be empty.
func line(text string) string {
	if text == "" {
		return ""
	}
	return text + "\n"
}
