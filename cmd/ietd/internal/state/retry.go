// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/scsi"
)

// An attempt is when a LUN that waits for its disk is looked at next: one that
// is not ready, or one that was taken away while a command was with its disk.
type attempt struct {
	at    time.Time
	pause time.Duration // before the attempt after that
}

// await has l looked at, soon for the first time. The caller holds m.mu.
func (m *Manager) await(l *lun) {
	if m.waiting[l] == nil {
		m.waiting[l] = &attempt{at: time.Now().Add(m.first), pause: m.first}
	}
	poke(m.wake)
}

// kick has all that wait looked at at once.
func (m *Manager) kick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.waiting {
		a.at, a.pause = time.Time{}, m.first
	}
	poke(m.wake)
}

// poke wakes a goroutine by its channel, which has room for one.
func poke(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is awake, or will be
	}
}

// retryLoop looks at what waits until ctx ends. It is one goroutine for all.
func (m *Manager) retryLoop(ctx context.Context) {
	defer close(m.done)
	for {
		due, pause := m.due()
		for _, l := range due {
			m.retry(ctx, l)
			if ctx.Err() != nil {
				return
			}
		}
		if len(due) > 0 {
			continue
		}
		var again <-chan time.Time
		if pause > 0 {
			again = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-m.wake:
		}
	}
}

// due returns what is to be looked at now, whose next attempt it sets, and else
// how long to sleep: 0 is until there is something.
func (m *Manager) due() (list []*lun, pause time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for l, a := range m.waiting {
		if left := a.at.Sub(now); left > 0 {
			if pause == 0 || left < pause {
				pause = left
			}
			continue
		}
		a.at = now.Add(a.pause)
		a.pause = min(2*a.pause, retryMost)
		list = append(list, l)
	}
	return list, pause
}

// retry looks at one LUN.
func (m *Manager) retry(ctx context.Context, l *lun) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	m.mu.RLock()
	gone, old, b := l.gone, l.disk, l.cfg.Backing
	m.mu.RUnlock()
	if gone {
		if m.eng.RemoveUnit(ctx, l.unit) != nil {
			return // commands are still with the disk
		}
		if err := m.finished(l); err != nil {
			m.Log.Warn().Err(err).Stringer("lun", l).Msg("the disk of a deleted LUN")
		}
		return
	}
	if old != nil && m.eng.Settle(ctx, l.unit) != nil {
		return // commands are still with the disk that has failed
	}
	if err := m.remember(l); err != nil {
		m.stillNotReady(l, err)
		return
	}
	d, err := m.reopen(l, b, old)
	if err != nil {
		m.stillNotReady(l, err)
		return
	}
	m.changes.Lock()
	defer m.changes.Unlock()
	if l.gone || l.cfg.Backing != b || l.disk != old || l.unit.Ready() {
		// It was changed while we tried; what it needs now is not this.
		if d != old {
			if err := m.disks.release(d); err != nil {
				m.Log.Warn().Err(err).Stringer("lun", l).Msg("a disk that is not wanted any more")
			}
		}
		return
	}
	if err := m.install(l, d); err != nil {
		m.stillNotReady(l, err)
		if d != old {
			err = m.disks.release(d)
		}
		if err != nil {
			m.Log.Warn().Err(err).Stringer("lun", l).Msg("a disk that could not be used")
		}
		return
	}
	m.Log.Info().Str("target", l.owner.name).Uint16("lun", l.number).Str("path", b.Path).Msg("LUN ready: its disk is there")
	m.changed()
}

// reopen opens the disk of a LUN that is not ready. It returns old, which has
// failed, when that can be read again.
func (m *Manager) reopen(l *lun, b backing.Params, old *disk) (*disk, error) {
	if d := m.disks.take(b); d != nil {
		return d, nil
	}
	opened, err := backing.Open(b)
	if err == nil {
		return m.disks.adopt(b, l.String(), opened)
	}
	if old == nil || !errors.Is(err, unix.EBUSY) {
		return nil, err
	}
	// It is busy because we hold it: the device that has failed is still that
	// one. Its first block tells whether it works again.
	block := make([]byte, old.BlockSize())
	if readErr := old.ReadAt(block, 0); readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	m.disks.recover(old)
	return old, nil
}

// stillNotReady remembers why, and logs a reason that is new.
func (m *Manager) stillNotReady(l *lun, err error) {
	m.mu.Lock()
	news := l.why != err.Error()
	l.why = err.Error()
	m.mu.Unlock()
	if news {
		m.Log.Warn().Err(err).Str("target", l.owner.name).Uint16("lun", l.number).Msg("LUN still not ready")
		m.changed()
	}
}

// install gives a LUN that is not ready, and has no command under way, the disk
// d, which may be the one that it has. The old one is released. The caller holds
// m.changes.
func (m *Manager) install(l *lun, d *disk) error {
	if err := m.eng.SetDisk(l.unit, d.Disk); err != nil {
		return lunError(l, err)
	}
	if err := l.owner.scsi.Change(l.unit, describe(d, l.unit.Config(), &l.cfg)); err != nil {
		return lunError(l, err)
	}
	m.notes(l, d.Disk)
	m.media.seen(l.medium)
	poke(m.thin)
	m.mu.Lock()
	old := l.disk
	l.disk, l.why = d, ""
	delete(m.waiting, l)
	m.mu.Unlock()
	if old == d {
		return nil
	}
	if err := m.disks.release(old); err != nil {
		m.Log.Warn().Err(err).Stringer("lun", l).Msg("the disk that the LUN had before")
	}
	return nil
}

// notReady tells initiators that a LUN has no medium just now.
func (m *Manager) notReady(l *lun) error {
	c := l.unit.Config()
	c.NotReady = true
	return l.owner.scsi.Change(l.unit, c)
}

// DeviceGone makes a LUN not ready whose device is not there any more, and has
// it tried again. It is ring.Control's.
func (m *Manager) DeviceGone(u *scsi.Unit, errno syscall.Errno) {
	m.changes.Lock()
	defer m.changes.Unlock()
	l := m.byUnit[u]
	if l == nil || l.disk == nil || !u.Ready() {
		return
	}
	m.Log.Error().Err(errno).Str("target", l.owner.name).Uint16("lun", l.number).Str("path", l.disk.Path()).Msg("LUN not ready: its device has gone; it is tried again")
	if err := m.notReady(l); err != nil {
		panic("state: a unit cannot be what it was but not ready")
	}
	m.disks.fail(l.disk)
	m.mu.Lock()
	l.why = l.disk.Path() + ": " + errno.Error()
	m.await(l)
	m.mu.Unlock()
	m.changed()
}
