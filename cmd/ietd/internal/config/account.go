// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

// minSecret is the fewest bytes of a CHAP secret that RFC 7143, Section 12.1.4
// (96 bits) and many initiators ask for.
const minSecret = 12

// account reads NAME SECRET. Findings never show what may be a secret.
func (p *confParser) account(name, rest string) (Account, bool) {
	words := uncomment(fields(rest), 2)
	switch {
	case len(words) < 2:
		p.say(Error, "", "%s needs a name and a secret; write '%s NAME SECRET'", name, name)
	case len(words) > 2:
		p.say(Error, "the first word of it", "the secret of %s %.80q has a blank in it; write '%s NAME SECRET' with a secret without blanks", name, words[0], name)
	case len(words[0]) > maxTextValue || len(words[1]) > maxTextValue:
		p.say(Error, "", "the name or the secret of %s has more than %d bytes; at most that many are allowed", name, maxTextValue)
	default:
		if len(words[1]) < minSecret {
			p.say(Warning, "", "the secret of %s %s has %d bytes; RFC 7143 asks for at least %d", name, words[0], len(words[1]), minSecret)
		}
		return Account{words[0], Secret(words[1])}, true
	}
	return Account{}, false
}

func (p *confParser) incomingUser(name, rest string) {
	a, ok := p.account(name, rest)
	if !ok {
		return
	}
	list := &p.cfg.Incoming
	if len(p.blocks) > 0 {
		list = &p.target().Incoming
	}
	b := p.block()
	if before := b.incoming[a.Name]; before > 0 {
		for _, other := range *list {
			if other.Name != a.Name {
				continue
			}
			if other.Secret == a.Secret {
				p.say(Warning, "", "%s %s stands on line %d too", name, a.Name, before)
			} else {
				p.say(Error, "", "%s %s stands on line %d with another secret; which one is right cannot be told, remove one", name, a.Name, before)
			}
		}
		return
	}
	b.incoming[a.Name] = p.line
	*list = append(*list, a)
}

func (p *confParser) outgoingUser(name, rest string) {
	a, ok := p.account(name, rest)
	if !ok {
		return
	}
	if len(p.blocks) > 0 {
		p.target().Outgoing = &a
		return
	}
	p.cfg.Outgoing = &a
}

// accounts looks at what CHAP is asked for as a whole.
func (p *confParser) accounts(b *block, incoming []Account, outgoing *Account) {
	if outgoing == nil {
		return
	}
	line := b.at["OutgoingUser"]
	if len(incoming) == 0 {
		p.sayAt(line, Warning, "", "OutgoingUser without an IncomingUser is never used: an initiator can ask for our answer only when it gives its own (RFC 7143, Section 12.1.3)")
	}
	for _, a := range incoming {
		if a.Secret == outgoing.Secret {
			p.sayAt(line, Warning, "", "OutgoingUser %s has the secret of IncomingUser %s; each direction needs its own (RFC 7143, Section 12.1.3)", outgoing.Name, a.Name)
			return
		}
	}
}
