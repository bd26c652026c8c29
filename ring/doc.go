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
//	             compare.go what it looks at blocks for, copy.go third-party copies,
//	             token.go what ROD tokens stand for
//	provision.go what frees, fills and asks about blocks, on workers
//	erase.go     SANITIZE and FORMAT UNIT, on a goroutine of the disk
//	datain.go    Data-In and SCSI Response with residuals
//	send.go      PDUs queue; one gathered send a turn for each connection
//	taskmgmt.go  abort and reset;  fence.go what they wait for
//	text.go, nop.go, logout.go, async.go, renegotiate.go, reject.go
//	counters.go  what a loop counts, and how others learn it
//	idle.go      what a loop without work does, spin.go when it looks before it sleeps
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
// What a fault of the peer does, and at which level it is logged. A row is a test
// (fault_test.go) where a peer alone can bring it about.
//
//	fault                                      what happens                          log
//	header digest error                        the connection and its session end    info
//	data digest error in a command             Reject 02h, then 0B/47/05             warn, once
//	data digest error in Data-Out              Reject 02h, then 0B/47/05             warn, once
//	data digest error in another request       Reject 02h, the request is forgotten  warn, once
//	data segment above what we declared        Reject 04h, the connection ends       info
//	opcode that is not assigned                Reject 05h                            debug
//	opcode of a target                         Reject 04h                            debug
//	login in full feature phase                Reject 04h                            debug
//	flags or tags that contradict each other   Reject 09h                            debug
//	malformed additional header segment        Reject 09h                            debug
//	immediate data above what was agreed on    Reject 09h                            debug
//	SNACK                                      Reject 03h                            debug
//	more than 32 immediate requests            Reject 06h                            -
//	tag of a request that is open              Reject 07h                            debug
//	text that is malformed                     Reject 04h                            info
//	text longer than 64 KiB                    Reject 09h                            -
//	logout for recovery                        Logout Response 2                     -
//	CmdSN outside the window                   ignored                               -
//	CmdSN that was there                       ignored                               -
//	Data-Out for nobody                        dropped                               -
//	Data-Out that no R2T of a command asked    Reject 09h                            -
//	Data-Out out of order or in excess         taken and dropped, then 0B/4B/00      -
//	unsolicited data that was not agreed on    taken and dropped, then 0B/0C/0C      -
//	extended CDB                               05/0E/03                              -
//	bidirectional command                      05/0E/03                              -
//	ACA or an unassigned task attribute        05/49/00                              -
//	no memory for data that comes unasked      TASK SET FULL                         -
//	reads of more PDUs than may be queued      TASK SET FULL                         -
//	no memory otherwise                        the command waits                     -
//	memory held, and nothing done for 5 s      the connection and its session end    info
//	answers that are not read                  the connection and its session end    info
//	data not sent that a function waits for    after 2 s the function is complete    -
//	the same of acknowledgements               the same                              -
//	ping not answered                          the connection and its session end    info
//	other end gone or its window closed        the same, by TCP after 2 minutes      info
//	connection closed without a logout         the session ends                      info
//	last PDU not taken for 5 s                 the connection ends                   info
//	disk error                                 sense by package scsi's tables        error, every 10 s
//
// BUSY is never given: what a unit cannot do now has a sense that says why, and for
// more commands than there is room for, TASK SET FULL says to send fewer (SAM-5).
//
// The package knows nothing of listening, login or configuration.
package ring
