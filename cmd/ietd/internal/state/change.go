// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"ietring/backing"
	"ietring/cmd/ietd/internal/config"
)

// backingParams are the parameters of a disk by IET's names.
var backingParams = []struct {
	name string
	text func(b backing.Params) string // "" is not given
}{
	{"Path", func(b backing.Params) string { return b.Path }},
	{"Type", ioType},
	{"IOMode", ioMode},
	{"BlockSize", func(b backing.Params) string { return number(uint64(b.BlockSize)) }},
	{"PhysicalBlockSize", func(b backing.Params) string { return number(uint64(b.PhysicalBlockSize)) }},
	{"Blocks", func(b backing.Params) string { return number(b.Blocks) }},
	{"Direct", func(b backing.Params) string { return b.Direct }},
	{"AtomicWrite", func(b backing.Params) string { return number(uint64(b.AtomicWrite)) }},
	{"Thin", func(b backing.Params) string { return b.Thin }},
}

// number is empty for what is not given.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// lunText returns the parameters of a LUN's disk in the words of ietd.conf.
func lunText(l *config.Lun) string {
	var pairs []string
	for _, p := range backingParams {
		if v := p.text(l.Backing); v != "" && (p.name != "IOMode" || ioType(l.Backing) != "nullio") {
			pairs = append(pairs, p.name+"="+v)
		}
	}
	if l.ThinThreshold != 0 {
		pairs = append(pairs, fmt.Sprintf("ThinThreshold=%d", l.ThinThreshold))
	}
	if l.EraseRate != 0 {
		pairs = append(pairs, fmt.Sprintf("EraseRate=%d", l.EraseRate))
	}
	if l.WSNZ {
		pairs = append(pairs, "WSNZ=yes")
	}
	return strings.Join(pairs, ",")
}

// lunDifference says what is different, as in "IOMode wt -> ro"; nothing when
// nothing is. other reports whether that is more than the mode, identity
// whether it is who the disk is.
func lunDifference(a, b *config.Lun) (text string, other, identity bool) {
	var parts []string
	for _, p := range backingParams {
		if from, to := p.text(a.Backing), p.text(b.Backing); from != to {
			parts = append(parts, fmt.Sprintf("%s %s -> %s", p.name, orDefault(from), orDefault(to)))
			other = other || p.name != "IOMode"
		}
	}
	if a.ScsiID != b.ScsiID {
		parts = append(parts, "ScsiId")
		identity = true
	}
	if a.ScsiSN != b.ScsiSN {
		parts = append(parts, fmt.Sprintf("ScsiSN %s -> %s", a.ScsiSN, b.ScsiSN))
		identity = true
	}
	if a.ThinThreshold != b.ThinThreshold {
		parts = append(parts, fmt.Sprintf("ThinThreshold %d -> %d", a.ThinThreshold, b.ThinThreshold))
	}
	if a.EraseRate != b.EraseRate {
		parts = append(parts, fmt.Sprintf("EraseRate %d -> %d", a.EraseRate, b.EraseRate))
	}
	if a.WSNZ != b.WSNZ {
		parts = append(parts, fmt.Sprintf("WSNZ %s -> %s", yesNo(a.WSNZ), yesNo(b.WSNZ)))
	}
	for _, f := range []struct {
		name string
		a, b bool
	}{{"NAA", a.NAA, b.NAA}, {"Removable", a.Removable, b.Removable}} {
		if f.a != f.b {
			parts = append(parts, fmt.Sprintf("%s %s -> %s", f.name, yesNo(f.a), yesNo(f.b)))
			identity = true
		}
	}
	return strings.Join(parts, ", "), other, identity
}

// sameLun reports whether nothing is different.
func sameLun(a, b *config.Lun) bool {
	if *a == *b {
		return true
	}
	text, _, _ := lunDifference(a, b)
	return text == ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orDefault(s string) string {
	if s == "" {
		return "default"
	}
	return s
}

// replaces reports whether next needs a new unit: it is another disk to
// initiators, it parts from or joins LUNs that are in front of the same blocks, or
// the path must be let go before it can be opened again.
func (m *Manager) replaces(l *lun, next *config.Lun) bool {
	_, other, identity := lunDifference(&l.cfg, next)
	path := filled(next.Backing).Path
	if identity || filled(l.cfg.Backing).Path != path && !m.media.mayMove(l.medium, path) {
		return true
	}
	if l.disk == nil || l.cfg.Backing.Path == "" || filled(l.cfg.Backing).Path != filled(next.Backing).Path {
		return false
	}
	// The same path with other parameters. A device is held by one open alone.
	info, err := os.Stat(next.Backing.Path)
	return err == nil && !info.Mode().IsRegular() && (other || l.disk.ReadOnly())
}

// changeLun plans a LUN with another configuration. One that replaces says must
// be in p.leaving already.
func (p *plan) changeLun(l *lun, next config.Lun) {
	text, other, _ := lunDifference(&l.cfg, &next)
	line := "~ " + l.String() + ": " + text
	switch {
	case text == "":
	case p.m.replaces(l, &next):
		p.steps = append(p.steps, step{line: line + " (a new disk to initiators)", commit: func() error { p.m.detach(l); return nil }})
		p.ended = append(p.ended, l)
		p.addLun(l.owner, next)
		p.steps[len(p.steps)-1].line = ""
	case !other && l.unit.Ready() && (!l.disk.ReadOnly() || ioMode(next.Backing) == "ro"):
		p.steps = append(p.steps, step{
			line:   line,
			open:   func() error { return p.mayChangeMode(l, &next) },
			commit: func() error { return p.m.changeMode(l, next) },
		})
	default:
		p.exchange(l, next, line)
	}
}

// mayChangeMode refuses another mode for one of several LUNs of a disk.
func (p *plan) mayChangeMode(l *lun, next *config.Lun) error {
	if ioMode(l.cfg.Backing) != ioMode(next.Backing) && p.m.disks.shared(l.disk) {
		return fmt.Errorf("%s: %s is behind another LUN too, and all must have the same IOMode: %w", l, l.disk.Path(), errBusy)
	}
	return nil
}

// changeMode makes a LUN read-only or not, write-back or not. Its disk stays:
// commands under way end as they began.
func (m *Manager) changeMode(l *lun, next config.Lun) error {
	if err := l.owner.scsi.Change(l.unit, describe(l.disk, l.unit.Config(), &next)); err != nil {
		return lunError(l, err)
	}
	m.mu.Lock()
	wasBack := ioMode(l.cfg.Backing) == "wb"
	l.cfg = next
	m.mu.Unlock()
	if wasBack {
		// Who is told that nothing is cached believes it of old writes too.
		if err := l.disk.Sync(); err != nil {
			return lunError(l, err)
		}
	}
	return nil
}

// exchange plans another disk for a LUN, whose unit stays.
func (p *plan) exchange(l *lun, next config.Lun, line string) {
	m := p.m
	var d *disk
	p.leaves(l)
	p.steps = append(p.steps, step{
		line: line,
		open: func() (err error) {
			if o := m.media.stays(l.medium, filled(next.Backing).Path, p.parting); o != nil {
				return fmt.Errorf("%s: %s is behind %s, and what initiators have reserved there is not this LUN's; delete it and make it anew: %w", l, next.Backing.Path, o, errBusy)
			}
			if d, err = m.disks.open(next.Backing, l.String(), p.leaving); err != nil {
				return lunError(l, err)
			}
			return nil
		},
		commit: func() error { return m.swap(l, next, d) },
		undo: func() {
			if err := m.disks.release(d); err != nil {
				m.Log.Warn().Err(err).Stringer("lun", l).Msg("a change was taken back, and not all of it could be")
			}
		},
	})
}

// swap gives a LUN another disk. Its commands end first; when they do not in
// time it keeps the one that it has.
func (m *Manager) swap(l *lun, next config.Lun, d *disk) error {
	was := l.unit.Config()
	if err := m.notReady(l); err != nil {
		return lunError(l, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	if err := m.eng.Settle(ctx, l.unit); err != nil {
		return errors.Join(lunError(l, fmt.Errorf("it stays as it was: %w: %w", err, errBusy)), l.owner.scsi.Change(l.unit, was), m.disks.release(d))
	}
	m.mu.Lock()
	before := l.cfg
	l.cfg = next
	m.mu.Unlock()
	m.media.move(l.medium, filled(next.Backing).Path)
	err := m.install(l, d)
	if err == nil {
		return nil
	}
	m.media.move(l.medium, filled(before.Backing).Path)
	m.mu.Lock()
	defer m.mu.Unlock()
	l.cfg, l.why = before, err.Error()
	m.await(l)
	return errors.Join(err, m.disks.release(d))
}

// grow takes over a backing that has grown, and returns what to tell of it; ""
// when there is nothing.
func (m *Manager) grow(l *lun) (string, error) {
	before := l.unit.Config().Blocks
	if _, err := l.disk.Grow(); err != nil {
		return "", lunError(l, err)
	}
	// A disk that is behind another LUN too may have been grown through that.
	c := describe(l.disk, l.unit.Config(), &l.cfg)
	if c.Blocks == before {
		return "", nil
	}
	if err := l.owner.scsi.Change(l.unit, c); err != nil {
		return "", lunError(l, err)
	}
	return fmt.Sprintf("%s: %d -> %d blocks", l, before, c.Blocks), nil
}

// checkSize plans the growth of a LUN that stays as it is.
func (p *plan) checkSize(l *lun) {
	if l.disk == nil || !l.unit.Ready() || l.disk.FD() < 0 {
		return
	}
	size, err := sizeOf(l.disk.Path())
	blocks := size / int64(l.disk.BlockSize())
	before := int64(l.unit.Config().Blocks)
	switch {
	case err != nil:
		// The disk is open all the same; its commands will tell.
		p.steps = append(p.steps, step{line: fmt.Sprintf("! %s: its size cannot be seen: %v", l, err)})
	case blocks < before:
		p.steps = append(p.steps, step{line: fmt.Sprintf("! %s: %s has shrunk from %d to %d blocks; initiators are not told", l, l.disk.Path(), before, blocks)})
	case blocks > before:
		p.steps = append(p.steps, step{
			line:   fmt.Sprintf("~ %s: %d -> %d blocks", l, before, blocks),
			commit: func() error { _, err := p.m.grow(l); return err },
		})
	}
}

// sizeOf returns the bytes of a file or device.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if info.Mode().IsRegular() {
		return info.Size(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	return size, errors.Join(err, f.Close())
}

// UpdateLun without params takes over a backing that has grown; with params it
// changes IOMode or Path.
func (m *Manager) UpdateLun(tid uint32, number uint16, params []adminParam) (string, error) {
	m.changes.Lock()
	l, err := m.lunOf(tid, number)
	if err != nil {
		m.changes.Unlock()
		return "", err
	}
	if len(params) == 0 {
		defer m.changes.Unlock()
		return m.lookAtSize(l)
	}
	next := l.cfg
	if err := setLunParams(&next, params); err != nil {
		m.changes.Unlock()
		return "", err
	}
	p := m.newPlan()
	if l.disk != nil && m.replaces(l, &next) {
		p.leaving[l.disk]++
	}
	p.changeLun(l, next)
	if err := m.carryOut(p); err != nil {
		return "", refusal(errIO, err)
	}
	if lines := p.lines(); len(lines) > 0 {
		return strings.TrimPrefix(strings.Join(lines, "; "), "~ "), nil
	}
	return l.String() + " is so already", nil
}

// lookAtSize is UpdateLun without params.
func (m *Manager) lookAtSize(l *lun) (string, error) {
	switch {
	case !l.unit.Ready():
		m.kick()
		return l.String() + " is not ready; its disk is tried again now", nil
	case l.disk.FD() < 0:
		return l.String() + " is nullio, which does not grow", nil
	}
	text, err := m.grow(l)
	if err != nil {
		return "", refusal(errInvalid, err)
	}
	if text == "" {
		return fmt.Sprintf("%s has not grown: %d blocks", l, l.unit.Config().Blocks), nil
	}
	m.changed()
	return text, nil
}

// setLunParams changes what can be changed of a LUN that runs.
func setLunParams(l *config.Lun, params []adminParam) error {
	for _, p := range params {
		switch key(p.Key) {
		case "iomode":
			l.Backing.IOMode = p.Value
		case "path":
			l.Backing.Path = p.Value
		default:
			return refuse(errInvalid, "%q cannot be changed while the LUN runs; Path and IOMode can", p.Key)
		}
		if p.Value == "" || slices.ContainsFunc([]rune(p.Value), isSeparator) {
			return refuse(errInvalid, "%s=%q: a value without blanks and commas is needed", p.Key, p.Value)
		}
	}
	if err := l.Backing.Check(); err != nil {
		return refuse(errInvalid, "%v", err)
	}
	return nil
}
