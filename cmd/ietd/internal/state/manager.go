// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"ietring/backing"
	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/aptpl"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/ring"
	"ietring/scsi"
)

// Times of what is waited for.
const (
	// settleTime is how long commands may take to leave a LUN that changes.
	settleTime = 5 * time.Second
	// logoutTime is what initiators get to log out of a target that is deleted.
	logoutTime = 5 * time.Second
	// closeTime is how long the sessions that did not may take to end.
	closeTime = 5 * time.Second
	// negotiateSeconds is what initiators get to begin a negotiation.
	negotiateSeconds = 15
	// retryFirst and retryMost bound the pause before a disk is tried again.
	retryFirst = time.Second
	retryMost  = 30 * time.Second
)

// Options are what a Manager works with.
type Options struct {
	Catalog  *target.Catalog
	Sessions *session.Registry
	Log      zerolog.Logger

	// Read makes the configuration anew, for Reload.
	Read func() (*config.Config, error)
	// Changed is told after every change; it must not wait. May be nil.
	Changed func()
	// StopAll is admin.Backend's. May be nil.
	StopAll func() error
}

// A Manager is the running state. Make one with New, then Open, then Start;
// all other methods come after that and may be called by any goroutine. It is
// the admin.Backend.
type Manager struct {
	Options
	eng      *ring.Engine
	disks    pool
	media    media
	kept     *aptpl.Store // nil: reservations end with the process
	stateDir string       // where disks keep what outlives a restart; "": nowhere. Set by Open

	changes sync.Mutex // held by one change at a time; see doc.go
	started *plan      // between Open and Start
	closed  bool

	mu      sync.RWMutex // guards what follows and what hangs from it
	cfg     config.Config
	made    uint64 // targets so far
	targets map[uint32]*hosted
	byName  map[string]*hosted
	ports   map[uint16]*hosted // by relative target port identifier
	byUnit  map[*scsi.Unit]*lun
	waiting map[*lun]*attempt
	groups  map[uint16]*scsi.PortGroup // by number; those that were ever named

	// Of the retry goroutine (retry.go).
	wake       chan struct{}
	stop       context.CancelFunc
	done       chan struct{}
	first      time.Duration  // retryFirst, which tests shorten
	logout     time.Duration  // logoutTime, which tests shorten
	thin       chan struct{}  // wakes the goroutine that looks at the room below thin disks (space.go)
	spacePause time.Duration  // spaceEvery, which tests shorten
	unfinished sync.WaitGroup // goroutines that end what was taken away
}

var _ admin.Backend = (*Manager)(nil)

// New returns a Manager that runs nothing.
func New(o Options) *Manager {
	return &Manager{
		Options: o, disks: pool{byPath: make(map[string]*disk)},
		media: media{byPath: make(map[string]*medium), byID: make(map[fileID]*medium), byUnit: make(map[aptpl.Unit]*medium)},
		ports: make(map[uint16]*hosted), targets: make(map[uint32]*hosted), byName: make(map[string]*hosted),
		byUnit: make(map[*scsi.Unit]*lun), waiting: make(map[*lun]*attempt),
		groups: make(map[uint16]*scsi.PortGroup),
		wake:   make(chan struct{}, 1), first: retryFirst, logout: logoutTime,
		thin: make(chan struct{}, 1), spacePause: spaceEvery,
	}
}

// Open opens the disks of cfg and nothing more. One that cannot be opened is
// an error when strict says so of its target, which names the LUN, the path and
// the errno; else the LUN will not be ready and is tried again.
func (m *Manager) Open(cfg *config.Config, strict func(target string) bool) error {
	m.changes.Lock()
	defer m.changes.Unlock()
	m.cfg.QueueDepth = cfg.QueueDepth // of the targets that are made before m.cfg is
	if cfg.StateDir != "" {
		m.kept = aptpl.NewStore(cfg.StateDir)
	}
	m.stateDir = cfg.StateDir
	p := m.plan(cfg)
	p.strict = strict
	if err := p.open(); err != nil {
		return err
	}
	m.started = p
	return nil
}

// Start runs what Open has opened.
func (m *Manager) Start(e *ring.Engine) error {
	m.changes.Lock()
	defer m.changes.Unlock()
	m.eng = e
	p := m.started
	m.started = nil
	if err := p.makeUnits(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop, m.done = stop, make(chan struct{})
	go m.retryLoop(ctx)
	go m.spaceLoop(ctx)
	return p.commit()
}

// Close ends the background work, makes durable what was written and closes all
// disks. It comes after the engine's Shutdown; without an engine it undoes Open.
func (m *Manager) Close() error {
	m.changes.Lock()
	m.closed = true // nothing begins any more
	m.changes.Unlock()
	if m.stop != nil {
		m.stop()
		<-m.done
	}
	m.unfinished.Wait()
	m.changes.Lock()
	defer m.changes.Unlock()
	if m.started != nil {
		m.started.undo()
		m.started = nil
	}
	var all error
	for _, h := range m.targets {
		for _, l := range append(h.luns, h.leaving...) {
			all = errors.Join(all, m.disks.release(l.disk))
			l.disk = nil
		}
	}
	return all
}

// lunOf returns the LUN of a target by number.
func (m *Manager) lunOf(tid uint32, number uint16) (*lun, error) {
	h, err := m.hostedBy(tid)
	if err != nil {
		return nil, err
	}
	l := h.find(number)
	if l == nil {
		return nil, refuse(errNoEntry, "%s is not there", lunName(number, h.name))
	}
	return l, nil
}

// hostedBy returns the target with this id. The caller holds changes or mu.
func (m *Manager) hostedBy(tid uint32) (*hosted, error) {
	if h := m.targets[tid]; h != nil {
		return h, nil
	}
	return nil, refuse(errNoEntry, "there is no target with tid %d", tid)
}

// changed tells who wants to know that something is different.
func (m *Manager) changed() {
	if m.Changed != nil {
		m.Changed()
	}
}

// publish has login see h as it is now.
func (m *Manager) publish(h *hosted) {
	if err := m.Catalog.Replace(h.entry(m.cfg.QueueDepth)); err != nil {
		panic("state: a target that runs is not in the catalog")
	}
}

// redeclare tells the sessions of a target that were told another
// MaxRecvDataSegmentLength than it has now, was before, as far as their initiators
// negotiate: open-iscsi does not, but logs in anew when it is asked to.
func (m *Manager) redeclare(h *hosted, was *config.SessionKeys) {
	n := h.cfg.Keys.Number(maxRecvKey)
	if n == was.Number(maxRecvKey) {
		return
	}
	for _, info := range m.Sessions.List(h.name) {
		if s, ok := info.Live.(*ring.Session); ok {
			s.Renegotiate(n, negotiateSeconds)
		}
	}
}

// notes logs what is worth knowing of a disk that was opened.
func (m *Manager) notes(l *lun, d *backing.Disk) {
	for _, note := range d.Notes() {
		m.Log.Warn().Str("target", l.owner.name).Uint16("lun", l.number).Msg(note)
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// lunError names the LUN of an error.
func lunError(l *lun, err error) error { return fmt.Errorf("%s: %w", l, err) }
