// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
	"ietring/cmd/ietd/internal/portal"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
	"ietring/ring"
)

// A house is a Manager with all that it works with, and a door.
type house struct {
	*Manager
	t       testing.TB
	dir     string
	catalog *target.Catalog
	engine  *ring.Engine
	portal  *portal.Server
	conf    string        // what Reload reads
	started time.Duration // how long Open and Start took
}

// The house is login's engine and the data plane's control.
func (h *house) NewSession(c ring.SessionConfig) session.Live { return h.engine.NewSession(c) }

func (h *house) Attach(hand ring.Handoff, s session.Live) error {
	hand.Session = s.(*ring.Session)
	h.Admit(hand.Session, netip.MustParseAddrPort(hand.Remote).Addr())
	return h.engine.Attach(hand)
}

func (h *house) Text(*ring.Session, string, []byte) ring.TextAnswer { return ring.TextAnswer{} }

func (h *house) SessionGone(s *ring.Session) {
	if e := h.Sessions.Holder(s.Config().TSIH, s); e != nil {
		h.Sessions.Release(e)
	}
}

func never(string) bool { return false }

// open makes a house in which what conf says runs. DIR in it is h.dir.
func open(t testing.TB, conf string, strict func(string) bool) *house {
	t.Helper()
	h := newHouse(t)
	cfg := h.parse(conf)
	begin := time.Now()
	if err := h.Open(cfg, strict); err != nil {
		t.Fatal(err)
	}
	h.started = time.Since(begin)
	h.start()
	return h
}

func newHouse(t testing.TB) *house {
	t.Helper()
	if err := ring.Probe(); err != nil {
		t.Skipf("the data plane cannot run here: %v", err)
	}
	h := &house{t: t, dir: t.TempDir(), catalog: new(target.Catalog)}
	h.Manager = New(Options{Catalog: h.catalog, Sessions: session.NewRegistry(time.Second), Log: zerolog.Nop(),
		Read: func() (*config.Config, error) { return h.read(h.conf) }})
	h.first, h.logout = 5*time.Millisecond, 100*time.Millisecond
	return h
}

func (h *house) start() {
	h.t.Helper()
	var err error
	h.engine, err = ring.Start(ring.Config{Threads: 2, RingEntries: 64, Workers: 2,
		BufferMemory: 2 * ring.MinBufferMemory, Control: h, Log: zerolog.Nop()})
	if err != nil {
		h.t.Fatal(err)
	}
	begin := time.Now()
	if err := h.Start(h.engine); err != nil {
		h.t.Fatal(err)
	}
	h.started += time.Since(begin)
	h.portal, err = portal.Listen(portal.Config{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Log: zerolog.Nop(),
		Login:     &login.Server{Targets: h.catalog, Sessions: h.Sessions, Engine: h},
		Directory: &discovery.Directory{Targets: h.catalog, Portals: func() []netip.AddrPort { return nil }}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.portal.Serve()
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(h.portal.Close(), h.engine.Shutdown(ctx), h.Close()); err != nil {
			h.t.Errorf("at the end: %v", err)
		}
	})
}

func (h *house) read(conf string) (*config.Config, error) {
	cfg, report := config.ParseFile("ietd.conf", []byte(strings.ReplaceAll(conf, "DIR", h.dir)))
	if err := report.Err(); err != nil {
		return nil, err
	}
	cfg.QueueDepth, cfg.Threads = 32, 2
	return cfg, nil
}

func (h *house) parse(conf string) *config.Config {
	h.t.Helper()
	cfg, err := h.read(conf)
	if err != nil {
		h.t.Fatal(err)
	}
	return cfg
}

// file makes a disk file of so many MiB, or changes its size.
func (h *house) file(name string, mib int64) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(f.Truncate(mib<<20), f.Close())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return path
}

// reload applies conf and returns the lines, DIR for h.dir.
func (h *house) reload(conf string) (string, error) {
	lines, err := h.Apply(h.parse(conf), false)
	return strings.ReplaceAll(strings.Join(lines, "\n"), h.dir, "DIR"), err
}

// dump returns what runs.
func (h *house) dump() string {
	h.t.Helper()
	text, err := h.Dump()
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// dial logs in to a target, and has the unit attentions of a new nexus taken
// from LUN 0.
func (h *house) dial(name, initiatorName string) *initiator.Session {
	h.t.Helper()
	s, err := initiator.Dial(initiator.Options{Address: h.portal.Portals()[0].String(), Initiator: initiatorName, Target: name,
		ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1}, Timeout: 10 * time.Second})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.Close() })
	return s
}

// tur is the sense of a TEST UNIT READY as key/asc/ascq, or "good".
func (h *house) tur(s *initiator.Session, lun int) string {
	h.t.Helper()
	return sense(h.t, s, &initiator.Command{LUN: initiator.LUN(lun), CDB: initiator.TestUnitReady()})
}

func sense(t testing.TB, s *initiator.Session, c *initiator.Command) string {
	t.Helper()
	if err := s.Do(c); err != nil {
		t.Fatal(err)
	}
	if c.Status == 0 {
		return "good"
	}
	return strings.TrimPrefix(c.Sense().String(), "sense ")
}

// news takes all that a LUN has to tell.
func (h *house) news(s *initiator.Session, lun int) string {
	h.t.Helper()
	var all []string
	for range 10 {
		got := h.tur(s, lun)
		if !strings.HasPrefix(got, "6/") {
			return strings.Join(append(all, got), " ")
		}
		all = append(all, got)
	}
	h.t.Fatal("a LUN with no end of unit attentions")
	return ""
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal(what)
}

// errnoOf returns the errno that ietadm would make its exit code of.
func errnoOf(t testing.TB, err error) syscall.Errno {
	t.Helper()
	if err == nil {
		return 0
	}
	var e *admin.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *admin.Error: %v", err, err)
	}
	return e.Errno
}
