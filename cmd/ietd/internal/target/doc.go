// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package target is the list of targets that the program serves: what login
// looks names up in and discovery lists, and who may come in.
//
//	Catalog --> Target 1 "iqn.…"  --> scsi.Target (the LUNs)
//	        |                     --> session keys, queue depth, NOP times
//	        |                     --> accounts, MaxSessions, redirect
//	        \-> accounts of discovery
//	Admissions --> access files, iSNS: who may see which target, from where
//
// Goroutines of the control plane read it at any time. A catalog is changed
// while it is in use: each change makes a new snapshot, and a login goes on with
// the target that it found. The package must not know sockets or sessions.
package target
