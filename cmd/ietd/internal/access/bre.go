// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// compileBRE compiles a POSIX basic regular expression (IEEE Std 1003.1, XBD
// 9.3, with the GNU operators \+ \? \| \w \W \s \S \b \B) that a whole initiator
// name has to match. Case does not count: iSCSI names are compared without it
// (RFC 7143, Section 4.2.7.1), and a name in capitals must not slip past a
// denial. Go's matcher takes time linear in the name, whatever the pattern says;
// what it cannot do, back-references, is refused.
func compileBRE(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	p := breParser{in: pattern}
	if err := p.alternatives(); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(`(?is)\A(?:` + p.out + `)\z`)
	if err != nil {
		return nil, errors.New("it is too large, or not UTF-8")
	}
	return re, nil
}

// A breParser rewrites a basic regular expression in Go's syntax. One atom is
// held back until it is known whether a repetition follows.
type breParser struct {
	in    string
	pos   int
	out   string
	outer []string // what stood in out when each open group began
	atom  string   // last atom in Go's syntax; "" when there is none to repeat
	// repeated is true when atom ends in a repetition, so that a further one
	// needs a group around it.
	repeated bool
}

const (
	// maxPattern is the bytes of a pattern. A name has at most 223.
	maxPattern = 4096
	// maxGroups is how deep groups may nest.
	maxGroups = 100
)

// alternatives reads to the end.
func (p *breParser) alternatives() error {
	start := true // at the start of an expression: '*' and '^' mean something else
	for p.pos < len(p.in) {
		var err error
		switch c := p.in[p.pos]; {
		case c == '\\':
			start, err = p.escape(start)
		case c == '[':
			err = p.bracket()
			start = false
		case c == '^' && start:
			p.emit("^")
			p.pos++ // and still at the start: "^*" is a literal star
		case c == '$' && p.atEnd():
			p.emit("$")
			p.pos++
			start = false
		case c == '*' && !start:
			err = p.repeat("*")
			p.pos++
		case c == '.':
			p.hold(".")
			p.pos++
			start = false
		default:
			p.literal()
			start = false
		}
		if err != nil {
			return err
		}
	}
	if len(p.outer) > 0 {
		return errors.New(`\( without \)`)
	}
	p.emit("")
	return nil
}

// emit writes the atom that was held back, then text.
func (p *breParser) emit(text string) {
	p.out += p.atom + text
	p.atom, p.repeated = "", false
}

// hold makes text the atom that a repetition would repeat.
func (p *breParser) hold(text string) {
	p.emit("")
	p.atom = text
}

// literal holds one character, of as many bytes as it has, that stands for itself.
func (p *breParser) literal() {
	n := 1
	for p.pos+n < len(p.in) && p.in[p.pos]&0xc0 == 0xc0 && p.in[p.pos+n]&0xc0 == 0x80 {
		n++
	}
	p.hold(regexp.QuoteMeta(p.in[p.pos : p.pos+n]))
	p.pos += n
}

// atEnd reports whether the '$' at pos ends an expression.
func (p *breParser) atEnd() bool {
	rest := p.in[p.pos+1:]
	return rest == "" || strings.HasPrefix(rest, `\)`) || strings.HasPrefix(rest, `\|`)
}

// repeat applies a repetition to the atom.
func (p *breParser) repeat(op string) error {
	if p.atom == "" {
		return fmt.Errorf("there is nothing that %q can repeat", op)
	}
	if p.repeated {
		p.atom = "(?:" + p.atom + ")"
	}
	p.atom += op
	p.repeated = true
	return nil
}

// escape reads what begins with a backslash. It returns whether the next
// character is the first of an expression.
func (p *breParser) escape(start bool) (bool, error) {
	if p.pos+1 == len(p.in) {
		return false, errors.New(`it ends in a single \`)
	}
	c := p.in[p.pos+1]
	p.pos += 2
	switch {
	case c == '(':
		return true, p.open()
	case c == ')':
		return false, p.close()
	case c == '|':
		p.emit("|")
		return true, nil
	case c == '{':
		return false, p.interval()
	case c == '+', c == '?':
		if start {
			p.hold(regexp.QuoteMeta(string(c)))
			return false, nil
		}
		return false, p.repeat(string(c))
	case strings.IndexByte("wWsS", c) >= 0:
		p.hold(`\` + string(c))
		return false, nil
	case c == 'b' || c == 'B':
		p.emit(`\` + string(c))
		return false, nil
	case c >= '1' && c <= '9':
		return false, fmt.Errorf(`the back-reference \%c is not supported; write out what it repeats`, c)
	case c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("<>`'}", c) >= 0:
		return false, fmt.Errorf("%s has no meaning", quote(`\`+string(rune(c))))
	}
	p.hold(regexp.QuoteMeta(string(c)))
	return false, nil
}

// open begins a group: its text is collected apart.
func (p *breParser) open() error {
	if len(p.outer) == maxGroups {
		return fmt.Errorf("more than %d groups are nested", maxGroups)
	}
	p.emit("")
	p.outer = append(p.outer, p.out)
	p.out = ""
	return nil
}

// close ends a group: it is an atom of what is around it.
func (p *breParser) close() error {
	last := len(p.outer) - 1
	if last < 0 {
		return errors.New(`\) without \(`)
	}
	p.emit("")
	p.atom = "(?:" + p.out + ")"
	p.out, p.outer = p.outer[last], p.outer[:last]
	return nil
}

// interval reads m\}, m,\} or m,n\}; the \{ is passed.
func (p *breParser) interval() error {
	text, _, found := strings.Cut(p.in[p.pos:], `\}`)
	if !found {
		return errors.New(`\{ without \} (a comma ends an item, so \{m,n\} cannot be written here: repeat the atom, as in aa*)`)
	}
	p.pos += len(text) + 2
	low, high, isRange := strings.Cut(text, ",")
	if low == "" && isRange {
		low = "0"
	}
	m, err := strconv.ParseUint(low, 10, 16)
	if err != nil || high != "" && !digits(high) {
		return fmt.Errorf(`\{%s\} is no count`, text)
	}
	op := fmt.Sprintf("{%d}", m)
	if isRange {
		op = fmt.Sprintf("{%d,%s}", m, high)
	}
	return p.repeat(op)
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" && len(s) <= 5 }
