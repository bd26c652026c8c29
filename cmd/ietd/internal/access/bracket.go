// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// classes are the names that [:name:] may have: Go's syntax knows the same ones.
var classes = []string{
	"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit",
}

// bracket reads a bracket expression: [abc], [^a-z], []x], [[:digit:]]. A
// backslash in it is a character like any other.
func (p *breParser) bracket() error {
	p.pos++
	class := "["
	if p.next('^') {
		class += "^"
	}
	for first := true; ; first = false {
		if p.pos == len(p.in) {
			return errors.New("[ without ]")
		}
		if !first && p.next(']') {
			p.hold(class + "]")
			return nil
		}
		member, err := p.member()
		if err != nil {
			return err
		}
		class += member
	}
}

// next passes c and reports true when it is the next character.
func (p *breParser) next(c byte) bool {
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// member reads a character, a range or a class inside a bracket expression.
func (p *breParser) member() (string, error) {
	rest := p.in[p.pos:]
	if strings.HasPrefix(rest, "[:") {
		name, _, found := strings.Cut(rest[2:], ":]")
		if !found || !slices.Contains(classes, name) {
			return "", fmt.Errorf("%s begins no class of characters such as [:digit:]", quote(rest))
		}
		p.pos += len(name) + 4
		return "[:" + name + ":]", nil
	}
	if strings.HasPrefix(rest, "[.") || strings.HasPrefix(rest, "[=") {
		return "", fmt.Errorf("collating elements (%s) are not supported", quote(rest[:2]))
	}
	low := p.rune()
	if rest = p.in[p.pos:]; len(rest) < 2 || rest[0] != '-' || rest[1] == ']' {
		return member(low), nil
	}
	p.pos++
	high := p.rune()
	if high < low {
		return "", fmt.Errorf("the range %c-%c runs backwards", low, high)
	}
	return member(low) + "-" + member(high), nil
}

// rune passes one character.
func (p *breParser) rune() rune {
	r, n := utf8.DecodeRuneInString(p.in[p.pos:])
	p.pos += n
	return r
}

// member writes one character for a class of Go's syntax, whatever it is.
func member(r rune) string { return fmt.Sprintf(`\x{%x}`, r) }
