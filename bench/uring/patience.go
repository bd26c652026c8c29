// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// smallSend is what a socket takes at once, in bytes, unless its peer does
	// not read.
	smallSend = 64 << 10
	// maxHope is how long an enter waits for more than one completion: two
	// ends that both have more to send than the sockets take would wait for
	// each other.
	maxHope = 2 * time.Millisecond
)

// Patience says for how many completions the enter at the end of a turn waits. A
// small send completes while it is submitted, and would end the wait at once:
// at depth 1 each request would cost two system calls instead of one.
type Patience struct{ small int }

// Add counts a send of n bytes that is submitted in this turn.
func (p *Patience) Add(n int) {
	if n <= smallSend {
		p.small++
	}
}

// Enter submits, and waits for one completion beyond those of the small sends,
// but no longer than limit.
func (p *Patience) Enter(r *Ring, limit time.Duration) unix.Errno {
	if p.small > 0 {
		limit = min(limit, maxHope)
	}
	return r.Enter(1+p.small, limit)
}
