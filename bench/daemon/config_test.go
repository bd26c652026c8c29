// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"slices"
	"strings"
	"testing"
)

func TestIstgtConfig(t *testing.T) {
	for _, row := range []struct {
		sentence, target, path string
		want                   []string
		ok                     bool
	}{
		{"a file of 512 MiB", "iqn.2026-11.com.example:bench", "/dev/shm/x",
			[]string{`NodeBase "iqn.2026-11.com.example"`, "TargetName bench\n", "LUN0 Storage /dev/shm/x 512MB\n", "DA1 127.0.0.1:7001\n", "UC1 127.0.0.1:7002\n", "AuthFile /tmp/d/auth.conf\n"}, true},
		{"a name without a colon", "iqn.2026-11.com.example", "/x", nil, false},
		{"a path that would be two words", "iqn.2026-11.com.example:b", "/x y", nil, false},
		{"a path that would be two lines", "iqn.2026-11.com.example:b", "/x\ny", nil, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			text, err := istgtConfig(row.target, "/tmp/d", row.path, 512<<20, 7001, 7002)
			if (err == nil) != row.ok {
				t.Fatal(err)
			}
			for _, want := range row.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing", want)
				}
			}
		})
	}
}

func TestSPDKCalls(t *testing.T) {
	calls := spdkCalls("iqn.2026-11.com.example:bench", 7001, []SPDKUnit{{Size: 512 << 20}, {Path: "/dev/zram1"}})
	for _, want := range []string{
		"bdev_null_create disk0 512 512",
		"bdev_uring_create /dev/zram1 disk1 512",
		"iscsi_create_portal_group 1 127.0.0.1:7001",
		"iscsi_create_target_node iqn.2026-11.com.example:bench bench disk0:0 disk1:1 1:1 128 -d",
	} {
		if !slices.ContainsFunc(calls, func(c []string) bool { return strings.Join(c, " ") == want }) {
			t.Errorf("%q is missing in %q", want, calls)
		}
	}
	if args := strings.Join(spdkArgs(1, "/s"), " "); args != "-m [1] -r /s --no-huge -s 1024" {
		t.Errorf("%q", args)
	}
}

func TestFloorAddress(t *testing.T) {
	for _, row := range []struct {
		sentence, log, want string
	}{
		{"the line is there", "listening 127.0.0.1:7\n", "127.0.0.1:7"},
		{"it is not whole", "listening 127.0.0.1:7", ""},
		{"it is another line", "iscsi-load: no\n", ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			if got, ok := floorAddress(row.log); ok != (row.want != "") || ok && got != row.want {
				t.Errorf("%q, %v", got, ok)
			}
		})
	}
}
