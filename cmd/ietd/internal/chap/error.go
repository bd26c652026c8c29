// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import "fmt"

// An Error is why an exchange failed. It never holds a secret, a challenge or a
// response.
type Error struct {
	// Malformed is true exactly when the initiator does not speak CHAP as RFC
	// 7143 has it; else it did not prove who it is, or wants what is not to be
	// had.
	Malformed bool
	why       string
}

// Error returns the sentence.
func (e *Error) Error() string { return "CHAP: " + e.why }

func malformed(format string, args ...any) error {
	return &Error{Malformed: true, why: fmt.Sprintf(format, args...)}
}

func failed(format string, args ...any) error {
	return &Error{why: fmt.Sprintf(format, args...)}
}
