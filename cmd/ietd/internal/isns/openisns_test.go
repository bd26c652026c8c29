// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// openISNS is Open-iSNS, the server of Debian's open-isns-server, and its tool
// of open-isns-utils, on a free port of loopback.
type openISNS struct {
	t       *testing.T
	dir     string
	address string
	cmd     *exec.Cmd
}

const isnsd, isnsadm = "/usr/sbin/isnsd", "/usr/sbin/isnsadm"

func startOpenISNS(t *testing.T) *openISNS {
	t.Helper()
	for _, tool := range []string{isnsd, isnsadm} {
		if _, err := os.Stat(tool); err != nil {
			t.Skip(err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("isnsadm --local wants to be root")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &openISNS{t: t, dir: t.TempDir(), address: free.Addr().String()}
	free.Close()
	config := fmt.Sprintf(`SourceName = iqn.2026-11.com.example:isns
Database = %[2]s/db
BindAddress = %[1]s
ServerAddress = %[1]s
DefaultDiscoveryDomain = 0
SLPRegister = 0
Security = 0
PIDFile = %[2]s/pid
ControlSocket = %[2]s/control
ESIMinInterval = 1
ESIMaxInterval = 1
RegistrationPeriod = 1m
SCNTimeout = 5
`, s.address, s.dir)
	if err := os.WriteFile(s.config(), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	s.start()
	return s
}

func (s *openISNS) config() string { return filepath.Join(s.dir, "isns.conf") }

func (s *openISNS) start() {
	s.t.Helper()
	s.cmd = exec.Command(isnsd, "-c", s.config(), "-f", "-d", "message", "-d", "scn", "-d", "esi")
	out, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "isnsd listens", func() bool {
		c, err := net.Dial("tcp", s.address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (s *openISNS) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
	if s.t.Failed() {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Logf("isnsd said:\n%s", log)
	}
}

// adm runs isnsadm as the server's administrator.
func (s *openISNS) adm(args ...string) string {
	s.t.Helper()
	out, err := exec.Command(isnsadm, append([]string{"-c", s.config(), "--local"}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("isnsadm %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// syncBuffer is a log that tests read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not within 10 s: %s", what)
}

// A host is a client under test, and what it has.
type host struct {
	*Client
	log     *syncBuffer
	mu      sync.Mutex
	targets []TargetInfo
	portals []netip.AddrPort
	end     func() // ends Run and waits for it
}

func newHost(t *testing.T, server string, targets ...TargetInfo) *host {
	t.Helper()
	h := &host{log: new(syncBuffer), targets: targets, portals: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:3260")}}
	var err error
	h.Client, err = New(Config{
		Server: server, EntityID: "host.example.com", AccessControl: true, Log: zerolog.New(h.log),
		Group: func(a netip.Addr) uint16 {
			if a == netip.MustParseAddr("127.0.0.2") {
				return 7
			}
			return usualGroup
		},
		Portals: func() []netip.AddrPort { h.mu.Lock(); defer h.mu.Unlock(); return slices.Clone(h.portals) },
		Targets: func() []TargetInfo { h.mu.Lock(); defer h.mu.Unlock(); return slices.Clone(h.targets) },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.times = times{
		poll: 20 * time.Second, gap: 10 * time.Millisecond, call: 2 * time.Second, bye: 2 * time.Second,
		first: 10 * time.Millisecond, most: 50 * time.Millisecond,
	}
	return h
}

// run starts h; it ends with the test at the latest.
func (h *host) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(done)
	}()
	h.end = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(func() {
		h.end()
		if t.Failed() {
			t.Logf("the client said:\n%s", h.log)
		}
	})
}

func (h *host) setTargets(list ...TargetInfo) {
	h.mu.Lock()
	h.targets = list
	h.mu.Unlock()
	h.TargetsChanged()
}

const (
	disk1 = "iqn.2026-11.com.example:disk1"
	disk2 = "iqn.2026-11.com.example:disk2"
	alice = "iqn.2026-11.com.example:alice"
)

// The whole life at a real server: registration, access by discovery domain
// with a notification, inquiries, changes, a restart of the server, and the end.
func TestOpenISNS(t *testing.T) {
	s := startOpenISNS(t)
	s.adm("--register", "control") // without it the tool sees nothing
	h := newHost(t, s.address, TargetInfo{Name: disk1, Alias: "first disk"}, TargetInfo{Name: disk2})
	h.portals = append(h.portals, netip.MustParseAddrPort("127.0.0.2:3260"))
	h.run(t)
	lists := func(kind string, words ...string) func() bool {
		return func() bool {
			out := s.adm("--list", kind)
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(out, w) })
		}
	}
	eventually(t, "both targets are nodes", lists("nodes", disk1, disk2, "first disk", "Target"))
	eventually(t, "the portal is there", lists("portals", "127.0.0.1", "3260/tcp", "SCN port", "ESI port"))
	inGroup := func(tag int, address string, targets ...string) func() bool {
		return func() bool {
			all := strings.Split(s.adm("--list", "portal-groups"), "Object ")
			return !slices.ContainsFunc(targets, func(name string) bool {
				return !slices.ContainsFunc(all, func(one string) bool {
					return strings.Contains(one, name) && strings.Contains(one, "= "+address+"\n") && strings.Contains(one, fmt.Sprintf("tag = %d\n", tag))
				})
			})
		}
	}
	eventually(t, "both are in group 1 at one portal", inGroup(1, "127.0.0.1", disk1, disk2))
	eventually(t, "both are in group 7 at the other", inGroup(7, "127.0.0.2", disk1, disk2))
	if h.Allowed(disk1, alice) {
		t.Error("an unknown initiator is let in")
	}

	// The poll is 20 s away: only a notification can bring this within 10 s.
	s.adm("--register", "entity=alice", "initiator="+alice)
	s.adm("--dd-register", "dd-name=one", "member-name="+disk1, "member-name="+alice)
	eventually(t, "alice may use the disk of her domain", func() bool { return h.Allowed(disk1, alice) })
	if h.Allowed(disk2, alice) {
		t.Error("alice may use a disk of another domain")
	}
	if !h.Allowed(strings.ToUpper(disk1), strings.ToUpper(alice)) {
		t.Error("names are compared with case")
	}
	eventually(t, "an inquiry was answered", h.esiSeen.Load)
	if n := strings.Count(h.log.String(), "iSNS: registered"); n != 1 {
		t.Errorf("registered %d times, though nothing changed here", n)
	}

	h.setTargets(TargetInfo{Name: disk1, Alias: "renamed"}, TargetInfo{Name: "iqn.2026-11.com.example:disk3"})
	eventually(t, "a target is added, another renamed", lists("nodes", "disk3", "renamed"))
	eventually(t, "one that is added has its groups", inGroup(7, "127.0.0.2", "disk3"))
	eventually(t, "a target is removed", func() bool { return !lists("nodes", "Target", disk2)() })

	s.cmd.Process.Kill()
	s.cmd.Wait()
	if err := os.RemoveAll(filepath.Join(s.dir, "db")); err != nil {
		t.Fatal(err)
	}
	if !h.Allowed(disk1, alice) {
		t.Error("while the server is away its last answer does not hold")
	}
	s.start()
	s.adm("--register", "control")
	eventually(t, "a server that forgot everything is told again", lists("nodes", disk1, "disk3"))
	eventually(t, "and of the groups", inGroup(7, "127.0.0.2", disk1, "disk3"))

	h.end()
	if lists("nodes", disk1)() || lists("portals", "3260")() {
		t.Error("something stays registered after the end")
	}
}
