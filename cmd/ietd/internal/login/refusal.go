// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"fmt"

	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
)

// A Failure is a login that did not succeed, for the log. It holds no secrets.
type Failure struct {
	Initiator string // "" when it did not come to say it, or cannot be printed
	Target    string // "" in discovery, or when there is none of that name
	Err       error
}

// Error returns what went wrong.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// failure says whose login err ended.
func (n *negotiation) failure(err error) *Failure {
	f := &Failure{Initiator: n.initiator, Err: err}
	if n.target != nil {
		f.Target = n.target.Name
	}
	return f
}

// A refusal is a login that ends with a status of RFC 7143, Section 11.13.5. It
// is nobody's fault (class 1), the initiator's (class 2) or ours (class 3), and
// what the initiator is told; the sentence is for the log.
type refusal struct {
	status pdu.LoginStatus
	why    string
	text   []byte // of the Login Response
}

// Error returns the status and the sentence.
func (r *refusal) Error() string {
	return fmt.Sprintf("login refused with status %#04x: %s", uint16(r.status), r.why)
}

// refuse makes a refusal. What of the peer's bytes stands in the sentence is cut
// and quoted by the caller's format.
func refuse(status pdu.LoginStatus, format string, args ...any) error {
	return &refusal{status: status, why: fmt.Sprintf(format, args...)}
}

// broken is a refusal with the status for a protocol error that has no status of
// its own.
func broken(format string, args ...any) error {
	return refuse(pdu.LoginInitiatorError, format, args...)
}

// redirect is the refusal that says where else the target is.
func redirect(to *target.Redirect) error {
	status := pdu.LoginMovedTemporarily
	if to.Permanent {
		status = pdu.LoginMovedPermanently
	}
	return &refusal{status, "the target is at " + to.Address(), pdu.AppendKey(nil, "TargetAddress", to.Address())}
}
