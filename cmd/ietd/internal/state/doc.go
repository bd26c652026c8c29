// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package state is what runs: the targets, their LUNs and the disks behind
// them. It brings up what a config.Config says, changes it while sessions use
// it, and keeps trying for disks that are not there.
//
//	config.Config --Open, Start--> Manager --> target.Catalog   for login
//	              --Apply-------->    |    --> ring.Engine      units and disks
//	admin.Backend --NewLun, …---->    |    --> scsi.Target      LUN maps
//	ring.Control --DeviceGone---->    |
//	                                  \--retry--> a disk that is there again
//
// A change is made in steps: what can fail (open a disk, make a unit) comes
// before what initiators see, and is undone when a later step fails. So a
// reload is done as a whole or not at all.
//
// Two locks, taken in this order: Manager.changes, which one change at a time
// holds from beginning to end, and Manager.mu, which guards what listings read
// and is held for moments only. Nothing waits for an initiator under either: a
// LUN or target that is taken away ends on its own (remove.go). Commands are
// waited for under Manager.changes only where a LUN gets another disk, for a
// few seconds at most. A LUN or target costs what it is, not how many others
// there are.
//
// The package must not know sockets, the words of ietadm's protocol, or files
// other than the disks and those of --proc-dir.
package state
