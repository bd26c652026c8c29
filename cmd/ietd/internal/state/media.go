// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"

	"ietring/cmd/ietd/internal/aptpl"
	"ietring/scsi"
)

// A medium is the blocks behind LUNs. It has what belongs to the blocks and not to
// a LUN, as reservations do, and outlives disks: one that is opened again, or that
// is lost and comes back, is the same medium. Fields are guarded by media.mu.
type medium struct {
	*scsi.Medium
	users map[*lun]aptpl.Unit // who they are to initiators
	path  string              // "" for nullio, of which each LUN has its own
	id    fileID              // of the path, when it was last seen
}

// A fileID is what a path leads to. The zero value is nothing.
type fileID struct {
	device, inode uint64
	block         bool
}

// identify looks at a path.
func identify(path string) fileID {
	info, err := os.Stat(path)
	if err != nil {
		return fileID{} // it is not there, and whoever opens it will say so
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return fileID{}
	case st.Mode&syscall.S_IFMT == syscall.S_IFBLK:
		return fileID{device: st.Rdev, block: true}
	}
	return fileID{device: st.Dev, inode: st.Ino}
}

// media are the blocks that LUNs are in front of.
type media struct {
	mu     sync.Mutex
	byPath map[string]*medium
	byID   map[fileID]*medium
	byUnit map[aptpl.Unit]*medium // whose the file of a unit is
}

// find returns the medium of a path, nil when it has none. The caller holds mu.
func (s *media) find(path string) *medium {
	if path == "" {
		return nil
	}
	if m := s.byPath[path]; m != nil {
		return m
	}
	id := identify(path)
	if id == (fileID{}) {
		return nil
	}
	return s.byID[id]
}

// take gives l the medium of its path. fresh is called for a new one.
func (s *media) take(l *lun, fresh func(m *medium)) {
	path, u := filled(l.cfg.Backing).Path, aptpl.Unit{ScsiSN: l.cfg.ScsiSN, ScsiID: l.cfg.ScsiID}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(path)
	if m == nil {
		name := path
		if name == "" {
			name = l.String()
		}
		m = &medium{Medium: scsi.NewMedium(name), users: make(map[*lun]aptpl.Unit)}
		s.lead(m, path)
		fresh(m)
	}
	m.users[l], l.medium = u, m
	if s.byUnit[u] == nil {
		s.byUnit[u] = m
	}
}

// lead makes path the one of m. The caller holds mu.
func (s *media) lead(m *medium, path string) {
	if m.path = path; path == "" {
		return
	}
	s.byPath[path] = m
	if m.id = identify(path); m.id != (fileID{}) {
		s.byID[m.id] = m
	}
}

// forget takes m out of the maps. The caller holds mu.
func (s *media) forget(m *medium) {
	if s.byPath[m.path] == m {
		delete(s.byPath, m.path)
	}
	if s.byID[m.id] == m {
		delete(s.byID, m.id)
	}
}

// release ends the use by l. It reports whether others are in front of the blocks
// still, and none of them is who l was to initiators.
func (s *media) release(l *lun) (orphan bool) {
	m := l.medium
	s.mu.Lock()
	defer s.mu.Unlock()
	u, there := m.users[l]
	delete(m.users, l)
	if len(m.users) == 0 {
		s.forget(m)
	}
	if !there || m.is(u) || s.byUnit[u] != m {
		return false
	}
	delete(s.byUnit, u)
	return len(m.users) > 0
}

// is reports whether a LUN of m is u to initiators. The caller holds media.mu.
func (m *medium) is(u aptpl.Unit) bool {
	for _, o := range m.users {
		if o == u {
			return true
		}
	}
	return false
}

// seen looks again at the path of m, whose disk was opened.
func (s *media) seen(m *medium) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(m)
	s.lead(m, m.path)
}

// mayMove reports whether the LUN of m can have the disk at path and stay what it
// is: it shares neither the blocks that it leaves nor those that it gets. Whether
// the one that has these lets go of them is for stays to say.
func (s *media) mayMove(m *medium, path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := s.find(path)
	return other == m || len(m.users) == 1 && (other == nil || len(other.users) == 1)
}

// stays returns a LUN in front of the blocks at path that are not m's, and that
// is not parting from them; nil for none.
func (s *media) stays(m *medium, path string, parting map[*lun]bool) *lun {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := s.find(path)
	if other == nil || other == m {
		return nil
	}
	for l := range other.users {
		if !parting[l] {
			return l
		}
	}
	return nil
}

// move makes path the one of m.
func (s *media) move(m *medium, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(m)
	s.lead(m, path)
}

// units returns who m is to initiators, each once. It is an error when another
// disk says that it is the same: the two would have one file.
func (s *media) units(m *medium) (list []aptpl.Unit, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l, u := range m.users {
		if owner := s.byUnit[u]; owner != m {
			return nil, fmt.Errorf("%s has the ScsiId and the ScsiSN of %s: one of the two needs others", l, owner.Name())
		}
		if !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list, nil
}
