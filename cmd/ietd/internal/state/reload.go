// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
)

// Reload reads the configuration again and applies it; see Apply.
func (m *Manager) Reload(dryRun bool) ([]string, error) {
	next, err := m.Read()
	var found *config.ReportError
	if errors.As(err, &found) {
		var lines []string
		for _, f := range found.Report {
			lines = append(lines, f.String())
		}
		return lines, refusal(errInvalid, err)
	}
	if err != nil {
		return nil, refusal(errInvalid, err)
	}
	return m.Apply(next, dryRun)
}

// Apply makes what runs what next says, as a whole: when the error is not nil
// nothing has changed, unless it says that it has. The lines say what is
// different: + came, - went, ~ changed, ! is worth a look. With dryRun that is
// all. Sessions of targets that went have ended when it returns.
func (m *Manager) Apply(next *config.Config, dryRun bool) ([]string, error) {
	m.changes.Lock()
	if m.closed {
		m.changes.Unlock()
		return nil, refuse(errBusy, "ietd is ending")
	}
	p := m.plan(next)
	if dryRun {
		m.changes.Unlock()
		return p.lines(), nil
	}
	if err := m.carryOut(p); err != nil {
		if p.done {
			return p.lines(), refusal(errIO, fmt.Errorf("the change was made, but: %w", err))
		}
		return nil, refusal(errInvalid, fmt.Errorf("nothing was changed: %w", err))
	}
	return p.lines(), nil
}

// plan compares what runs with next. The caller holds m.changes.
func (m *Manager) plan(next *config.Config) *plan {
	p := m.newPlan()
	p.globals(next)
	named := make(map[string]*config.Target, len(next.Targets))
	for i := range next.Targets {
		named[key(next.Targets[i].Name)] = &next.Targets[i]
	}
	// What goes comes first: its disks and numbers are free for what comes.
	for _, h := range m.inOrder() {
		t := named[key(h.name)]
		if t == nil {
			p.removeTarget(h)
			for _, l := range h.luns {
				p.leaves(l)
			}
			continue
		}
		p.removals(h, t)
	}
	for i := range next.Targets {
		t := &next.Targets[i]
		if h := m.byName[key(t.Name)]; h != nil {
			p.changeTarget(h, t)
		} else {
			p.addTarget(0, t)
		}
	}
	return p
}

// inOrder returns the targets by TID.
func (m *Manager) inOrder() []*hosted {
	list := make([]*hosted, 0, len(m.targets))
	for _, h := range m.targets {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *hosted) int { return int(int64(a.tid) - int64(b.tid)) })
	return list
}

// leaves notes that l lets go of its disk.
func (p *plan) leaves(l *lun) {
	p.parting[l] = true
	if l.disk != nil {
		p.leaving[l.disk]++
	}
}

// removals plans the end of the LUNs that next does not have, and notes which
// disks others let go.
func (p *plan) removals(h *hosted, next *config.Target) {
	wanted := lunsByNumber(next)
	for _, l := range h.luns {
		switch n := wanted[l.number]; {
		case n == nil:
			p.removeLun(l)
		case p.m.replaces(l, n):
			p.leaves(l)
		}
	}
}

func lunsByNumber(t *config.Target) map[uint16]*config.Lun {
	all := make(map[uint16]*config.Lun, len(t.Luns))
	for i := range t.Luns {
		all[t.Luns[i].Number] = &t.Luns[i]
	}
	return all
}

// changeTarget plans what is different of a target that stays.
func (p *plan) changeTarget(h *hosted, next *config.Target) {
	p.changeDirectives(h, next)
	running := make(map[uint16]*lun, len(h.luns))
	for _, l := range h.luns {
		running[l.number] = l
	}
	for i := range next.Luns {
		n := &next.Luns[i]
		l := running[n.Number]
		switch {
		case l == nil:
			p.addLun(h, *n)
		case sameLun(&l.cfg, n):
			p.checkSize(l)
		default:
			p.changeLun(l, *n)
		}
	}
}

// changeDirectives plans the directives of a target that are different.
func (p *plan) changeDirectives(h *hosted, next *config.Target) {
	m, differs := p.m, false
	for _, d := range directives {
		if d.same(&h.cfg, next) {
			continue
		}
		differs = true
		p.steps = append(p.steps, step{line: fmt.Sprintf("~ target %s: %s %s -> %s (%s)", h.name, d.name, d.text(&h.cfg), d.text(next), d.when)})
	}
	if !differs {
		return
	}
	old, cfg := h.cfg.Masks, *next
	cfg.Luns, cfg.Name = nil, h.name
	p.edits = append(p.edits, func(e *target.Edit) error {
		changed := *h
		changed.cfg = cfg
		return e.Replace(changed.entry(m.cfg.QueueDepth))
	})
	p.after = append(p.after, func() {
		was := h.cfg
		h.cfg = cfg
		m.review(h, old)
		m.joinGroup(h, was.Group)
		m.redeclare(h, &was.Keys)
	})
}

// globals plans what belongs to no target.
func (p *plan) globals(next *config.Config) {
	m := p.m
	first, now := m.eng == nil, &m.cfg
	if !slices.Equal(now.Incoming, next.Incoming) || !config.SameAccount(now.Outgoing, next.Outgoing) {
		p.steps = append(p.steps, step{line: "~ discovery: accounts (new sessions)"})
		p.edits = append(p.edits, func(e *target.Edit) error {
			e.SetDiscovery(target.Accounts{Incoming: next.Incoming, Outgoing: next.Outgoing})
			return nil
		})
	}
	for _, s := range startOnly {
		if from, to := s.text(now), s.text(next); from != to && !first {
			p.steps = append(p.steps, step{line: fmt.Sprintf("! %s %s -> %s needs a restart", s.name, from, to)})
		}
	}
	p.after = append(p.after, func() {
		if first {
			m.cfg = *next
			m.cfg.Targets = nil
			return
		}
		now.Incoming, now.Outgoing, now.Keys = next.Incoming, next.Outgoing, next.Keys
	})
}

// Dump returns what runs as an ietd.conf, secrets and all.
func (m *Manager) Dump() ([]byte, error) {
	m.mu.RLock()
	c := m.cfg
	c.Targets = nil
	for _, h := range m.inOrder() {
		t := h.cfg
		for _, l := range h.luns {
			t.Luns = append(t.Luns, l.cfg)
		}
		c.Targets = append(c.Targets, t)
	}
	m.mu.RUnlock()
	var text bytes.Buffer
	if err := config.Write(&text, &c); err != nil {
		return nil, refusal(errInvalid, err)
	}
	return text.Bytes(), nil
}

// StopAll is IET's delete without an object: it de-registers from iSNS.
func (m *Manager) StopAll() error {
	if m.Options.StopAll == nil {
		return nil
	}
	return refusal(errIO, m.Options.StopAll())
}
