// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ietring/cmd/ietd/internal/config"
	"ietring/scsi"
)

// A Target is what login needs of one target. It is not changed once it is in a
// catalog.
type Target struct {
	Name       string // as configured: an iSCSI name in small letters
	Alias      string // TargetAlias; "" sends none
	SCSI       *scsi.Target
	Keys       config.SessionKeys // what the operator lets sessions agree on
	QueueDepth int                // commands, the window of a session
	// NOPInterval is the silence after which an initiator is pinged, 0 never.
	// NOPTimeout is how long the answer may take.
	NOPInterval, NOPTimeout time.Duration
}

// A Catalog holds the targets by name. The zero value is empty.
type Catalog struct {
	mu       sync.Mutex // one writer at a time
	snapshot atomic.Pointer[catalogSnapshot]
}

// catalogSnapshot is immutable: byName for login, ordered for discovery.
type catalogSnapshot struct {
	byName  map[string]*Target
	ordered []*Target
}

// Add puts t into the catalog. It fails when the name is taken: iSCSI names are
// compared without case (RFC 7143, Section 4.2.7.1).
func (c *Catalog) Add(t *Target) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.load()
	key := strings.ToLower(t.Name)
	if old.byName[key] != nil {
		return fmt.Errorf("target %s is there already", t.Name)
	}
	next := &catalogSnapshot{byName: maps.Clone(old.byName), ordered: append(slices.Clone(old.ordered), t)}
	if next.byName == nil {
		next.byName = make(map[string]*Target)
	}
	next.byName[key] = t
	c.snapshot.Store(next)
	return nil
}

// Find returns the target with this name, or nil.
func (c *Catalog) Find(name string) *Target { return c.load().byName[strings.ToLower(name)] }

// All returns the targets in the order in which they were added. The caller does
// not change the slice.
func (c *Catalog) All() []*Target { return c.load().ordered }

func (c *Catalog) load() *catalogSnapshot {
	if s := c.snapshot.Load(); s != nil {
		return s
	}
	return &catalogSnapshot{}
}
