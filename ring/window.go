// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math/bits"

	"ietring/pdu"
)

// A window is the command window of a session (RFC 7143, Section 4.2.2.1): which
// number is delivered next, how many may come, and what came before its turn.
// The session's loop owns it.
type window struct {
	expCmdSN pdu.Serial
	depth    int // the most requests that may be open
	open     int // numbered requests between their dispatch and their response

	// early holds what came before its turn, by CmdSN modulo its length, a power
	// of two not below depth. It is made when first needed: with one connection
	// that is never.
	early   []*task
	waiting int // entries of early that are not nil
}

// received stands in early for a number that counts as received though no
// request waits there: it was refused or aborted.
var received = new(task)

// maxCmdSN returns the last command number that is taken. It never goes back:
// a dispatch moves expCmdSN and open together, a response lowers open.
func (w *window) maxCmdSN() pdu.Serial {
	return w.expCmdSN + pdu.Serial(w.depth-w.open-1)
}

// A verdict says what becomes of a numbered request.
type verdict uint8

const (
	deliver verdict = iota // now
	hold                   // an earlier one is missing
	ignore                 // outside the window, or a duplicate: in silence
)

// order looks at the number of a request that is not immediate.
func (w *window) order(sn pdu.Serial) verdict {
	switch {
	case !sn.InWindow(w.expCmdSN, w.maxCmdSN()), w.at(sn) != nil:
		return ignore
	case sn == w.expCmdSN:
		return deliver
	}
	return hold
}

// at returns what waits with number sn, which is in the window.
func (w *window) at(sn pdu.Serial) *task {
	if w.waiting == 0 {
		return nil
	}
	return w.early[w.slot(sn)]
}

func (w *window) slot(sn pdu.Serial) int { return int(sn) & (len(w.early) - 1) }

// put keeps t, or received, for the turn of sn, which order said to hold.
func (w *window) put(sn pdu.Serial, t *task) {
	if w.early == nil {
		w.early = make([]*task, 1<<bits.Len(uint(w.depth-1)))
	}
	w.early[w.slot(sn)] = t
	w.waiting++
}

// skip makes sn count as received. It does nothing outside the window.
func (w *window) skip(sn pdu.Serial) {
	if w.order(sn) != ignore {
		w.put(sn, received)
		w.turn()
	}
}

// forget makes the number of a request that waits count as received.
func (w *window) forget(sn pdu.Serial) { w.early[w.slot(sn)] = received }

// plug makes every number of the window before end count as received that nothing
// waits for.
func (w *window) plug(end pdu.Serial) {
	last := w.maxCmdSN() // it moves on with what is skipped
	for sn := w.expCmdSN; sn.Before(end) && !last.Before(sn); sn++ {
		w.skip(sn)
	}
}

// turn passes over numbers that count as received and returns the request whose
// turn is then, or nil when it is not here.
func (w *window) turn() *task {
	for w.waiting > 0 {
		switch i := w.slot(w.expCmdSN); w.early[i] {
		case nil:
			return nil
		case received:
			w.early[i] = nil
			w.waiting--
			w.expCmdSN++
		default:
			return w.early[i]
		}
	}
	return nil
}

// taken says that the request which turn returned goes its way.
func (w *window) taken() {
	w.early[w.slot(w.expCmdSN)] = nil
	w.waiting--
}

// number lets a request that is not immediate take its place in the window.
func (w *window) number(t *task) {
	w.expCmdSN++
	w.open++
	t.numbered = true
}

// leave takes t out of the window, so that its own response opens it.
func (w *window) leave(t *task) {
	if t.numbered {
		w.open--
		t.numbered = false
	}
}
