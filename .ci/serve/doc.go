// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package serve gives the end-to-end checks a target to work on: a freshly
// started ietd, backing files, loop devices.
//
//	serve.Start ──> ietd --port 0 --log-format json … ──> Target.Portal
//	                  │ stderr: one JSON record a line
//	                  └─ "message":"listening", "address":"127.0.0.1:41234"
//
// The package owns the process that it started and the folder that it was
// given: Stop ends the one, its caller removes the other. It must know ietd
// only as an administrator does, by its flags, its log and its exit code.
package serve
