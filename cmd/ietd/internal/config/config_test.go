// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"ietring/backing"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/scsi"
)

const testName = "iqn.2026-11.com.example:disk"

func TestLun(t *testing.T) {
	id := scsi.DefaultScsiID(testName, 7)
	own := [16]byte{'a', 'b', 'c'}
	tests := []struct {
		name, line string
		want       Lun
	}{
		{"a path alone", "7 Path=/srv/a", Lun{7, backing.Params{Path: "/srv/a"}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"names in any case, values as they are", "7 pATH=/srv/A,TYPE=fileio,iomode=wb,direct=no,blocksize=4096,physicalblocksize=8192",
			Lun{7, backing.Params{Path: "/srv/A", Type: "fileio", IOMode: "wb", Direct: "no", BlockSize: 4096, PhysicalBlockSize: 8192}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"white space of any width", "  7\t Type=nullio ", Lun{7, backing.Params{Type: "nullio"}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"Sectors is Blocks, numbers in C's bases", "7 Type=nullio,Sectors=0x10", Lun{7, backing.Params{Type: "nullio", Blocks: 16}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"atomic writes", "7 Path=/srv/a,AtomicWrite=16384", Lun{7, backing.Params{Path: "/srv/a", AtomicWrite: 16384}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"provisioning", "7 Path=/srv/a,Thin=no,ThinThreshold=20,WSNZ=yes", Lun{7, backing.Params{Path: "/srv/a", Thin: "no"}, id, scsi.DefaultScsiSN(id), true, false, false, 20, 0}},
		{"an erasure that leaves room for others", "7 Path=/srv/a,EraseRate=64MiB", Lun{7, backing.Params{Path: "/srv/a"}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 64 << 20}},
		{"an NAA designator, and a medium that goes", "7 Type=nullio,NAA=yes,Removable=yes", Lun{7, backing.Params{Type: "nullio"}, id, scsi.DefaultScsiSN(id), false, true, true, 0, 0}},
		{"identity as given", "7 Type=nullio,ScsiId=abc,ScsiSN=S-1", Lun{7, backing.Params{Type: "nullio"}, own, "S-1", false, false, false, 0, 0}},
		{"the serial number follows the id", "7 Type=nullio,ScsiId=abc", Lun{7, backing.Params{Type: "nullio"}, own, scsi.DefaultScsiSN(own), false, false, false, 0, 0}},
		{"an equals sign in a path", "7 Path=/srv/a=b", Lun{7, backing.Params{Path: "/srv/a=b"}, id, scsi.DefaultScsiSN(id), false, false, false, 0, 0}},
		{"the highest number", "16383 Type=nullio", Lun{16383, backing.Params{Type: "nullio"}, scsi.DefaultScsiID(testName, 16383), scsi.DefaultScsiSN(scsi.DefaultScsiID(testName, 16383)), false, false, false, 0, 0}},
	}
	for _, tt := range tests {
		got, err := ParseLun(testName, tt.line)
		if err != nil || got != tt.want {
			t.Errorf("%s:\n%+v, %v, want\n%+v", tt.name, got, err, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	good := []string{
		testName, "iqn.2001-04.com.example", "iqn.2001-04.com.example:storage:disk2.sys1.xyz",
		"iqn.1994-05.com.redhat:a-b:", "eui.02004567a425678d", "naa.52004567ba64678d", "naa.62004567ba64678d0123456789abcdef",
	}
	bad := []string{
		"", "iqn", "iqn.2026-11", "iqn.26-11.com.example", "iqn.2026-00.com.example:a", "iqn.2026-11.com.example:a b",
		"iqn.2026-11.com.example:a_b", "eui.0200", "naa.5", "eui.02004567a425678g", strings.ToUpper(testName),
	}
	for _, n := range good {
		if err := CheckName(n); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
	for _, n := range bad {
		if CheckName(n) == nil {
			t.Errorf("%q is taken", n)
		}
	}
}

func TestArgs(t *testing.T) {
	c, action, err := ParseArgs([]string{
		"--session", "HeaderDigest=CRC32C", "--target", testName, "--lun", "1 Type=nullio", "--lun", "0 Type=nullio",
		"--target", "iqn.2026-11.com.example:two", "--lun", "0 Type=nullio",
		"-a", "192.0.2.1", "-a", "[2001:db8::1],7", "-p", "0", "-d", "2", "-f", "-u", "7", "-g", "8",
		"--threads", "3", "--ring-entries", "64", "--workers", "4", "--busy-poll", "50us", "--buffer-memory", "1GiB", "--queue-depth", "1024",
		"--log-format", "json", "--pid-file", "/run/x.pid", "--session", "InitialR2T=Yes",
		"--control-socket", "/run/x.sock", "--proc-dir", "/run/proc", "--access-dir", "/etc/x", "--state-dir", "/var/x", "--strict", "--metrics", "[::1]:9326",
	})
	if err != nil || action != Serve {
		t.Fatal(action, err)
	}
	if len(c.Targets) != 2 || len(c.Targets[0].Luns) != 2 || c.Targets[0].Luns[0].Number != 1 || c.Targets[1].Name != "iqn.2026-11.com.example:two" {
		t.Errorf("targets %+v", c.Targets)
	}
	for i := range c.Targets {
		if k := &c.Targets[i].Keys; k.Get("HeaderDigest") != "CRC32C" || k.Get("InitialR2T") != "Yes" || k.Get("DataDigest") != "None,CRC32C" {
			t.Errorf("keys of target %d: %+v", i, k)
		}
	}
	c.Targets, c.Keys = nil, SessionKeys{}
	c.args, c.around = nil, surroundings{}
	want := &Config{
		Portals: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
		Groups:  PortalGroups{netip.MustParseAddr("2001:db8::1"): 7},
		Threads: 3, RingEntries: 64, Workers: 4, BusyPoll: 50 * time.Microsecond, BufferMemory: 1 << 30, QueueDepth: 1024,
		LogLevel: "trace", LogFormat: "json", PIDFile: "/run/x.pid", UID: 7, GID: 8,
		ControlSocket: "/run/x.sock", ProcDir: "/run/proc", AccessDir: "/etc/x", StateDir: "/var/x", Strict: true, Metrics: netip.MustParseAddrPort("[::1]:9326"),
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("\n%+v, want\n%+v", c, want)
	}
}

// An address has its own tag, else that of its family's wildcard, else 1.
func TestPortalGroups(t *testing.T) {
	g := PortalGroups{netip.MustParseAddr("192.0.2.1"): 2, netip.IPv6Unspecified(): 3}
	for a, want := range map[string]uint16{"192.0.2.1": 2, "::ffff:192.0.2.1": 2, "192.0.2.2": 1, "2001:db8::1": 3, "fe80::1%eth0": 3} {
		if got := g.Tag(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %d, want %d", a, got, want)
		}
	}
	if got := PortalGroups(nil).Tag(netip.Addr{}); got != 1 {
		t.Errorf("without groups: %d", got)
	}
}

func TestDefaults(t *testing.T) {
	c, _, err := ParseArgs([]string{"--demo"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 3260 || c.QueueDepth != 128 || c.Workers != 2 || c.RingEntries != 1024 || c.BufferMemory != int64(c.Threads)*loopMemory || c.LogLevel != "info" {
		t.Errorf("%+v", c)
	}
}

// TestSessionKeys holds that what an operator can say is what the wire can say.
func TestSessionKeys(t *testing.T) {
	var s SessionKeys
	if len(sessionKeys) != len(s.values) {
		t.Fatalf("%d keys, room for %d", len(sessionKeys), len(s.values))
	}
	for i := range sessionKeys {
		k := &sessionKeys[i]
		if err := s.Set(k.name, s.Get(k.name)); err != nil {
			t.Errorf("the default of %s: %v", k.name, err)
		}
		wire := textkey.Lookup(k.name)
		if k.name == "MaxXmitDataSegmentLength" {
			continue // IET's own; no initiator hears of it
		}
		switch {
		case wire == nil:
			t.Errorf("%s is no key of RFC 7143", k.name)
		case wire.Section != k.section:
			t.Errorf("%s: Section %s here, %s on the wire", k.name, k.section, wire.Section)
		case k.kind == number && (k.min < wire.Min || k.max > wire.Max):
			t.Errorf("%s: %d to %d here, %d to %d on the wire", k.name, k.min, k.max, wire.Min, wire.Max)
		}
	}
	if err := s.Check(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestSizes(t *testing.T) {
	tests := []struct {
		in   string
		want int64
	}{
		{"0", 0}, {"4096", 4096}, {"1KiB", 1024}, {"256MiB", 256 << 20}, {"2GiB", 2 << 30}, {"1K", 1024}, {"3M", 3 << 20}, {"1G", 1 << 30},
		{"", -1}, {"-1", -1}, {"MiB", -1}, {"1.5GiB", -1}, {"1TB", -1}, {"9999999999GiB", -1},
	}
	for _, tt := range tests {
		got, err := parseSize(tt.in)
		if tt.want < 0 && err == nil || tt.want >= 0 && (err != nil || got != tt.want) {
			t.Errorf("%q: %d, %v", tt.in, got, err)
		}
	}
}

func TestCPUs(t *testing.T) {
	got, err := parseCPUs("0")
	if err != nil || !reflect.DeepEqual(got, []int{0}) {
		t.Errorf("0: %v, %v", got, err)
	}
	for _, bad := range []string{"", "a", "0,0", "0-", "-1", "0,,0", "1023"} {
		if got, err := parseCPUs(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
