// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"net/netip"
	"testing"
)

// only admits one initiator, and one address of ours.
type only struct {
	initiator string
	local     netip.Addr
}

func (o only) Initiator(_, initiator string, _ netip.Addr) (bool, string) {
	return initiator == o.initiator, "not " + o.initiator
}

func (o only) Local(_ string, local netip.Addr) bool { return local == o.local }

func TestAdmissions(t *testing.T) {
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	tests := []struct {
		name  string
		a     Admissions
		who   bool
		why   string
		where bool
	}{
		{"none admit everybody", nil, true, "", true},
		{"one that allows", Admissions{only{"a", one}}, true, "", true},
		{"one that does not", Admissions{only{"b", two}}, false, "not b", false},
		{"all must allow", Admissions{only{"a", one}, only{"b", two}}, false, "not b", false},
	}
	for _, tt := range tests {
		who, why := tt.a.Initiator("t", "a", two)
		if where := tt.a.Local("t", one); who != tt.who || why != tt.why || where != tt.where {
			t.Errorf("%s: %v %q %v", tt.name, who, why, where)
		}
	}
}

func TestRedirectAddress(t *testing.T) {
	tests := []struct {
		name string
		addr string
		port uint16
		want string
	}{
		{"IPv4", "192.0.2.1", 0, "192.0.2.1"},
		{"IPv4 with a port", "192.0.2.1", 860, "192.0.2.1:860"},
		{"IPv6 stands in brackets", "2001:db8::1", 0, "[2001:db8::1]"},
		{"IPv6 with a port", "2001:db8::1", 860, "[2001:db8::1]:860"},
	}
	for _, tt := range tests {
		r := Redirect{Addr: netip.MustParseAddr(tt.addr), Port: tt.port}
		if got := r.Address(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
