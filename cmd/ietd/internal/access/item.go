// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// everything is the word for any target and any peer. IET compares it with case.
const everything = "ALL"

// An item is one entry of a line: exactly one of its fields is set.
type item struct {
	all    bool
	prefix netip.Prefix
	name   *regexp.Regexp // of the whole initiator name
}

// matches reports whether the peer is meant. addr is unmapped and has no zone.
func (i *item) matches(name string, addr netip.Addr) bool {
	switch {
	case i.all:
		return true
	case i.name != nil:
		return i.name.MatchString(name)
	}
	return i.prefix.Contains(addr)
}

// What an item begins to look like decides what it must be. A bracket expression
// of a pattern can look like an IPv6 address only when it is the whole pattern,
// which would match names of one character.
var (
	ipv4Look = regexp.MustCompile(`^[0-9]+\.[0-9./]*$`)
	ipv6Look = regexp.MustCompile(`^\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[^\]]*)?\](/.*)?$`)
)

// parseItem reads one item, free of blanks around it. names says whether the
// file may have patterns of names.
func parseItem(text string, names bool) (item, error) {
	switch {
	case text == everything:
		return item{all: true}, nil
	case strings.ContainsAny(text, " \t"):
		return item{}, fmt.Errorf("%s has a blank inside; items are separated by commas", quote(text))
	case ipv4Look.MatchString(text):
		return parseNetwork(text, text)
	case ipv6Look.MatchString(text):
		return parseNetwork(text, strings.NewReplacer("[", "", "]", "").Replace(text))
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return item{}, fmt.Errorf("%s is an IPv6 address without brackets; write [%s]", quote(text), text)
	}
	if !names {
		return item{}, fmt.Errorf("%s is not an address; this file has ALL, a.b.c.d, a.b.c.d/p, [ipv6] and [ipv6]/p only", quote(text))
	}
	re, err := compileBRE(text)
	if err != nil {
		return item{}, fmt.Errorf("%s is no address and no POSIX basic regular expression: %w", quote(text), err)
	}
	return item{name: re}, nil
}

// parseNetwork reads an address or a network; bare is the text without brackets.
func parseNetwork(text, bare string) (item, error) {
	address, _, isNetwork := strings.Cut(bare, "/")
	addr, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return item{}, fmt.Errorf("%s is not an IP address; write a.b.c.d, a.b.c.d/p, [ipv6] or [ipv6]/p", quote(text))
	case addr.Zone() != "":
		return item{}, fmt.Errorf("%s names an interface, which cannot be compared; write [%s]", quote(text), addr.WithZone(""))
	case addr.Is4In6():
		return item{}, fmt.Errorf("%s is an IPv4 address in IPv6's form; write it as %s", quote(text), addr.Unmap())
	case !isNetwork:
		return item{prefix: netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	p, err := netip.ParsePrefix(bare)
	if err != nil {
		return item{}, fmt.Errorf("%s has no prefix length from 0 to %d after the slash", quote(text), addr.BitLen())
	}
	if p.Masked() != p {
		return item{}, fmt.Errorf("%s has bits beyond its prefix; write %s for the network, or the address without %q", quote(text), written(p.Masked()), fmt.Sprintf("/%d", p.Bits()))
	}
	return item{prefix: p}, nil
}

// written returns p as the files write it.
func written(p netip.Prefix) string {
	if p.Addr().Is4() {
		return p.String()
	}
	return fmt.Sprintf("[%s]/%d", p.Addr(), p.Bits())
}

// remark says what is odd about an item that is valid, or "".
func remark(text string, i item) (Severity, string) {
	switch {
	case i.name != nil && strings.EqualFold(text, everything):
		return Warning, fmt.Sprintf("%s is a pattern that no initiator name matches; write %s for everybody", quote(text), everything)
	case i.name != nil && text[0] >= '0' && text[0] <= '9':
		return Warning, fmt.Sprintf("%s is a pattern of initiator names, and those begin with iqn., eui. or naa.; write a network as a.b.c.d/p", quote(text))
	case i.name == nil && !i.all && i.prefix.IsSingleIP() && strings.Contains(text, "/"):
		return Note, fmt.Sprintf("IET did not accept %s; without the prefix length it means the same to both", quote(text))
	}
	return Note, ""
}

// errNoItems is what a line is told that names a target and nobody else.
var errNoItems = errors.New(`the line has no items; write "<target> ALL", or a list of addresses and name patterns`)
