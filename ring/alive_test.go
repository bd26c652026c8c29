// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAlive(t *testing.T) {
	p := newPlane(t, 2)
	if err := p.eng.Alive(context.Background()); err != nil {
		t.Errorf("loops that sleep: %v", err)
	}
	release := make(chan struct{})
	p.eng.loops[1].mail.post(func() { <-release })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := p.eng.Alive(ctx); !errors.Is(err, ErrHung) {
		t.Errorf("a loop that hangs: %v", err)
	}
	close(release)
	if err := p.eng.Alive(context.Background()); err != nil {
		t.Errorf("a loop that goes on: %v", err)
	}
	p.end()
	if err := p.eng.Alive(context.Background()); !errors.Is(err, ErrStopping) {
		t.Errorf("loops that have ended: %v", err)
	}
}
