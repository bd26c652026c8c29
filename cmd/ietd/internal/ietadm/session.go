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

// showSession prints the 19 session keys: those that the session agreed on, or
// with session 0 those that the target offers.
func showSession(d *dialog) error {
	t, err := d.oneTarget()
	if err != nil {
		return err
	}
	if d.sid == 0 {
		return d.show(struct {
			Keys []admin.Param `json:"keys"`
		}{orEmpty(t.Keys)}, keyLines(t.Keys))
	}
	s, err := findSession(&t, d.sid)
	if err != nil {
		return err
	}
	return d.show(s, keyLines(s.Keys))
}

func findSession(t *admin.Target, sid uint64) (*admin.Session, error) {
	i := slices.IndexFunc(t.Sessions, func(s admin.Session) bool { return s.SID == sid })
	if i < 0 {
		return nil, &admin.Error{Errno: syscall.ENOENT, Text: fmt.Sprintf("target %d has no session %d", t.TID, sid)}
	}
	return &t.Sessions[i], nil
}

func keyLines(keys []admin.Param) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%s=%s\n", k.Key, k.Value)
	}
	return b.String()
}

// deleteSession closes all connections of a session. IET had the place for it and
// answered EINVAL.
func deleteSession(d *dialog) error {
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.CloseSession(tid, d.sid)
}

func deleteConnection(d *dialog) error {
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.CloseConnection(tid, d.sid, uint16(d.cid))
}

// showConnection prints nothing, as in IET, unless a program asks.
func showConnection(d *dialog) error {
	if !d.json {
		_, err := d.connectTarget()
		return err
	}
	t, err := d.oneTarget()
	if err != nil {
		return err
	}
	s, err := findSession(&t, d.sid)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.Conns, func(c admin.Conn) bool { return uint64(c.CID) == d.cid })
	if i < 0 {
		return &admin.Error{Errno: syscall.ENOENT, Text: fmt.Sprintf("session %d has no connection %d", d.sid, d.cid)}
	}
	return d.show(s.Conns[i], "")
}
