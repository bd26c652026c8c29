// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"net/netip"
	"testing"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/config"
)

func TestMatches(t *testing.T) {
	tests := []struct {
		who, initiator, remote string
		want                   bool
	}{
		{"*", "iqn.a", "192.0.2.1", true},
		{"iqn.a", "iqn.a", "192.0.2.1", true},
		{"IQN.A", "iqn.a", "192.0.2.1", true},
		{"iqn.a", "iqn.ab", "192.0.2.1", false},
		{"iqn.*", "iqn.ab", "192.0.2.1", true},
		{"iqn.?", "iqn.ab", "192.0.2.1", false},
		{"iqn.??", "iqn.äb", "192.0.2.1", true},
		{"*a*b", "iqn.a:b:ab", "192.0.2.1", true},
		{"*a*c", "iqn.a:b:ab", "192.0.2.1", false},
		{"iqn.[a]", "iqn.a", "192.0.2.1", false},
		{"192.0.2.1", "iqn.a", "192.0.2.1", true},
		{"192.0.2.1", "iqn.a", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "iqn.a", "192.0.2.2", false},
		{"192.0.2.0/24", "iqn.a", "192.0.2.9", true},
		{"192.0.2.0/24", "iqn.a", "192.0.3.9", false},
		{"2001:db8::/32", "iqn.a", "2001:db8::1", true},
	}
	for _, tt := range tests {
		if got := matches(tt.who, tt.initiator, netip.MustParseAddr(tt.remote)); got != tt.want {
			t.Errorf("%s, %s from %s: %v", tt.who, tt.initiator, tt.remote, got)
		}
	}
}

// A pattern of many stars must not take long.
func TestGlobIsBounded(t *testing.T) {
	name := make([]rune, 223)
	for i := range name {
		name[i] = 'a'
	}
	if glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", string(name)) {
		t.Error("it matches")
	}
}

// The first mask that matches decides, and without one no LUN is seen.
func TestMaskFor(t *testing.T) {
	masks := []config.Mask{
		{Initiator: "iqn.a", Luns: []config.LunRange{{First: 1, Last: 2}}, ReadOnly: true},
		{Initiator: "iqn.*", Luns: []config.LunRange{{First: 0, Last: 0}, {First: 5, Last: 9}}},
	}
	tests := []struct {
		initiator string
		luns      string // of 0 to 9
		ro        bool
	}{
		{"iqn.a", "12", true},
		{"iqn.b", "056789", false},
		{"eui.b", "", false},
	}
	for _, tt := range tests {
		v := viewOf(maskFor(masks, tt.initiator, netip.Addr{}))
		var luns []byte
		for n := range uint16(10) {
			if v.Sees(n) {
				luns = append(luns, '0'+byte(n))
			}
		}
		if string(luns) != tt.luns || v.ReadOnly != tt.ro {
			t.Errorf("%s sees %s, read-only %v", tt.initiator, luns, v.ReadOnly)
		}
	}
	if viewOf(maskFor(nil, "iqn.a", netip.Addr{})) != nil {
		t.Error("without masks somebody does not see all")
	}
}

// Sessions see by the mask from their first command on.
func TestMaskedSession(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n Lun 1 Type=nullio\n LunMask 127.0.0.1 1 ro\n", always)
	s := h.dial("iqn.a", "iqn.host")
	if got := h.news(s, 0); got != "5/25/00" {
		t.Errorf("a LUN that is hidden: %s", got)
	}
	if got := h.news(s, 1); got != "6/29/00 good" {
		t.Errorf("the other: %s", got)
	}
	w := initiator.Command{LUN: initiator.LUN(1), CDB: initiator.Write10(initiator.Range{Blocks: 1}, false), Out: make([]byte, 512)}
	if got := sense(t, s, &w); got != "7/27/00" {
		t.Errorf("a write: %s", got)
	}
}
