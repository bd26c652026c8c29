// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "fmt"

// An Error tells why a PDU from the peer cannot be accepted.
type Error struct {
	Op     Opcode
	Reason RejectReason
	Field  string // field at fault, in the RFC's own words
}

// Error returns one sentence fragment for a log.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %v (%s)", e.Op, e.Reason, e.Field)
}

// Limits is what of a connection's negotiated keys [Check] needs.
type Limits struct {
	// MaxRecvDataSegmentLength is the largest data segment, in bytes, that
	// this side declared it would take.
	MaxRecvDataSegmentLength int
}

// The errors of Check are made once, so that a hostile peer cannot make us
// allocate: one for each opcode and complaint.
var (
	errNotInitiators = checkErrors(ReasonProtocolError, "Opcode")
	errUnknownOpcode = checkErrors(ReasonCommandNotSupported, "Opcode")
	errAHS           = checkErrors(ReasonInvalidPDUField, "TotalAHSLength")
	errNoData        = checkErrors(ReasonInvalidPDUField, "DataSegmentLength")
	errDataTooLong   = checkErrors(ReasonProtocolError, "DataSegmentLength above MaxRecvDataSegmentLength")
	errFinal         = checkErrors(ReasonInvalidPDUField, "F bit")
	errTaskTag       = checkErrors(ReasonInvalidPDUField, "Initiator Task Tag")
	errNopTag        = checkErrors(ReasonInvalidPDUField, "Target Transfer Tag with Initiator Task Tag")
	errDirection     = checkErrors(ReasonInvalidPDUField, "R, W and F bits")
	errContinue      = checkErrors(ReasonInvalidPDUField, "C bit with F bit")
	errLoginPhase    = checkErrors(ReasonProtocolError, "Login Request in full feature phase")
)

func checkErrors(reason RejectReason, field string) *[64]*Error {
	var e [64]*Error
	for op := range e {
		e[op] = &Error{Opcode(op), reason, field}
	}
	return &e
}

// Check looks at the header of a PDU that an initiator sent in full feature
// phase, with nothing but lim in hand. After a nil result the accessors of the
// header's opcode cannot fail and DataLen is within limits.
func Check(h *BHS, lim *Limits) *Error {
	op := h.Opcode()
	info := &opcodes[op]
	switch {
	case info.sender == target:
		return errNotInitiators[op]
	case info.sender == nobody:
		return errUnknownOpcode[op]
	case h.AHSLen() > 0 && !info.hasAHS:
		return errAHS[op]
	case h.DataLen() > 0 && !info.hasData:
		return errNoData[op]
	case h.DataLen() > lim.MaxRecvDataSegmentLength:
		return errDataTooLong[op]
	}
	switch op {
	case OpNopOut:
		return checkNopOut(h)
	case OpSCSICommand:
		return checkSCSICommand(h)
	case OpTaskMgmt, OpLogout:
		if !h.Final() {
			return errFinal[op]
		}
		return checkTag(h)
	case OpText:
		if h.Final() && h.TextRequest().Continue() {
			return errContinue[op]
		}
		return checkTag(h)
	case OpDataOut:
		return checkTag(h)
	case OpLogin:
		return errLoginPhase[op]
	}
	return nil
}

func checkTag(h *BHS) *Error {
	if h.ITT() == NoTag {
		return errTaskTag[h.Opcode()]
	}
	return nil
}

// checkNopOut wants a NOP-Out to be a ping (ITT), an answer (TTT) or neither,
// not both. See RFC 7143, Section 11.18.
func checkNopOut(h *BHS) *Error {
	switch n := h.NopOut(); {
	case !h.Final():
		return errFinal[OpNopOut]
	case h.ITT() == NoTag && !h.Immediate():
		return errTaskTag[OpNopOut]
	case h.ITT() != NoTag && n.TTT() != NoTag:
		return errNopTag[OpNopOut]
	}
	return nil
}

// checkSCSICommand wants unsolicited data only with a write: immediate data, or
// Data-Out PDUs that F=0 announces. See RFC 7143, Section 11.3.1.
func checkSCSICommand(h *BHS) *Error {
	if c := h.SCSICommand(); (!h.Final() || h.DataLen() > 0) && !c.Write() {
		return errDirection[OpSCSICommand]
	}
	return checkTag(h)
}
