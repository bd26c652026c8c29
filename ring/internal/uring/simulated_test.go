// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// echo is a kernel that completes every entry with its own number. It takes at
// most limit entries in one call.
type echo struct {
	q       *Queues
	limit   int
	waits   []time.Duration
	entered int
	ops     []uint32
}

func (k *echo) Enter(wait bool, timeout time.Duration) unix.Errno {
	k.entered++
	if wait {
		k.waits = append(k.waits, timeout)
	}
	for range k.limit {
		e, ok := k.q.Take()
		if !ok {
			break
		}
		k.q.Put(CQE{UserData: e.UserData, Res: int32(e.UserData)})
	}
	return 0
}

func (k *echo) Register(op uint32, _ unsafe.Pointer, _ int) unix.Errno {
	k.ops = append(k.ops, op)
	return unix.ENOSYS
}

// TestSimulatedRing has a kernel of our own take entries and deliver
// completions, past the ends of both queues and with entries left over.
func TestSimulatedRing(t *testing.T) {
	k := &echo{limit: 3}
	r, q := NewSimulated(8, 16, k)
	k.q = q
	next := uint64(0)
	for range 100 {
		for range 5 {
			r.SQE().UserData = next
			next++
		}
		for r.Unsubmitted() > 0 {
			r.Submit()
		}
		want := next - 5
		if n := r.Reap(100, func(c CQE) {
			if c.UserData != want || c.Res != int32(want) {
				t.Fatalf("completion %d with result %d, want %d", c.UserData, c.Res, want)
			}
			want++
		}); n != 5 {
			t.Fatalf("%d completions of 5 entries", n)
		}
	}
	r.Wait(7)
	if len(k.waits) != 1 || k.waits[0] != 7 {
		t.Errorf("the kernel was asked to wait %v, not once for 7 ns", k.waits)
	}
	if err := r.SetFile(0, -1); err == nil || len(k.ops) != 1 {
		t.Errorf("registering a file: %v after %d calls, want the kernel's ENOSYS after one", err, len(k.ops))
	}
	for range 16 {
		if !q.Put(CQE{}) {
			t.Fatal("a completion does not fit an empty queue")
		}
	}
	if q.Put(CQE{}) {
		t.Error("more completions fit than there is room for")
	}
}
