// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"errors"
	"fmt"

	"ietring/pdu"
)

// Errors that a command or a session can end with, beside [Violation],
// [RejectError], [LoginError] and those of the socket.
var (
	ErrClosed  = errors.New("initiator: session is closed")
	ErrAborted = errors.New("initiator: command was aborted by task management")
	errBusy    = errors.New("initiator: too many requests are open")
	ErrTimeout = errors.New("initiator: the target made no progress in time")
)

// A Violation is a breach of the protocol by the target.
type Violation struct {
	Section string // of RFC 7143
	Op      pdu.Opcode
	Text    string
}

// Error returns the sentence for a test's output.
func (v *Violation) Error() string {
	return fmt.Sprintf("RFC 7143, Section %s: %v: %s", v.Section, v.Op, v.Text)
}

func violation(section string, op pdu.Opcode, format string, args ...any) error {
	return &Violation{section, op, fmt.Sprintf(format, args...)}
}

// A RejectError is the answer of a target that refused a PDU.
type RejectError struct {
	Reason pdu.RejectReason
	Header pdu.BHS // of the PDU that was refused; zero when the target sent none
}

// Error returns the reason and the opcode of the refused PDU.
func (e *RejectError) Error() string {
	return fmt.Sprintf("target rejected %v: %v", e.Header.Opcode(), e.Reason)
}

// A LoginError is a login that the target refused.
type LoginError struct{ Status pdu.LoginStatus }

// Error returns the status class and detail.
func (e *LoginError) Error() string {
	return fmt.Sprintf("login refused with status %#04x (RFC 7143, Section 11.13.5)", uint16(e.Status))
}

// A StatusError is a SCSI status other than GOOD.
type StatusError struct {
	Status uint8
	Sense  Sense
}

// Error returns the status and, for CHECK CONDITION, the sense.
func (e *StatusError) Error() string {
	if e.Status == StatusCheckCondition {
		return "CHECK CONDITION, " + e.Sense.String()
	}
	return fmt.Sprintf("SCSI status %#02x", e.Status)
}
