// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"ietring/pdu"
	"ietring/ring"
)

// MaxSessions is how many sessions there may be at once, discovery included.
const MaxSessions = 8192

// Errors of [Registry.Reserve] and [Registry.Bind].
var (
	// ErrFull says that MaxSessions are there.
	ErrFull = errors.New("too many sessions")
	// ErrTargetFull says that the target has as many as its operator allows.
	ErrTargetFull = errors.New("too many sessions of this target")
	// ErrBusy says that the old session of the same name did not end in time:
	// its commands are still with a disk. To go on would let an old write
	// overtake a new one.
	ErrBusy = errors.New("the old session still has commands in flight")
	// ErrReplaced says that another login of the same name came in between.
	ErrReplaced = errors.New("another login took the session over")
)

// A Name is what makes a session of an initiator one and the same: two logins
// with equal names cannot both hold. Strings are in small letters, as iSCSI
// names are compared. The zero Target is a discovery session, which has no name
// of this kind: any number of them may hold.
type Name struct {
	Initiator string
	ISID      pdu.ISID
	Target    string
	Group     uint16 // portal group tag
}

// A Live is the data plane's session, as far as the registry needs it.
type Live interface {
	// Close asks to drop every connection.
	Close()
	// Done is closed when that has happened and no command is in flight any
	// more.
	Done() <-chan struct{}
	// Has reports whether a connection is there: it was attached and has not
	// ended.
	Has(cid uint16) bool
	// DropConnection asks to end one connection. The result is closed when its
	// last command has ended.
	DropConnection(cid uint16) <-chan struct{}
	// Window returns ExpCmdSN and MaxCmdSN.
	Window() (exp, most pdu.Serial)
}

// A Conn is a connection of a session: whose it is and what its login agreed on.
type Conn struct {
	Initiator string // InitiatorName as it was spelt
	CID       uint16
	Remote    netip.AddrPort // the zero value when the peer has none
	Params    ring.Params
	// What the session's first login agreed on for all its connections, as the
	// lengths of Params.
	MaxConnections int
	// Agreed on and without effect: tasks are not kept when a connection ends.
	DefaultTime2Wait, DefaultTime2Retain int // seconds
}

// An Entry is one session's place in the registry.
type Entry struct {
	name Name
	tsih uint16
	gone chan struct{} // closed by Release

	// Guarded by Registry.mu.
	live    Live            // nil until Bind
	closing bool            // another login wants the name; set once
	ended   <-chan struct{} // live.Done, set before closing; nil: never live
	conn    Conn            // of the login that began the session, ended or not
	conns   []*member       // in the order of their logins
	since   time.Time       // of Bind
	order   uint64          // of Bind
}

// Name returns what the entry was made with.
func (e *Entry) Name() Name { return e.name }

// Live returns the data plane's session of an entry that [Registry.Find] found.
func (e *Entry) Live() Live { return e.live }

// TSIH returns the session's handle, never 0.
func (e *Entry) TSIH() uint16 { return e.tsih }

// A Registry holds the sessions. Make one with NewRegistry.
type Registry struct {
	patience time.Duration

	mu       sync.Mutex
	byName   map[Name]*Entry
	byTSIH   map[uint16]*Entry
	byTarget map[string]map[*Entry]struct{}
	last     uint16 // TSIH given out last
	binds    uint64 // how often Bind was called
}

// NewRegistry returns an empty registry. patience is how long Reserve waits for
// an old session to end.
func NewRegistry(patience time.Duration) *Registry {
	return &Registry{
		patience: patience,
		byName:   make(map[Name]*Entry), byTSIH: make(map[uint16]*Entry), byTarget: make(map[string]map[*Entry]struct{}),
	}
}

// Reserve makes an entry for a session that is about to begin. When the name is
// held, the session that holds it is asked to close and waited for (session
// reinstatement, RFC 7143, Section 6.3.5). tsih is 0 for a new handle; else the
// handle of the session that is to be taken over, which keeps it. most is how
// many sessions the target may have, 0 any number; one that is taken over has
// left its place. It fails with ErrFull, ErrTargetFull or ErrBusy.
func (r *Registry) Reserve(name Name, tsih uint16, most int) (*Entry, error) {
	deadline := time.NewTimer(r.patience)
	defer deadline.Stop()
	for {
		e, old, err := r.tryReserve(name, tsih, most)
		if err != nil || e != nil {
			return e, err
		}
		// old.ended does not change any more: nobody is bound once closing.
		select {
		case <-old.gone:
		case <-old.ended:
			r.Release(old)
		case <-deadline.C:
			return nil, ErrBusy
		}
	}
}

// tryReserve returns a new entry, or the old one that is in its way and was asked
// to end.
func (r *Registry) tryReserve(name Name, tsih uint16, most int) (e, old *Entry, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.inWay(name, tsih); old != nil {
		if !old.closing && old.live != nil {
			old.live.Close()
			old.ended = old.live.Done()
		}
		old.closing = true
		return nil, old, nil
	}
	switch {
	case len(r.byTSIH) >= MaxSessions:
		return nil, nil, ErrFull
	case most > 0 && r.count(name.Target) >= most:
		return nil, nil, ErrTargetFull
	}
	if tsih == 0 {
		tsih = r.freeTSIH()
	}
	e = &Entry{name: name, tsih: tsih, gone: make(chan struct{})}
	r.byTSIH[tsih] = e
	if name.Target != "" {
		r.byName[name] = e
		if r.byTarget[name.Target] == nil {
			r.byTarget[name.Target] = make(map[*Entry]struct{})
		}
		r.byTarget[name.Target][e] = struct{}{}
	}
	return e, nil, nil
}

// inWay returns the entry that holds name or tsih, or nil.
func (r *Registry) inWay(name Name, tsih uint16) *Entry {
	if e := r.byTSIH[tsih]; tsih != 0 && e != nil {
		return e
	}
	if name.Target == "" {
		return nil
	}
	return r.byName[name]
}

// freeTSIH returns a handle that nobody has, not the one given out last: an
// initiator that comes back with an old handle shall not meet a stranger.
// MaxSessions is below the number of handles, so there is one.
func (r *Registry) freeTSIH() uint16 {
	for {
		r.last++
		if r.last != 0 && r.byTSIH[r.last] == nil {
			return r.last
		}
	}
}

// Bind says that e is live now, with conn. It fails with ErrReplaced when another
// login asked for the name meanwhile; the caller then releases e.
func (r *Registry) Bind(e *Entry, live Live, conn Conn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.closing {
		return ErrReplaced
	}
	r.binds++
	e.live, e.conn, e.since, e.order = live, conn, time.Now(), r.binds
	e.conns = []*member{{conn: conn, settled: make(chan struct{})}}
	return nil
}

// Release takes e out of the registry. Only the first call does something.
func (r *Registry) Release(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byTSIH[e.tsih] != e {
		return
	}
	delete(r.byTSIH, e.tsih)
	if r.byName[e.name] == e {
		delete(r.byName, e.name)
	}
	if all := r.byTarget[e.name.Target]; all != nil {
		if delete(all, e); len(all) == 0 {
			delete(r.byTarget, e.name.Target)
		}
	}
	close(e.gone)
}

// Find returns the entry of a handle with the connection that began it, or nil
// when there is none, it has another name but for the group, or its login has not
// ended.
func (r *Registry) Find(name Name, tsih uint16) (*Entry, Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byTSIH[tsih]
	if e == nil || e.live == nil {
		return nil, Conn{}
	}
	if name.Group = e.name.Group; e.name != name {
		return nil, Conn{}
	}
	return e, e.conn
}

// Holder returns the entry of a handle that live was bound to, or nil.
func (r *Registry) Holder(tsih uint16, live Live) *Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byTSIH[tsih]; e != nil && e.live == live {
		return e
	}
	return nil
}

// Len returns how many sessions there are.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byTSIH)
}
