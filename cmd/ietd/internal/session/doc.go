// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package session keeps the sessions of the program apart: it gives each its
// TSIH and sees to it that an initiator has one session for each ISID and target
// (RFC 7143, Section 4.4.3.1).
//
//	Reserve --Bind--> live --Release--> gone
//	   |                ^
//	   +---Release------+-- Reserve of the same name asks it to close and waits
//
// A session has several connections where MaxConnections allows it; another login
// joins it (member.go).
//
// Login reserves when nothing can go wrong any more but the last answer, so an
// initiator that fails login never costs another its session. Registry is shared
// by all goroutines of the control plane. List, Count and the Close methods are
// what an operator sees of it (list.go). It must not know sockets or PDUs.
package session
