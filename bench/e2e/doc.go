// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the whole ietd as a process, from the socket.
//
//	go test ./bench/e2e             two minutes
//	IETD_RACE=1 go test ./bench/e2e ietd with the race detector (needs cgo)
//	IETD_LONG=1 go test ./bench/e2e each load runs ten times as long
//
// Every test starts its own ietd on files of its own, and at its end ietd must
// exit with 0 on SIGTERM without a panic or a data race in its log.
//
//	verify_test.go     verified data for backings, modes, sizes and login keys
//	session_test.go    reinstatement, logout, task management, discovery
//	portals_test.go    several portals, IPv6
//	hostile_test.go    peers that lie, beside one that must not notice
//	breach_test.go     the lies, a row each
//	peer_test.go       a connection that may say anything
//	neighbour_test.go  the session beside, and that nothing is left
//	flood_test.go      connections that stop in login, or come without end
//	window_test.go     peers that take nothing of what they asked for
//	silent_test.go     peers that answer no ping, and a network that is gone
//	cut_test.go        a session that is cut at every byte of its life
//	idle_test.go       what idle sessions cost
//	end_test.go        SIGTERM under load
//
// The package knows ietd's command line and its log record "listening", and
// nothing of what is inside.
package e2e
