// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
)

// A Severity is how much a finding matters.
type Severity uint8

// Severities, the gravest first.
const (
	Error   Severity = iota // the file is refused
	Warning                 // the file is taken; the operator should look
	Note                    // worth knowing
	numSeverities
)

var severityNames = [numSeverities]string{Error: "error", Warning: "warning", Note: "note"}

// String returns the word that stands in a report.
func (s Severity) String() string { return severityNames[s] }

// MarshalText returns the word, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Finding is one thing that ietd.conf says and that the operator should know
// about. It never holds a secret.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"` // 0: the file as a whole
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`              // what is wrong, and what would be right
	IETRan   string   `json:"iet_ran,omitempty"` // what IET really ran with; "": what the file says, or unknown
}

// String returns the finding as one line, like a compiler's.
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if f.IETRan == "" {
		return fmt.Sprintf("%s: %s: %s", where, f.Severity, f.Text)
	}
	return fmt.Sprintf("%s: %s: %s (IET ran with %s)", where, f.Severity, f.Text, f.IETRan)
}

// A Report is what was found in a file, by line.
type Report []Finding

// Count returns how many findings have this severity.
func (r Report) Count(s Severity) int {
	n := 0
	for i := range r {
		if r[i].Severity == s {
			n++
		}
	}
	return n
}

// Print writes a line for each finding.
func (r Report) Print(w io.Writer) error {
	for _, f := range r {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	return nil
}

// Err returns a [*ReportError] when there is an error among the findings.
func (r Report) Err() error {
	if r.Count(Error) == 0 {
		return nil
	}
	return &ReportError{r}
}

// A ReportError refuses a file. Its text is one line, of the first error; Report
// has the others.
type ReportError struct{ Report Report }

// Error returns the first error, and how many there are after it.
func (e *ReportError) Error() string {
	text, more := "", e.Report.Count(Error)-1
	for _, f := range e.Report {
		if f.Severity == Error {
			text = f.String()
			break
		}
	}
	switch {
	case more == 1:
		return text + "; 1 more error is shown by ietd --check"
	case more > 1:
		return fmt.Sprintf("%s; %d more errors are shown by ietd --check", text, more)
	}
	return text
}
