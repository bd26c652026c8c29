// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
)

// A Config is what a Server is made of.
type Config struct {
	Listeners []*net.TCPListener // taken over as they are; when there are any, Addrs and Port mean nothing
	Addrs     []netip.Addr       // none: every address, v4 and v6
	Port      int                // 0: one that is free
	Login     *login.Server
	Directory *discovery.Directory
	Log       zerolog.Logger
}

// A Server listens and takes connections through login.
type Server struct {
	cfg       Config
	failures  zerolog.Logger // of failed logins: not more than failuresLogged a second
	listeners []*net.TCPListener
	portals   []netip.AddrPort
	slots     chan struct{}  // one is held by each connection in login
	tasks     sync.WaitGroup // accept loops and connections

	// Times that tests shorten.
	loginTime, discoveryIdle, silentGrace time.Duration

	mu          sync.Mutex
	closing     bool
	visitors    map[*visitor]struct{} // in login or discovery
	logins      map[netip.Addr]int    // in login, by peer
	discoveries int
}

// Listen binds the addresses. Connections are taken from Serve on. An error is
// one line with the address and the errno.
func Listen(cfg Config) (*Server, error) {
	list := cfg.Listeners
	if len(list) == 0 {
		var err error
		if list, err = listen(cfg.Addrs, cfg.Port); err != nil {
			return nil, err
		}
	}
	s := &Server{
		cfg: cfg, listeners: list, slots: make(chan struct{}, maxLogins),
		visitors: make(map[*visitor]struct{}), logins: make(map[netip.Addr]int),
		loginTime: loginTime, discoveryIdle: discoveryIdle, silentGrace: silentGrace,
	}
	for _, l := range list {
		s.portals = append(s.portals, l.Addr().(*net.TCPAddr).AddrPort())
	}
	return s, nil
}

// Portals returns the addresses that are bound, with their real ports.
func (s *Server) Portals() []netip.AddrPort { return s.portals }

// Serve starts to take connections and returns.
func (s *Server) Serve() {
	s.failures = s.cfg.Log.Sample(&zerolog.BurstSampler{Burst: failuresLogged, Period: time.Second})
	for i, l := range s.listeners {
		s.cfg.Log.Info().Stringer("address", s.portals[i]).Msg("listening")
		s.tasks.Go(func() { s.accept(l) })
	}
}

// Close stops listening, closes the connections that no loop has yet and waits
// for their goroutines.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closing = true
	for v := range s.visitors {
		s.drop(v)
	}
	s.mu.Unlock()
	err := closeAll(s.listeners)
	s.tasks.Wait()
	return err
}

// accept takes connections from l until it is closed.
func (s *Server) accept(l *net.TCPListener) {
	for {
		s.takeSlot()
		c, err := l.AcceptTCP()
		if err != nil {
			<-s.slots
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.cfg.Log.Error().Err(cause(err)).Msg("cannot accept a connection")
			time.Sleep(acceptPause)
			continue
		}
		v := s.enter(c)
		if v == nil {
			<-s.slots
			s.drop(c)
			continue
		}
		s.tasks.Go(func() { s.serve(v) })
	}
}

// serve takes one connection through login and, when that is what it wants, its
// discovery session.
func (s *Server) serve(c *visitor) {
	defer s.leave(c)
	log := s.cfg.Log.With().Stringer("peer", c.RemoteAddr()).Logger()
	local := c.LocalAddr().(*net.TCPAddr).AddrPort()
	d, err := s.login(c)
	s.loggedIn(c)
	if err != nil {
		event := s.failures.Info().Stringer("peer", c.RemoteAddr()).Err(err)
		var f *login.Failure
		if errors.As(err, &f) {
			event = event.Str("initiator", f.Initiator).Str("target", f.Target)
		}
		event.Msg("login failed")
		s.drop(c)
		return
	}
	if d == nil {
		return // a loop has the socket
	}
	defer s.drop(c)
	defer s.cfg.Login.Sessions.Release(d.Entry)
	if !s.beginDiscovery() {
		log.Warn().Int("most", maxDiscoveries).Msg("too many discovery sessions")
		return
	}
	defer s.endDiscovery()
	log.Debug().Str("initiator", d.Initiator).Msg("discovery begins")
	err = s.cfg.Directory.Serve(c, local, discovery.Params{
		Initiator: d.Initiator, Remote: c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().WithZone(""),
		CID: d.CID, Framing: d.Framing, MaxXmit: d.MaxXmit,
		StatSN: d.StatSN, CmdSN: d.CmdSN, Idle: s.discoveryIdle,
	})
	log.Debug().Err(err).Str("initiator", d.Initiator).Msg("discovery ended")
}

// login runs login with its time limit.
func (s *Server) login(c net.Conn) (*login.Discovery, error) {
	if err := c.SetDeadline(time.Now().Add(s.loginTime)); err != nil {
		return nil, err
	}
	return s.cfg.Login.Run(c)
}

func (s *Server) beginDiscovery() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discoveries == maxDiscoveries {
		return false
	}
	s.discoveries++
	return true
}

func (s *Server) endDiscovery() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discoveries--
}

// drop closes a connection. That it was closed already, by Close or by login, is
// no fault.
func (s *Server) drop(c net.Conn) {
	if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		s.cfg.Log.Debug().Err(err).Msg("cannot close a connection")
	}
}
