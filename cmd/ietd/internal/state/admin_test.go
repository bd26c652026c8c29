// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/admin"
	"ietring/pdu"
)

// The errno of every refusal, which ietadm's exit code is made of, and that a
// refusal changes nothing.
func TestRefusals(t *testing.T) {
	p := func(key, value string) []admin.Param { return []admin.Param{{Key: key, Value: value}} }
	in := func(name string) admin.Account { return admin.Account{Name: name} }
	tests := []struct {
		name  string
		do    func(h *house) error
		errno syscall.Errno
		says  string
	}{
		{"a target of a name that is taken", func(h *house) error { _, err := h.NewTarget(0, "IQN.A"); return err }, syscall.EEXIST, "there already"},
		{"a target of a tid that is taken", func(h *house) error { _, err := h.NewTarget(1, "iqn.c"); return err }, syscall.EEXIST, "tid 1 is target iqn.a"},
		{"a target without a name", func(h *house) error { _, err := h.NewTarget(0, ""); return err }, syscall.EINVAL, "1 to 223 bytes"},
		{"a target whose name would be two lines", func(h *house) error { _, err := h.NewTarget(0, "iqn.c\nTarget iqn.d"); return err }, syscall.EINVAL, "without blanks"},
		{"a target that is not there is deleted", func(h *house) error { return h.DeleteTarget(9, false) }, syscall.ENOENT, "tid 9"},
		{"a target with a session is deleted", func(h *house) error { return h.DeleteTarget(1, false) }, syscall.EBUSY, "1 session(s); give --force"},
		{"a name that is not there", func(h *house) error { _, err := h.TargetByName("iqn.c"); return err }, syscall.ENOENT, `"iqn.c"`},

		{"a key that nobody knows", func(h *house) error { _, err := h.UpdateTarget(1, p("x", "1")); return err }, syscall.EINVAL, `Unknown parameter "x".`},
		{"a good key before a bad one", func(h *house) error {
			_, err := h.UpdateTarget(1, append(p("QueuedCommands", "9"), p("NOPInterval", "91")...))
			return err
		}, syscall.EINVAL, "NOPInterval 91: it must be from 0 to 90"},
		{"a number that is none", func(h *house) error { _, err := h.UpdateTarget(1, p("Wthreads", "many")); return err }, syscall.EINVAL, "is not a number"},
		{"a value that would be another line", func(h *house) error { _, err := h.UpdateTarget(1, p("Alias", "a\nLun 3 Type=nullio")); return err }, syscall.EINVAL, "on one line"},
		{"a session key out of range", func(h *house) error { _, err := h.UpdateTarget(1, p("MaxBurstLength", "1")); return err }, syscall.EINVAL, "MaxBurstLength=1: it must be a number from 512"},
		{"session keys that do not go together", func(h *house) error { _, err := h.UpdateTarget(1, p("MaxBurstLength", "512")); return err }, syscall.EINVAL, "FirstBurstLength=262144 is above MaxBurstLength=512"},
		{"markers", func(h *house) error { _, err := h.UpdateTarget(1, p("OFMarker", "Yes")); return err }, syscall.EINVAL, "markers are obsolete"},
		{"another type of target", func(h *house) error { _, err := h.UpdateTarget(1, p("Type", "1")); return err }, syscall.EINVAL, "every target has disks"},
		{"a target that is not there is updated", func(h *house) error { _, err := h.UpdateTarget(9, p("Type", "0")); return err }, syscall.ENOENT, "tid 9"},
		{"a redirect to a name", func(h *house) error { return h.Redirect(1, "host", false) }, syscall.EINVAL, "an IP address"},
		{"a redirect to no port", func(h *house) error { return h.Redirect(1, "192.0.2.1:65536", false) }, syscall.EINVAL, "an IP address"},
		{"a redirect of no target", func(h *house) error { return h.Redirect(9, "", false) }, syscall.ENOENT, "tid 9"},

		{"a LUN that is there", func(h *house) error { return h.NewLun(1, 0, "Type=nullio") }, syscall.EEXIST, "LUN 0 of iqn.a is there already"},
		{"a LUN of no target", func(h *house) error { return h.NewLun(9, 0, "Type=nullio") }, syscall.ENOENT, "tid 9"},
		{"a LUN above the range", func(h *house) error { return h.NewLun(1, 16384, "Type=nullio") }, syscall.EINVAL, "is not a LUN"},
		{"a LUN of a type that does not exist", func(h *house) error { return h.NewLun(1, 5, "Type=x") }, syscall.EINVAL, "the types are"},
		{"a LUN line with more behind", func(h *house) error { return h.NewLun(1, 5, "Type=nullio\nTarget x") }, syscall.EINVAL, "stands after a blank"},
		{"a LUN without its disk", func(h *house) error { return h.NewLun(1, 5, "Path="+h.dir+"/missing") }, syscall.ENOENT, "no such file"},
		{"a path that is behind another LUN otherwise", func(h *house) error { return h.NewLun(1, 5, "Path="+h.dir+"/a.img,IOMode=ro") }, syscall.EBUSY, "is behind LUN 0 of iqn.a too, with other parameters (IOMode=wt there)"},
		{"a LUN that is not there is deleted", func(h *house) error { return h.DeleteLun(1, 5) }, syscall.ENOENT, "LUN 5 of iqn.a is not there"},
		{"a LUN that is not there is updated", func(h *house) error { _, err := h.UpdateLun(1, 5, nil); return err }, syscall.ENOENT, "LUN 5 of iqn.a is not there"},
		{"a parameter that cannot be changed", func(h *house) error { _, err := h.UpdateLun(1, 0, p("ScsiSN", "x")); return err }, syscall.EINVAL, `"ScsiSN" cannot be changed`},
		{"a mode that does not exist", func(h *house) error { _, err := h.UpdateLun(1, 0, p("IOMode", "rw")); return err }, syscall.EINVAL, "the modes are"},
		{"a path that would be another parameter", func(h *house) error { _, err := h.UpdateLun(1, 0, p("Path", "/x,Type=nullio")); return err }, syscall.EINVAL, "without blanks and commas"},
		{"another path without a disk", func(h *house) error { _, err := h.UpdateLun(1, 0, p("Path", h.dir+"/missing")); return err }, syscall.ENOENT, "no such file"},

		{"an account that is there", func(h *house) error { return h.NewAccount(1, in("u"), "ssssssssssss") }, syscall.EEXIST, `IncomingUser "u" is there already`},
		{"an account with a blank", func(h *house) error { return h.NewAccount(1, in("u v"), "ssssssssssss") }, syscall.EINVAL, "without blanks"},
		{"an account without a secret", func(h *house) error { return h.NewAccount(0, in("v"), "") }, syscall.EINVAL, "1 to 255 bytes"},
		{"an account that is not there", func(h *house) error { return h.DeleteAccount(1, in("v")) }, syscall.ENOENT, `no IncomingUser "v"`},
		{"the secret of nobody", func(h *house) error { _, err := h.Secret(0, in("u")); return err }, syscall.ENOENT, `no IncomingUser "u"`},
		{"an outgoing account that is not there", func(h *house) error { return h.DeleteAccount(1, admin.Account{Outgoing: true, Name: "u"}) }, syscall.ENOENT, `no OutgoingUser "u"`},
		{"accounts of no target", func(h *house) error { _, err := h.Accounts(9); return err }, syscall.ENOENT, "tid 9"},

		{"a session that is not there", func(h *house) error { return h.CloseSession(1, 7) }, syscall.ENOENT, "sid 7: no such session"},
		{"a connection that is not there", func(h *house) error {
			return h.CloseConnection(1, h.Targets()[0].Sessions[0].SID, 99)
		}, syscall.ENOENT, "no such connection"},
	}
	h := newHouse(t)
	h.file("a.img", 1)
	if err := h.Open(h.parse("Target iqn.a\n Lun 0 Path=DIR/a.img\nTarget iqn.b\n"), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.dial("iqn.a", "iqn.host")
	if err := h.NewAccount(1, in("u"), "uuuuuuuuuuuu"); err != nil {
		t.Fatal(err)
	}
	before := h.dump()
	for _, tt := range tests {
		err := tt.do(h)
		if got := errnoOf(t, err); got != tt.errno || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: errno %d, %v; want %d, %s", tt.name, got, err, tt.errno, tt.says)
		}
		if after := h.dump(); after != before {
			t.Fatalf("%s: something was changed:\n%s", tt.name, after)
		}
	}
	if len(h.disks.byPath) != 1 {
		t.Error("a disk stays open")
	}
}

// A target from its beginning to its end, as ietadm makes it.
func TestTargetLife(t *testing.T) {
	h := open(t, "Target iqn.a\n", always)
	path := h.file("a.img", 1)
	tid, err := h.NewTarget(0, "iqn.b")
	if err != nil || tid != 2 {
		t.Fatal(tid, err)
	}
	if tid, err := h.NewTarget(7, "iqn.c"); err != nil || tid != 7 {
		t.Error(tid, err)
	}
	if err := h.NewLun(2, 3, "Path="+path); err != nil {
		t.Fatal(err)
	}
	if err := h.NewLun(1, 0, "Path="+path); err != nil {
		t.Fatal("a path behind two LUNs alike: ", err)
	}
	s := h.dial("iqn.b", "iqn.host")
	if got := h.news(s, 3); got != "6/29/00 good" {
		t.Errorf("a new LUN: %s", got)
	}
	if _, err := h.UpdateLun(2, 3, []admin.Param{{Key: "IOMode", Value: "ro"}}); errnoOf(t, err) != syscall.EBUSY {
		t.Errorf("another mode for one of two: %v", err)
	}
	if err := h.DeleteLun(1, 0); err != nil {
		t.Error(err)
	}
	if text, err := h.UpdateLun(2, 3, []admin.Param{{Key: "iomode", Value: "ro"}}); err != nil || text != "LUN 3 of iqn.b: IOMode wt -> ro" {
		t.Errorf("%q, %v", text, err)
	}
	if got := h.news(s, 3); got != "6/2a/01 good" {
		t.Errorf("read-only: %s", got)
	}
	w := initiator.Command{LUN: initiator.LUN(3), CDB: initiator.Write10(initiator.Range{Blocks: 1}, false), Out: make([]byte, 512)}
	if got := sense(t, s, &w); got != "7/27/00" {
		t.Errorf("a write: %s", got)
	}
	h.file("a.img", 2)
	if text, err := h.UpdateLun(2, 3, nil); err != nil || text != "LUN 3 of iqn.b: 2048 -> 4096 blocks" {
		t.Errorf("%q, %v", text, err)
	}
	if got := h.news(s, 3); got != "6/2a/09 good" {
		t.Errorf("grown: %s", got)
	}
	effects, err := h.UpdateTarget(2, []admin.Param{{Key: "queuedcommands", Value: "0x10"}, {Key: "MaxBurstLength", Value: "524288"}, {Key: "Wthreads", Value: "3"}})
	if err != nil || !slices.Equal(effects, []admin.Effect{{Key: "QueuedCommands", When: "new sessions"}, {Key: "MaxBurstLength", When: "new sessions"}, {Key: "Wthreads", When: "now"}}) {
		t.Errorf("%v, %v", effects, err)
	}
	if e := h.catalog.Find("iqn.b"); e.QueueDepth != 16 || e.Keys.Number("MaxBurstLength") != 524288 {
		t.Errorf("login finds %+v", e)
	}
	if err := h.Redirect(2, "[2001:db8::1]:860", true); err != nil || h.catalog.Find("iqn.b").Redirect.Address() != "[2001:db8::1]:860" {
		t.Error(err)
	}
	shown := h.Targets()[1]
	if shown.TID != 2 || shown.Queued != 16 || shown.Redirect != "[2001:db8::1]:860" || len(shown.Keys) != 19 || len(shown.Sessions) != 1 || len(shown.Sessions[0].Keys) != 19 {
		t.Errorf("shown as %+v", shown)
	}
	if c := shown.Sessions[0].Conns[0]; c.IP != "127.0.0.1" || c.State != "active" || shown.Sessions[0].Initiator != "iqn.host" {
		t.Errorf("the session is shown as %+v", shown.Sessions[0])
	}
	if err := h.DeleteTarget(2, true); err != nil {
		t.Error(err)
	}
	if s.Err() == nil {
		eventually(t, "the session stays", func() bool { return s.Err() != nil })
	}
	if len(h.disks.byPath) > 0 || h.catalog.Find("iqn.b") != nil {
		t.Error("something stays")
	}
	if got := h.dump(); got != "Target iqn.a\n\nTarget iqn.c\n" {
		t.Errorf("what runs:\n%s", got)
	}
}

// A connection is closed, and its LUN is deleted after it.
func TestCloseConnection(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n", always)
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	if err := h.CloseConnection(1, h.Targets()[0].Sessions[0].SID, h.Targets()[0].Sessions[0].Conns[0].CID); err != nil {
		t.Error(err)
	}
	eventually(t, "the session stays", func() bool { return len(h.Targets()[0].Sessions) == 0 })
	if err := h.DeleteLun(1, 0); err != nil {
		t.Error(err)
	}
}

func TestAccounts(t *testing.T) {
	h := open(t, "Target iqn.a\n", always)
	for tid, name := range []string{"d", "a"} {
		in, out := admin.Account{Name: name}, admin.Account{Outgoing: true, Name: name}
		for _, err := range []error{
			h.NewAccount(uint32(tid), in, "secret-secret"), h.NewAccount(uint32(tid), admin.Account{Outgoing: true, Name: "old"}, "o"), h.NewAccount(uint32(tid), out, "gone-out-there"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if list, err := h.Accounts(uint32(tid)); err != nil || !slices.Equal(list, []admin.Account{in, out}) {
			t.Errorf("%v, %v", list, err)
		}
		if secret, err := h.Secret(uint32(tid), out); err != nil || secret != "gone-out-there" {
			t.Errorf("%q, %v", secret, err)
		}
	}
	if n := len(h.catalog.Discovery().Incoming); n != 1 {
		t.Errorf("discovery has %d accounts", n)
	}
	if a := h.catalog.Find("iqn.a").Accounts; len(a.Incoming) != 1 || a.Outgoing.Name != "a" {
		t.Errorf("login finds %v", a)
	}
	if err := h.DeleteAccount(1, admin.Account{Name: "a"}); err != nil || len(h.catalog.Find("iqn.a").Accounts.Incoming) != 0 {
		t.Error(err)
	}
}

// The initiators of a target that is deleted by force are asked to log out, and
// those that do are not cut off.
func TestDeleteAsks(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n", always)
	h.logout = 2 * time.Second
	asked := make(chan uint16, 1)
	s, err := initiator.Dial(initiator.Options{Address: h.portal.Portals()[0].String(), Target: "iqn.a", ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1},
		OnAsync: func(event pdu.AsyncEvent, _, _, seconds uint16) {
			if event == pdu.AsyncLogoutRequest {
				asked <- seconds
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	h.news(s, 0) // a loop has the connection
	deleted := make(chan error)
	begin := time.Now()
	go func() { deleted <- h.DeleteTarget(1, true) }()
	select {
	case seconds := <-asked:
		if seconds != 2 {
			t.Errorf("%d seconds to log out", seconds)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nobody asks")
	}
	if _, err := s.Logout(); err != nil {
		t.Errorf("logout: %v", err)
	}
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	if time.Since(begin) > time.Second {
		t.Error("it waited for who had logged out")
	}
}

// What ietadm can make, dump can say: a redirect, and one file behind two LUNs.
func TestDumpOfRedirectAndSharedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t, "Target iqn.2026-11.com.example:a\n Lun 0 Path="+path+"\n", always)
	if err := h.Redirect(1, "192.0.2.9:3261", true); err != nil {
		t.Fatal(err)
	}
	if err := h.NewLun(1, 7, "Path="+path); err != nil {
		t.Fatal(err)
	}
	text, err := h.Dump()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Redirect 192.0.2.9:3261 permanent", "Lun 0 Path=" + path, "Lun 7 Path=" + path} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the dump has no %q:\n%s", want, text)
		}
	}
	if lines, err := h.Apply(h.parse(string(text)), true); len(lines) > 0 || err != nil {
		t.Errorf("the dump is not what runs: %v, %v", lines, err)
	}
}
