// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"ietring/cmd/ietd/internal/aptpl"
	"ietring/cmd/ietd/internal/durable"
	"ietring/scsi"
)

// A SANITIZE or FORMAT UNIT that is under way, or has failed, outlives the process
// as a file in the state directory, named after who the disk is to initiators.
// While it is there the disk is refused to them, and erased anew.

// maxStateFile is far above what an erasure, with a pattern of a block, or saved mode
// parameters have.
const maxStateFile = 64 << 10

// erasureFile returns the file for who a LUN is.
func (m *Manager) erasureFile(u aptpl.Unit) string {
	return filepath.Join(m.stateDir, "erasures", fmt.Sprintf("%x-%x", u.ScsiSN, u.ScsiID))
}

// keepErasure writes for each LUN in front of d that it is being erased, or with
// nil that it is not. A file that is left behind would have a disk erased again, so
// that none is begun whose files cannot be told.
func (m *Manager) keepErasure(d *medium, e *scsi.Erasure) error {
	units, err := m.media.units(d)
	for i := 0; err == nil && i < len(units); i++ {
		err = writeErasure(m.erasureFile(units[i]), e)
	}
	if err != nil {
		m.Log.Error().Err(err).Str("medium", d.Name()).Msg("it cannot be written down whether the disk is being erased")
	}
	return err
}

// restoreErasure gives the medium of a LUN, which has no unit yet, the erasure that
// an earlier process kept. Without a state directory they end with the process.
func (m *Manager) restoreErasure(l *lun) error {
	if m.stateDir == "" {
		return nil
	}
	path := m.erasureFile(aptpl.Unit{ScsiSN: l.cfg.ScsiSN, ScsiID: l.cfg.ScsiID})
	text, err := durable.Read(path, maxStateFile)
	if err != nil {
		return fmt.Errorf("its erasure: %w", err)
	}
	if text == nil {
		return nil
	}
	e := new(scsi.Erasure)
	if err = json.Unmarshal(text, e); err == nil {
		err = e.Check()
	}
	if err != nil {
		return fmt.Errorf("its erasure in %s is damaged: %w; remove the file to go on without", path, err)
	}
	l.medium.RestoreErasure(e)
	return nil
}

// writeErasure makes e what is kept in path, nil nothing, durably.
func writeErasure(path string, e *scsi.Erasure) error {
	if e == nil {
		return durable.Remove(path)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return durable.Write(path, text)
}
