// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package target is the list of targets that the program serves: what login
// looks names up in and discovery lists.
//
//	Catalog --> Target "iqn.…"  --> scsi.Target (the LUNs)
//	                            --> session keys, queue depth, NOP times
//
// Goroutines of the control plane read it at any time; the catalog is replaced
// as a whole when targets come and go. It must not know sockets or sessions.
package target
