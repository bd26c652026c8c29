// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package aptpl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ietring/scsi"
)

// maxFileSize is far above the most registrations with the longest names.
const maxFileSize = 1 << 20

// A Unit is who a logical unit is to initiators.
type Unit struct {
	ScsiSN string
	ScsiID [16]byte
}

// A Store is the folder of the files. Two calls for one unit must not be made at
// once.
type Store struct{ folder string }

// NewStore returns the store in a state directory. Nothing is made before there
// is something to keep.
func NewStore(stateDir string) *Store { return &Store{filepath.Join(stateDir, "reservations")} }

// path returns the file of u: its serial number, with what could mislead in the
// name of a file in hexadecimal, and its ScsiId.
func (s *Store) path(u Unit) string {
	var b strings.Builder
	for _, c := range []byte(u.ScsiSN) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return filepath.Join(s.folder, fmt.Sprintf("%s-%x", b.String(), u.ScsiID))
}

// Load returns what is kept of u, nil when there is nothing. The error names the
// file.
func (s *Store) Load(u Unit) (*scsi.Reservations, error) {
	path := s.path(u)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("its persistent reservations: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("its persistent reservations: %w", err)
	}
	r, err := decode(u, text)
	if err != nil {
		return nil, fmt.Errorf("its persistent reservations in %s are damaged: %w; remove the file to go on without them", path, err)
	}
	return r, nil
}

// Save makes r what is kept of u.
func (s *Store) Save(u Unit, r *scsi.Reservations) error {
	if err := makeFolder(s.folder); err != nil {
		return err
	}
	path := s.path(u)
	next := filepath.Join(s.folder, "."+filepath.Base(path)+".new")
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(encode(u, r))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncFolder(s.folder)
}

// Remove has nothing kept of u any more.
func (s *Store) Remove(u Unit) error {
	err := os.Remove(s.path(u))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(s.folder)
}

// makeFolder makes folder and those above it that are not there, durably.
func makeFolder(folder string) error {
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a directory", folder)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(folder)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// syncFolder makes the names in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
