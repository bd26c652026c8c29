// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"net/netip"
	"sync"

	"github.com/rs/zerolog"
)

// defaultDirs are where IET looks for each file: the first that has it.
var defaultDirs = []string{"/etc/iet", "/etc"}

// Rules are the access files of this host, read again when they change.
type Rules struct {
	dirs []string
	log  zerolog.Logger

	mu    sync.Mutex // one reader of files at a time
	files [numKinds]cached
}

// New returns the rules of the files in dir; "" is /etc/iet, and for each file
// that is not there /etc. Nothing is read before the first question. Problems
// in the files go to log, once for each change.
func New(dir string, log zerolog.Logger) *Rules {
	return &Rules{dirs: dirsOf(dir), log: log}
}

func dirsOf(dir string) []string {
	if dir == "" {
		return defaultDirs
	}
	return []string{dir}
}

// Initiator reports whether initiator, which comes from remote, may see target
// and log in to it. The files are looked at anew.
func (r *Rules) Initiator(target, initiator string, remote netip.Addr) bool {
	return r.Snapshot().Initiator(target, initiator, remote)
}

// Local reports whether target is offered at the address local of this host. The
// files are looked at anew.
func (r *Rules) Local(target string, local netip.Addr) bool {
	return r.Snapshot().Local(target, local)
}

// Snapshot looks at the files and returns what they say now: for a discovery of
// many targets, which has many questions.
func (r *Rules) Snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s Snapshot
	for kind := range numKinds {
		c := &r.files[kind]
		if c.look(kind, r.dirs) {
			r.tell(c.file)
		}
		s.files[kind] = c.file
	}
	return s
}

// tell logs what is to be said about a file that changed.
func (r *Rules) tell(f *file) {
	for _, finding := range f.findings {
		event := r.log.Info()
		switch finding.Severity {
		case Warning:
			event = r.log.Warn()
		case Error:
			event = r.log.Error()
		}
		event.Msg(finding.where() + ": " + finding.Text)
	}
}

// A Snapshot is what the files said at one moment. It comes from Rules.
type Snapshot struct {
	files [numKinds]*file
}

// Initiator is Rules.Initiator at that moment. IET's rule: without
// initiators.deny, initiators.allow has to match when it exists; with it,
// those are denied that it matches and initiators.allow does not.
func (s Snapshot) Initiator(target, initiator string, remote netip.Addr) bool {
	allow, deny := s.files[allowInitiators], s.files[denyInitiators]
	switch {
	case allow.broken:
		return false
	case deny.missing && allow.missing:
		return true
	case !deny.missing && !deny.match(target, initiator, remote):
		return true
	}
	return allow.match(target, initiator, remote)
}

// Local is Rules.Local at that moment.
func (s Snapshot) Local(target string, local netip.Addr) bool {
	f := s.files[allowTargets]
	return f.missing || f.match(target, "", local)
}

// Check reads the files of dir, as New has it, and returns what is to be said
// about them, without using them. No findings is no problem.
func Check(dir string) []Finding {
	var all []Finding
	for kind := range numKinds {
		var c cached
		c.look(kind, dirsOf(dir))
		all = append(all, c.file.findings...)
		if kind == denyInitiators && !c.file.missing {
			all = append(all, Finding{c.file.path, 0, Note, "IET declared this file obsolete; initiators.allow alone says who may come"})
		}
	}
	return all
}
