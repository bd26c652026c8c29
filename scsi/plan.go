// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math/bits"
)

// An Action is what the data plane has to do for a command.
type Action uint8

// The actions. A Plan whose transfer would have no bytes is an ActionReply
// without bytes.
const (
	ActionReply           Action = iota // the data-in is Reply, cut to the allocation length; it may be empty
	ActionRead                          // Len bytes at Off go to the initiator
	ActionWrite                         // Len bytes from the initiator go to Off
	ActionVerify                        // read Len bytes at Off; when Compare, they must equal the data-out
	ActionWriteVerify                   // write durably, then read back; when Compare, it must equal the data-out
	ActionFlush                         // what was acknowledged of Len bytes at Off becomes durable
	ActionPrefetch                      // bring Len bytes at Off into a cache; CONDITION MET when all of them are there
	ActionCompareAndWrite               // alone on the range: when Len bytes at Off equal the first half of the data-out, the second half replaces them
	ActionOrWrite                       // alone on the range: Len bytes at Off become what they are, or-ed with the data-out
	ActionWriteSame                     // each block of Len bytes at Off becomes the one block of data-out, or zeros
	ActionUnmap                         // the blocks of Ranges are not needed any more and read as zeros
	ActionLBAStatus                     // call AddStatus for what is at Off and on, then EndStatus: an ActionReply
	ActionErase                         // begin the Erasure in the background, or leave the failure of one when it is nil
	ActionCopy                          // do Copy, off the loops
	ActionToken                         // watch the blocks of Copy.Token from an instant on at which nobody changes them
	ActionCollect                       // take OutLen bytes of data-out, then call Nexus.Collected and do what the plan says next
	ActionAbort                         // abort the tasks of Preempted on the medium of Unit; what a disk works on ends first
)

// A Plan says how to carry out one command. The data plane owns it and uses it
// for command after command: Nexus.Plan sets every field and keeps the room of
// Reply.
type Plan struct {
	Action Action
	Unit   *Unit // nil for a LUN that has none

	Off    int64 // bytes from the start of the medium
	Len    int   // bytes on the medium; Off+Len is never beyond the end
	OutLen int   // bytes of data-out the command takes; 0 for none

	Durable    bool // the status may be sent only when the data is on stable storage
	FromMedium bool // what a volatile cache holds must reach the medium before the read
	Compare    bool // byte by byte: a difference is MISCOMPARE, its byte offset the information
	Repeat     bool // the data-out is one block, with which each block of the range is compared
	Atomic     bool // of ActionWrite: the range never holds a part of the data, nor after a loss of power
	Exact      bool // the initiator must mean to send OutLen bytes, not fewer nor more
	Immediate  bool // the status may be sent before the work is done
	Unmap      bool // of ActionWriteSame: blocks that become zeros may be given back
	Descriptor bool // sense data of this command is in descriptor format
	Blocking   bool // Collected may wait for a file: it is not to be called on a loop

	Ranges  []Range  // of ActionUnmap
	Erasure *Erasure // of ActionErase

	// Status ends the command when it is not GOOD, and nothing else is done:
	// RESERVATION CONFLICT and its kin, which have no sense.
	Status Status

	// Preempted are the nexuses of ActionAbort. Nexus.Cleared is called for
	// each that had a task.
	Preempted []*Nexus
	Copy      *Copy // of ActionCopy and ActionToken

	Reply []byte

	waits    bool       // it is refused while an erasure goes on
	allocLen uint32     // of ActionLBAStatus
	state    *unitState // of Unit, when the command was planned
	mode     uint32     // the mode parameters of Unit, as bits, at that time
	cached   bool       // it writes, and the write cache makes it not Durable
	row      *command   // for Collected
	cdb      [16]byte   // for Collected
}

// MaxReplyLen is the most bytes of Reply: REPORT LUNS of a target with all the
// LUNs there can be. GET LBA STATUS is the next with 4 KiB.
const MaxReplyLen = reportLUNsHeaderLen + lunLen*(MaxLUN+1)

// MaxCollectLen is the most bytes that an ActionCollect asks for.
const MaxCollectLen = 64 << 10

// Plan decodes the command cdb for the LUN field lun of its PDU and fills in p
// with what is to be done. It returns Good, or the sense to end the command
// with instead. p.Unit and p.Descriptor are set in both cases.
//
// The order of checks: LUN, pending unit attention, operation code and service
// action, access state of the port, readiness, reservations of others (p.Status),
// reserved bits of the CDB, write protection, the command's own.
func (n *Nexus) Plan(p *Plan, lun [8]byte, cdb *[16]byte) Sense {
	u := n.lookup(lun)
	*p = Plan{Unit: u, Reply: p.Reply[:0]}
	row := commandOf(cdb)
	if u == nil {
		if row == nil || !row.always {
			return LUNotSupported
		}
	} else {
		p.state = u.state.Load()
		p.mode = u.medium.modes.now.Load()
		p.Descriptor = p.mode&modeDSense != 0
		if a := n.attentionsOf(u); a.bits.Load() != 0 && (row == nil || !row.always) {
			if s := a.take(); s != Good {
				return s
			}
		}
		if row == nil || !row.in(p.state) {
			return unknownCommand(cdb)
		}
		if s := n.readiness(u, p.state, row); s != Good {
			return s
		}
		if r := u.medium.reservations.now.Load(); r != nil && r.conflicts(n, row.access.of(cdb)) {
			p.Status = StatusReservationConflict
			return Good
		}
		if p.waits = !row.always && !row.mediumless; p.waits {
			if s := u.medium.refuses(row); s != Good {
				return s
			}
		}
	}
	if hi, lo := binary.BigEndian.Uint64(cdb[:])&row.reserved[0], binary.BigEndian.Uint64(cdb[8:])&row.reserved[1]; hi|lo != 0 {
		return reservedBitSet(hi, lo)
	}
	if row.writes {
		if s := n.writeProtection(p.state, p.mode); s != Good {
			return s
		}
	}
	return row.plan(n, p, cdb)
}

// unknownCommand returns the sense for a command without row. An unknown service
// action gets the same answer as an unknown operation code, as from LIO:
// initiators probe READ CAPACITY(16) and GET LBA STATUS with it and take only
// this for "not there". Those of PERSISTENT RESERVE IN and OUT and of SANITIZE are
// there.
func unknownCommand(cdb *[16]byte) Sense {
	if c := commands[cdb[0]]; c != nil && c.known {
		return InvalidFieldInCDB.AtCDB(1, 4)
	}
	return InvalidOpcode
}

// readiness returns the sense that a command of row ends with because of the
// state that the port, the unit or its medium is in, or Good.
func (n *Nexus) readiness(u *Unit, state *unitState, row *command) Sense {
	if s := n.target.accessSense(row); s != Good {
		return s
	}
	if row.always || row.mediumless {
		return Good
	}
	if state.NotReady {
		return LUNotReady
	}
	if u.medium.tray.ejected.Load() && !row.noMedium {
		return MediumNotPresent
	}
	return Good
}

// reservedBitSet returns the sense for a CDB with the reserved bits hi (of
// bytes 0..7) or lo (of bytes 8..15) set, pointing at the first one.
func reservedBitSet(hi, lo uint64) Sense {
	i := bits.LeadingZeros64(hi)
	if hi == 0 {
		i = 64 + bits.LeadingZeros64(lo)
	}
	return InvalidFieldInCDB.AtCDB(i/8, 7-i%8)
}

// Collected takes the parameter data that an ActionCollect asked for. It does
// the command, or leaves in p another Action that does it. It returns Good or
// the sense to end the command with; p.Status may end it as well. data is
// shorter than p.OutLen when the initiator sent less; it is not kept.
func (n *Nexus) Collected(p *Plan, data []byte) Sense {
	if p.Action != ActionCollect {
		panic("scsi: Collected without ActionCollect")
	}
	return p.row.collect(n, p, data)
}

// collectParams plans to collect listLen bytes of parameter data, of which the
// PARAMETER LIST LENGTH stands in the CDB.
func (p *Plan) collectParams(cdb *[16]byte, listLen int) Sense {
	if listLen > MaxCollectLen {
		return ParamListLength
	}
	if listLen == 0 {
		return Good // SPC-4: no data is not an error
	}
	p.Action, p.OutLen = ActionCollect, listLen
	p.row, p.cdb = commandOf(cdb), *cdb
	return Good
}

// cut shortens the reply to the allocation length.
func (p *Plan) cut(allocLen uint32) Sense {
	if uint64(len(p.Reply)) > uint64(allocLen) {
		p.Reply = p.Reply[:allocLen]
	}
	return Good
}
