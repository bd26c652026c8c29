// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"time"

	"ietring/pdu"
)

// Every bound of the data plane. Sizes are bytes.
const (
	// MaxTransfer is the most that one command may move. It stands in VPD page
	// B0, and larger commands are refused.
	MaxTransfer = 16 << 20

	// MinBufferMemory is the least buffer memory for one loop: the largest
	// command, as much again for what others hold, and two extents of slack
	// for fragments.
	MinBufferMemory = 2*MaxTransfer + 2*extentLen

	// A span is one piece of buffer memory, a power of two of these bounds.
	// Larger transfers use several.
	minSpan = 4 << 10
	maxSpan = 1 << 20

	// extentLen is by how much the arena grows and is registered.
	extentLen = 4 << 20

	// A receive buffer is taken when data arrives and given back in the same
	// turn, so few serve many connections; large ones save system calls.
	recvBufLen   = 64 << 10
	recvBufCount = 32

	// maxSpans is how many spans hold a command of MaxTransfer.
	maxSpans = MaxTransfer / maxSpan

	// One send gathers at most this: beyond it the socket buffer is full
	// anyway, and the kernel takes no more than 1024 pieces.
	maxSendLen    = 512 << 10
	maxSendPieces = 512

	// slotLen holds what of a PDU is not payload: leadLen bytes for the tail of
	// the one before, 48 header + 4 digest, then at most 64 of sense or rejected
	// header + 4 digest; or, at tailOff, 3 of padding + 4 of digest.
	slotLen = 128
	leadLen = 8
	tailOff = leadLen + pdu.HeaderLen + pdu.DigestLen

	// slotsPerSlab is by how many PDU slots the pool grows.
	slotsPerSlab = 512

	// maxTasks bounds the tasks of one loop: a Target Transfer Tag has 20 bits
	// for the slot.
	maxTasks = 1<<20 - 1

	// maxConns bounds the connections of one loop.
	maxConns = 1 << 16

	// maxImmediate is how many immediate requests a connection may have open;
	// more are rejected (RFC 7143, Section 4.2.2.1). They do not count in the
	// command window.
	maxImmediate = 32

	// maxTagChains is the most chains that a session's table of tags has; a
	// session that may have more requests open has longer chains.
	maxTagChains = 1 << 10

	// maxQueued is how many Data-In PDUs of reads that hold no memory may wait
	// for an initiator; one read may have more.
	maxQueued = 1 << 16

	// manyPDUs is from how many on the PDUs of one read are looked at for that.
	manyPDUs = 256

	// maxRejects is how many Reject PDUs may wait for an initiator that takes
	// nothing.
	maxRejects = 1024

	// A connection may hold a heldShare-th of what is free of its loop's
	// buffer memory, and one command of any size. With n connections that all
	// take what they may, 1/(1 + n/heldShare) of it stays free.
	heldShare = 2

	// deadAfter is for how long bytes that we sent may stay unacknowledged by
	// the initiator's TCP, or a window closed, before the connection ends; and
	// idleProbe after how much silence TCP looks whether the other end is there,
	// as often again as probes are given below. With both, a half-open
	// connection dies though NOPInterval is 0.
	deadAfter  = 120 * time.Second
	idleProbe  = 30 * time.Second
	probeEvery = 10 * time.Second
	probes     = 3

	// maxText is the longest text of one negotiation in full feature phase.
	maxText = 64 << 10

	// maxHandles is how many logical units there can be in all.
	maxHandles = 1 << 16

	// maxUnits is how many logical units can have a slot in the file tables;
	// further ones are reached by descriptor.
	maxUnits = 16384

	// maxExtents is how many extents a loop's buffer table has room for;
	// further ones work unregistered.
	maxExtents = 4096

	// reapBatch is how many completions a turn takes before it sends.
	reapBatch = 512

	// trimAfter is after how much silence a loop gives memory back.
	trimAfter = 2 * time.Second

	// napTime is how long a sleep lasts at most after which the next one is a doze:
	// the scheduler ends one after 10 ms, which costs a signal.
	napTime = 5 * time.Millisecond

	// tickTurns is after how many turns without a pause a loop looks at the
	// clock.
	tickTurns = 1 << 12

	// tickTime is how often connections with NOPInterval, and those that
	// linger, are looked at.
	tickTime = time.Second

	// lingerTicks is how long a connection whose last PDU is sent waits for
	// the initiator to close.
	lingerTicks = 2

	// curtTicks is how long a connection that we drop may take our last PDU.
	curtTicks = 1

	// stallTicks is for how long a connection may hold memory that others wait
	// for without moving a byte.
	stallTicks = 5

	// copyWorkers is how many third-party copies make progress at a time; each
	// has a buffer of maxSpan.
	copyWorkers = 2

	// maxClone is how many bytes of a copy are shared at a time.
	maxClone = 64 << 20

	// patienceTicks is for how many ticks a function on several tasks waits for
	// data that R2Ts asked for, and as long again for acknowledgements on other
	// connections. It is answered then without: initiators give up on a function
	// after 15 s and more.
	patienceTicks = 2

	// settleTime is how long the commands of a unit that is taken away may
	// stay with its disk after they were aborted.
	settleTime = 5 * time.Second

	// zeroPiece is how many bytes a worker zeroes or gives back before others
	// have their turn: fallocate on a disk that must write them takes a while.
	zeroPiece = 64 << 20

	// samePieces is how many maxSpans of WRITE SAME a worker writes likewise.
	samePieces = 8

	// errorLogEvery is how often the disk errors of one unit are logged.
	errorLogEvery = 10 * time.Second
)
