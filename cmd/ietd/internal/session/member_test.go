// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"testing"
	"time"
)

// A session takes connections up to MaxConnections, replaces one that has the
// same CID when it has ended, and is taken over when it has no other.
func TestJoin(t *testing.T) {
	r := NewRegistry(50 * time.Millisecond)
	e, err := r.Reserve(one, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	live := newLive()
	if err := r.Bind(e, live, Conn{CID: 1, MaxConnections: 2}); err != nil {
		t.Fatal(err)
	}
	r.Attached(e, 1, true)
	join := func(what string, cid uint16, want error) {
		t.Helper()
		if _, err := r.Join(e, Conn{CID: cid}); !errors.Is(err, want) || err == nil != (want == nil) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	join("the only connection again", 1, ErrAlone)
	join("a second one", 2, nil)
	live.gone[2] = make(chan struct{})
	close(live.gone[2]) // no loop has it yet
	join("the same while its login ends", 2, ErrReplaced)
	delete(live.gone, 2)
	join("the same when a loop has it, and its login does not say so", 2, ErrBusy)
	r.Attached(e, 2, false)
	join("after that login has failed", 2, nil)
	r.Attached(e, 2, true)
	if r.Room(e, 3) || !r.Room(e, 2) {
		t.Error("room for a third, or none for the second again")
	}
	join("a third one", 3, ErrConnections)
	live.gone[2] = make(chan struct{})
	join("one whose commands stay with the disk", 2, ErrBusy)
	close(live.gone[2])
	join("one that has ended", 2, nil)
	r.Attached(e, 2, true)
	delete(live.gone, 2)
	live.gone[1] = make(chan struct{})
	close(live.gone[1])
	if list := r.List(""); len(list) != 1 || len(list[0].Conns) != 1 || list[0].Conns[0].CID != 2 {
		t.Errorf("after the first one has gone: %+v", list)
	}
	close(live.done)
	join("after the session has ended", 4, ErrReplaced)
}
