// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the whole ietd as a process, from the socket.
//
//	go test ./bench/e2e             about a minute
//	IETD_RACE=1 go test ./bench/e2e ietd with the race detector (needs cgo)
//	IETD_LONG=1 go test ./bench/e2e each load runs ten times as long
//
// Every test starts its own ietd on files of its own, and at its end ietd must
// exit with 0 on SIGTERM without a panic or a data race in its log.
//
//	verify_test.go    verified data for backings, modes, sizes and login keys
//	session_test.go   reinstatement, logout, task management, discovery
//	hostile_test.go   peers that lie, beside one that must not notice
//	cut_test.go       a session that is cut at every byte of its life
//	idle_test.go      what idle sessions cost
//	end_test.go       SIGTERM under load
//
// The package knows ietd's command line and its log record "listening", and
// nothing of what is inside.
package e2e
