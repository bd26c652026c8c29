// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math/rand/v2"
	"testing"

	"ietring/pdu"
)

// A slowWindow is the command window as RFC 7143, Section 4.2.2.1 tells it: a
// list of what has come.
type slowWindow struct {
	exp   pdu.Serial
	depth int
	open  int
	here  map[pdu.Serial]bool // true: a request waits; false: it counts as received
}

func (w *slowWindow) order(sn pdu.Serial) verdict {
	if _, dup := w.here[sn]; dup || !sn.InWindow(w.exp, w.exp+pdu.Serial(w.depth-w.open-1)) {
		return ignore
	}
	if sn == w.exp {
		return deliver
	}
	return hold
}

// settle passes over what counts as received and returns how many requests were
// delivered.
func (w *slowWindow) settle() int {
	n := 0
	for {
		request, ok := w.here[w.exp]
		if !ok {
			return n
		}
		delete(w.here, w.exp)
		w.exp++
		if request {
			w.open++
			n++
		}
	}
}

// The fast window and the slow one agree on any sequence of requests, refusals,
// aborts and answers, across the wrap of the numbers and for depths that are no
// power of two.
func TestWindow(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 7))
	for _, depth := range []int{1, 2, 3, 5, 32, 100} {
		const start = ^pdu.Serial(200)
		fast := window{expCmdSN: start, depth: depth}
		slow := slowWindow{exp: start, depth: depth, here: map[pdu.Serial]bool{}}
		var tasks []*task
		for step := range 20_000 {
			sn := slow.exp + pdu.Serial(rnd.IntN(depth+3)) - 1
			v := fast.order(sn)
			if want := slow.order(sn); v != want {
				t.Fatalf("depth %d, step %d: verdict %d on %d, want %d", depth, step, v, sn-slow.exp, want)
			}
			switch k := rnd.IntN(10); {
			case k == 0 && v != ignore: // refused
				fast.skip(sn)
				slow.here[sn] = false
			case k == 1 && v == ignore && slow.here[sn]: // aborted while it waits
				fast.forget(sn)
				slow.here[sn] = false
			case k == 2 && rnd.IntN(20) == 0:
				fast.plug(sn)
				for at := slow.exp; at.Before(sn); at++ {
					if slow.order(at) != ignore {
						slow.here[at] = false
					}
				}
			case v == deliver:
				u := &task{}
				fast.number(u)
				tasks = append(tasks, u)
				slow.here[sn] = true
			case v == hold:
				fast.put(sn, &task{})
				slow.here[sn] = true
			}
			for u := fast.turn(); u != nil; u = fast.turn() {
				fast.taken()
				fast.number(u)
				tasks = append(tasks, u)
			}
			slow.settle()
			for len(tasks) > 0 && rnd.IntN(3) == 0 {
				fast.leave(tasks[0])
				tasks = tasks[1:]
				slow.open--
			}
			if fast.expCmdSN != slow.exp || fast.open != slow.open || fast.waiting != len(slow.here) {
				t.Fatalf("depth %d, step %d: %+v, want %+v", depth, step, fast, slow)
			}
		}
	}
}
