// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"net/netip"
	"time"

	"ietring/cmd/ietd/internal/config"
	"ietring/scsi"
)

// A Target is what login needs of one target. It is not changed once it is in a
// catalog: Replace puts a changed copy in its place, and logins that have begun
// go on with the one that they found.
type Target struct {
	TID        uint32 // IET's target id; 0 gets the next free one when it is added
	Name       string // as configured: an iSCSI name in small letters
	Alias      string // TargetAlias; "" sends none
	SCSI       *scsi.Target
	Keys       config.SessionKeys // what the operator lets sessions agree on
	QueueDepth int                // commands, the window of a session
	// NOPInterval is the silence after which an initiator is pinged, 0 never.
	// NOPTimeout is how long the answer may take.
	NOPInterval, NOPTimeout time.Duration

	Accounts    Accounts
	MaxSessions int       // 0: any number
	Redirect    *Redirect // nil: sessions are served here
}

// Accounts are who may come in by CHAP.
type Accounts struct {
	Incoming []config.Account // none: everybody, and CHAP is not offered
	Outgoing *config.Account  // what we answer with in mutual CHAP; nil: nothing
}

// A Redirect sends initiators to another portal (RFC 7143, Section 11.13.5).
type Redirect struct {
	Addr      netip.Addr
	Port      uint16 // 0: not said, which means 3260
	Permanent bool   // initiators may remember it
}

// Address returns the value of TargetAddress in a redirecting Login Response:
// without a portal group (RFC 7143, Section 13.8).
func (r *Redirect) Address() string {
	switch {
	case r.Port != 0:
		return netip.AddrPortFrom(r.Addr, r.Port).String()
	case r.Addr.Is6():
		return "[" + r.Addr.String() + "]"
	}
	return r.Addr.String()
}
