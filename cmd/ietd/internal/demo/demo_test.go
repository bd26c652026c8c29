// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/config"
)

func TestPrepare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	first, err := Prepare(dir, config.SessionKeys{})
	if err != nil {
		t.Fatal(err)
	}
	path := first.Luns[0].Backing.Path
	if info, err := os.Stat(path); err != nil || info.Size() != fileSize || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if len(first.Luns) != 2 || first.Luns[1].Backing.Type != "nullio" || first.Name != TargetName {
		t.Errorf("%+v", first)
	}
	if err := config.CheckName(TargetName); err != nil {
		t.Error(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("mine")
	f.Close()
	if _, err := Prepare(dir, config.SessionKeys{}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Read(got); string(got) != "mine" {
		t.Errorf("after a restart the disk begins with %q", got)
	}
}

func TestPrepareNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(file, config.SessionKeys{}); err == nil || !strings.HasPrefix(err.Error(), "--demo: ") {
		t.Errorf("%v", err)
	}
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name   string
		portal string
		want   string
	}{
		{"every IPv4 address", "0.0.0.0:3260", "127.0.0.1:3260"},
		{"every IPv6 address", "[::]:3260", "[::1]:3260"},
		{"one address", "192.0.2.1:13260", "192.0.2.1:13260"},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		if err := Explain(&b, "/srv/demo", []netip.AddrPort{netip.MustParseAddrPort(tt.portal)}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"iscsiadm -m discovery -t sendtargets -p " + tt.want,
			"iscsiadm -m node -T " + TargetName + " -p " + tt.want + " --login",
			"qemu-img info iscsi://" + tt.want + "/" + TargetName + "/0",
			"iscsi-ls -s iscsi://" + tt.want,
			"iscsi-inq iscsi://" + tt.want + "/" + TargetName + "/0",
			"/srv/demo/disk0.img",
		} {
			if !strings.Contains(b.String(), want+"\n") && !strings.Contains(b.String(), want+" ") {
				t.Errorf("%s: %q is not in\n%s", tt.name, want, b.String())
			}
		}
	}
}
