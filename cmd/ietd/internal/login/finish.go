// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"ietring/cmd/ietd/internal/session"
	"ietring/pdu"
	"ietring/ring"
	"ietring/scsi"
)

func itoa(n int) string { return strconv.Itoa(n) }

// finish makes the session, sends the last answer and lets the connection go.
// The session is in its place before the initiator hears of it.
func (n *negotiation) finish() error {
	if err := n.keys.settled(); err != nil {
		return err
	}
	conn := session.Conn{
		Initiator: n.initiator, CID: n.cid, Remote: addrPort(n.conn.RemoteAddr()),
		Params: n.keys.params(n.declared), MaxConnections: n.keys.maxConnections(),
	}
	conn.DefaultTime2Wait, conn.DefaultTime2Retain = n.keys.times()
	n.nop(&conn.Params)
	if n.entry != nil {
		if joined, err := n.join(conn); joined || err != nil {
			return err
		}
	}
	entry, err := n.reserve()
	if err != nil {
		return err
	}
	if n.discovery {
		err = n.beginDiscovery(entry, conn.Params)
	} else {
		err = n.beginNormal(entry, conn)
	}
	if err != nil {
		n.srv.Sessions.Release(entry)
	}
	return err
}

// join makes the connection one of a session that has others. It reports false
// when there is none: then the login takes the session over, with a window that
// begins with its CmdSN.
func (n *negotiation) join(conn session.Conn) (bool, error) {
	live, err := n.srv.Sessions.Join(n.entry, conn)
	switch {
	case errors.Is(err, session.ErrAlone):
		n.live = nil
		return false, nil
	case errors.Is(err, session.ErrConnections):
		return false, refuse(pdu.LoginTooManyConnections, "%v: MaxConnections is %d", err, conn.MaxConnections)
	case errors.Is(err, session.ErrReplaced):
		return false, refuse(pdu.LoginSessionNotFound, "the session ended, or its connection was taken by another login")
	case err != nil:
		return false, refuse(pdu.LoginServiceUnavailable, "%v", err)
	}
	if err = n.respond(true); err == nil {
		err = n.handOff(live, conn.Params)
	}
	n.srv.Sessions.Attached(n.entry, n.cid, err == nil)
	return true, err
}

// reserve takes the session's place in the registry. An older session of the
// same name ends here, after the initiator has shown who it is.
func (n *negotiation) reserve() (*session.Entry, error) {
	most := 0
	if n.target != nil {
		most = n.target.MaxSessions
	}
	entry, err := n.srv.Sessions.Reserve(n.name, n.reqTSIH, most)
	switch {
	case errors.Is(err, session.ErrTargetFull):
		return nil, refuse(pdu.LoginTooManyConnections, "%v: MaxSessions is %d", err, most)
	case errors.Is(err, session.ErrFull):
		return nil, refuse(pdu.LoginOutOfResources, "%v: %d", err, session.MaxSessions)
	case err != nil:
		return nil, refuse(pdu.LoginServiceUnavailable, "%v", err)
	}
	return entry, nil
}

// beginDiscovery sends the last answer of a discovery session's login.
func (n *negotiation) beginDiscovery(entry *session.Entry, params ring.Params) error {
	n.tsih = entry.TSIH()
	if err := n.respond(true); err != nil {
		return err
	}
	n.result = &Discovery{
		Entry:     entry,
		Initiator: n.initiator,
		CID:       n.cid,
		Framing: pdu.Framing{
			MaxDataLen:   params.MaxRecvDataSegmentLength,
			HeaderDigest: params.HeaderDigest,
			DataDigest:   params.DataDigest,
		},
		MaxXmit: params.MaxXmitDataSegmentLength,
		StatSN:  n.statSN,
		CmdSN:   n.cmdSN,
	}
	return nil
}

// beginNormal makes the data plane's session, sends the last answer and gives
// the socket to a loop.
func (n *negotiation) beginNormal(entry *session.Entry, conn session.Conn) error {
	// Who deletes a target looks for its sessions after it has left the catalog:
	// it finds our entry, or we find that the target has gone.
	if now := n.srv.Targets.Find(n.target.Name); now == nil || now.SCSI != n.target.SCSI {
		return refuse(pdu.LoginNotFound, "the target was deleted during the login")
	}
	live := n.srv.Engine.NewSession(ring.SessionConfig{
		TargetName: n.target.Name,
		Initiator:  n.initiator,
		ISID:       n.isid,
		TSIH:       entry.TSIH(),
		Nexus:      n.target.SCSI.Attach(n.initiator, scsi.ISID(n.isid), n.name.Group),
		QueueDepth: n.queueDepth,
		CmdSN:      n.cmdSN,
	})
	err := n.srv.Sessions.Bind(entry, live, conn)
	if err != nil {
		err = refuse(pdu.LoginServiceUnavailable, "%v", err)
	} else {
		n.tsih = entry.TSIH()
		if err = n.respond(true); err == nil {
			err = n.handOff(live, conn.Params)
			n.srv.Sessions.Attached(entry, n.cid, err == nil)
		}
	}
	if err != nil {
		live.Close() // without a connection it ends at once, its nexus too
	}
	return err
}

// handOff gives the socket to a loop. The initiator has its last answer: what
// fails here ends the connection without a word.
func (n *negotiation) handOff(live session.Live, params ring.Params) error {
	remote := n.conn.RemoteAddr().String()
	fd, err := takeSocket(n.conn)
	if err != nil {
		return err
	}
	err = n.srv.Engine.Attach(ring.Handoff{FD: fd, CID: n.cid, StatSN: n.statSN, Params: params, Remote: remote}, live)
	if err != nil {
		return errors.Join(fmt.Errorf("no loop takes the connection: %w", err), unix.Close(fd))
	}
	return nil
}

// takeSocket closes conn and returns its socket as a descriptor that Go's
// network poller knows nothing of, in blocking mode: a ring operation on a
// non-blocking one would end with EAGAIN instead of waiting.
func takeSocket(conn net.Conn) (int, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("%T is no socket", conn)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, dupErr := -1, error(nil)
	err = raw.Control(func(s uintptr) { fd, dupErr = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, dupErr); err != nil {
		return -1, err
	}
	if err := errors.Join(conn.Close(), unix.SetNonblock(fd, false)); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
