// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package daemon starts target daemons as processes for tests and benchmarks,
// and reads from /proc what they use.
//
//	Build -> Start(Ietd | Tgt) -> Process: Addr, Usage, Stop
//
// The daemon tells its port: ietd is asked for port 0 and logs what it got, tgt
// is given a port that the kernel had free a moment before.
//
// Ownership: a Process is owned by who started it, who must Stop it.
//
// The package knows command lines and /proc, and nothing of iSCSI or of what is
// inside a daemon.
package daemon
