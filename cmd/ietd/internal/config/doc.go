// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package config is what the operator asks for: the model, and how command line
// words become it. The words are IET's: those that follow "Lun" and the session
// keys of ietd.conf are read here whoever hands them in.
//
//	arguments --ParseArgs--> Config --Check--> nothing wrong, or one sentence
//	                           Targets [ Lun … , SessionKeys ]
//	                           Portals, Engine, Log, Process
//
// Everything is validated before anything is bound or opened. A value that is
// out of range is refused with what would be right; nothing is clamped. Errors
// are one line: where, what is wrong, what would be right.
//
// A Config is a plain value that its reader owns. The package must not open
// files, sockets or disks.
package config
