// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"errors"
	"os"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/scsi"
)

// A step is one part of a change. What can fail comes first, for all steps:
// open, then unit. Initiators see commit. Nil functions have nothing to do.
type step struct {
	line   string       // for people: + what comes, - what goes, ~ what is different
	take   func()       // of all steps, before the first open
	open   func() error // opens a disk
	unit   func() error // makes a unit, which is in no target yet
	commit func() error // an error leaves this step undone, or half done, and says so
	undo   func()       // of take, open and unit, whichever was called
}

// A plan is a change: steps that are all done, or none. Who holds
// Manager.changes owns it.
type plan struct {
	m       *Manager
	strict  func(target string) bool // a disk that cannot be opened refuses the plan
	steps   []step
	opened  int                        // steps that undo is for
	done    bool                       // commit was called: the plan is made, whatever fails in it
	leaving map[*disk]int              // uses that end with this plan
	parting map[*lun]bool              // LUNs that let go of their disk
	edits   []func(*target.Edit) error // of the catalog, as one change
	after   []func()                   // when the catalog has changed, under Manager.mu
	gone    []*hosted                  // targets that are taken away
	ended   []*lun                     // LUNs that are taken away
}

func always(string) bool { return true }

// newPlan returns a plan without steps. The caller holds m.changes.
func (m *Manager) newPlan() *plan {
	return &plan{m: m, strict: always, leaving: make(map[*disk]int), parting: make(map[*lun]bool)}
}

// lines returns what the plan does, for people.
func (p *plan) lines() []string {
	var lines []string
	for i := range p.steps {
		if p.steps[i].line != "" {
			lines = append(lines, p.steps[i].line)
		}
	}
	return lines
}

// carryOut does a plan and waits until what it takes away has ended. The caller
// holds m.changes, which carryOut gives up before it waits.
func (m *Manager) carryOut(p *plan) error {
	err := p.run()
	m.changes.Unlock()
	if !p.done {
		return err
	}
	return errors.Join(err, m.end(p))
}

// takesAway reports whether there is something to end after the plan.
func (p *plan) takesAway() bool { return len(p.gone)+len(p.ended) > 0 }

// run does the whole plan, or with an error and without p.done nothing of it. A
// plan that takes something away is for carryOut.
func (p *plan) run() error {
	if err := p.open(); err != nil {
		return err
	}
	if err := p.makeUnits(); err != nil {
		return err
	}
	return p.commit()
}

// open opens all disks, or none.
func (p *plan) open() error {
	p.opened = len(p.steps)
	for i := range p.steps {
		if f := p.steps[i].take; f != nil {
			f()
		}
	}
	for i := range p.steps {
		if f := p.steps[i].open; f != nil {
			if err := f(); err != nil {
				p.undo()
				return err
			}
		}
	}
	return nil
}

// makeUnits makes all units, or none, and closes the disks then.
func (p *plan) makeUnits() error {
	for i := range p.steps {
		if f := p.steps[i].unit; f != nil {
			if err := f(); err != nil {
				p.undo()
				return err
			}
		}
	}
	return nil
}

// undo takes back what open and makeUnits have done, the last first.
func (p *plan) undo() {
	for i := p.opened - 1; i >= 0; i-- {
		if f := p.steps[i].undo; f != nil {
			f()
		}
	}
	p.opened = 0
}

// commit makes the change seen.
func (p *plan) commit() error {
	p.done = true
	var all error
	for i := range p.steps {
		if f := p.steps[i].commit; f != nil {
			all = errors.Join(all, f())
		}
	}
	if len(p.edits) > 0 {
		all = errors.Join(all, p.m.Catalog.Change(func(e *target.Edit) error {
			for _, f := range p.edits {
				if err := f(e); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	p.m.mu.Lock()
	for _, f := range p.after {
		f()
	}
	p.m.mu.Unlock()
	poke(p.m.thin)
	if p.takesAway() {
		p.m.unfinished.Add(1) // until end is through
	}
	p.m.changed()
	return all
}

// addTarget plans a new target with LUNs. tid 0 is the next that is free.
func (p *plan) addTarget(tid uint32, cfg *config.Target) *hosted {
	m := p.m
	h := &hosted{name: cfg.Name, tid: tid, cfg: *cfg, scsi: scsi.NewTarget(cfg.Name)}
	h.cfg.Luns = nil
	p.steps = append(p.steps, step{line: "+ target " + cfg.Name})
	for i := range cfg.Luns {
		p.addLun(h, cfg.Luns[i])
	}
	p.edits = append(p.edits, func(e *target.Edit) error {
		t := h.entry(m.cfg.QueueDepth)
		err := e.Add(t)
		h.tid = t.TID
		return err
	})
	p.after = append(p.after, func() {
		m.made++
		h.made = m.made
		m.targets[h.tid], m.byName[key(h.name)] = h, h
		m.setPorts(h)
		m.joinGroup(h, config.PortGroup{})
	})
	return h
}

// removeTarget plans the end of a target.
func (p *plan) removeTarget(h *hosted) {
	m := p.m
	p.steps = append(p.steps, step{line: "- target " + h.name})
	p.gone = append(p.gone, h)
	p.edits = append(p.edits, func(e *target.Edit) error { return e.Remove(h.name) })
	p.after = append(p.after, func() {
		delete(m.targets, h.tid)
		h.scsi.JoinGroup(nil)
		delete(m.byName, key(h.name))
		m.freePorts(h)
	})
}

// addLun plans a new LUN of h.
func (p *plan) addLun(h *hosted, cfg config.Lun) {
	m, l := p.m, &lun{owner: h, number: cfg.Number, cfg: cfg}
	p.steps = append(p.steps, step{
		line:   "+ " + l.String() + ": " + lunText(&cfg),
		take:   func() { m.takeMedium(l) },
		open:   func() error { return p.openDisk(l) },
		unit:   func() error { return m.makeUnit(l) },
		commit: func() error { return m.attach(l) },
		undo:   func() { m.discard(l) },
	})
}

// removeLun plans the end of a LUN.
func (p *plan) removeLun(l *lun) {
	p.steps = append(p.steps, step{
		line:   "- " + l.String(),
		commit: func() error { p.m.detach(l); return nil },
	})
	p.ended = append(p.ended, l)
	p.leaves(l)
}

// openDisk opens the disk of a new LUN. When it cannot be opened and that does
// not refuse the plan, the LUN will not be ready.
func (p *plan) openDisk(l *lun) error {
	d, err := p.m.disks.open(l.cfg.Backing, l.String(), p.leaving)
	if err == nil {
		if err = p.m.remember(l); err != nil {
			err = errors.Join(err, p.m.disks.release(d))
		}
	}
	var held *heldError
	switch {
	case err == nil:
		l.disk = d
		p.m.notes(l, d.Disk)
	case errors.As(err, &held):
		// We hold it ourselves, for a LUN that goes with this plan: it is
		// opened when that has let go. What can be known before is.
		if err := tryAccess(l.cfg.Backing.Path, ioMode(l.cfg.Backing) != "ro"); err != nil {
			return lunError(l, err)
		}
		l.why = "its disk is still with the LUN that it replaces"
	case p.strict(l.owner.name):
		return lunError(l, err)
	default:
		l.why = err.Error()
		p.m.Log.Error().Err(err).Str("target", l.owner.name).Uint16("lun", l.number).Msg("LUN not ready: its disk cannot be opened; it is tried again")
	}
	return nil
}

// tryAccess opens path as a transfer would, but not alone.
func tryAccess(path string, write bool) error {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// makeUnit makes the unit of a LUN whose disk is open, or missing.
func (m *Manager) makeUnit(l *lun) error {
	c := scsi.UnitConfig{ScsiID: l.cfg.ScsiID, ScsiSN: l.cfg.ScsiSN, WSNZ: l.cfg.WSNZ, EraseRate: l.cfg.EraseRate, NAA: l.cfg.NAA, Removable: l.cfg.Removable, Medium: l.medium.Medium}
	err := m.restoreErasure(l)
	if err == nil {
		err = m.restoreModes(l)
	}
	if err != nil {
		return lunError(l, err)
	}
	if l.disk != nil {
		l.unit, err = m.eng.AddUnit(l.disk.Disk, c)
	} else {
		c.BlockSize, c.ReadOnly = l.cfg.Backing.BlockSize, ioMode(l.cfg.Backing) == "ro"
		l.unit, err = m.eng.AddUnit(nil, c)
	}
	if err != nil {
		return lunError(l, err)
	}
	return nil
}

// discard undoes openDisk and makeUnit. Nobody has seen the unit.
func (m *Manager) discard(l *lun) {
	var err error
	if l.unit != nil {
		err = m.eng.RemoveUnit(context.Background(), l.unit)
	}
	err = errors.Join(err, m.disks.release(l.disk))
	if l.medium != nil {
		m.media.release(l)
	}
	l.unit, l.disk = nil, nil
	if err != nil {
		m.Log.Warn().Err(err).Stringer("lun", l).Msg("a change was taken back, and not all of it could be")
	}
}

// attach makes a LUN seen.
func (m *Manager) attach(l *lun) error {
	if err := l.owner.scsi.Add(l.number, l.unit); err != nil {
		m.discard(l)
		return lunError(l, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l.owner.luns = append(l.owner.luns, l)
	m.byUnit[l.unit] = l
	if l.disk == nil {
		m.await(l)
	}
	return nil
}
