// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"strings"
	"unicode"

	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
)

// TargetByName returns the id of the target of that name, compared without case.
func (m *Manager) TargetByName(name string) (uint32, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if h := m.byName[key(name)]; h != nil {
		return h.tid, nil
	}
	return 0, refuse(errNoEntry, "there is no target %q", name)
}

// NewTarget makes an empty target. tid 0 is the next free one. EEXIST, EINVAL.
func (m *Manager) NewTarget(tid uint32, name string) (uint32, error) {
	m.changes.Lock()
	defer m.changes.Unlock()
	// As in ietd.conf, a name that no standard knows is taken as it stands.
	switch {
	case name == "" || len(name) > config.MaxNameLen || strings.ContainsFunc(name, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }):
		return 0, refuse(errInvalid, "the name of a target has 1 to %d bytes without blanks, as iqn.2026-11.com.example:disk", config.MaxNameLen)
	case m.byName[key(name)] != nil:
		return 0, refuse(errExists, "target %s is there already", name)
	case m.targets[tid] != nil:
		return 0, refuse(errExists, "tid %d is target %s already", tid, m.targets[tid].name)
	}
	p := m.newPlan()
	h := p.addTarget(tid, &config.Target{Name: name, Keys: m.cfg.Keys})
	if err := p.run(); err != nil {
		return 0, refusal(errInvalid, err)
	}
	return h.tid, nil
}

// DeleteTarget takes a target away with its LUNs. EBUSY with sessions, unless
// force: then it waits until they have ended.
func (m *Manager) DeleteTarget(tid uint32, force bool) error {
	m.changes.Lock()
	h, err := m.hostedBy(tid)
	if err == nil && !force {
		if n := m.Sessions.Count(h.name); n > 0 {
			err = refuse(errBusy, "target %s has %d session(s); give --force to have them asked to log out, and closed", h.name, n)
		}
	}
	if err != nil {
		m.changes.Unlock()
		return err
	}
	p := m.newPlan()
	p.removeTarget(h)
	return refusal(errIO, m.carryOut(p))
}

// markerKeys are IET's keys that RFC 7143, Section 13.25 has made obsolete, with
// the one value that they have.
var markerKeys = []admin.Param{{Key: "OFMarker", Value: "No"}, {Key: "IFMarker", Value: "No"}, {Key: "OFMarkInt", Value: "2048"}, {Key: "IFMarkInt", Value: "2048"}}

// UpdateTarget sets target and session keys, all or none. EINVAL.
func (m *Manager) UpdateTarget(tid uint32, params []admin.Param) ([]admin.Effect, error) {
	m.changes.Lock()
	defer m.changes.Unlock()
	h, err := m.hostedBy(tid)
	if err != nil {
		return nil, err
	}
	next := h.cfg
	var effects []admin.Effect
	for _, p := range params {
		effect, err := setTargetParam(&next, p)
		if err != nil {
			return nil, refuse(errInvalid, "%v", err)
		}
		effects = append(effects, effect)
	}
	if err := next.Keys.Check(); err != nil {
		return nil, refuse(errInvalid, "%v", err)
	}
	m.mu.Lock()
	was := h.cfg
	h.cfg = next
	m.joinGroup(h, was.Group)
	m.shareGroup(h)
	m.mu.Unlock()
	m.publish(h)
	m.redeclare(h, &was.Keys)
	m.changed()
	return effects, nil
}

// setTargetParam sets one key. Session keys are compared with case, as on the
// wire.
func setTargetParam(t *config.Target, p admin.Param) (admin.Effect, error) {
	effect := admin.Effect{Key: p.Key, When: "new sessions"}
	for _, marker := range markerKeys {
		if marker.Key == p.Key && marker.Value != p.Value {
			return effect, errors.New(p.Key + "=" + p.Value + ": markers are obsolete (RFC 7143, Section 13.25); it can only be " + marker.Value)
		}
		if marker.Key == p.Key {
			effect.When = "now"
			return effect, nil
		}
	}
	if config.Has(p.Key) {
		if p.Key == maxRecvKey {
			effect.When = maxRecvWhen
		}
		return effect, t.Keys.Set(p.Key, p.Value)
	}
	for _, n := range targetParams {
		if !strings.EqualFold(n, p.Key) {
			continue
		}
		effect.Key = n
		if n == "Wthreads" || n == "Type" || n == "PortGroup" {
			effect.When = "now"
		}
		return effect, setDirective(t, n, p.Value)
	}
	return effect, errors.New("Unknown parameter \"" + p.Key + "\".")
}

// targetParams are the directives of a target that can be changed.
var targetParams = []string{"Wthreads", "Type", "QueuedCommands", "NOPInterval", "NOPTimeout", "MaxSessions", "Alias", "PortGroup"}

// setDirective has ietd.conf's own parser read the value, so that both take the
// same.
func setDirective(t *config.Target, name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") || value == "" {
		return errors.New(name + " needs a value on one line")
	}
	parsed, report := config.ParseFile("", []byte("Target iqn.2026-11.com.example:x\n"+name+" "+value+"\n"))
	for _, f := range report {
		if f.Severity == config.Error || f.Severity == config.Warning && f.Line == 2 && name == "Type" {
			return errors.New(f.Text)
		}
	}
	from := &parsed.Targets[0]
	switch name {
	case "Wthreads":
		t.Wthreads = from.Wthreads
	case "QueuedCommands":
		t.QueuedCommands = from.QueuedCommands
	case "NOPInterval":
		t.NOPInterval = from.NOPInterval
	case "NOPTimeout":
		t.NOPTimeout = from.NOPTimeout
	case "MaxSessions":
		t.MaxSessions = from.MaxSessions
	case "Alias":
		t.Alias = from.Alias
	case "PortGroup":
		t.Group = from.Group
	}
	return nil
}

// Redirect sends the logins of a target elsewhere: "ip[:port]", v6 in brackets,
// "" for nowhere. EINVAL.
func (m *Manager) Redirect(tid uint32, to string, permanent bool) error {
	m.changes.Lock()
	defer m.changes.Unlock()
	h, err := m.hostedBy(tid)
	if err != nil {
		return err
	}
	var r *config.Redirect
	if to != "" {
		if r, err = config.ParseRedirect(to, permanent); err != nil {
			return refuse(errInvalid, "%v", err)
		}
	}
	m.mu.Lock()
	h.cfg.Redirect = r
	m.mu.Unlock()
	m.publish(h)
	m.changed()
	return nil
}
