// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"syscall"
	"time"

	"ietring/pdu"
	"ietring/scsi"
)

// Params are a connection's negotiated operational parameters, as values
// (RFC 7143, Section 13). Lengths are bytes.
type Params struct {
	// MaxRecvDataSegmentLength is the largest data segment that we declared
	// we would take.
	MaxRecvDataSegmentLength int
	// MaxXmitDataSegmentLength is the largest data segment that we may send:
	// what the initiator declared, or less where the operator says so.
	MaxXmitDataSegmentLength int
	MaxBurstLength           int
	FirstBurstLength         int
	MaxOutstandingR2T        int
	InitialR2T               bool
	ImmediateData            bool
	HeaderDigest             bool
	DataDigest               bool

	// NOPInterval is after how much silence of the initiator a NOP-In ping is
	// sent; 0 sends none. NOPTimeout is how long its answer may take before
	// the connection is closed.
	NOPInterval, NOPTimeout time.Duration
}

// SessionConfig is what login knows of a new session.
type SessionConfig struct {
	TargetName string
	Initiator  string // InitiatorName
	ISID       pdu.ISID
	TSIH       uint16
	Nexus      *scsi.Nexus
	QueueDepth int        // command window: at most this many commands are open
	CmdSN      pdu.Serial // the first command's number, the CmdSN of login
}

// A Handoff is a connection that has logged in: what the control plane gives to
// a loop, by value. IET's struct conn_info, grown up.
type Handoff struct {
	// FD is the socket, a descriptor of the loop's own from now on. Login
	// reads exactly one PDU at a time, so nothing of the stream is left over.
	FD      int
	Session *Session
	CID     uint16
	StatSN  pdu.Serial // of the next status that is sent
	Params  Params
	Remote  string // address and port, for the log
}

// A TextAnswer is what the control plane says to a Text Request.
type TextAnswer struct {
	Text      []byte // the whole response, in the form of the request
	Malformed bool   // the request is no text: it is rejected
	// MaxXmitDataSegmentLength is the connection's from the end of the
	// negotiation on, in bytes; 0: it stays.
	MaxXmitDataSegmentLength int
}

// Control is what the data plane asks of the control plane. Its methods are
// called on goroutines of their own, never on a loop.
type Control interface {
	// Text answers a Text Request of full feature phase: text is the whole
	// request, key=value pairs that end with zero bytes; local is the address
	// and port that the connection came in on.
	Text(s *Session, local string, text []byte) TextAnswer
	// SessionGone tells that the last connection of s is closed and its last
	// command has ended.
	SessionGone(s *Session)
	// DeviceGone tells that the device behind a unit is not there any more, as
	// errno says. It is told once for each disk.
	DeviceGone(u *scsi.Unit, errno syscall.Errno)
}
