// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strconv"
)

// finish looks at what only the whole file can tell.
func (p *confParser) finish() {
	if len(p.cfg.Targets) == 0 {
		p.sayAt(0, Warning, "", "the file has no Target; there is nothing to serve until one is added")
	}
	if p.cfg.ISNSAccessControl && p.cfg.ISNSServer == "" {
		p.sayAt(p.global.at["iSNSAccessControl"], Error, "", "iSNSAccessControl Yes needs a server to ask; write 'iSNSServer ADDRESS' too")
	}
	p.accounts(&p.global, p.cfg.Incoming, p.cfg.Outgoing)
	for i := range p.blocks {
		t, b := &p.cfg.Targets[i], &p.blocks[i]
		if len(b.luns) == 0 {
			p.sayAt(b.line, Warning, "", "Target %s has no LUN", t.Name)
		}
		p.accounts(b, t.Incoming, t.Outgoing)
		p.pings(t, b)
		p.bursts(t, b)
		p.masks(t, b)
	}
	p.cfg.sharedPaths(func(target int, lun uint16, text string) {
		p.sayAt(p.blocks[target].luns[lun], Error, "both", "Lun: %s", text)
	})
	p.sharedIdentities()
	p.portGroups()
}

// pings makes NOPTimeout what IET made of it.
func (p *confParser) pings(t *Target, b *block) {
	line := b.at["NOPTimeout"]
	if t.NOPTimeout > 0 && t.NOPInterval == 0 {
		p.sayAt(line, Warning, "", "NOPTimeout %d means nothing without a NOPInterval", t.NOPTimeout)
	}
	if n := t.pingTimeout(); n != t.NOPTimeout {
		p.sayAt(line, Warning, strconv.Itoa(n), "NOPTimeout %d is above NOPInterval %d; it runs with that, write 'NOPTimeout %d'", t.NOPTimeout, n, n)
		t.NOPTimeout = n
	}
}

// pingTimeout returns NOPTimeout as it runs: never above NOPInterval, at the end
// of which the next ping is due.
func (t *Target) pingTimeout() int {
	if t.NOPInterval > 0 {
		return min(t.NOPTimeout, t.NOPInterval)
	}
	return t.NOPTimeout
}

// bursts holds FirstBurstLength at or below MaxBurstLength. Where the file gives
// only the latter, the former follows: the default is ours, not the operator's.
func (p *confParser) bursts(t *Target, b *block) {
	const first, most = "FirstBurstLength", "MaxBurstLength"
	if t.Keys.Check() == nil {
		return
	}
	if t.Keys.given(first) {
		p.sayAt(b.at[first], Error, "", "%s %s is above %s %s; write '%s %s' or '%s %s' (RFC 7143, Section 13.14)",
			first, t.Keys.Get(first), most, t.Keys.Get(most), first, t.Keys.Get(most), most, t.Keys.Get(first))
		return
	}
	p.sayAt(b.at[most], Note, "", "%s is %s too, instead of our default, %s", first, t.Keys.Get(most), t.Keys.Get(first))
	if err := t.Keys.Set(first, t.Keys.Get(most)); err != nil {
		panic("config: FirstBurstLength cannot have a value that MaxBurstLength has")
	}
}

// sharedIdentities warns of disks that initiators cannot tell apart.
func (p *confParser) sharedIdentities() {
	seen := make(map[[maxScsiID]byte]string)
	for i := range p.cfg.Targets {
		t := &p.cfg.Targets[i]
		for _, l := range t.Luns {
			line := p.blocks[i].luns[l.Number]
			if there, twice := seen[l.ScsiID]; twice {
				p.sayAt(line, Warning, "", "Lun %d has the ScsiId of %s; initiators with multipath take the two for one disk and mix their data up, unless they are one", l.Number, there)
				continue
			}
			seen[l.ScsiID] = fmt.Sprintf("Lun %d on line %d", l.Number, line)
		}
	}
}
