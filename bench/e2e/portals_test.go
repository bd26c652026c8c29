// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/bench/load"
)

// portalsOf waits until ietd has said that it listens on n addresses.
func portalsOf(t *testing.T, p *daemon.Process, n int) (portals []string) {
	t.Helper()
	deadline := time.Now().Add(patience(10 * time.Second))
	for {
		portals = nil
		for line := range strings.Lines(p.Log()) {
			var record struct{ Message, Address string }
			if json.Unmarshal([]byte(line), &record) == nil && record.Message == "listening" {
				portals = append(portals, record.Address)
			}
		}
		if len(portals) == n {
			return portals
		}
		if time.Now().After(deadline) {
			t.Fatalf("ietd listens on %q, not on %d addresses", portals, n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestPortals has one target on three portals, two of IPv4 and one of IPv6, in
// a portal group each: each tells of those of its family, itself first, and
// sessions of all work on one disk.
func TestPortals(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skipf("no IPv6 here: %v", err)
	} else {
		must(t, l.Close())
	}
	path := disk(t, 64<<20)
	p := serve(t, "--threads", "2", "--address", "127.0.0.2,2", "--address", "::1,7", fileLun(path, "IOMode=wb,BlockSize=512"))
	portals := portalsOf(t, p, 3)
	for i, want := range [][]string{
		{portals[0] + ",1", portals[1] + ",2"},
		{portals[1] + ",2", portals[0] + ",1"},
		{portals[2] + ",7"},
	} {
		o := login(p)
		o.Address, o.Target = portals[i], ""
		s, err := initiator.Dial(o)
		must(t, err)
		list, err := s.SendTargets("All")
		must(t, err)
		must(t, s.Close())
		if len(list) != 1 || !slices.Equal(list[0].Addresses, want) {
			t.Errorf("SendTargets at %s: %+v, want %q", portals[i], list, want)
		}
	}
	c := quick(p)
	c.Sessions, c.SharedLen = 3, 1<<20
	c.Vary = func(i int, o *initiator.Options) { o.Address = portals[i%3] }
	r, err := load.Verify(context.Background(), c)
	must(t, err)
	t.Log(r)
	stop(t, p)
	checkFile(t, path, r.Model)
}

// TestLibiscsiIPv6 has somebody else's initiator find and use the disk by IPv6.
func TestLibiscsiIPv6(t *testing.T) {
	tool, err := exec.LookPath("iscsi-inq")
	if err != nil {
		t.Skipf("libiscsi's tools are not here: %v", err)
	}
	p := serve(t, "--address", "::1", fileLun(disk(t, 1<<20), "BlockSize=512"))
	portals := portalsOf(t, p, 2)
	said, err := exec.Command(tool, fmt.Sprintf("iscsi://%s/%s/0", portals[1], target)).CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("Product:VIRTUAL-DISK")) {
		t.Errorf("iscsi-inq at %q: %v\n%s", portals, err, said)
	}
}
