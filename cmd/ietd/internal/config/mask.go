// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// anyInitiator is the pattern that ALL stands for.
const anyInitiator = "*"

// addressLike is what nobody can have meant as the name of an initiator.
var addressLike = regexp.MustCompile(`^[0-9.]+$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$|[/\[\]]`)

// parseMask reads what follows "LunMask".
func parseMask(words []string) (Mask, error) {
	var m Mask
	if len(words) < 2 {
		return m, fmt.Errorf("an initiator and LUNs are needed, as in 'LunMask iqn.1994-05.com.redhat:* 0,2-5 ro'")
	}
	var err error
	if m.Initiator, err = parseInitiator(words[0]); err != nil {
		return m, err
	}
	if m.Luns, err = parseLunRanges(words[1]); err != nil {
		return m, err
	}
	if len(words) == 2 {
		return m, nil
	}
	if len(words) > 3 || !strings.EqualFold(words[2], "ro") {
		return m, fmt.Errorf("%.40q stands after the LUNs; only ro can stand there, and lists have no blanks", words[2])
	}
	m.ReadOnly = true
	return m, nil
}

// parseInitiator reads a pattern, an address, a prefix or ALL. Addresses become
// what netip prints, so that equal ones are equal.
func parseInitiator(s string) (string, error) {
	if strings.EqualFold(s, "ALL") {
		return anyInitiator, nil
	}
	bare := strings.NewReplacer("[", "", "]", "").Replace(s)
	if addr, err := netip.ParseAddr(bare); err == nil && addr.Zone() == "" {
		return addr.Unmap().String(), nil
	} else if err != nil && !addressLike.MatchString(s) {
		return s, nil
	}
	prefix, err := netip.ParsePrefix(bare)
	switch {
	case err != nil:
		return "", fmt.Errorf("%.80q is neither an address nor a prefix; write it as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32", s)
	case prefix.Masked() != prefix:
		return "", fmt.Errorf("%s has bits after the prefix; write %s", s, prefix.Masked())
	}
	return prefix.String(), nil
}

// parseLunRanges reads a list as in 0,2-5, or ALL, or none.
func parseLunRanges(s string) ([]LunRange, error) {
	switch {
	case strings.EqualFold(s, "ALL"):
		return []LunRange{{0, MaxLun}}, nil
	case strings.EqualFold(s, "none"):
		return nil, nil
	}
	var ranges []LunRange
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 16)
		last, err2 := strconv.ParseUint(to, 10, 16)
		if err1 != nil || err2 != nil || first > last || last > MaxLun {
			return nil, fmt.Errorf("%.80q is not a list of LUNs; write numbers from 0 to %d and ranges, as in 0,2-5, or ALL, or none", s, MaxLun)
		}
		ranges = append(ranges, LunRange{uint16(first), uint16(last)})
	}
	return ranges, nil
}

// String returns the mask as it stands after "LunMask".
func (m Mask) String() string {
	initiator := m.Initiator
	if initiator == anyInitiator {
		initiator = "ALL"
	}
	s := initiator + " " + lunRangeText(m.Luns)
	if m.ReadOnly {
		s += " ro"
	}
	return s
}

func lunRangeText(ranges []LunRange) string {
	switch {
	case len(ranges) == 0:
		return "none"
	case len(ranges) == 1 && ranges[0] == LunRange{0, MaxLun}:
		return "ALL"
	}
	parts := make([]string, len(ranges))
	for i, r := range ranges {
		parts[i] = strconv.Itoa(int(r.First))
		if r.Last != r.First {
			parts[i] += "-" + strconv.Itoa(int(r.Last))
		}
	}
	return strings.Join(parts, ",")
}

func (p *confParser) maskLine(name, rest string) {
	m, err := parseMask(uncomment(fields(rest), 0))
	if err != nil {
		p.say(Error, "", "%s: %v", name, err)
		return
	}
	t, b := p.target(), p.block()
	t.Masks = append(t.Masks, m)
	b.masks = append(b.masks, p.line)
}

// masks looks at the LunMask lines of a block as a whole.
func (p *confParser) masks(t *Target, b *block) {
	all := 0 // line of the first that matches everybody
	for i, m := range t.Masks {
		line := b.masks[i]
		if all > 0 {
			p.sayAt(line, Warning, "", "LunMask on line %d matches every initiator; this one is never looked at", all)
		} else if m.Initiator == anyInitiator {
			all = line
		}
		for _, r := range m.Luns {
			if r != (LunRange{0, MaxLun}) && !anyLun(b, r) {
				p.sayAt(line, Warning, "", "LunMask names %s, and the target has no such LUN", lunRangeText([]LunRange{r}))
			}
		}
	}
}

// anyLun reports whether the block has a LUN of r.
func anyLun(b *block, r LunRange) bool {
	for n := range b.luns {
		if r.First <= n && n <= r.Last {
			return true
		}
	}
	return false
}
