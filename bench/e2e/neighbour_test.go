// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"ietring/bench/daemon"
	"ietring/bench/load"
)

// How much more than at the start a target may hold when its hostile peers are
// gone. The memory is that of a Go heap between collections; under the race
// detector each byte has several of shadow.
const (
	slackRSS         = 16 << 20
	slackRSSRace     = 256 << 20
	slackDescriptors = 0
)

// watchNeighbour starts a verified load beside the test and returns a function
// that ends it and fails the test if anything was wrong.
func watchNeighbour(t *testing.T, p *daemon.Process) (end func()) {
	t.Helper()
	c := quick(p)
	c.Sessions, c.Streams, c.Duration = 1, 2, time.Hour
	c.PrivateLen, c.SharedLen, c.MaxLen = 256<<10, 256<<10, 64<<10
	c.Login.Initiator = "iqn.2026-11.com.example:neighbour"
	c.Login.Timeout = patience(10 * time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() {
		r, err := load.Verify(ctx, c)
		if err == nil && r.Reads < 10 {
			err = errors.New("it read almost nothing")
		}
		result <- err
	}()
	time.Sleep(200 * time.Millisecond) // it has logged in: the start value has it
	return func() {
		t.Helper()
		cancel()
		if err := <-result; err != nil {
			t.Errorf("the session beside: %v", err)
		}
	}
}

// settled returns what p uses once it has stopped to change.
func settled(t *testing.T, p *daemon.Process) daemon.Usage {
	t.Helper()
	u, err := p.Usage()
	must(t, err)
	return u
}

// nothingLeft checks that p is back at its start value.
func nothingLeft(t *testing.T, p *daemon.Process, before daemon.Usage) {
	t.Helper()
	slack := int64(slackRSS)
	if race {
		slack = slackRSSRace
	}
	deadline := time.Now().Add(patience(5 * time.Second))
	for {
		now, err := p.Usage()
		must(t, err)
		fine := now.Descriptors <= before.Descriptors+slackDescriptors && now.RSS <= before.RSS+slack
		if fine || time.Now().After(deadline) {
			t.Logf("before: %v; after: %v", before, now)
			if !fine {
				t.Errorf("not back at the start value: slack is %d bytes and %d descriptors", slack, slackDescriptors)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
