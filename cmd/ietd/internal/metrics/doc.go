// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package metrics answers GET /metrics with what the program has done, in the
// text format of Prometheus (prometheus.io, "Exposition formats", version 0.0.4).
//
//	scraper --HTTP--> Server --Source--> each loop's counters, sessions
//	                         \-> this process: CPU, memory, the Go runtime
//
// http.go has the little that is needed of HTTP, text.go the table of what there
// is; a name carries its unit. What a loop does is counted by the loop, so that a
// scrape costs it one turn and everything else is done here. A loop that hangs is
// told by ietd_loop_up, and its other rows are missing.
//
// Anybody who reaches the address may ask: there is no secret in the answer, and
// no account. Bounds stand in limits.go.
package metrics
