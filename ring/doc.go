// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

// Package ring is the data plane: iSCSI full feature phase (RFC 7143) on
// io_uring event loops.
//
//	control plane --Handoff--> Engine --> loop 0: ring, connections, tasks, arena
//	                                  \-> loop 1: …            |
//	                              workers <--- what would stall a loop
//
// A loop is a goroutine locked to its OS thread, with an io_uring of its own. A
// connection is pinned to one loop, which owns it: nobody else touches a field
// of a connection, a task or a buffer. Others post to the loop's mailbox. The
// connections of one session are on the same loop: CmdSN puts their commands in
// one order, and MaxCmdSN opens by the responses of all, so that two loops would
// meet over every command. Who wants more loops for one initiator gives it more
// sessions, as multipath does.
//
// The life of a command, and the file that tells it:
//
//	recv.go      bytes arrive in provided buffers; the phases of a PDU
//	dispatch.go  one row an opcode: what begins when the header is here, what
//	             ends when the data is
//	window.go    the command window of a session: order by CmdSN
//	taskset.go   SIMPLE, ORDERED and HEAD OF QUEUE
//	command.go   SCSI Command: plan (package scsi), memory
//	dataout.go   immediate, unsolicited and solicited data; R2T
//	rangelock.go who may change which blocks while COMPARE AND WRITE works
//	disk.go      ring operations on the backing; worker.go for the rest,
//	             compare.go what it looks at blocks for
//	provision.go what frees, fills and asks about blocks, on workers
//	datain.go    Data-In and SCSI Response with residuals
//	send.go      PDUs queue; one gathered send a turn for each connection
//	taskmgmt.go  abort and reset;  text.go, nop.go, logout.go, async.go, reject.go
//	tick.go      what time ends: pings, stalls;  silence.go what TCP ends
//
// Rules. Nothing blocks a loop, nothing is allocated for a command once warm.
// Completions change state and queue; a turn of the loop ends with one enter.
// What the kernel sees lives outside the Go heap. An operation in the kernel is
// named by slot and generation, never by a pointer. Bounds stand in limits.go.
//
// Whose fault: a peer that breaks the protocol gets a Reject, a sense or a
// closed connection, never a panic; an errno of the disk becomes sense by
// scsi's tables and is logged, rate-limited; an impossible state panics.
//
// The package knows nothing of listening, login or configuration.
package ring
