// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
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

// A Redirect is where the logins of a target are sent instead.
type Redirect = config.Redirect
