// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"errors"
)

// ErrHung says that an event loop did not answer in time.
var ErrHung = errors.New("an event loop does not answer")

// Alive returns nil when every loop has carried out something that was posted to
// it before ctx ends. The errors are ErrHung, and ErrStopping when a loop has
// ended. A watchdog asks; it costs each loop one turn.
func (e *Engine) Alive(ctx context.Context) error {
	answers := make(chan struct{}, len(e.loops)) // room for all: no loop waits
	for _, l := range e.loops {
		if !l.mail.post(func() { answers <- struct{}{} }) {
			return ErrStopping
		}
	}
	for range e.loops {
		select {
		case <-answers:
		case <-ctx.Done():
			return ErrHung
		}
	}
	return nil
}
