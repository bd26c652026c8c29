// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import "time"

// Bounds of connections that no loop has yet.
const (
	// maxLogins is how many are in login at once. When so many are, new ones
	// wait in the kernel's queue.
	maxLogins = 256
	// maxLoginsPerAddr is how many of them come from one address, so that a
	// single host cannot fill the above. More are closed at once. A host that
	// reconnects hundreds of sessions does so a few at a time.
	maxLoginsPerAddr = 128
	// maxDiscoveries is how many discovery sessions there are at once.
	maxDiscoveries = 128
	// loginTime is what the whole of login may take.
	loginTime = 30 * time.Second
	// discoveryIdle is how long a discovery session may be silent.
	discoveryIdle = 60 * time.Second
	// portTries is how often a free port is looked for that every address has.
	portTries = 16
	// acceptPause is waited after a failed accept (out of descriptors), so
	// that it does not spin.
	acceptPause = 100 * time.Millisecond
)
