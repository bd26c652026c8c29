// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ietring/pdu"
)

func TestSID(t *testing.T) {
	tests := []struct {
		name string
		isid pdu.ISID
		tsih uint16
		want uint64
	}{
		{"open-iscsi's first session, as IET numbered it", pdu.ISID{0x00, 0x02, 0x3d, 0x01, 0x00, 0x00}, 1, 281474997486080},
		{"its second", pdu.ISID{0x00, 0x02, 0x3d, 0x02, 0x00, 0x00}, 2, 562949990973952},
		{"all bits", pdu.ISID{255, 255, 255, 255, 255, 255}, 65535, 1<<64 - 1},
	}
	for _, tt := range tests {
		if got := SID(tt.isid, tt.tsih); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// bind makes a session of that initiator with ISID n.
func bind(t *testing.T, r *Registry, initiator string, n byte, target string) (*Entry, *fakeLive) {
	t.Helper()
	e, err := r.Reserve(Name{strings.ToLower(initiator), pdu.ISID{n}, target, 1}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	live := newLive()
	if err := r.Bind(e, live, Conn{Initiator: initiator, CID: uint16(n), Remote: netip.MustParseAddrPort("192.0.2.1:99")}); err != nil {
		t.Fatal(err)
	}
	return e, live
}

// names is a listing as "initiator@target" words.
func names(list []Info) string {
	var all []string
	for _, i := range list {
		all = append(all, i.Initiator+"@"+i.Target)
	}
	return strings.Join(all, " ")
}

func TestList(t *testing.T) {
	r := NewRegistry(time.Millisecond)
	first, _ := bind(t, r, "iqn.Host", 1, "iqn.a")
	bind(t, r, "iqn.host", 2, "iqn.b")
	gone, _ := bind(t, r, "iqn.gone", 3, "iqn.a")
	_, ended := bind(t, r, "iqn.ended", 4, "iqn.a")
	bind(t, r, "iqn.host", 5, "iqn.a")
	bind(t, r, "iqn.finder", 6, "") // discovery
	if _, err := r.Reserve(Name{"iqn.early", pdu.ISID{7}, "iqn.a", 1}, 0, 0); err != nil {
		t.Fatal(err) // its login has not ended
	}
	r.Release(gone)
	close(ended.done)
	tests := []struct {
		name   string
		target string
		want   string
		count  int
	}{
		{"of one target, by age, as spelt", "iqn.a", "iqn.Host@iqn.a iqn.host@iqn.a", 3},
		{"names have no case", "IQN.B", "iqn.host@iqn.b", 1},
		{"of none", "iqn.c", "", 0},
		{"of all", "", "iqn.Host@iqn.a iqn.host@iqn.b iqn.host@iqn.a", 0},
	}
	for _, tt := range tests {
		if got := names(r.List(tt.target)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if tt.target != "" && r.Count(tt.target) != tt.count {
			t.Errorf("%s: %d, want %d", tt.name, r.Count(tt.target), tt.count)
		}
	}
	i := r.List("iqn.a")[0]
	if i.TSIH != first.TSIH() || i.SID != SID(pdu.ISID{1}, i.TSIH) || i.CID != 1 || i.Remote.Port() != 99 || time.Since(i.Since) > time.Minute {
		t.Errorf("%+v", i)
	}
}

func TestCloses(t *testing.T) {
	tests := []struct {
		name string
		do   func(r *Registry, sid uint64) error
		want error
		dead string // which sessions were asked
	}{
		{"a session", func(r *Registry, sid uint64) error { return r.Close("IQN.A", sid) }, nil, "a1"},
		{"another target's session", func(r *Registry, sid uint64) error { return r.Close("iqn.b", sid) }, ErrNoSession, ""},
		{"a number that nobody has", func(r *Registry, sid uint64) error { return r.Close("iqn.a", sid+1) }, ErrNoSession, ""},
		{"a connection", func(r *Registry, sid uint64) error { return r.CloseConnection("iqn.a", sid, 1) }, nil, "a1"},
		{"a connection that it does not have", func(r *Registry, sid uint64) error { return r.CloseConnection("iqn.a", sid, 2) }, ErrNoConnection, ""},
		{"a connection of no session", func(r *Registry, sid uint64) error { return r.CloseConnection("iqn.a", sid+1, 1) }, ErrNoSession, ""},
		{"all of a target", func(r *Registry, sid uint64) error {
			if n := r.CloseTarget("iqn.a"); n != 2 {
				return fmt.Errorf("%d", n)
			}
			return nil
		}, nil, "a1a2"},
	}
	for _, tt := range tests {
		r := NewRegistry(time.Millisecond)
		e, a1 := bind(t, r, "iqn.host", 1, "iqn.a")
		_, a2 := bind(t, r, "iqn.host", 2, "iqn.a")
		_, b := bind(t, r, "iqn.host", 1, "iqn.b")
		if err := tt.do(r, SID(pdu.ISID{1}, e.TSIH())); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		dead := ""
		for _, x := range []struct {
			name string
			live *fakeLive
		}{{"a1", a1}, {"a2", a2}, {"b", b}} {
			if len(x.live.closes) > 0 {
				dead += x.name
			}
		}
		if dead != tt.dead {
			t.Errorf("%s: asked %q, want %q", tt.name, dead, tt.dead)
		}
	}
}

func TestMostOfATarget(t *testing.T) {
	r := NewRegistry(50 * time.Millisecond)
	reserve := func(n byte, target string) (*Entry, error) {
		return r.Reserve(Name{"iqn.host", pdu.ISID{n}, target, 1}, 0, 2)
	}
	_, first := bind(t, r, "iqn.host", 1, "iqn.a")
	second, err := reserve(2, "iqn.a") // counts before it is live
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(3, "iqn.a"); !errors.Is(err, ErrTargetFull) {
		t.Errorf("a third: %v", err)
	}
	if _, err := reserve(3, "iqn.b"); err != nil {
		t.Errorf("another target's first: %v", err)
	}
	if _, err := r.Reserve(Name{}, 0, 2); err != nil {
		t.Errorf("discovery: %v", err)
	}
	close(first.done) // the session is over, Release comes later
	if _, err := reserve(3, "iqn.a"); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
	r.Release(second)
	if _, err := reserve(4, "iqn.a"); err != nil {
		t.Errorf("after one has failed: %v", err)
	}
}

// TestReinstatementCountsOnce: an initiator that comes back to a full target
// takes its own place.
func TestReinstatementCountsOnce(t *testing.T) {
	r := NewRegistry(5 * time.Second)
	for range 5 {
		e, err := r.Reserve(one, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		live := newLive()
		if err := r.Bind(e, live, Conn{}); err != nil {
			t.Fatal(err)
		}
		go func() {
			<-live.closes
			close(live.done)
		}()
	}
	if n := r.Count(one.Target); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestNothingStays: the indexes forget who has gone, or they would grow with
// every target that there ever was.
func TestNothingStays(t *testing.T) {
	r := NewRegistry(time.Millisecond)
	for n := range byte(3) {
		e, _ := bind(t, r, "iqn.host", n+1, fmt.Sprint("iqn.", n/2))
		defer func() {
			r.Release(e)
			if n == 0 && len(r.byName)+len(r.byTSIH)+len(r.byTarget) != 0 { // the last one
				t.Errorf("%d names, %d handles, %d targets stay", len(r.byName), len(r.byTSIH), len(r.byTarget))
			}
		}()
	}
}
