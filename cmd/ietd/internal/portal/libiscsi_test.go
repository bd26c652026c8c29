// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"context"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ietring/backing"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/ring"
	"ietring/scsi"
)

// dataPlane is ring.Engine as login wants it, and what it tells.
type dataPlane struct {
	*ring.Engine
	ring.Control // nil: nothing else is asked for here
	sessions     *session.Registry
	directory    *discovery.Directory
}

func (d *dataPlane) NewSession(cfg ring.SessionConfig) session.Live { return d.Engine.NewSession(cfg) }

func (d *dataPlane) Attach(h ring.Handoff, s session.Live) error {
	h.Session = s.(*ring.Session)
	return d.Engine.Attach(h)
}

func (d *dataPlane) Text(s *ring.Session, local string, text []byte) ring.TextAnswer {
	answer, err := d.directory.Answer(s.Config().TargetName, netip.MustParseAddrPort(local), text)
	return ring.TextAnswer{Text: answer.Text, Malformed: err != nil, MaxXmitDataSegmentLength: answer.MaxRecv}
}

func (d *dataPlane) SessionGone(s *ring.Session) {
	if e := d.sessions.Holder(s.Config().TSIH, s); e != nil {
		d.sessions.Release(e)
	}
}

// served is a server with a whole data plane and one nullio LUN, for initiators
// that are not ours.
type served struct {
	portal  string
	catalog *target.Catalog
	log     *bytes.Buffer // to be read after close
	close   func()
}

const servedTarget = "iqn.2026-11.com.example:disk"

func serve(t *testing.T, at string) *served {
	t.Helper()
	if err := ring.Probe(); err != nil {
		t.Skip(err)
	}
	d := &dataPlane{sessions: session.NewRegistry(time.Second)}
	engine, err := ring.Start(ring.Config{Threads: 1, RingEntries: 64, Workers: 1, BufferMemory: ring.MinBufferMemory, Control: d, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	d.Engine = engine
	lun, err := config.ParseLun(servedTarget, "0 Type=nullio,Blocks=2048")
	if err != nil {
		t.Fatal(err)
	}
	disk, err := backing.Open(lun.Backing)
	if err != nil {
		t.Fatal(err)
	}
	unit, err := engine.AddUnit(disk, scsi.UnitConfig{ScsiID: lun.ScsiID, ScsiSN: lun.ScsiSN})
	if err != nil {
		t.Fatal(err)
	}
	disks := scsi.NewTarget(servedTarget)
	if err := disks.Add(0, unit); err != nil {
		t.Fatal(err)
	}
	s := &served{catalog: new(target.Catalog), log: new(bytes.Buffer)}
	if err := s.catalog.Add(&target.Target{Name: servedTarget, SCSI: disks, QueueDepth: 32}); err != nil {
		t.Fatal(err)
	}
	var p *Server
	d.directory = &discovery.Directory{Targets: s.catalog, Portals: func() []netip.AddrPort { return p.Portals() }}
	p, err = Listen(Config{
		Addrs:     []netip.Addr{netip.MustParseAddr(at)},
		Login:     &login.Server{Targets: s.catalog, Sessions: d.sessions, Engine: d},
		Directory: d.directory,
		Log:       zerolog.New(s.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Serve()
	s.portal = p.Portals()[0].String()
	s.close = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
	return s
}

// change replaces the target by one that edit has changed.
func (s *served) change(t *testing.T, edit func(*target.Target)) {
	t.Helper()
	changed := *s.catalog.Find(servedTarget)
	edit(&changed)
	if err := s.catalog.Replace(&changed); err != nil {
		t.Fatal(err)
	}
}

// TestLibiscsi logs in with libiscsi's tools.
func TestLibiscsi(t *testing.T) {
	for _, tool := range []string{"iscsi-ls", "iscsi-inq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%v (Debian: libiscsi-bin)", err)
		}
	}
	s := serve(t, "127.0.0.1")
	accounts := target.Accounts{
		Incoming: []config.Account{{Name: "alice", Secret: "secret-of-alice"}, {Name: "bob", Secret: "secret-of-bob"}},
		Outgoing: &config.Account{Name: "disks", Secret: "secret-of-disks"},
	}
	s.change(t, func(x *target.Target) { x.Accounts = accounts })
	if err := s.catalog.Change(func(e *target.Edit) error { e.SetDiscovery(accounts); return nil }); err != nil {
		t.Fatal(err)
	}
	lun := s.portal + "/" + servedTarget + "/0"
	const mutual = "?target_user=disks&target_password=secret-of-disks"
	tests := []struct {
		name string
		tool string
		url  string
		want string // in the output of a success; "": a failure
	}{
		{"one way", "iscsi-inq", "iscsi://alice%secret-of-alice@" + lun, "VIRTUAL-DISK"},
		{"another user", "iscsi-inq", "iscsi://bob%secret-of-bob@" + lun, "VIRTUAL-DISK"},
		{"mutual", "iscsi-inq", "iscsi://bob%secret-of-bob@" + lun + mutual, "VIRTUAL-DISK"},
		{"mutual, and it does not believe us", "iscsi-inq", "iscsi://bob%secret-of-bob@" + lun + "?target_user=disks&target_password=another", ""},
		{"a wrong secret", "iscsi-inq", "iscsi://bob%secret-of-alice@" + lun, ""},
		{"an unknown user", "iscsi-inq", "iscsi://eve%secret-of-eve@" + lun, ""},
		{"without CHAP", "iscsi-inq", "iscsi://" + lun, ""},
		{"discovery, one way", "iscsi-ls", "iscsi://alice%secret-of-alice@" + s.portal, servedTarget},
		{"discovery with a wrong secret", "iscsi-ls", "iscsi://alice%wrong@" + s.portal, ""},
		{"discovery without CHAP", "iscsi-ls", "iscsi://" + s.portal, ""},
	}
	for _, tt := range tests {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		out, err := exec.CommandContext(ctx, tt.tool, tt.url).CombinedOutput()
		cancel()
		if tt.want != "" && (err != nil || !strings.Contains(string(out), tt.want)) {
			t.Errorf("%s: %v, %s", tt.name, err, out)
		}
		if tt.want == "" && err == nil {
			t.Errorf("%s: it got in: %s", tt.name, out)
		}
	}
	s.close()
	if strings.Contains(s.log.String(), "secret-of-") || !strings.Contains(s.log.String(), `there is no IncomingUser \"eve\"`) {
		t.Errorf("the log: %s", s.log)
	}
}

// TestLibiscsiRedirect: libiscsi follows a temporary redirect to the other
// server. A permanent one it only reports (version 1.19).
func TestLibiscsiRedirect(t *testing.T) {
	if _, err := exec.LookPath("iscsi-inq"); err != nil {
		t.Skipf("%v (Debian: libiscsi-bin)", err)
	}
	here, there := serve(t, "127.0.0.2"), serve(t, "127.0.0.1")
	to := netip.MustParseAddrPort(there.portal)
	for permanent, want := range map[bool]string{false: "VIRTUAL-DISK", true: "Target moved permanently(258)"} {
		here.change(t, func(x *target.Target) {
			x.Redirect = &target.Redirect{Addr: to.Addr(), Port: to.Port(), Permanent: permanent}
		})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		out, err := exec.CommandContext(ctx, "iscsi-inq", "iscsi://"+here.portal+"/"+servedTarget+"/0").CombinedOutput()
		cancel()
		if (err != nil) != permanent || !strings.Contains(string(out), want) {
			t.Errorf("permanent %v: %v, %s", permanent, err, out)
		}
	}
	here.close()
	there.close()
	if n := strings.Count(here.log.String(), "the target is at "+there.portal); n != 2 {
		t.Errorf("%d redirects in the log: %s", n, here.log)
	}
}
