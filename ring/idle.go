// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "time"

// What a loop does that has nothing to do: it looks for work for a while where
// that pays (spin.go), then sleeps in the kernel, at first out of the Go
// scheduler's sight.

// idle waits for work.
func (l *loop) idle() {
	if l.stopped && l.liveConns == 0 {
		return
	}
	began := l.eng.now()
	if s := l.waitsFor(); s.worth() && l.spin(s, began) {
		return
	}
	l.mail.sleeping.Store(true)
	if !l.mail.full.Load() {
		l.sleep()
	}
	l.mail.sleeping.Store(false)
	now := l.eng.now()
	slept := now.Sub(began)
	l.brisk = slept < napTime
	if slept >= trimAfter {
		l.arena.trim()
	}
	l.tick(now)
}

// sleep waits in the kernel: where short waits follow each other, by a doze, of
// which the scheduler knows nothing; else, and when a doze is over, as any
// goroutine does.
func (l *loop) sleep() {
	l.counters.Sleeps++
	if l.brisk && l.eng.naps {
		l.ring.Doze()
		if l.pending() {
			return
		}
	}
	l.ring.Wait(l.patience())
}

// pending reports whether there is something to do.
func (l *loop) pending() bool {
	return l.ring.Ready() > 0 || l.ring.HasWork() || l.mail.full.Load()
}

// patience returns how long a sleep may last: 0 is for ever.
func (l *loop) patience() time.Duration {
	switch {
	case l.ticking():
		return tickTime
	case l.arena.idle():
		return trimAfter
	}
	return 0
}

// waitsFor returns the spinner of what a loop without work waits for. Of several
// operations on disks the first is not worth waiting for awake: what ends while
// the loop sleeps is answered in one go.
func (l *loop) waitsFor() *spinner {
	if l.underway == 0 {
		return &l.forPeers
	}
	l.forDisks.several = l.underway > 1
	return &l.forDisks
}

// spin looks for completions or mail for the time of s. It reports whether
// something came.
func (l *loop) spin(s *spinner, began time.Time) bool {
	for {
		for range spinLooks {
			if l.pending() {
				s.hit()
				l.counters.SpinsPaid++
				return true
			}
		}
		if l.eng.now().Sub(began) > s.limit {
			s.miss()
			l.counters.SpinsVain++
			return false
		}
	}
}

// spinLooks is how many times a loop looks before it looks at the clock.
const spinLooks = 64
