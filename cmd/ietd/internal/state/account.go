// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"slices"
	"strings"
	"unicode"

	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
)

// maxAccountText is the most bytes of a name or secret (RFC 7143, Section 6.1).
const maxAccountText = 255

// accounts returns those of a target, or with tid 0 those of discovery. The
// caller holds changes or mu.
func (m *Manager) accounts(tid uint32) (incoming []config.Account, outgoing *config.Account, err error) {
	if tid == 0 {
		return m.cfg.Incoming, m.cfg.Outgoing, nil
	}
	h, err := m.hostedBy(tid)
	if err != nil {
		return nil, nil, err
	}
	return h.cfg.Incoming, h.cfg.Outgoing, nil
}

// Accounts returns the names of those of a target; tid 0 is discovery.
func (m *Manager) Accounts(tid uint32) ([]admin.Account, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	incoming, outgoing, err := m.accounts(tid)
	if err != nil {
		return nil, err
	}
	var list []admin.Account
	for _, a := range incoming {
		list = append(list, admin.Account{Name: a.Name})
	}
	if outgoing != nil {
		list = append(list, admin.Account{Outgoing: true, Name: outgoing.Name})
	}
	return list, nil
}

// Secret returns the secret of an account. ENOENT.
func (m *Manager) Secret(tid uint32, a admin.Account) (string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	incoming, outgoing, err := m.accounts(tid)
	if err != nil {
		return "", err
	}
	if a.Outgoing {
		incoming = nil
		if outgoing != nil {
			incoming = []config.Account{*outgoing}
		}
	}
	if i := findAccount(incoming, a.Name); i >= 0 {
		return string(incoming[i].Secret), nil
	}
	return "", noAccount(a)
}

func findAccount(list []config.Account, name string) int {
	return slices.IndexFunc(list, func(a config.Account) bool { return a.Name == name })
}

func noAccount(a admin.Account) error {
	word := "IncomingUser"
	if a.Outgoing {
		word = "OutgoingUser"
	}
	return refuse(errNoEntry, "there is no %s %q", word, a.Name)
}

// NewAccount adds an account. As in IET there is one OutgoingUser, and the last
// one wins. EEXIST, EINVAL.
func (m *Manager) NewAccount(tid uint32, a admin.Account, secret string) error {
	for _, s := range []string{a.Name, secret} {
		if s == "" || len(s) > maxAccountText || strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsRune(s, 0) {
			return refuse(errInvalid, "the name and the secret of an account have 1 to %d bytes without blanks", maxAccountText)
		}
	}
	return m.editAccounts(tid, func(incoming []config.Account, outgoing *config.Account) ([]config.Account, *config.Account, error) {
		added := config.Account{Name: a.Name, Secret: config.Secret(secret)}
		if a.Outgoing {
			return incoming, &added, nil
		}
		if findAccount(incoming, a.Name) >= 0 {
			return nil, nil, refuse(errExists, "IncomingUser %q is there already", a.Name)
		}
		return append(slices.Clip(incoming), added), outgoing, nil
	})
}

// DeleteAccount takes an account away. ENOENT.
func (m *Manager) DeleteAccount(tid uint32, a admin.Account) error {
	return m.editAccounts(tid, func(incoming []config.Account, outgoing *config.Account) ([]config.Account, *config.Account, error) {
		if a.Outgoing {
			if outgoing == nil || outgoing.Name != a.Name {
				return nil, nil, noAccount(a)
			}
			return incoming, nil, nil
		}
		i := findAccount(incoming, a.Name)
		if i < 0 {
			return nil, nil, noAccount(a)
		}
		return slices.Delete(slices.Clone(incoming), i, i+1), outgoing, nil
	})
}

// editAccounts gives a target, or discovery, what edit makes of its accounts.
// Logins that have begun go on with those that they found.
func (m *Manager) editAccounts(tid uint32, edit func([]config.Account, *config.Account) ([]config.Account, *config.Account, error)) error {
	m.changes.Lock()
	defer m.changes.Unlock()
	incoming, outgoing, err := m.accounts(tid)
	if err != nil {
		return err
	}
	if incoming, outgoing, err = edit(incoming, outgoing); err != nil {
		return err
	}
	h := m.targets[tid]
	m.mu.Lock()
	if h != nil {
		h.cfg.Incoming, h.cfg.Outgoing = incoming, outgoing
	} else {
		m.cfg.Incoming, m.cfg.Outgoing = incoming, outgoing
	}
	m.mu.Unlock()
	if h != nil {
		m.publish(h)
	} else if err := m.Catalog.Change(func(e *target.Edit) error {
		e.SetDiscovery(target.Accounts{Incoming: incoming, Outgoing: outgoing})
		return nil
	}); err != nil {
		return refusal(errIO, err)
	}
	m.changed()
	return nil
}
