// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"ietring/pdu"
)

// A Command is one SCSI command: what is asked and, after it is done, what came
// of it. The caller owns it and its buffers except between Start and Done. It
// can be used again and again without allocation.
type Command struct {
	LUN  [8]byte
	CDB  CDB
	Out  []byte // what is written
	In   []byte // where what is read goes
	Attr pdu.TaskAttr
	// Expected replaces the Expected Data Transfer Length, in bytes, where it
	// is not 0 (else len(Out) or len(In)). It may not be more than the buffer.
	Expected int
	// NoUnsolicited keeps this write from using immediate or unsolicited data
	// although the session could.
	NoUnsolicited bool
	// Done is called on the session's reader goroutine, and may Start this or
	// another command. Do uses its own when it is nil.
	Done func(*Command)

	Err      error // of the session, a *RejectError or ErrAborted: no status came
	Status   uint8 // SAM status
	Residual pdu.Residual
	Received int // bytes of In that are filled
	SenseLen int // bytes of SenseData
	SenseBuf [252]byte

	// Owned by the session, guarded by its mutex while in flight.
	itt      uint32
	sn       pdu.Serial
	edtl     int
	dataSN   uint32  // Data-In and R2T PDUs so far: the next DataSN or R2TSN
	burst    int     // bytes of the current Data-In sequence
	asked    int     // bytes of Out that were sent unasked or asked for by an R2T
	held     []burst // asked for by R2Ts that wait for their answer
	next     *Command
	finished chan struct{}
}

// OK returns nil when the command ended with status GOOD, else c.Err or a
// [StatusError].
func (c *Command) OK() error {
	if c.Err != nil {
		return c.Err
	}
	if c.Status == StatusGood {
		return nil
	}
	return &StatusError{c.Status, c.Sense()}
}

// Sense returns the decoded sense data; zero when there is none that parses.
func (c *Command) Sense() Sense {
	s, _ := DecodeSense(c.SenseBuf[:c.SenseLen])
	return s
}

// ITT returns the Initiator Task Tag that the command has or had last.
func (c *Command) ITT() uint32 { return c.itt }

// reset prepares c for another run.
func (c *Command) reset() {
	c.Err, c.Status, c.Residual, c.Received, c.SenseLen = nil, 0, 0, 0, 0
	c.dataSN, c.burst, c.asked, c.held, c.next = 0, 0, 0, c.held[:0], nil
	c.edtl = max(len(c.Out), len(c.In))
	if c.Expected != 0 {
		c.edtl = c.Expected
	}
}

func (c *Command) complete() {
	if c.Done != nil {
		c.Done(c)
		return
	}
	c.finished <- struct{}{}
}
