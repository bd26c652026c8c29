// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"fmt"

	"ietring/pdu"
)

// A refusal is a login that ends with a status of RFC 7143, Section 11.13.5. It
// is the initiator's fault (class 2) or ours (class 3), and what the initiator
// is told; the sentence is for the log.
type refusal struct {
	status pdu.LoginStatus
	why    string
}

// Error returns the status and the sentence.
func (r *refusal) Error() string {
	return fmt.Sprintf("login refused with status %#04x: %s", uint16(r.status), r.why)
}

// refuse makes a refusal. What of the peer's bytes stands in the sentence is cut
// and quoted by the caller's format.
func refuse(status pdu.LoginStatus, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// broken is a refusal with the status for a protocol error that has no status of
// its own.
func broken(format string, args ...any) error {
	return refuse(pdu.LoginInitiatorError, format, args...)
}
