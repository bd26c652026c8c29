// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"syscall"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/state"
	"ietring/ring"
	"ietring/scsi"
)

// engine is ring.Engine as login wants it: sessions by the interface that the
// registry holds, and with the view of the target that is theirs.
type engine struct {
	*ring.Engine
	state   *state.Manager
	changed func() // a session began
}

// NewSession makes a session without connections.
func (e engine) NewSession(cfg ring.SessionConfig) session.Live { return e.Engine.NewSession(cfg) }

// Attach gives h, a connection of s, to a loop.
func (e engine) Attach(h ring.Handoff, s session.Live) error {
	h.Session = s.(*ring.Session) // every Live of this program is NewSession's
	// What a session sees of its target is up to where its first connection is
	// from; the others bring no more and no less.
	if h.Session.Connections() == 0 {
		var remote netip.Addr // a peer without an address matches no mask by address
		if a, err := netip.ParseAddrPort(h.Remote); err == nil {
			remote = a.Addr()
		}
		e.state.Admit(h.Session, remote)
	}
	if err := e.Engine.Attach(h); err != nil {
		return err
	}
	e.changed()
	return nil
}

// control answers what the data plane asks (ring.Control).
type control struct {
	directory *discovery.Directory
	sessions  *session.Registry
	state     *state.Manager
	changed   func() // a session ended
	log       zerolog.Logger
}

// Text answers a Text Request of a normal session.
func (c *control) Text(s *ring.Session, local string, text []byte) ring.TextAnswer {
	addr, err := netip.ParseAddrPort(local)
	if err != nil {
		panic("ietd: the data plane names a local address that is none")
	}
	answer, err := c.directory.Answer(s.Config().TargetName, addr, text)
	if err != nil {
		c.log.Info().Err(err).Str("initiator", s.Config().Initiator).Msg("malformed text request")
		return ring.TextAnswer{Malformed: true}
	}
	most := answer.MaxRecv
	if t := c.directory.Targets.Find(s.Config().TargetName); t != nil {
		most = min(most, t.Keys.Number("MaxXmitDataSegmentLength"))
	}
	return ring.TextAnswer{Text: answer.Text, MaxXmitDataSegmentLength: most}
}

// SessionGone frees the session's TSIH. The data plane has let go of the nexus.
func (c *control) SessionGone(s *ring.Session) {
	cfg := s.Config()
	if e := c.sessions.Holder(cfg.TSIH, s); e != nil {
		c.sessions.Release(e)
	}
	c.log.Info().Str("initiator", cfg.Initiator).Str("target", cfg.TargetName).Uint16("tsih", cfg.TSIH).Msg("session ended")
	c.changed()
}

// DeviceGone makes a unit not ready whose device is not there any more.
func (c *control) DeviceGone(u *scsi.Unit, errno syscall.Errno) { c.state.DeviceGone(u, errno) }
