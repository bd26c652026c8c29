// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/admin"
)

// TestPortGroup walks a target through its access states, by ietadm and by the
// file, as a session sees it.
func TestPortGroup(t *testing.T) {
	const (
		first  = "Target iqn.a\nLun 0 Type=nullio\nPortGroup 2 standby\n"
		second = "Target iqn.b\nLun 0 Type=nullio\nPortGroup 2 standby\n"
	)
	h := open(t, first+second, never)
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	state := func(name, want string) {
		t.Helper()
		if got := h.tur(s, 0); strings.HasPrefix(got, "6/") {
			if got != "6/2a/06" {
				t.Errorf("%s: told %s", name, got)
			}
		}
		if got := h.tur(s, 0); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	state("as the file has it", "2/04/0b")
	shown := func(name string, group uint16, word string) {
		t.Helper()
		if tg, err := h.Target(1); err != nil || tg.PortGroup != group || tg.AccessState != word {
			t.Errorf("%s: %d %q is shown, %v", name, tg.PortGroup, tg.AccessState, err)
		}
	}
	shown("as the file has it", 2, "standby")
	effects, err := h.UpdateTarget(2, []admin.Param{{Key: "PortGroup", Value: "2 optimized"}})
	if err != nil || len(effects) != 1 || effects[0].When != "now" {
		t.Fatal(effects, err)
	}
	state("changed through the other target of the group", "good")
	shown("changed through the other target of the group", 2, "optimized")
	if strings.Count(h.dump(), "PortGroup 2 optimized") != 2 {
		t.Errorf("dump says\n%s", h.dump())
	}
	if _, err := h.reload(strings.ReplaceAll(first+second, "standby", "unavailable")); err != nil {
		t.Fatal(err)
	}
	state("changed in the file", "2/04/0c")
	if _, err := h.reload(strings.ReplaceAll(first+second, "PortGroup 2 standby\n", "")); err != nil {
		t.Fatal(err)
	}
	state("in no group any more", "good")
	shown("in no group any more", 0, "")
	if _, err := h.read(first + strings.ReplaceAll(second, "standby", "optimized")); err == nil {
		t.Error("a group has two states")
	}
}
