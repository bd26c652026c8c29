// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Redirect is where the logins of a target are sent instead.
type Redirect struct {
	Addr      netip.Addr
	Port      uint16 // 0: not said, which means 3260
	Permanent bool   // initiators may remember it
}

// Address returns the value of TargetAddress in a redirecting Login Response:
// without a portal group (RFC 7143, Section 13.8).
func (r *Redirect) Address() string {
	switch {
	case r.Port != 0:
		return netip.AddrPortFrom(r.Addr, r.Port).String()
	case r.Addr.Is6():
		return "[" + r.Addr.String() + "]"
	}
	return r.Addr.String()
}

// String returns the redirect as it stands after "Redirect".
func (r *Redirect) String() string {
	if r.Permanent {
		return r.Address() + " permanent"
	}
	return r.Address()
}

// ParseRedirect reads "ip[:port]", an IPv6 address in brackets where a port
// follows.
func ParseRedirect(to string, permanent bool) (*Redirect, error) {
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(to, "["), "]"), "0"
	}
	addr, err := netip.ParseAddr(host)
	n, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || addr.Zone() != "" || addr.IsUnspecified() {
		return nil, fmt.Errorf("%q is no place to redirect to; write an IP address, as in 192.0.2.1, 192.0.2.1:3260 or [2001:db8::1]:3260", to)
	}
	return &Redirect{Addr: addr.Unmap(), Port: uint16(n), Permanent: permanent}, nil
}

// redirectLine reads "Redirect ip[:port] [permanent]".
func (p *confParser) redirectLine(name, rest string) {
	words := uncomment(fields(rest), 0)
	permanent := len(words) == 2 && strings.EqualFold(words[1], "permanent")
	if len(words) != 1 && !permanent {
		p.say(Error, "", "%s: an address is needed, and after it nothing but 'permanent', as in '%s 192.0.2.1:3260'", name, name)
		return
	}
	r, err := ParseRedirect(words[0], permanent)
	if err != nil {
		p.say(Error, "", "%s: %v", name, err)
		return
	}
	p.target().Redirect = r
}

// SameRedirect reports whether a and b send to the same place, or both nowhere.
func SameRedirect(a, b *Redirect) bool {
	return a == b || a != nil && b != nil && *a == *b
}
