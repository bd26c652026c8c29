// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package admin is how a running ietd is looked at and changed: a Unix socket
// with a versioned JSON protocol, and the Backend that answers it.
//
//	ietadm --JSON lines--> Server --Backend--> package state
//
// The package knows the words of the protocol, who may speak it (SO_PEERCRED),
// and IET's two texts of /proc/net/iet. It does not know how a change is made.
package admin
