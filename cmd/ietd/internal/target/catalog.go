// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Errors of changes.
var (
	// ErrTaken says that a target has the name or the TID already.
	ErrTaken = errors.New("there already")
	// ErrUnknown says that there is no target of the name.
	ErrUnknown = errors.New("not there")
)

// A Catalog holds the targets, and who may discover them. The zero value is
// empty. Every method may be called at any time by any goroutine.
type Catalog struct {
	mu       sync.Mutex // one writer at a time
	snapshot atomic.Pointer[catalogSnapshot]
}

// catalogSnapshot is immutable once it is published.
type catalogSnapshot struct {
	byName    map[string]*Target // by name in small letters
	byTID     map[uint32]*Target
	ordered   []*Target // as they were added
	lastTID   uint32    // given out last
	discovery Accounts
}

var empty catalogSnapshot

func (c *Catalog) load() *catalogSnapshot {
	if s := c.snapshot.Load(); s != nil {
		return s
	}
	return &empty
}

// Find returns the target with this name, or nil. Names are compared without
// case (RFC 7143, Section 4.2.7.1).
func (c *Catalog) Find(name string) *Target { return c.load().byName[strings.ToLower(name)] }

// FindTID returns the target with this id, or nil.
func (c *Catalog) FindTID(tid uint32) *Target { return c.load().byTID[tid] }

// All returns the targets in the order in which they were added. The caller does
// not change the slice.
func (c *Catalog) All() []*Target { return c.load().ordered }

// Discovery returns the accounts of discovery sessions.
func (c *Catalog) Discovery() Accounts { return c.load().discovery }

// Add puts t at the end of the catalog. It fails with ErrTaken.
func (c *Catalog) Add(t *Target) error {
	return c.Change(func(e *Edit) error { return e.Add(t) })
}

// Remove takes the target of that name out. It fails with ErrUnknown. A login
// that is under way and has not yet its place among the sessions is refused;
// sessions are the caller's to close.
func (c *Catalog) Remove(name string) error {
	return c.Change(func(e *Edit) error { return e.Remove(name) })
}

// Replace puts t in the place of the target of its name, whose TID it gets. It
// fails with ErrUnknown.
func (c *Catalog) Replace(t *Target) error {
	return c.Change(func(e *Edit) error { return e.Replace(t) })
}

// Change makes several changes one: readers see all of what f does, or, when f
// fails with the error that is returned, nothing of it. f uses e, and not the
// catalog.
func (c *Catalog) Change(f func(e *Edit) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.load()
	e := &Edit{catalogSnapshot{
		byName: maps.Clone(old.byName), byTID: maps.Clone(old.byTID), ordered: slices.Clone(old.ordered),
		lastTID: old.lastTID, discovery: old.discovery,
	}}
	if e.next.byName == nil {
		e.next.byName, e.next.byTID = make(map[string]*Target), make(map[uint32]*Target)
	}
	if err := f(e); err != nil {
		return err
	}
	c.snapshot.Store(&e.next)
	return nil
}

// An Edit is a change of a catalog that nobody sees yet; see [Catalog.Change].
type Edit struct{ next catalogSnapshot }

// Find returns the target with this name, as changed so far, or nil.
func (e *Edit) Find(name string) *Target { return e.next.byName[strings.ToLower(name)] }

// FindTID returns the target with this id, as changed so far, or nil.
func (e *Edit) FindTID(tid uint32) *Target { return e.next.byTID[tid] }

// Add puts t at the end. Its TID, when 0, becomes the next number that is free,
// as in IET. It fails with ErrTaken.
func (e *Edit) Add(t *Target) error {
	switch {
	case e.Find(t.Name) != nil:
		return fmt.Errorf("target %s is %w", t.Name, ErrTaken)
	case e.FindTID(t.TID) != nil:
		return fmt.Errorf("target id %d is %w", t.TID, ErrTaken)
	}
	for t.TID == 0 {
		if e.next.lastTID++; e.FindTID(e.next.lastTID) == nil {
			t.TID = e.next.lastTID
		}
	}
	e.put(t)
	e.next.ordered = append(e.next.ordered, t)
	return nil
}

// Remove takes the target of that name out. It fails with ErrUnknown.
func (e *Edit) Remove(name string) error {
	t := e.Find(name)
	if t == nil {
		return fmt.Errorf("target %s is %w", name, ErrUnknown)
	}
	delete(e.next.byName, strings.ToLower(name))
	delete(e.next.byTID, t.TID)
	i := slices.Index(e.next.ordered, t)
	e.next.ordered = slices.Delete(e.next.ordered, i, i+1)
	return nil
}

// Replace puts t in the place of the target of its name, whose TID it gets. It
// fails with ErrUnknown.
func (e *Edit) Replace(t *Target) error {
	old := e.Find(t.Name)
	if old == nil {
		return fmt.Errorf("target %s is %w", t.Name, ErrUnknown)
	}
	t.TID = old.TID
	e.put(t)
	e.next.ordered[slices.Index(e.next.ordered, old)] = t
	return nil
}

// SetDiscovery sets the accounts of discovery sessions.
func (e *Edit) SetDiscovery(a Accounts) { e.next.discovery = a }

func (e *Edit) put(t *Target) {
	e.next.byName[strings.ToLower(t.Name)] = t
	e.next.byTID[t.TID] = t
}
