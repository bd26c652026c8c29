// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import "time"

// Bounds of connections that no loop has yet.
const (
	// maxLogins is how many are in login at once. When so many are, one that
	// takes its time makes way, or new ones wait in the kernel's queue.
	maxLogins = 256
	// maxLoginsPerAddr is how many of them come from one address, so that a
	// single host cannot fill the above. One more has one of the same address
	// make way that takes its time, or is closed. A host that reconnects
	// hundreds of sessions does so a few at a time.
	maxLoginsPerAddr = 128
	// silentGrace is how old a connection must be to make way that has not sent
	// a header yet, and loginGrace one that has: longer than a login waits for
	// an old session to end.
	silentGrace = 2 * time.Second
	loginGrace  = 10 * time.Second
	// slotPause is how often room is looked for when maxLogins are there.
	slotPause = 250 * time.Millisecond
	// maxDiscoveries is how many discovery sessions there are at once.
	maxDiscoveries = 128
	// loginTime is what the whole of login may take.
	loginTime = 30 * time.Second
	// discoveryIdle is how long a discovery session may be silent.
	discoveryIdle = 60 * time.Second
	// portTries is how often a free port is looked for that every address has.
	portTries = 16
	// failuresLogged is how many failed logins are logged in a second; a flood
	// of them must not become one of log lines.
	failuresLogged = 20
	// acceptPause is waited after a failed accept (out of descriptors), so
	// that it does not spin.
	acceptPause = 100 * time.Millisecond
)
