// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"

	"ietring/cmd/ietd/internal/aptpl"
	"ietring/scsi"
)

// takeMedium gives a new LUN the medium of its path.
func (m *Manager) takeMedium(l *lun) {
	m.media.take(l, func(d *medium) {
		if m.kept != nil {
			d.KeepReservations(func(next scsi.Reservations) error { return m.keep(d, &next) })
			d.KeepErasures(func(e *scsi.Erasure) error { return m.keepErasure(d, e) })
			d.KeepModes(func(v scsi.Modes) error { return m.keepModes(d, v) })
		}
	})
}

// remember makes what was kept of the reservations of l hold again, before
// initiators reach its disk. What is kept of any LUN in front of the same blocks is
// looked at: one damaged file keeps them all from being used.
func (m *Manager) remember(l *lun) error {
	if m.kept == nil {
		return nil
	}
	d := l.medium
	units, err := m.media.units(d)
	if err != nil {
		m.Log.Warn().Err(err).Stringer("lun", l).Msg("its persistent reservations end with this process")
		return nil
	}
	var kept *scsi.Reservations
	for _, u := range units {
		r, err := m.kept.Load(u)
		if err != nil {
			return err
		}
		if kept == nil {
			kept = r // files differ where ietd was killed between two: both are right
		}
	}
	if kept == nil {
		return nil
	}
	if now := d.Reservations(); now.Generation == 0 && len(now.Registrations) == 0 {
		if err := d.RestoreReservations(*kept); err != nil {
			return err
		}
	}
	return d.KeepAgain()
}

// keep writes what is to outlive a loss of power for each LUN in front of d, all or
// none as far as the disk lets us. It is for scsi.Medium.KeepReservations, which
// makes one change at a time.
func (m *Manager) keep(d *medium, next *scsi.Reservations) error {
	units, err := m.media.units(d)
	for i := 0; err == nil && i < len(units); i++ {
		if err = m.write(units[i], next); err == nil {
			continue
		}
		now := d.Reservations()
		for _, u := range units[:i+1] {
			err = errors.Join(err, m.write(u, &now))
		}
	}
	if err != nil {
		m.Log.Error().Err(err).Str("medium", d.Name()).Msg("persistent reservations cannot be kept; the command that would change them is refused")
	}
	return err
}

func (m *Manager) write(u aptpl.Unit, r *scsi.Reservations) error {
	if r.Persist {
		return m.kept.Save(u, r)
	}
	return m.kept.Remove(u)
}

// releaseMedium ends the use of its medium by a LUN that is gone. What is kept of
// it would grow old while others are in front of the same blocks; where it was the
// last, it is kept for when it comes back.
func (m *Manager) releaseMedium(l *lun) {
	if orphan := m.media.release(l); !orphan || m.kept == nil {
		return
	}
	u := aptpl.Unit{ScsiSN: l.cfg.ScsiSN, ScsiID: l.cfg.ScsiID}
	if err := errors.Join(m.kept.Remove(u), writeErasure(m.erasureFile(u), nil), m.writeModes(u, scsi.Modes{})); err != nil {
		m.Log.Warn().Err(err).Stringer("lun", l).Msg("what was kept of a deleted LUN")
	}
}

// setPorts gives a target that is new its target ports, one a portal group. Their
// relative identifiers count the groups of target 1, then those of target 2, and so
// are the same after a restart; what is taken or too large gets one from the other
// end. The caller holds m.mu.
func (m *Manager) setPorts(h *hosted) {
	groups := m.cfg.Groups.Tags()
	ports := make(scsi.Ports, len(groups))
	free := maxPort
	for i, group := range groups {
		id := (int(h.tid)-1)*len(groups) + i + 1
		if id > maxPort || m.ports[uint16(id)] != nil {
			for m.ports[uint16(free)] != nil && free > 1 {
				free--
			}
			id = free
		}
		m.ports[uint16(id)] = h
		ports[group] = uint16(id)
	}
	h.scsi.SetPorts(ports)
}

// maxPort is the largest relative target port identifier. See SPC-4.
const maxPort = 0xffff

// freePorts takes setPorts back. The caller holds m.mu.
func (m *Manager) freePorts(h *hosted) {
	for _, id := range h.scsi.Ports() {
		if m.ports[id] == h {
			delete(m.ports, id)
		}
	}
}
