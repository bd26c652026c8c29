// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"ietring/ring/internal/uring"
)

// onArena runs f with an arena of limit bytes on a ring's thread.
func onArena(t *testing.T, limit int, f func(a *arena)) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := uring.New(64)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.RegisterBufferTable(maxExtents); err != nil {
		t.Fatal(err)
	}
	var a arena
	a.init(r, limit, func(err error) { t.Logf("unregistered: %v", err) })
	f(&a)
}

// Spans never overlap, have the size that was asked for, and after all are back
// the arena is whole again: one extent of largest spans.
func TestArena(t *testing.T) {
	onArena(t, 4*extentLen, func(a *arena) {
		rnd := rand.New(rand.NewPCG(1, 2))
		type out struct {
			s    span
			mark byte
		}
		var spans []out
		refused := 0
		for step := range 200_000 {
			if len(spans) > 0 && rnd.IntN(100) < 48 {
				i := rnd.IntN(len(spans))
				o := spans[i]
				if o.s.mem[0] != o.mark || o.s.mem[len(o.s.mem)-1] != o.mark {
					t.Fatalf("step %d: a span was overwritten", step)
				}
				a.release(o.s)
				spans[i] = spans[len(spans)-1]
				spans = spans[:len(spans)-1]
				continue
			}
			n := 1 + rnd.IntN(1<<rnd.IntN(21))
			s, ok := a.alloc(n)
			if !ok {
				refused++
				continue
			}
			if len(s.mem) < n || len(s.mem) >= 2*max(n, minSpan) || uring.Addr(s.mem)%minSpan != 0 {
				t.Fatalf("step %d: %d bytes at %x for %d", step, len(s.mem), uring.Addr(s.mem), n)
			}
			mark := byte(step)
			s.mem[0], s.mem[len(s.mem)-1] = mark, mark
			spans = append(spans, out{s, mark})
		}
		if refused == 0 || a.mapped > a.limit {
			t.Errorf("%d refusals, %d of %d bytes mapped", refused, a.mapped, a.limit)
		}
		for _, o := range spans {
			a.release(o.s)
		}
		if a.used != 0 {
			t.Errorf("%d bytes in use with no span out", a.used)
		}
		a.trim()
		if a.mapped != extentLen {
			t.Errorf("%d bytes mapped after trimming", a.mapped)
		}
		for range extentLen / maxSpan {
			if _, ok := a.alloc(maxSpan); !ok {
				t.Fatal("the arena did not become whole again")
			}
		}
	})
}

// A warm arena allocates nothing on the Go heap.
func TestArenaNoAllocation(t *testing.T) {
	onArena(t, 4*extentLen, func(a *arena) {
		if n := testing.AllocsPerRun(1000, func() {
			s, _ := a.alloc(4096)
			b, _ := a.alloc(maxSpan)
			a.release(s)
			a.release(b)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func BenchmarkArena4K(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := uring.New(64)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	if err := r.RegisterBufferTable(maxExtents); err != nil {
		b.Fatal(err)
	}
	var a arena
	a.init(r, 4*extentLen, nil)
	for b.Loop() {
		s, _ := a.alloc(4096)
		a.release(s)
	}
}
