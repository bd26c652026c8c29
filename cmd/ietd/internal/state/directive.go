// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ietring/cmd/ietd/internal/config"
)

// A directive is what a reload compares of a target.
type directive struct {
	name string
	when string // from when a change holds
	same func(a, b *config.Target) bool
	text func(t *config.Target) string // never a secret
}

const newSessions = "new sessions"

// maxRecvKey is the one session key that this side declares, so that it can also
// tell sessions that exist.
const (
	maxRecvKey  = "MaxRecvDataSegmentLength"
	maxRecvWhen = newSessions + ", and others that negotiate it"
)

var directives = append([]directive{
	{"Alias", newSessions,
		func(a, b *config.Target) bool { return a.Alias == b.Alias },
		func(t *config.Target) string { return orDefault(t.Alias) }},
	{"IncomingUser", newSessions,
		func(a, b *config.Target) bool { return slices.Equal(a.Incoming, b.Incoming) },
		func(t *config.Target) string { return accountText(t.Incoming) }},
	{"OutgoingUser", newSessions,
		func(a, b *config.Target) bool { return config.SameAccount(a.Outgoing, b.Outgoing) },
		func(t *config.Target) string {
			if t.Outgoing == nil {
				return "none"
			}
			return t.Outgoing.Name
		}},
	{"LunMask", "now",
		func(a, b *config.Target) bool { return maskText(a) == maskText(b) },
		maskText},
	{"PortGroup", "now",
		func(a, b *config.Target) bool { return a.Group == b.Group },
		func(t *config.Target) string {
			if t.Group.Number == 0 {
				return "none"
			}
			return t.Group.String()
		}},
	{"Redirect", newSessions,
		func(a, b *config.Target) bool { return config.SameRedirect(a.Redirect, b.Redirect) },
		redirectText},
	count("MaxSessions", newSessions, func(t *config.Target) int { return t.MaxSessions }),
	count("QueuedCommands", newSessions, func(t *config.Target) int { return t.QueuedCommands }),
	count("Wthreads", "now", func(t *config.Target) int { return t.Wthreads }),
	count("NOPInterval", newSessions, func(t *config.Target) int { return t.NOPInterval }),
	count("NOPTimeout", newSessions, func(t *config.Target) int { return t.NOPTimeout }),
}, keyDirectives()...)

// count is the directive of a number, 0 when it is not given.
func count(name, when string, get func(t *config.Target) int) directive {
	return directive{name, when,
		func(a, b *config.Target) bool { return get(a) == get(b) },
		func(t *config.Target) string { return orDefault(number(uint64(get(t)))) }}
}

// keyDirectives are those of the session keys.
func keyDirectives() []directive {
	list := make([]directive, len(sessionKeys))
	for i, name := range sessionKeys {
		text := func(t *config.Target) string { return t.Keys.Get(name) }
		when := newSessions
		if name == maxRecvKey {
			when = maxRecvWhen
		}
		list[i] = directive{name, when, func(a, b *config.Target) bool { return text(a) == text(b) }, text}
	}
	return list
}

func accountText(list []config.Account) string {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

func redirectText(t *config.Target) string {
	if t.Redirect == nil {
		return "none"
	}
	return t.Redirect.String()
}

func maskText(t *config.Target) string {
	masks := make([]string, len(t.Masks))
	for i := range t.Masks {
		masks[i] = t.Masks[i].String()
	}
	if len(masks) == 0 {
		return "none"
	}
	return strings.Join(masks, "; ")
}

func metricsText(a netip.AddrPort) string {
	if !a.IsValid() {
		return "none"
	}
	return a.String()
}

// startOnly are the things that hold from start to end.
var startOnly = []struct {
	name string
	text func(c *config.Config) string
}{
	{"--threads", func(c *config.Config) string { return strconv.Itoa(c.Threads) }},
	{"--ring-entries", func(c *config.Config) string { return strconv.Itoa(c.RingEntries) }},
	{"--workers", func(c *config.Config) string { return strconv.Itoa(c.Workers) }},
	{"--cpus", func(c *config.Config) string { return fmt.Sprint(c.CPUs) }},
	{"--busy-poll", func(c *config.Config) string { return c.BusyPoll.String() }},
	{"--buffer-memory", func(c *config.Config) string { return strconv.FormatInt(c.BufferMemory, 10) }},
	{"--address", func(c *config.Config) string { return fmt.Sprint(c.Portals, c.Groups) }},
	{"--port", func(c *config.Config) string { return strconv.Itoa(c.Port) }},
	{"--queue-depth", func(c *config.Config) string { return strconv.Itoa(c.QueueDepth) }},
	{"--control-socket", func(c *config.Config) string { return orDefault(c.ControlSocket) }},
	{"--proc-dir", func(c *config.Config) string { return orDefault(c.ProcDir) }},
	{"--metrics", func(c *config.Config) string { return metricsText(c.Metrics) }},
	{"--state-dir", func(c *config.Config) string { return orDefault(c.StateDir) }},
	{"--access-dir", func(c *config.Config) string { return orDefault(c.AccessDir) }},
	{"iSNSServer", func(c *config.Config) string { return orDefault(c.ISNSServer) }},
	{"iSNSAccessControl", func(c *config.Config) string { return strconv.FormatBool(c.ISNSAccessControl) }},
}
