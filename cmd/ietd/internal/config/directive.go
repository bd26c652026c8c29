// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// hostForm is a name that a resolver can be asked for.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?$`)

// maxTextValue is the most bytes that the value of a text key has (RFC 7143,
// Section 6.1).
const maxTextValue = 255

func (p *confParser) isnsServer(name, rest string) {
	v, ok := p.value(name, rest, "192.0.2.1")
	if !ok {
		return
	}
	if _, err := netip.ParseAddr(v); err != nil && !hostForm.MatchString(v) {
		p.say(Error, "", "%s %.80q: it must be the name or the IP address of a host, without a port, as in '%s 192.0.2.1'", name, v, name)
		return
	}
	p.cfg.ISNSServer = v
}

// isnsAccess is the one Yes or No that IET read without case.
func (p *confParser) isnsAccess(name, rest string) {
	v, ok := p.value(name, rest, "Yes")
	if !ok {
		return
	}
	switch {
	case strings.EqualFold(v, "Yes"):
		p.cfg.ISNSAccessControl = true
	case strings.EqualFold(v, "No"):
		p.cfg.ISNSAccessControl = false
	default:
		p.say(Error, "", "%s %.40q: it must be Yes or No; write '%s Yes' or '%s No'", name, v, name, name)
	}
}

// targetLine begins a block. A name that is refused begins one too, so that the
// lines after it do not belong to the target before.
func (p *confParser) targetLine(name, rest string) {
	v, ok := p.value(name, rest, "iqn.2026-11.com.example:disk")
	p.cfg.Targets = append(p.cfg.Targets, Target{Name: v})
	p.blocks = append(p.blocks, newBlock(p.line))
	if !ok {
		return
	}
	lower := strings.ToLower(v)
	before := p.names[lower]
	p.names[lower] = p.line
	switch err := CheckName(v); {
	case before > 0:
		p.say(Error, "the block of line "+strconv.Itoa(before)+" alone", "Target %s stands on line %d too; each target needs its own name", v, before)
	case len(v) > MaxNameLen:
		p.say(Error, "", "%v", err)
	case err != nil:
		p.say(Warning, "", "%v; the name is taken as it stands, because the WWIDs of its disks come from it", err)
	}
}

// alias takes the rest of the line, blanks and all.
func (p *confParser) alias(name, rest string) {
	switch {
	case rest == "":
		p.say(Error, "", "%s has no value; write it as in '%s Disk of the mail server'", name, name)
	case len(rest) > maxTextValue:
		p.say(Error, "no alias", "%s has %d bytes; at most %d are allowed (RFC 7143, Section 6.1)", name, len(rest), maxTextValue)
	default:
		p.say(Note, "no alias", "%s is sent to initiators as TargetAlias; IET read it and never sent it", name)
		p.target().Alias = rest
	}
}

func (p *confParser) lunLine(_, rest string) {
	words := uncomment(fields(rest), 0)
	t, b := p.target(), p.block()
	lun, err := ParseLun(t.Name, strings.Join(words, " "))
	if err != nil {
		ietRan := "no such LUN, after a line in its log"
		if errors.Is(err, errParamTwice) {
			ietRan = ""
		}
		p.say(Error, ietRan, "Lun: %v%s", err, joined(t.Name, words))
		return
	}
	if before := b.luns[lun.Number]; before > 0 {
		p.say(Error, "line "+strconv.Itoa(before)+" alone", "Lun %d stands on line %d too; each needs its own number", lun.Number, before)
		return
	}
	b.luns[lun.Number] = p.line
	t.Luns = append(t.Luns, lun)
}

// joined says what a Lun line would be without blanks after commas, where that
// is a good one.
func joined(target string, words []string) string {
	if len(words) < 3 {
		return ""
	}
	right := words[0] + " " + words[1]
	for _, w := range words[2:] {
		if !strings.HasSuffix(right, ",") && w[0] != ',' {
			return ""
		}
		right += w
	}
	if _, err := ParseLun(target, right); err != nil {
		return ""
	}
	return "; write 'Lun " + right + "'"
}

// A targetNumber is a directive whose value is a number of the target.
type targetNumber struct {
	name           string
	min, max       int // what is taken
	ietMin, ietMax int // what IET took; anything else became ietMin
	unit           string
	dst            func(t *Target) *int
}

var targetNumbers = []targetNumber{
	{"MaxSessions", 0, math.MaxInt32, 0, math.MaxInt32, "sessions, 0 for any number", func(t *Target) *int { return &t.MaxSessions }},
	{"QueuedCommands", 1, maxQueueDepth, 1, 256, "commands", func(t *Target) *int { return &t.QueuedCommands }},
	{"Wthreads", 1, 128, 1, 128, "threads", func(t *Target) *int { return &t.Wthreads }},
	{"NOPInterval", 0, 90, 0, 90, "seconds, 0 for no pings", func(t *Target) *int { return &t.NOPInterval }},
	{"NOPTimeout", 0, 90, 0, 90, "seconds", func(t *Target) *int { return &t.NOPTimeout }},
}

func (p *confParser) numberLine(name, rest string) {
	for i := range targetNumbers {
		row := &targetNumbers[i]
		if row.name != name {
			continue
		}
		if n, ok := p.number(name, rest, row.min, row.max, row.ietMin, row.ietMax, row.unit); ok {
			*row.dst(p.target()) = n
		}
	}
}

// number reads a number from lo to hi. From ietLo to ietHi is what IET took.
func (p *confParser) number(name, rest string, lo, hi, ietLo, ietHi int, unit string) (int, bool) {
	v, ok := p.value(name, rest, strconv.Itoa(lo))
	if !ok {
		return 0, false
	}
	n, whole, octal := cNumber(v)
	ran, inRange := ranWith(n, ietLo, ietHi)
	switch {
	case !whole:
		p.say(Error, ran, "%s %.40q is not a number; write %s with a number from %d to %d %s", name, v, name, lo, hi, unit)
		return 0, false
	case n < int64(lo) || n > int64(hi):
		right := lo
		if n > int64(hi) {
			right = hi
		}
		p.say(Error, ran, "%s %.40s: it must be from %d to %d %s; write '%s %d'", name, v, lo, hi, unit, name, right)
		return 0, false
	case !inRange:
		p.say(Warning, ran, "%s %.40s is taken, although IET's most was %d", name, v, ietHi)
	}
	if octal {
		p.say(Warning, "", "%s %.40s is octal, that is %d; write it without the leading 0", name, v, n)
	}
	return int(n), true
}

// ranWith returns what IET ran with when it read n, and whether that is n.
func ranWith(n int64, lo, hi int) (string, bool) {
	if n < int64(lo) || n > int64(hi) {
		return strconv.Itoa(lo) + ", the minimum", false
	}
	return strconv.FormatInt(n, 10), true
}

// targetType is IET's number of the device type: it knew disks only.
func (p *confParser) targetType(name, rest string) {
	v, ok := p.value(name, rest, "0")
	if !ok {
		return
	}
	if n, whole, _ := cNumber(v); !whole || n != 0 {
		p.say(Warning, "0, the minimum", "%s %.40q: every target has disks; write '%s 0' or nothing", name, v, name)
	}
}
