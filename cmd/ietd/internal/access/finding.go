// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"strings"
)

// A Severity says what a Finding means to the administrator.
type Severity uint8

const (
	// Note: it works here, and IET did something else.
	Note Severity = iota
	// Warning: it works, and is probably not what was meant.
	Warning
	// Error: it is not understood, and shuts out.
	Error
)

// String returns the word that a report has for s.
func (s Severity) String() string { return [...]string{"note", "warning", "error"}[s] }

// A Finding is one thing to be told about an access file.
type Finding struct {
	File     string // path
	Line     int    // from 1; 0 is the file as a whole
	Severity Severity
	Text     string // what is wrong, what happens, what to write
}

// String returns the finding as one line: file:line: severity: text.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.where(), f.Severity, f.Text) }

func (f Finding) where() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// maxQuoted is the bytes of a line that a finding repeats.
const maxQuoted = 80

// quote returns s as a message shows it: printable, on one line, not too long.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
