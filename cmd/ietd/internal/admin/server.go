// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// A Server answers requests at a Unix socket.
type Server struct {
	path     string
	file     fs.FileInfo // of our socket
	listener *net.UnixListener
	backend  Backend
	log      zerolog.Logger
	slots    chan struct{}  // one is held by each connection
	tasks    sync.WaitGroup // the accept loop and connections

	peer                               func(*net.UnixConn) (uid uint32, err error)
	requestTime, answerTime, closeTime time.Duration // tests shorten them

	mu      sync.Mutex
	closing bool
	conns   map[*net.UnixConn]struct{}
}

// Listen binds a socket of mode 0600 at path, whose directory it makes when there
// is none; what a dead daemon left there is replaced. Requests are taken from
// Serve on. An error is one line: another ietd listens there, path is no socket,
// or why the system refuses.
func Listen(path string, b Backend, log zerolog.Logger) (*Server, error) {
	l, err := listen(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), l.Close())
	}
	return &Server{
		path: path, file: info, listener: l, backend: b, log: log,
		slots: make(chan struct{}, maxConns), conns: make(map[*net.UnixConn]struct{}),
		peer: peerUID, requestTime: requestTime, answerTime: answerTime, closeTime: closeTime,
	}, nil
}

// Serve starts to take requests and returns.
func (s *Server) Serve() { s.tasks.Go(s.accept) }

// Close stops taking requests and waits, for a few seconds, until those that run
// are answered. It removes the socket when it is still ours. The error is one
// line for each of what went wrong.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closing = true
	var errs []error
	for c := range s.conns {
		// What waits for a request reads the end; what runs still answers.
		if err := c.CloseRead(); err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("control socket: %w", err))
		}
	}
	s.mu.Unlock()
	if info, err := os.Lstat(s.path); err == nil && os.SameFile(info, s.file) {
		errs = append(errs, s.unlink())
	}
	errs = append(errs, s.listener.Close())
	done := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(s.closeTime):
		errs = append(errs, fmt.Errorf("control socket: an operation still runs after %v; its answer is lost", s.closeTime))
	}
	return errors.Join(errs...)
}

// unlink removes the socket. A daemon that has become another user may not; then
// it stays, and the next one replaces it.
func (s *Server) unlink() error {
	err := os.Remove(s.path)
	if errors.Is(err, fs.ErrPermission) {
		s.log.Debug().Err(err).Msg("the control socket stays")
		return nil
	}
	return err
}

// gone reports whether err says that a connection is closed already.
func gone(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ENOTCONN)
}

// accept takes connections until the listener is closed.
func (s *Server) accept() {
	for {
		s.slots <- struct{}{}
		c, err := s.listener.AcceptUnix()
		switch {
		case err == nil && s.enter(c):
			s.tasks.Go(func() { s.serve(c) })
			continue
		case err == nil:
			s.drop(c)
		case errors.Is(err, net.ErrClosed):
			<-s.slots
			return
		default:
			s.log.Error().Err(err).Msg("cannot accept a connection at the control socket")
			time.Sleep(acceptPause)
		}
		<-s.slots
	}
}

// enter books a connection, unless the server is closing.
func (s *Server) enter(c *net.UnixConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

// serve answers the requests of one connection, one after the other.
func (s *Server) serve(c *net.UnixConn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		s.drop(c)
		<-s.slots
	}()
	uid, err := s.peer(c)
	if err != nil {
		s.log.Error().Err(err).Msg("cannot tell who is at the control socket")
		s.answer(c, nil, &Error{syscall.EPERM, "ietd cannot tell who you are"})
		return
	}
	log := s.log.With().Uint32("uid", uid).Logger()
	if own := uint32(os.Geteuid()); uid != 0 && uid != own {
		log.Warn().Msg("a stranger at the control socket")
		s.answer(c, nil, &Error{syscall.EPERM, fmt.Sprintf("only root and user %d, as whom ietd runs, may do that", own)})
		return
	}
	r := bufio.NewReaderSize(c, maxRequest)
	for {
		line, err := s.readLine(c, r)
		if err != nil {
			var refused *Error
			if errors.As(err, &refused) {
				s.answer(c, nil, refused)
			} else if !errors.Is(err, io.EOF) {
				log.Debug().Err(err).Msg("a connection at the control socket ended")
			}
			return
		}
		result, err := s.run(line, log)
		if !s.answer(c, result, err) {
			return
		}
	}
}

// readLine returns the next line, which is good until the next call. The error is
// io.EOF at the end, an *Error for the peer, or what the socket said.
func (s *Server) readLine(c *net.UnixConn, r *bufio.Reader) ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(s.requestTime)); err != nil {
		return nil, err
	}
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, invalid("the request is longer than %d bytes", maxRequest)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, invalid("the request ends without a line feed")
	}
	return line, err
}

// run carries out one request. The log has the operation and what became of it,
// and nothing of the request that could be a secret.
func (s *Server) run(line []byte, log zerolog.Logger) (any, error) {
	o, err := parseRequest(line)
	if err != nil {
		log.Warn().Err(err).Msg("a request that is none at the control socket")
		return nil, err
	}
	result, err := o.run(s.backend, line)
	switch {
	case err != nil:
		log.Warn().Str("op", o.name).Err(err).Msg("administration refused")
	case o.changes:
		log.Info().Str("op", o.name).Msg("administration")
	default:
		log.Debug().Str("op", o.name).Msg("administration")
	}
	return result, err
}

// response is a line of the server's.
type response struct {
	Version int        `json:"version"`
	Result  any        `json:"result,omitempty"`
	Error   *wireError `json:"error,omitempty"`
}

// wireError is an Error on the socket. The number of an errno depends on the
// machine, its name does not.
type wireError struct {
	Errno int    `json:"errno"`
	Name  string `json:"name"`
	Text  string `json:"text"`
}

func (w *wireError) unwire() *Error { return &Error{syscall.Errno(w.Errno), w.Text} }

// answer writes the response. It reports whether the connection still works.
func (s *Server) answer(c *net.UnixConn, result any, err error) bool {
	r := response{Version: version, Result: result}
	if err != nil {
		e := asError(err)
		r.Error = &wireError{int(e.Errno), unix.ErrnoName(e.Errno), e.Text}
		if _, tells := result.(linesResult); !tells {
			r.Result = nil
		}
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic("admin: a result that cannot be written as JSON")
	}
	if err := c.SetWriteDeadline(time.Now().Add(s.answerTime)); err != nil {
		s.log.Debug().Err(err).Msg("cannot answer at the control socket")
		return false
	}
	if _, err := c.Write(append(line, '\n')); err != nil {
		s.log.Debug().Err(err).Msg("cannot answer at the control socket")
		return false
	}
	return true
}

// asError makes an *Error of any error.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	errno := syscall.EIO
	errors.As(err, &errno)
	return &Error{errno, err.Error()}
}

func (s *Server) drop(c *net.UnixConn) {
	if err := c.Close(); err != nil && !gone(err) {
		s.log.Debug().Err(err).Msg("cannot close a connection at the control socket")
	}
}
