// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"ietring/pdu"
)

// A visitor is a connection that no loop has yet.
type visitor struct {
	*net.TCPConn
	peer  netip.Addr
	since time.Time
	got   atomic.Int64 // bytes that were read

	// Guarded by Server.mu.
	inLogin bool // it counts in logins
}

// Read counts what comes.
func (v *visitor) Read(b []byte) (int, error) {
	n, err := v.TCPConn.Read(b)
	v.got.Add(int64(n))
	return n, err
}

// takeSlot waits for one of the slots of connections in login. When there is
// none, a visitor that takes its time makes way.
func (s *Server) takeSlot() {
	for {
		select {
		case s.slots <- struct{}{}:
			return
		default:
		}
		s.mu.Lock()
		s.evict(func(*visitor) bool { return true })
		s.mu.Unlock()
		select {
		case s.slots <- struct{}{}:
			return
		case <-time.After(slotPause):
		}
	}
}

// enter books a connection. It returns nil when its address has too many in
// login, or the server is closing.
func (s *Server) enter(c *net.TCPConn) *visitor {
	v := &visitor{TCPConn: c, peer: c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap(), since: time.Now(), inLogin: true}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	if s.logins[v.peer] >= maxLoginsPerAddr && !s.evict(func(o *visitor) bool { return o.peer == v.peer }) {
		s.cfg.Log.Debug().Stringer("peer", v.peer).Int("most", maxLoginsPerAddr).Msg("too many connections in login from one address")
		return nil
	}
	s.logins[v.peer]++
	s.visitors[v] = struct{}{}
	return v
}

// evict closes the oldest of the visitors in login that match, if one has had
// its time. The caller holds s.mu.
func (s *Server) evict(match func(*visitor) bool) bool {
	var oldest *visitor
	now := time.Now()
	for v := range s.visitors {
		grace := loginGrace
		if v.got.Load() < pdu.HeaderLen {
			grace = s.silentGrace
		}
		if v.inLogin && match(v) && now.Sub(v.since) > grace && (oldest == nil || v.since.Before(oldest.since)) {
			oldest = v
		}
	}
	if oldest == nil {
		return false
	}
	s.cfg.Log.Debug().Stringer("peer", oldest.peer).Msg("a login makes way that takes its time")
	s.uncount(oldest)
	s.drop(oldest)
	return true
}

// uncount says that v is not in login any more. The caller holds s.mu.
func (s *Server) uncount(v *visitor) {
	if !v.inLogin {
		return
	}
	v.inLogin = false
	if s.logins[v.peer]--; s.logins[v.peer] == 0 {
		delete(s.logins, v.peer)
	}
}

// loggedIn ends the time in login of a connection: its slot is free again.
func (s *Server) loggedIn(v *visitor) {
	<-s.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uncount(v)
}

// leave forgets a connection that is closed, or a loop's.
func (s *Server) leave(v *visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.visitors, v)
}
