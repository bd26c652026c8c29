// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"ietring/ring"
)

// A Source tells what is asked for.
type Source struct {
	Loops    int // how many event loops there are
	Counters func(context.Context) []ring.Counters
	Sessions func() int
}

// A Server answers scrapers.
type Server struct {
	source Source
	log    zerolog.Logger
	tcp    net.Listener
	ctx    context.Context // over when the server is closed
	cancel context.CancelFunc
	all    sync.WaitGroup // of the server's goroutines

	mu   sync.Mutex // one question at a time
	made time.Time  // when text was
	text []byte     // the last answer
}

// Listen binds addr; port 0 is a free one. Nobody is answered before Serve.
func Listen(addr netip.AddrPort, source Source, log zerolog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			err = errno // the rest repeats the address
		}
		return nil, fmt.Errorf("--metrics: cannot listen on %s: %w", addr, err)
	}
	s := &Server{source: source, log: log, tcp: l}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	log.Info().Str("address", l.Addr().String()).Msg("metrics")
	return s, nil
}

// Addr returns where the server listens.
func (s *Server) Addr() string { return s.tcp.Addr().String() }

// Serve begins to answer.
func (s *Server) Serve() { s.all.Go(s.accept) }

// Close ends the server, and those that it answers.
func (s *Server) Close() error {
	s.cancel()
	err := s.tcp.Close()
	s.all.Wait()
	return err
}

// accept has a goroutine for each connection, maxConns at most.
func (s *Server) accept() {
	room := make(chan struct{}, maxConns)
	for {
		select {
		case room <- struct{}{}:
		case <-s.ctx.Done():
			return
		}
		c, err := s.tcp.Accept()
		if err == nil {
			s.all.Go(func() {
				defer func() { <-room }()
				s.serve(c)
			})
			continue
		}
		<-room
		if s.ctx.Err() != nil {
			return
		}
		s.log.Warn().Err(err).Msg("metrics: cannot accept a connection")
		select {
		case <-time.After(acceptPause):
		case <-s.ctx.Done():
			return
		}
	}
}

// serve answers the one request of a connection. What a stranger does wrong is
// no news.
func (s *Server) serve(c net.Conn) {
	stop := context.AfterFunc(s.ctx, func() { _ = c.Close() }) // reads and writes end
	defer stop()
	defer c.Close()
	if c.SetReadDeadline(time.Now().Add(askTime)) != nil {
		return
	}
	what, err := readRequest(c)
	if err != nil {
		return // it is no HTTP, or did not come: there is nobody to answer
	}
	a := s.answer(what)
	if c.SetWriteDeadline(time.Now().Add(answerTime)) != nil {
		return
	}
	_, _ = c.Write(a.bytes(what.head)) // a scraper that has gone misses nothing
}

// answer carries out a request.
func (s *Server) answer(r request) answer {
	switch {
	case r.path != "/metrics":
		return answer{404, "there is only /metrics\n"}
	case !r.get && !r.head:
		return answer{405, "there are only GET and HEAD\n"}
	}
	b, err := s.current()
	if err != nil {
		return answer{500, err.Error() + "\n"}
	}
	return answer{200, string(b)}
}

// current returns a text that is not older than freshTime.
func (s *Server) current() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text != nil && time.Since(s.made) < freshTime {
		return s.text, nil
	}
	p, err := readProcess()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, loopTime)
	defer cancel()
	s.text = render(s.source.Loops, s.source.Counters(ctx), s.source.Sessions(), p)
	s.made = time.Now()
	return s.text, nil
}
