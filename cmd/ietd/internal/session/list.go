// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"ietring/pdu"
)

// Errors of [Registry.Close] and [Registry.CloseConnection].
var (
	ErrNoSession    = errors.New("no such session")
	ErrNoConnection = errors.New("no such connection")
)

// SID returns IET's number of a session, as /proc/net/iet/session showed it: ISID
// and TSIH as they lie in memory, read as a number of a little-endian machine.
func SID(isid pdu.ISID, tsih uint16) uint64 {
	sid := uint64(tsih) << 48
	for i, b := range isid {
		sid |= uint64(b) << (8 * i)
	}
	return sid
}

// An Info is what an operator may know of a session in full feature phase. Conn
// is the connection that began it, Conns those that it has, oldest first.
type Info struct {
	Conn
	Conns  []Conn
	SID    uint64
	ISID   pdu.ISID
	TSIH   uint16
	Target string // name, in small letters
	Since  time.Time
	Live   Live
}

// List returns the sessions of a target in the order of their logins; "" is all
// targets. Discovery sessions and logins that have not ended are not among them.
func (r *Registry) List(target string) []Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*Entry
	if target == "" {
		for _, e := range r.byName {
			found = append(found, e)
		}
	} else {
		for e := range r.byTarget[strings.ToLower(target)] {
			found = append(found, e)
		}
	}
	found = slices.DeleteFunc(found, func(e *Entry) bool { return e.live == nil || e.hasEnded() })
	slices.SortFunc(found, func(a, b *Entry) int { return cmp.Compare(a.order, b.order) })
	list := make([]Info, len(found))
	for i, e := range found {
		list[i] = Info{
			Conn: e.conn, Conns: e.present(), SID: SID(e.name.ISID, e.tsih), ISID: e.name.ISID, TSIH: e.tsih,
			Target: e.name.Target, Since: e.since, Live: e.live,
		}
	}
	return list
}

// Count returns how many sessions a target has, those included whose login is
// about to end.
func (r *Registry) Count(target string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count(strings.ToLower(target))
}

// count is Count for who holds r.mu; the name is in small letters. A session
// whose end nobody has told yet counts no more.
func (r *Registry) count(target string) int {
	n := 0
	for e := range r.byTarget[target] {
		if !e.hasEnded() {
			n++
		}
	}
	return n
}

// hasEnded reports whether e was live and is not any more. The caller holds
// Registry.mu.
func (e *Entry) hasEnded() bool {
	if e.live == nil {
		return false
	}
	select {
	case <-e.live.Done():
		return true
	default:
		return false
	}
}

// Close asks a session of a target to end, and does not wait for it. It fails
// with ErrNoSession.
func (r *Registry) Close(target string, sid uint64) error {
	live, _ := r.bySID(target, sid)
	if live == nil {
		return ErrNoSession
	}
	live.Close()
	return nil
}

// CloseConnection asks a connection of a session to end, and with it, when it is
// the only one, the session. It fails with ErrNoSession or ErrNoConnection.
func (r *Registry) CloseConnection(target string, sid uint64, cid uint16) error {
	live, conns := r.bySID(target, sid)
	switch {
	case live == nil:
		return ErrNoSession
	case !slices.ContainsFunc(conns, func(c Conn) bool { return c.CID == cid }):
		return ErrNoConnection
	case len(conns) == 1:
		live.Close()
	default:
		live.DropConnection(cid)
	}
	return nil
}

// CloseTarget asks all sessions of a target to end, and returns how many it
// asked.
func (r *Registry) CloseTarget(target string) int {
	list := r.List(target)
	for i := range list {
		list[i].Live.Close()
	}
	return len(list)
}

// bySID returns the live session of a number, and its connections, or nil.
func (r *Registry) bySID(target string, sid uint64) (Live, []Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byTSIH[uint16(sid>>48)]
	if e == nil || e.live == nil || e.hasEnded() || e.name.Target != strings.ToLower(target) || SID(e.name.ISID, e.tsih) != sid {
		return nil, nil
	}
	return e.live, e.present()
}
