// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strconv"
	"strings"

	"ietring/scsi"
)

// A PortGroup is the target port group of a target, and the asymmetric access
// state that all targets of the group have at the start (SPC-4). The zero value
// is none: the target is in group 1 then, which stays optimized.
type PortGroup struct {
	Number   uint16 // 0: none
	State    scsi.AccessState
	Explicit bool // initiators may change the state
}

// String returns the group as it stands after "PortGroup".
func (g PortGroup) String() string {
	text := fmt.Sprintf("%d %v", g.Number, g.State)
	if g.Explicit {
		text += " explicit"
	}
	return text
}

// minPortGroup is the first number that can be given: 1 is the group of the
// targets that are in none.
const minPortGroup = 2

// portGroupLine reads "PortGroup NUMBER [STATE] [explicit]".
func (p *confParser) portGroupLine(name, rest string) {
	words := uncomment(fields(rest), 0)
	var g PortGroup
	if len(words) > 0 {
		n, err := strconv.ParseUint(words[0], 10, 16)
		if err != nil || n < minPortGroup {
			words = nil
		}
		g.Number = uint16(n)
	}
	if len(words) == 0 {
		p.say(Error, "", "%s: a number from %d to 65535 is needed, as in '%s 2 standby'", name, minPortGroup, name)
		return
	}
	words = words[1:]
	if len(words) > 0 {
		if s, ok := scsi.ParseAccessState(strings.ToLower(words[0])); ok {
			g.State = s
			words = words[1:]
		}
	}
	if len(words) == 1 && strings.EqualFold(words[0], "explicit") {
		g.Explicit = true
		words = nil
	}
	if len(words) > 0 {
		p.say(Error, "", "%s: %q is not one of %s, nor 'explicit' at the end", name, words[0], strings.Join(scsi.AccessStateNames(), ", "))
		return
	}
	p.target().Group = g
}

// portGroups holds the targets of a group to one state: it is the group's.
func (p *confParser) portGroups() {
	first := make(map[uint16]int)
	for i := range p.cfg.Targets {
		g := p.cfg.Targets[i].Group
		if g.Number == 0 {
			continue
		}
		other, there := first[g.Number]
		if !there {
			first[g.Number] = i
			continue
		}
		if was := p.cfg.Targets[other].Group; was != g {
			p.sayAt(p.blocks[i].at["PortGroup"], Error, "", "PortGroup %v: group %d is '%v' on line %d; a group has one state", g, g.Number, was, p.blocks[other].at["PortGroup"])
		}
	}
}
