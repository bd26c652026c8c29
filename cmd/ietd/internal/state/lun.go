// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"unicode"

	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
)

type adminParam = admin.Param

// isSeparator reports whether a character ends a value in a Lun line.
func isSeparator(c rune) bool { return c == ',' || unicode.IsSpace(c) }

// NewLun makes a LUN of a target from what follows the number in a Lun line.
// EEXIST when the number is taken, the errno of the backing when it cannot be
// opened.
func (m *Manager) NewLun(tid uint32, number uint16, params string) error {
	m.changes.Lock()
	defer m.changes.Unlock()
	h, err := m.hostedBy(tid)
	if err != nil {
		return err
	}
	cfg, err := config.ParseLun(h.name, fmt.Sprintf("%d %s", number, params))
	if err != nil {
		return refuse(errInvalid, "%v", err)
	}
	if h.find(number) != nil {
		return refuse(errExists, "%s is there already", lunName(number, h.name))
	}
	p := m.newPlan()
	p.addLun(h, cfg)
	return refusal(errIO, p.run())
}

// DeleteLun takes a LUN away and answers when its last command has ended. EBUSY
// when that does not end: it goes on in the background.
func (m *Manager) DeleteLun(tid uint32, number uint16) error {
	m.changes.Lock()
	l, err := m.lunOf(tid, number)
	if err != nil {
		m.changes.Unlock()
		return err
	}
	p := m.newPlan()
	p.removeLun(l)
	return refusal(errIO, m.carryOut(p))
}
