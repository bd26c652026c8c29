// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"sort"
	"strings"
)

// maxLine is the most bytes of a line, without its end: IET read 4095 at a time
// and took what followed for another line.
const maxLine = 4095

// ParseFile reads the text of an ietd.conf. file is its name, for the findings.
// The Config has what a file can say and nothing else: Targets, Incoming,
// Outgoing and what begins with ISNS. It is nil when the report has an error.
func ParseFile(file string, text []byte) (*Config, Report) {
	p := &confParser{file: file, names: make(map[string]int), global: newBlock(0)}
	p.lines(string(text))
	p.finish()
	// Findings about blocks as wholes come last; a reader goes by lines.
	sort.SliceStable(p.report, func(i, j int) bool { return p.report[i].Line < p.report[j].Line })
	if p.report.Count(Error) > 0 {
		return nil, p.report
	}
	return &p.cfg, p.report
}

// confParser is one reading of one ietd.conf.
type confParser struct {
	cfg    Config
	report Report
	file   string
	line   int            // being read, from 1
	blocks []block        // by index of cfg.Targets
	global block          // what stands before the first Target, or belongs to no block
	names  map[string]int // targets in small letters, to their lines
}

// A block remembers on which lines things stand.
type block struct {
	line     int            // of Target
	at       map[string]int // directives that may be there once
	luns     map[uint16]int
	incoming map[string]int // account names
	masks    []int          // by index of Target.Masks
}

func newBlock(line int) block {
	return block{line: line, at: make(map[string]int), luns: make(map[uint16]int), incoming: make(map[string]int)}
}

// A directive is one keyword of ietd.conf.
type directive struct {
	name     string
	inTarget bool // it means nothing before the first Target
	repeats  bool // it may stand more than once in a block
	global   bool // it belongs to no block, wherever it stands
	read     func(p *confParser, name, rest string)
}

// directives are IET's and our own. The session keys are in ietKeys.
var directives = []directive{
	{name: "iSNSServer", global: true, read: (*confParser).isnsServer},
	{name: "iSNSAccessControl", global: true, read: (*confParser).isnsAccess},
	{name: "Target", repeats: true, read: (*confParser).targetLine},
	{name: "Alias", inTarget: true, read: (*confParser).alias},
	{name: "Lun", inTarget: true, repeats: true, read: (*confParser).lunLine},
	{name: "LunMask", inTarget: true, repeats: true, read: (*confParser).maskLine},
	{name: "Redirect", inTarget: true, read: (*confParser).redirectLine},
	{name: "PortGroup", inTarget: true, read: (*confParser).portGroupLine},
	{name: "IncomingUser", repeats: true, read: (*confParser).incomingUser},
	{name: "OutgoingUser", read: (*confParser).outgoingUser},
	{name: "MaxSessions", inTarget: true, read: (*confParser).numberLine},
	{name: "QueuedCommands", inTarget: true, read: (*confParser).numberLine},
	{name: "Wthreads", inTarget: true, read: (*confParser).numberLine},
	{name: "NOPInterval", inTarget: true, read: (*confParser).numberLine},
	{name: "NOPTimeout", inTarget: true, read: (*confParser).numberLine},
	{name: "Type", inTarget: true, read: (*confParser).targetType},
}

// findDirective returns the directive of a keyword.
func findDirective(word string) (directive, bool) {
	for _, d := range directives {
		if strings.EqualFold(d.name, word) {
			return d, true
		}
	}
	for i := range ietKeys {
		if strings.EqualFold(ietKeys[i].name, word) {
			return directive{name: ietKeys[i].name, inTarget: true, read: (*confParser).sessionLine}, true
		}
	}
	return directive{}, false
}

// nearest returns the directive that word may have been meant to be, or "".
func nearest(word string) string {
	for _, d := range directives {
		if near(word, d.name) {
			return d.name
		}
	}
	for i := range ietKeys {
		if near(word, ietKeys[i].name) {
			return ietKeys[i].name
		}
	}
	return ""
}

// lines reads the text line by line.
func (p *confParser) lines(text string) {
	const byteOrderMark = "\ufeff"
	if rest, found := strings.CutPrefix(text, byteOrderMark); found {
		text = rest
		p.line = 1
		p.say(Warning, "nothing of this line", "the file begins with a byte order mark; save it without")
		p.line = 0
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.line++
		p.oneLine(line)
	}
}

func (p *confParser) oneLine(line string) {
	long := len(line) > maxLine
	switch {
	case strings.HasPrefix(line, "#"):
		if long {
			p.say(Warning, "the rest of it as lines of their own", "the comment has %d bytes; at most %d are allowed", len(line), maxLine)
		}
		return
	case long:
		p.say(Error, "the rest of it as lines of their own", "the line has %d bytes; at most %d are allowed", len(line), maxLine)
		return
	case strings.IndexByte(line, 0) >= 0:
		p.say(Error, "the line up to that byte", "there is a zero byte in the line; this is not a text file")
		return
	}
	word, rest := cut(line)
	if word == "" || word[0] == '#' {
		return
	}
	d, found := findDirective(word)
	switch {
	case !found:
		p.unknown(word)
	case d.inTarget && len(p.blocks) == 0:
		p.say(Warning, "", "%s before the first Target means nothing, here as in IET; it belongs in the block of each target that it is meant for", d.name)
	case rest == `\` || strings.HasSuffix(rest, ` \`) || strings.HasSuffix(rest, "\t\\") || strings.HasSuffix(rest, `,\`):
		p.say(Error, "this line as it is, and the next as one of its own", "lines are never joined; write %s on one line, without the backslash", d.name)
	default:
		p.once(d)
		d.read(p, d.name, rest)
	}
}

// unknown is a word that is no directive. A slip of the hand is an error: the
// operator believes that the line does something.
func (p *confParser) unknown(word string) {
	if meant := nearest(word); meant != "" {
		p.say(Error, "nothing of this line", "%.40q is no directive; write %s", word, meant)
		return
	}
	p.say(Warning, "", "%.40q is no directive; the line is passed over, as in IET", word)
}

// once notes where d stands, and says when it stands there twice.
func (p *confParser) once(d directive) {
	if d.repeats {
		return
	}
	at := p.block().at
	if d.global {
		at = p.global.at
	}
	if before := at[d.name]; before > 0 {
		p.say(Warning, "", "%s stands on line %d too; this one counts", d.name, before)
	}
	at[d.name] = p.line
}

// target returns the target that the lines belong to. There is one.
func (p *confParser) target() *Target { return &p.cfg.Targets[len(p.cfg.Targets)-1] }

// block returns the block that the lines belong to.
func (p *confParser) block() *block {
	if len(p.blocks) == 0 {
		return &p.global
	}
	return &p.blocks[len(p.blocks)-1]
}

// say makes a finding about the line that is being read.
func (p *confParser) say(s Severity, ietRan, format string, args ...any) {
	p.sayAt(p.line, s, ietRan, format, args...)
}

func (p *confParser) sayAt(line int, s Severity, ietRan, format string, args ...any) {
	p.report = append(p.report, Finding{p.file, line, s, fmt.Sprintf(format, args...), ietRan})
}

// value returns the one word that a directive takes. example is how the line
// could look.
func (p *confParser) value(name, rest, example string) (string, bool) {
	words := uncomment(fields(rest), 0)
	if len(words) == 0 {
		p.say(Error, "", "%s has no value; write it as in '%s %s'", name, name, example)
		return "", false
	}
	if len(words) > 1 {
		p.say(Warning, "", "%s takes one word; what follows %.40q is passed over, as in IET", name, words[0])
	}
	return words[0], true
}
