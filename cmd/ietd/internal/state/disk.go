// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"ietring/backing"
)

// A disk is an open backing, and how many LUNs it is behind: IET let several
// targets have one device.
type disk struct {
	*backing.Disk
	params backing.Params // as opened, defaults filled in
	user   string         // the LUN that it was opened for
	users  int            // guarded by pool.mu
	failed bool           // its device has gone; guarded by pool.mu
	before *disk          // of the same path, and open when this one was opened
}

// A pool is the disks that are open.
type pool struct {
	mu     sync.Mutex
	byPath map[string]*disk
}

// heldError says that a path can only be opened when who holds it lets go.
type heldError struct{ error }

func (h *heldError) Unwrap() error { return h.error }

// filled returns b with defaults filled in, so that equal ones are equal.
func filled(b backing.Params) backing.Params {
	b.Type = ioType(b)
	if b.Type != "nullio" {
		b.IOMode, b.Path = ioMode(b), filepath.Clean(b.Path)
	}
	return b
}

// open returns the disk of b, which is one that is open when it was opened by
// the same parameters. With others it is refused, unless all who use it are
// leaving. The disk is for user.
func (p *pool) open(b backing.Params, user string, leaving map[*disk]int) (*disk, error) {
	b = filled(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.byPath[b.Path]
	if b.Path == "" || d != nil && d.failed {
		d = nil
	}
	switch {
	case d == nil:
	case d.params == b:
		d.users++
		return d, nil
	case d.users > leaving[d]:
		return nil, fmt.Errorf("%s is behind %s too, with other parameters (%s there): a path behind several LUNs must have the same everywhere: %w",
			b.Path, d.user, paramText(d.params, b), unix.EBUSY)
	}
	opened, err := backing.Open(b)
	if errors.Is(err, unix.EBUSY) && d != nil {
		return nil, &heldError{err}
	}
	if err != nil {
		return nil, err
	}
	return p.put(b, user, opened), nil
}

// put makes opened the disk of its path. The caller holds p.mu.
func (p *pool) put(b backing.Params, user string, opened *backing.Disk) *disk {
	d := &disk{Disk: opened, params: b, user: user, users: 1}
	if b.Path != "" {
		d.before = p.byPath[b.Path]
		p.byPath[b.Path] = d
	}
	return d
}

// take returns a disk that is open by the same parameters, or nil.
func (p *pool) take(b backing.Params) *disk {
	b = filled(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.byPath[b.Path]
	if b.Path == "" || d == nil || d.failed || d.params != b {
		return nil
	}
	d.users++
	return d
}

// adopt is take, or else opened becomes the disk of its path.
func (p *pool) adopt(b backing.Params, user string, opened *backing.Disk) (*disk, error) {
	if d := p.take(b); d != nil {
		return d, opened.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.put(filled(b), user, opened), nil
}

// release is the end of one use; the last one makes what was written durable
// and closes the disk. No command may be under way.
func (p *pool) release(d *disk) error {
	if d == nil {
		return nil
	}
	p.mu.Lock()
	d.users--
	last := d.users == 0
	if last && p.byPath[d.params.Path] == d {
		delete(p.byPath, d.params.Path)
		if d.before != nil && d.before.users > 0 {
			p.byPath[d.params.Path] = d.before
		}
	}
	failed := d.failed
	p.mu.Unlock()
	if !last {
		return nil
	}
	var synced error
	if !failed && !d.ReadOnly() {
		synced = d.Sync()
	}
	if err := errors.Join(synced, d.Close()); err != nil {
		return fmt.Errorf("%s: %w", d.Path(), err)
	}
	return nil
}

// fail marks a disk whose device has gone: it is not shared any more.
func (p *pool) fail(d *disk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.failed = true
}

// recover takes fail back.
func (p *pool) recover(d *disk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.failed = false
}

// shared reports whether d is behind more than one LUN.
func (p *pool) shared(d *disk) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return d.users > 1
}

// paramText names what differs between two sets of parameters, as a has it.
func paramText(a, b backing.Params) string {
	for _, p := range backingParams {
		if p.text(a) != p.text(b) {
			return p.name + "=" + p.text(a)
		}
	}
	return "the same"
}
