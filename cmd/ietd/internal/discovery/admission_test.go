// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"net/netip"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
)

// rules admit initiators to targets and targets to addresses, by words "who
// target" and "target address".
type rules struct {
	t          *testing.T
	initiators string
	addresses  string
}

func (r rules) Initiator(name, initiator string, remote netip.Addr) (bool, string) {
	if remote != netip.MustParseAddr("192.0.2.200") {
		r.t.Errorf("asked for %v", remote)
	}
	return strings.Contains(r.initiators, initiator+" "+name+";"), "no"
}

func (r rules) Local(name string, local netip.Addr) bool {
	return r.addresses == "any" || strings.Contains(r.addresses, name+" "+local.String()+";")
}

func TestWhoSeesWhat(t *testing.T) {
	both := "TargetName=iqn.a\nTargetAddress=192.0.2.1:3260,1\nTargetAddress=192.0.2.2:3260,1\nTargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1\nTargetAddress=192.0.2.2:3260,1"
	b := "TargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1\nTargetAddress=192.0.2.2:3260,1"
	tests := []struct {
		name       string
		initiators string
		addresses  string
		own        string // a normal session of that target; "": discovery
		text, want string
	}{
		{"all", "host iqn.a;host iqn.b;", "any", "", "SendTargets=All", both},
		{"one of two", "host iqn.b;", "any", "", "SendTargets=All", b},
		{"by a name that it may see", "host iqn.b;", "any", "", "SendTargets=iqn.b", b},
		{"by a name that it may not see", "host iqn.b;", "any", "", "SendTargets=iqn.a", ""},
		{"nothing", "other iqn.a;", "any", "", "SendTargets=All", ""},
		{"addresses are filtered for each target", "host iqn.a;host iqn.b;", "iqn.a 192.0.2.2;iqn.b 192.0.2.1;", "", "SendTargets=All",
			"TargetName=iqn.a\nTargetAddress=192.0.2.2:3260,1\nTargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"a target without an address is left out", "host iqn.a;host iqn.b;", "iqn.b 192.0.2.1;", "", "SendTargets=All", "TargetName=iqn.b\nTargetAddress=192.0.2.1:3260,1"},
		{"a normal session sees its own", "", "any", "iqn.b", "SendTargets=", b},
		{"a normal session sees only its own where rules are", "host iqn.a;host iqn.b;", "any", "iqn.b", "SendTargets=All", b},
		{"a normal session asks for another", "host iqn.a;host iqn.b;", "any", "iqn.b", "SendTargets=iqn.a", ""},
	}
	for _, tt := range tests {
		d := directory(t, []string{"192.0.2.1:3260", "192.0.2.2:3260"}, "iqn.a", "iqn.b")
		d.Admissions = target.Admissions{rules{t, tt.initiators, tt.addresses}}
		var got []byte
		if tt.own != "" {
			a, err := d.Answer(tt.own, addr("192.0.2.1:3260"), pairs(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got = a.Text
		} else {
			c := begin(t, d, Params{Initiator: "host", Remote: netip.MustParseAddr("192.0.2.200")})
			c.send(pdu.OpText, string(pairs(tt.text)), nil)
			got = c.receive(pdu.OpTextResponse).Data
		}
		if string(got) != string(pairs(tt.want)) {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, pairs(tt.want))
		}
	}
}
