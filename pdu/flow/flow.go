// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ietring/pdu"
)

// A Flow is a connection: its PDUs in the order in which they came.
type Flow struct {
	About string // who and when, one line
	Steps []Step
}

// A Step is one PDU.
type Step struct {
	Target bool   // the target sent it, not the initiator
	Wire   []byte // with digests and padding, at least a header
}

const (
	fromInitiator = ">>> initiator"
	fromTarget    = "<<< target"
	hexLine       = 16   // bytes
	again         = "* " // and how often the line above comes again
)

// Format returns f as text: hex in words, and what each PDU is. A line that comes
// again is counted.
func (f *Flow) Format() []byte {
	b := fmt.Appendf(nil, "# %s\n", f.About)
	for _, s := range f.Steps {
		who := fromInitiator
		if s.Target {
			who = fromTarget
		}
		b = append(b, who+"\n"...)
		for i := 0; i < len(s.Wire); i += hexLine {
			line := s.Wire[i:min(i+hexLine, len(s.Wire))]
			if n := repeats(s.Wire[i:]); i > 0 && n > 0 && bytes.Equal(line, s.Wire[i-hexLine:i]) {
				b = fmt.Appendf(b, "%s%d\n", again, n)
				i += (n - 1) * hexLine
				continue
			}
			b = appendHex(b, line)
			if h := pdu.View(s.Wire); i == 0 {
				b = fmt.Appendf(b, "  # %v, %d bytes of data", h.Opcode(), h.DataLen())
			}
			b = append(b, '\n')
		}
	}
	return b
}

// repeats counts the whole lines that b begins with and that are equal.
func repeats(b []byte) int {
	n := 0
	for len(b) >= (n+1)*hexLine && bytes.Equal(b[n*hexLine:(n+1)*hexLine], b[:hexLine]) {
		n++
	}
	return n
}

// appendHex appends line in words of four bytes.
func appendHex(b, line []byte) []byte {
	for i, v := range line {
		switch {
		case i == 0:
		case i%4 == 0:
			b = append(b, "  "...)
		default:
			b = append(b, ' ')
		}
		b = hex.AppendEncode(b, []byte{v})
	}
	return b
}

// Parse reads what Format wrote. The error names the line or the PDU.
func Parse(text string) (*Flow, error) {
	f := &Flow{}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case n == 0:
			about, ok := strings.CutPrefix(line, "# ")
			if !ok {
				return nil, fmt.Errorf("line 1 does not say who and when")
			}
			f.About = about
		case line == fromInitiator || line == fromTarget:
			f.Steps = append(f.Steps, Step{Target: line == fromTarget})
		case strings.HasPrefix(line, again):
			if err := f.repeat(line[len(again):]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		default:
			digits, _, _ := strings.Cut(line, "#")
			b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
			if err != nil || len(f.Steps) == 0 {
				return nil, fmt.Errorf("line %d: %q is not hex under a heading", n+1, line)
			}
			s := &f.Steps[len(f.Steps)-1]
			s.Wire = append(s.Wire, b...)
		}
	}
	for i, s := range f.Steps {
		if len(s.Wire) < pdu.HeaderLen {
			return nil, fmt.Errorf("PDU %d has %d bytes", i+1, len(s.Wire))
		}
	}
	return f, nil
}

// repeat adds the line that was added last, count times.
func (f *Flow) repeat(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > pdu.MaxDataLen/hexLine {
		return fmt.Errorf("a line cannot come again %q times", count)
	}
	if len(f.Steps) == 0 || len(f.Steps[len(f.Steps)-1].Wire) < hexLine {
		return errors.New("there is no line that could come again")
	}
	s := &f.Steps[len(f.Steps)-1]
	s.Wire = append(s.Wire, bytes.Repeat(s.Wire[len(s.Wire)-hexLine:], n)...)
	return nil
}

// FullFeature returns what the initiator sent after its login.
func (f *Flow) FullFeature() []byte {
	var b []byte
	for _, s := range f.Steps {
		if !s.Target && pdu.View(s.Wire).Opcode() != pdu.OpLogin {
			b = append(b, s.Wire...)
		}
	}
	return b
}

// Login returns what the initiator sent to log in.
func (f *Flow) Login() []byte {
	var b []byte
	for _, s := range f.Steps {
		if !s.Target && pdu.View(s.Wire).Opcode() == pdu.OpLogin {
			b = append(b, s.Wire...)
		}
	}
	return b
}
