// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// A TargetInfo is what the server learns of a target.
type TargetInfo struct {
	Name  string // iSCSI name
	Alias string // "" is none
}

// A Config is what a Client is made of. Portals and Targets are called on Run's
// goroutine, at any time until it returns.
type Config struct {
	// Server is a host or an address, with a port or without: 3205.
	Server string
	// EntityID names this host at the server; "" is its host name.
	EntityID string
	// Portals returns the addresses that targets are reached at. A wildcard
	// stands for every address of its family that this host has.
	Portals func() []netip.AddrPort
	// Group returns the portal group tag of an address that targets are reached
	// at; it is always the same. nil: all are in group 1.
	Group func(netip.Addr) uint16
	// Targets returns the targets to be known at the server.
	Targets func() []TargetInfo
	// AccessControl asks the server which initiators each target may have.
	AccessControl bool
	Log           zerolog.Logger
}

// A Client keeps this host registered at an iSNS server.
type Client struct {
	cfg    Config
	server string // host:port
	times  times
	wake   chan struct{} // a round is wanted
	// initiators is by target and initiator, names in small letters; the maps
	// are never changed once they are here.
	initiators atomic.Pointer[map[string]initiatorSet]

	// The rest belongs to Run.
	link      *link
	known     *registration // at the server, as far as we know; nil: nothing
	listeners []*listener   // one an address of the portals, when it can be had
	slots     chan struct{} // connections of all listeners
	withESI   bool          // false once the server or the way from it cannot
	esiSeen   atomic.Bool   // since the last registration
	worked    bool          // the link has done a whole round
	told      string        // the last failure that was logged
}

// initiatorSet is the names that may log in to one target.
type initiatorSet map[string]struct{}

// New checks cfg and returns a client that does nothing before Run. The error
// says what is wrong with Server or EntityID.
func New(cfg Config) (*Client, error) {
	server, err := serverAddress(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.Group == nil {
		cfg.Group = func(netip.Addr) uint16 { return usualGroup }
	}
	if cfg.EntityID == "" {
		if cfg.EntityID, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("the host name, by which an iSNS server knows this host: %w", err)
		}
	}
	if n := len(cfg.EntityID); n == 0 || n > maxText || strings.Contains(cfg.EntityID, "\x00") {
		return nil, fmt.Errorf("the iSNS entity identifier %q is empty, longer than %d bytes, or has a NUL", cfg.EntityID, maxText)
	}
	c := &Client{
		cfg: cfg, server: server, times: usualTimes, wake: make(chan struct{}, 1),
		slots: make(chan struct{}, maxNoticeConns), withESI: true,
	}
	c.initiators.Store(&map[string]initiatorSet{})
	return c, nil
}

// TargetsChanged says that Targets or Portals return something else now. It
// does not wait.
func (c *Client) TargetsChanged() {
	select {
	case c.wake <- struct{}{}:
	default: // a round is wanted already
	}
}

// Allowed reports whether the server lets initiator log in to target. It does
// not wait: the last answer holds, and before the first one nobody is let in.
// Without access control everybody is.
func (c *Client) Allowed(target, initiator string) bool {
	if !c.cfg.AccessControl {
		return true
	}
	_, ok := (*c.initiators.Load())[strings.ToLower(target)][strings.ToLower(initiator)]
	return ok
}

// Run keeps this host registered until ctx ends, then deregisters it and
// returns. It is called once.
func (c *Client) Run(ctx context.Context) {
	defer c.closeListeners()
	wait := c.times.first
	for ctx.Err() == nil {
		err := c.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if c.worked {
			wait = c.times.first
		}
		c.tell(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(wait)):
		}
		wait = min(2*wait, c.times.most)
	}
}

// jitter returns d or up to a fifth less, so that many hosts do not come back
// to a server at one time.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/5+1) }

// tell logs a failure, unless it was the last one too.
func (c *Client) tell(err error) {
	if err.Error() == c.told {
		return
	}
	c.told = err.Error()
	hint := "targets are not announced there until it answers"
	if c.cfg.AccessControl {
		hint += "; initiators are let in by its last answer"
	}
	c.cfg.Log.Warn().Err(err).Str("server", c.server).Msg("iSNS: no service; " + hint)
}

// session is one connection: rounds until it fails or ctx ends.
func (c *Client) session(ctx context.Context) error {
	l, err := dial(ctx, c.server, c.times.call)
	if err != nil {
		return err
	}
	c.link, c.worked = l, false
	defer func() {
		if ctx.Err() != nil {
			c.leave(ctx)
		}
		if err := l.close(); err != nil && !errors.Is(err, net.ErrClosed) {
			c.cfg.Log.Debug().Err(err).Msg("iSNS: cannot close the connection")
		}
	}()
	for {
		if err := c.round(ctx); err != nil {
			return err
		}
		c.worked, c.told = true, ""
		if err := c.pause(ctx, c.times.gap, nil); err != nil {
			return err
		}
		if err := c.pause(ctx, c.times.poll-c.times.gap, c.wake); err != nil {
			return err
		}
	}
}

// pause waits for d, or until wake, and answers what the server sends.
func (c *Client) pause(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-wake:
			return nil
		case m, open := <-c.link.in:
			if !open {
				return c.link.err
			}
			if err := c.link.serve(m, c.notice); err != nil {
				return err
			}
		}
	}
}

// request asks the server on the link of this session.
func (c *Client) request(ctx context.Context, f function, flags uint16, p payload) ([]attr, error) {
	return c.link.request(ctx, f, flags, p, c.notice)
}

// notice answers a message that the server sends of its own. It runs on Run's
// goroutine and on those of the listeners.
func (c *Client) notice(m *message) *message {
	reply, effect := answer(m, c.cfg.EntityID)
	switch effect {
	case scn:
		c.TargetsChanged() // the same round finds out who may come
	case esi:
		c.esiSeen.Store(true)
	}
	return reply
}

// serverAddress returns the host and port to dial for what the operator wrote:
// host, host:port, IPv6, [IPv6] or [IPv6]:port.
func serverAddress(s string) (string, error) {
	const port = "3205" // RFC 4171, Section 8
	host, number, err := net.SplitHostPort(s)
	if err != nil {
		host, number = s, port
		if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
			host = s[1 : len(s)-1]
		}
	}
	if n, err := strconv.ParseUint(number, 10, 16); host == "" || err != nil || n == 0 {
		return "", errors.New("the iSNS server " + strconv.Quote(s) + " is neither host nor host:port")
	}
	return net.JoinHostPort(host, number), nil
}
