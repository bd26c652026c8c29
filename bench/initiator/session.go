// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"ietring/pdu"
)

const (
	defaultDepth = 128
	maxDepth     = 4000

	// reservedSlots is kept for requests that are no SCSI commands.
	reservedSlots = 16

	tagBits    = 12 // of an ITT that are the slot; the others are a generation
	tagMask    = 1<<tagBits - 1
	recvBufLen = 256 << 10
)

// A Session is a logged-in connection. Its methods may be called by any
// goroutine, unless they say otherwise.
type Session struct {
	conn    net.Conn
	o       Options
	p       Params
	tsih    uint16
	framing pdu.Framing
	done    chan struct{} // closed when the reader has ended

	// The reader's own.
	br     *bufio.Reader
	digest [pdu.DigestLen]byte
	pad    [3]byte

	mu       sync.Mutex
	err      error // first cause of the session's end
	closing  bool  // by Close or Logout: the end of the stream is no surprise
	cmdSN    pdu.Serial
	maxCmdSN pdu.Serial
	expCmdSN pdu.Serial // the target's, as last heard
	statSN   pdu.Serial // ExpStatSN: the next status that we expect
	slots    []slot
	free     []uint32
	first    *Command // waiting for the window or a slot, in order
	last     *Command
	open     int    // slots in use
	progress uint64 // PDUs received; the watchdog compares
	batching bool   // the reader has more PDUs in hand and will flush after them
	out      batch
	header   pdu.BHS // that is being built
}

// slot is the place of one open task.
type slot struct {
	gen uint32
	cmd *Command
	req *request
}

// Dial connects, logs in and starts a session.
// Errors: [Violation], [LoginError], those of the socket.
func Dial(o Options) (*Session, error) {
	conn, err := o.dial()
	if err != nil {
		return nil, err
	}
	n, err := Login(conn, &o)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return newSession(conn, o, n)
}

func newSession(conn net.Conn, o Options, n *Negotiation) (*Session, error) {
	if o.Depth == 0 {
		o.Depth = defaultDepth
	}
	if o.Depth < 1 || o.Depth > maxDepth {
		return nil, errors.Join(fmt.Errorf("initiator: depth %d is not from 1 to %d", o.Depth, maxDepth), conn.Close())
	}
	s := &Session{
		conn: conn, o: o, p: n.Params, tsih: n.TSIH, framing: n.Framing(),
		done: make(chan struct{}), br: bufio.NewReaderSize(conn, recvBufLen),
		cmdSN: n.CmdSN, maxCmdSN: n.MaxCmdSN, expCmdSN: n.ExpCmdSN, statSN: n.ExpStatSN,
		slots: make([]slot, o.Depth+reservedSlots),
	}
	for i := len(s.slots) - 1; i >= 0; i-- {
		s.free = append(s.free, uint32(i))
	}
	if err := s.out.init(s); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go s.writer()
	go s.reader()
	go s.watchdog()
	return s, nil
}

// Params returns what login came to.
func (s *Session) Params() Params { return s.p }

// TSIH returns the target's handle of the session.
func (s *Session) TSIH() uint16 { return s.tsih }

// Err returns why the session ended, or nil.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Done returns a channel that is closed when the session has ended and its last
// command is done.
func (s *Session) Done() <-chan struct{} { return s.done }

// Window returns the next CmdSN and the last that the target takes.
func (s *Session) Window() (cmdSN, maxCmdSN pdu.Serial) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmdSN, s.maxCmdSN
}

// Close ends the session without a logout. Open commands end with ErrClosed.
func (s *Session) Close() error {
	s.fail(ErrClosed)
	<-s.done
	return nil
}

// Reset ends the session with a TCP reset instead of an orderly close.
func (s *Session) Reset() error {
	if t, ok := s.conn.(*net.TCPConn); ok {
		if err := t.SetLinger(0); err != nil {
			return err
		}
	}
	return s.Close()
}

// fail ends the session for a reason; the first one counts. The reader does the
// rest when its read fails.
func (s *Session) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		if s.closing && !isViolation(err) {
			err = ErrClosed
		}
		s.err = err
	}
	s.mu.Unlock()
	// A second close says that it is one, which is no news.
	if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.ENOTCONN) {
		s.mu.Lock()
		s.err = errors.Join(s.err, err)
		s.mu.Unlock()
	}
}

func isViolation(err error) bool {
	var v *Violation
	return errors.As(err, &v)
}

// Start begins c. It never blocks: where the window or the depth is used up, c
// waits in line. Its Done is called in any case.
func (s *Session) Start(c *Command) {
	c.reset()
	s.mu.Lock()
	if s.err != nil || s.closing {
		c.Err = s.err
		s.mu.Unlock()
		if c.Err == nil {
			c.Err = ErrClosed
		}
		c.complete()
		return
	}
	if s.last == nil {
		s.first = c
	} else {
		s.last.next = c
	}
	s.last = c
	s.admit()
	flush := !s.batching
	s.mu.Unlock()
	if flush {
		s.flush()
	}
}

// Do runs c and waits until it is done. It returns c.Err: a status other than
// GOOD is no error here, see [Command.OK].
func (s *Session) Do(c *Command) error {
	if c.finished == nil {
		c.finished = make(chan struct{}, 1)
	}
	c.Done = nil
	s.Start(c)
	<-c.finished
	return c.Err
}

// admit sends what the window and the slots allow of the line. The caller holds
// s.mu.
func (s *Session) admit() {
	for c := s.first; c != nil && len(s.free) > reservedSlots && !s.maxCmdSN.Before(s.cmdSN); c = s.first {
		if s.first = c.next; s.first == nil {
			s.last = nil
		}
		c.next = nil
		c.itt = s.take(slot{cmd: c})
		s.sendCommand(c)
	}
}

// take gives a free slot to a task and returns its tag. The caller holds s.mu
// and has seen that there is one.
func (s *Session) take(t slot) uint32 {
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	t.gen = (s.slots[i].gen + 1) & (1<<(32-tagBits-1) - 1) // never gives NoTag
	s.slots[i] = t
	s.open++
	return t.gen<<tagBits | i
}

// task returns the open task with a tag, or nil. The caller holds s.mu.
func (s *Session) task(itt uint32) *slot {
	i := itt & tagMask
	if int(i) >= len(s.slots) {
		return nil
	}
	t := &s.slots[i]
	if t.gen != itt>>tagBits || t.cmd == nil && t.req == nil {
		return nil
	}
	return t
}

// release frees the slot of a tag. The caller holds s.mu.
func (s *Session) release(itt uint32) {
	i := itt & tagMask
	s.slots[i].cmd, s.slots[i].req = nil, nil
	s.free = append(s.free, i)
	s.open--
}

// watchdog ends the session when nothing arrives although tasks are open.
func (s *Session) watchdog() {
	limit := s.o.timeout()
	tick := time.NewTicker(limit / 4)
	defer tick.Stop()
	var seen uint64
	since := time.Now()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		open, progress := s.open > 0 || s.first != nil, s.progress
		s.mu.Unlock()
		if !open || progress != seen {
			seen, since = progress, time.Now()
		} else if time.Since(since) >= limit {
			s.fail(ErrTimeout)
		}
	}
}
