// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package aptpl

import (
	"fmt"
	"path/filepath"
	"strings"

	"ietring/cmd/ietd/internal/durable"
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
	text, err := durable.Read(path, maxFileSize)
	if err != nil {
		return nil, fmt.Errorf("its persistent reservations: %w", err)
	}
	if text == nil {
		return nil, nil
	}
	r, err := decode(u, text)
	if err != nil {
		return nil, fmt.Errorf("its persistent reservations in %s are damaged: %w; remove the file to go on without them", path, err)
	}
	return r, nil
}

// Save makes r what is kept of u.
func (s *Store) Save(u Unit, r *scsi.Reservations) error {
	return durable.Write(s.path(u), encode(u, r))
}

// Remove has nothing kept of u any more.
func (s *Store) Remove(u Unit) error { return durable.Remove(s.path(u)) }
