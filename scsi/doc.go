// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package scsi is the disk as a protocol: a CDB goes in, a Plan or a Sense
// comes out. It knows SAM-5 (nexus, status, unit attention), SPC-4 (the
// commands of every device) and SBC-3 (the commands of a disk), and the
// identity that IET gave its disks.
//
//	          LUN, CDB                    Plan: reply with these bytes
//	initiator --------> Nexus.Plan ----->       read, write, verify, flush
//	                     |    |                 collect parameter data, then
//	                     |    |                 Nexus.Collected
//	   LUN map ----------+    +----------> Sense: send this instead
//	   (Target: LUN to Unit)
//
// Where things are:
//
//	command.go           one row a command: the list of what is supported
//	plan.go              what Plan checks, in which order
//	transfer.go          READ, WRITE, WRITE AND VERIFY, VERIFY
//	compare.go           COMPARE AND WRITE, ORWRITE, PRE-FETCH
//	atomicwrite.go       WRITE ATOMIC
//	copy.go copylog.go   EXTENDED COPY, and what is remembered of it; copyreport.go
//	                     and vpdcopy.go tell
//	medium.go            TEST UNIT READY, READ CAPACITY, SYNCHRONIZE CACHE
//	unmap.go writesame.go lbastatus.go
//	erasure.go sanitize.go format.go
//	logsense.go space.go LOG SENSE, and what room a thin disk has
//	inquiry.go vpd.go    INQUIRY; identity.go holds the bytes that keep WWIDs
//	mode.go modesense.go modeselect.go   the pages; modes.go what of them changes and is saved
//	report.go            REPORT LUNS, REQUEST SENSE; diagnostic.go SEND DIAGNOSTIC
//	alua.go portgroups.go designator.go   access states of target port groups, names of ports
//	tray.go startstop.go media that can be ejected
//	opcodes.go           REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS
//	conflict.go          the matrix: reservation, role and class of command
//	reservation.go       who has registered and reserved what; registrar.go changes it
//	persist.go persistin.go persistout.go transportid.go  PERSISTENT RESERVE IN and OUT
//	reserve.go           RESERVE and RELEASE of SPC-2
//	port.go              I_T nexuses and target ports beyond a session
//	sense.go errno.go    every Sense, and what a failed system call becomes
//	unit.go target.go nexus.go attention.go lun.go
//
// Ownership: a Plan belongs to the one task of the data plane that carries it.
// Target, Unit and Nexus may be used by any number of event loops at once: what
// they read for a command is an immutable snapshot behind an atomic pointer or
// an atomic word. The rare writers (Add, Attach, Detach, resets) are
// serialised by the mutex of the Target.
//
// The package does no I/O and must not know files, rings, sockets or PDUs. The
// only thing it has of the data plane is Unit.Handle, a number it hands back.
package scsi
