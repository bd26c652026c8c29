// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package systemd is the daemon's side of what a service manager offers: news
// of the daemon's life, a watchdog, and sockets that were opened for it.
//
//	NOTIFY_SOCKET                <-- Notifier: READY, RELOADING, STOPPING, STATUS
//	WATCHDOG_USEC, WATCHDOG_PID  --> Watch: WATCHDOG at half the interval
//	LISTEN_FDS, LISTEN_PID,
//	LISTEN_FDNAMES               --> Listeners: descriptors 3, 4, …
//
// The protocol is a few lines of text in a datagram and a few variables of the
// environment; they are described in sd_notify(3), sd_watchdog_enabled(3) and
// sd_listen_fds(3). Without a manager all of it does nothing, so that callers
// need not ask.
//
// A Notifier has no state that changes: any goroutine may use it at any time.
// Listeners belong to the caller. The package must not know anything of iSCSI.
package systemd
