// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"slices"
	"sync"
	"time"

	"ietring/cmd/ietd/internal/session"
	"ietring/ring"
)

// What is taken away ends in three steps: nobody new finds it (detach, or the
// catalog without the target), what is under way ends by itself or is ended
// (finish, retire), and then the disk is closed.

// detach takes a LUN out of its target: new commands do not find it.
func (m *Manager) detach(l *lun) {
	l.owner.scsi.Remove(l.number)
	m.mu.Lock()
	defer m.mu.Unlock()
	l.gone = true
	h := l.owner
	h.luns = slices.DeleteFunc(h.luns, func(o *lun) bool { return o == l })
	h.leaving = append(h.leaving, l)
	delete(m.byUnit, l.unit)
	delete(m.waiting, l)
}

// finish waits for the last command of a LUN that was detached and closes its
// disk. When a command stays with the disk it fails with EBUSY, and the end is
// tried again in the background.
func (m *Manager) finish(l *lun) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	if err := m.eng.RemoveUnit(ctx, l.unit); err != nil {
		m.mu.Lock()
		m.await(l)
		m.mu.Unlock()
		return refusal(errBusy, lunError(l, err))
	}
	return m.finished(l)
}

// finished closes the disk of a LUN whose unit is removed.
func (m *Manager) finished(l *lun) error {
	m.mu.Lock()
	d := l.disk
	l.disk = nil
	l.owner.leaving = slices.DeleteFunc(l.owner.leaving, func(o *lun) bool { return o == l })
	delete(m.waiting, l)
	m.mu.Unlock()
	m.releaseMedium(l)
	m.changed()
	if err := m.disks.release(d); err != nil {
		return refusal(errIO, err)
	}
	return nil
}

// end ends what a plan has taken away, and waits for it. The caller does not
// hold m.changes. Errors are logged, the first is returned.
func (m *Manager) end(p *plan) error {
	if !p.takesAway() {
		return nil
	}
	defer m.unfinished.Done()
	var first error
	var mu sync.Mutex
	keep := func(err error) {
		if err == nil {
			return
		}
		m.Log.Warn().Err(err).Msg("what was taken away has not ended as it should")
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
	}
	var all sync.WaitGroup
	for _, h := range p.gone {
		all.Go(func() {
			m.retire(h)
			for _, l := range slices.Clone(h.luns) {
				m.detach(l)
				keep(m.finish(l))
			}
		})
	}
	for _, l := range p.ended {
		all.Go(func() { keep(m.finish(l)) })
	}
	all.Wait()
	m.kick() // a LUN may wait for the disk of one that has ended
	return first
}

// retire ends the sessions of a target that is not in the catalog any more:
// initiators are asked to log out, and what is left is closed.
func (m *Manager) retire(h *hosted) {
	sessions := m.Sessions.List(h.name)
	if len(sessions) == 0 {
		return
	}
	for i := range sessions {
		if s, ok := sessions[i].Live.(*ring.Session); ok {
			s.RequestLogout(uint16(m.logout / time.Second))
		}
	}
	m.Log.Info().Str("target", h.name).Int("sessions", len(sessions)).Msg("target deleted: its initiators are asked to log out")
	if awaitSessions(sessions, m.logout) {
		return
	}
	m.Sessions.CloseTarget(h.name)
	if !awaitSessions(sessions, closeTime) {
		m.Log.Warn().Str("target", h.name).Msg("a session of a deleted target has not ended: its commands are with a disk")
	}
}

// awaitSessions waits until all sessions have ended and reports whether they
// have.
func awaitSessions(list []session.Info, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for i := range list {
		select {
		case <-list[i].Live.Done():
		case <-timer.C:
			return false
		}
	}
	return true
}
