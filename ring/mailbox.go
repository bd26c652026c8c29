// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A mailbox is how other goroutines reach a loop. Posting wakes the loop when
// it sleeps.
type mailbox struct {
	full     atomic.Bool // something was posted
	sleeping atomic.Bool // the loop is in the kernel, or about to be
	event    int         // eventfd that the loop reads

	mu     sync.Mutex
	funcs  []func()
	jobs   []*task // worker jobs that are done
	closed bool    // the loop has ended: nobody will read
}

// post has f called on the loop. It reports false when the loop has ended.
func (m *mailbox) post(f func()) bool {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return false
	}
	m.funcs = append(m.funcs, f)
	m.mu.Unlock()
	m.wake()
	return true
}

// jobDone returns t, whose worker job is done, to its loop.
func (m *mailbox) jobDone(t *task) {
	m.mu.Lock()
	m.jobs = append(m.jobs, t)
	m.mu.Unlock()
	m.wake()
}

func (m *mailbox) wake() {
	m.full.Store(true)
	if m.sleeping.CompareAndSwap(true, false) {
		one := [8]byte{1}
		// The counter cannot overflow and the descriptor is ours, so the write
		// cannot fail; a loop that is awake already just sees it later.
		_, _ = unix.Write(m.event, one[:])
	}
}

// take exchanges the contents for the two empty slices.
func (m *mailbox) take(funcs []func(), jobs []*task) ([]func(), []*task) {
	m.full.Store(false)
	m.mu.Lock()
	defer m.mu.Unlock()
	funcs, m.funcs = m.funcs, funcs[:0]
	jobs, m.jobs = m.jobs, jobs[:0]
	return funcs, jobs
}

// close ends posting and returns what nobody will read any more.
func (m *mailbox) close() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return m.funcs
}
