// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ietring/cmd/ietd/internal/aptpl"
	"ietring/scsi"
)

// A SANITIZE or FORMAT UNIT that is under way, or has failed, outlives the process
// as a file in the state directory, named after who the disk is to initiators.
// While it is there the disk is refused to them, and erased anew.

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
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("its erasure: %w", err)
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
	folder := filepath.Dir(path)
	if e == nil {
		if err := os.Remove(path); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		return syncFolder(folder)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	next := filepath.Join(folder, "."+filepath.Base(path)+".new")
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	// The folder may be new, too.
	return errors.Join(syncFolder(folder), syncFolder(filepath.Dir(folder)))
}

// syncFolder makes the names in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
