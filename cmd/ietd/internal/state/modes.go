// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"ietring/cmd/ietd/internal/aptpl"
	"ietring/cmd/ietd/internal/durable"
	"ietring/scsi"
)

// Mode parameters that MODE SELECT saves outlive the process as a file in the state
// directory, named after who the disk is to initiators:
//
//	{"DSense":false,"SWP":true,"WCE":false}
//
// Without WCE the write cache is as the LUN's IOMode says.

// modesFile returns the file for who a LUN is.
func (m *Manager) modesFile(u aptpl.Unit) string {
	return filepath.Join(m.stateDir, "modes", fmt.Sprintf("%x-%x", u.ScsiSN, u.ScsiID))
}

// keepModes writes v for each LUN in front of d. It is for scsi.Medium.KeepModes,
// which makes one change at a time. When one file cannot be written those before it
// get the old values again: the command that asked has then changed nothing.
func (m *Manager) keepModes(d *medium, v scsi.Modes) error {
	units, err := m.media.units(d)
	for i := 0; err == nil && i < len(units); i++ {
		if err = m.writeModes(units[i], v); err == nil {
			continue
		}
		for _, u := range units[:i+1] {
			if again := m.writeModes(u, d.SavedModes()); again != nil {
				m.Log.Error().Err(again).Str("medium", d.Name()).Msg("saved mode parameters may differ after a restart")
			}
		}
	}
	if err != nil {
		m.Log.Error().Err(err).Str("medium", d.Name()).Msg("mode parameters cannot be saved; the MODE SELECT is refused")
	}
	return err
}

func (m *Manager) writeModes(u aptpl.Unit, v scsi.Modes) error {
	if v == (scsi.Modes{}) {
		return durable.Remove(m.modesFile(u))
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return durable.Write(m.modesFile(u), text)
}

// restoreModes gives the medium of a LUN, which has no unit yet, the mode parameters
// that an earlier process saved. A file that is damaged might have said that the
// disk is not to be written, or not cached: it keeps the LUN from being used.
func (m *Manager) restoreModes(l *lun) error {
	if m.stateDir == "" {
		return nil
	}
	path := m.modesFile(aptpl.Unit{ScsiSN: l.cfg.ScsiSN, ScsiID: l.cfg.ScsiID})
	text, err := durable.Read(path, maxStateFile)
	if err != nil {
		return fmt.Errorf("its saved mode parameters: %w", err)
	}
	if text == nil {
		return nil
	}
	var v scsi.Modes
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err = d.Decode(&v); err == nil && d.More() {
		err = io.ErrShortBuffer
	}
	if err != nil {
		return fmt.Errorf("its saved mode parameters in %s are damaged: %w; remove the file to go on without", path, err)
	}
	l.medium.RestoreModes(v)
	return nil
}
