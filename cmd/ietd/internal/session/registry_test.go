// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"ietring/pdu"
	"ietring/ring"
)

// fakeLive ends when end is called, or at once.
type fakeLive struct {
	closes chan struct{}
	done   chan struct{}
	drops  chan uint16
	gone   map[uint16]chan struct{} // connections that have ended, when closed
}

func newLive() *fakeLive {
	return &fakeLive{closes: make(chan struct{}, 8), done: make(chan struct{}), drops: make(chan uint16, 8), gone: make(map[uint16]chan struct{})}
}

// Has is false for a connection that has ended.
func (f *fakeLive) Has(cid uint16) bool {
	select {
	case <-f.gone[cid]:
		return false
	default:
		return true
	}
}

func (f *fakeLive) DropConnection(cid uint16) <-chan struct{} {
	f.drops <- cid
	return f.gone[cid]
}

func (f *fakeLive) Window() (exp, most pdu.Serial) { return 0, 0 }

func (f *fakeLive) Close()                { f.closes <- struct{}{} }
func (f *fakeLive) Done() <-chan struct{} { return f.done }

var one = Name{"iqn.host", pdu.ISID{1}, "iqn.disk", 1}

// begin puts a live session into r.
func begin(t *testing.T, r *Registry, n Name) (*Entry, *fakeLive) {
	t.Helper()
	e, err := r.Reserve(n, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	live := newLive()
	if err := r.Bind(e, live, Conn{CID: 3, Params: ring.Params{MaxBurstLength: 512}}); err != nil {
		t.Fatal(err)
	}
	return e, live
}

func TestReinstatementWaits(t *testing.T) {
	r := NewRegistry(5 * time.Second)
	_, live := begin(t, r, one)
	go func() {
		<-live.closes
		close(live.done)
	}()
	e, err := r.Reserve(one, 0, 0)
	if err != nil || r.Len() != 1 || e.TSIH() == 0 {
		t.Errorf("%v, %d sessions", err, r.Len())
	}
}

func TestReinstatementByRelease(t *testing.T) {
	r := NewRegistry(5 * time.Second)
	old, live := begin(t, r, one)
	go func() {
		<-live.closes
		r.Release(old)
		r.Release(old) // the second does nothing
	}()
	if _, err := r.Reserve(one, 0, 0); err != nil || r.Len() != 1 {
		t.Errorf("%v, %d sessions", err, r.Len())
	}
}

func TestPatienceEnds(t *testing.T) {
	r := NewRegistry(10 * time.Millisecond)
	old, live := begin(t, r, one)
	for range 2 {
		if _, err := r.Reserve(one, 0, 0); !errors.Is(err, ErrBusy) {
			t.Errorf("%v", err)
		}
	}
	if len(live.closes) != 1 {
		t.Errorf("Close was called %d times", len(live.closes))
	}
	if r.Holder(old.TSIH(), live) != old {
		t.Error("the old session lost its place while it lives")
	}
	close(live.done)
	if _, err := r.Reserve(one, 0, 0); err != nil {
		t.Errorf("after the end: %v", err)
	}
}

func TestReplacedBeforeBind(t *testing.T) {
	r := NewRegistry(5 * time.Second)
	e, err := r.Reserve(one, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		_, err := r.Reserve(one, 0, 0)
		got <- err
	}()
	for bound := error(nil); !errors.Is(bound, ErrReplaced); {
		bound = r.Bind(e, newLive(), Conn{})
		if bound == nil {
			// The other login has not come yet: take it back.
			r.mu.Lock()
			e.live = nil
			r.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
	}
	r.Release(e)
	if err := <-got; err != nil {
		t.Errorf("the login that came in between: %v", err)
	}
}

func TestNames(t *testing.T) {
	r := NewRegistry(time.Millisecond)
	tests := []struct {
		name string
		n    Name
	}{
		{"another initiator", Name{"iqn.other", one.ISID, one.Target, 1}},
		{"another ISID", Name{one.Initiator, pdu.ISID{2}, one.Target, 1}},
		{"another target", Name{one.Initiator, one.ISID, "iqn.other", 1}},
		{"another portal group", Name{one.Initiator, one.ISID, one.Target, 2}},
		{"discovery", Name{}},
		{"discovery again", Name{}},
	}
	begin(t, r, one)
	for i, tt := range tests {
		begin(t, r, tt.n)
		if r.Len() != i+2 {
			t.Errorf("%s is not a session of its own", tt.name)
		}
	}
}

func TestFind(t *testing.T) {
	r := NewRegistry(time.Millisecond)
	e, live := begin(t, r, one)
	if got, c := r.Find(one, e.TSIH()); got != e || c.CID != 3 || c.Params.MaxBurstLength != 512 {
		t.Errorf("%v %+v", got, c)
	}
	if got, _ := r.Find(one, e.TSIH()+1); got != nil {
		t.Error("a TSIH that nobody has")
	}
	if got, _ := r.Find(Name{"iqn.other", one.ISID, one.Target, 1}, e.TSIH()); got != nil {
		t.Error("another's TSIH")
	}
	close(live.done)
	again, err := r.Reserve(one, e.TSIH(), 0)
	if err != nil || again.TSIH() != e.TSIH() {
		t.Errorf("taken over: %v", err)
	}
}

func TestFull(t *testing.T) {
	r := NewRegistry(time.Millisecond)
	seen := make(map[uint16]bool)
	var last *Entry
	for i := range MaxSessions {
		e, err := r.Reserve(Name{fmt.Sprint(i), pdu.ISID{}, "t", 1}, 0, 0)
		if err != nil || e.TSIH() == 0 || seen[e.TSIH()] {
			t.Fatalf("session %d: %v", i, err)
		}
		seen[e.TSIH()], last = true, e
	}
	if _, err := r.Reserve(one, 0, 0); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	r.Release(last)
	if _, err := r.Reserve(one, 0, 0); err != nil {
		t.Errorf("after one has gone: %v", err)
	}
}

// TestRace lets many logins of one name fight: one holds at the end.
func TestRace(t *testing.T) {
	r := NewRegistry(5 * time.Second)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			e, err := r.Reserve(one, 0, 0)
			if err != nil {
				t.Error(err)
				return
			}
			live := newLive()
			if r.Bind(e, live, Conn{}) != nil {
				r.Release(e)
				return
			}
			go func() {
				<-live.closes
				close(live.done)
			}()
		})
	}
	all.Wait()
	if r.Len() > 1 {
		t.Errorf("%d sessions of one name", r.Len())
	}
}
