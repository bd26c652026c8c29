// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package logging makes the log of the program: records to one writer, as JSON
// or for a console, written by a goroutine of their own.
//
//	event loop, login, … --> ring of records --> writer
//
// Whoever logs is never held up by a terminal that scrolls or a pipe that nobody
// reads: when the ring is full the oldest records are dropped, and how many is
// told once there is room. The package knows nothing of what is logged.
package logging
