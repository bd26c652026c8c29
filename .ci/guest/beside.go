// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// look is how often this side looks for a word of the guest.
const look = 50 * time.Millisecond

// said waits until the guest's script has made the file /out/said-WORD.
func (g *guest) said(ctx context.Context, word string) error {
	return until(ctx, fmt.Sprintf("the guest says %q", word), func() bool {
		_, err := os.Stat(g.file("said-" + word))
		return err == nil
	})
}

// tell makes the file /out/told-WORD, for which the guest's script waits.
func (g *guest) tell(word string) error {
	return os.WriteFile(g.file("told-"+word), nil, 0o644)
}

// until waits for something to be so; ctx ends with the guest.
func until(ctx context.Context, what string, so func() bool) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("it did not come to this: %s", what)
		}
	}
	return nil
}

// killTimes kills and restarts the target in the midst of the guest's verified
// I/O: each time that some of it has gone through.
func killTimes(n int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		const between = 2 << 20 // bytes
		for range n {
			begin := s.proxies[0].passed.Load()
			if err := until(ctx, "I/O goes on", func() bool { return s.proxies[0].passed.Load() > begin+between }); err != nil {
				return err
			}
			if err := s.target.Restart(); err != nil {
				return err
			}
		}
		fmt.Printf("\tkilled and started again %d times\n", n)
		return s.guest.tell("enough")
	}
}

// cutTimes cuts the guest's connection in mid-transfer.
func cutTimes(n int64) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		p := s.proxies[0]
		p.toCut.Store(n)
		p.drop() // the connection that has no end yet
		if err := until(ctx, fmt.Sprintf("%d connections are cut", n), func() bool { return p.cut.Load() >= n }); err != nil {
			return err
		}
		fmt.Printf("\tcut %d times after %d bytes in all\n", n, p.passed.Load())
		return s.guest.tell("enough")
	}
}

// failPaths takes each path away from the guest and gives it back.
func failPaths(ctx context.Context, s *stage) error {
	for i, p := range s.proxies {
		if err := s.guest.said(ctx, fmt.Sprintf("ready-%d", i)); err != nil {
			return err
		}
		if err := p.block(); err != nil {
			return err
		}
		if err := s.guest.said(ctx, fmt.Sprintf("failed-%d", i)); err != nil {
			return err
		}
		if err := p.unblock(); err != nil {
			return err
		}
	}
	return nil
}

// watchTrim looks at what the disk of LUN 0 takes on this machine before and
// after the guest has trimmed what it had written.
func watchTrim(ctx context.Context, s *stage) error {
	if err := s.guest.said(ctx, "written"); err != nil {
		return err
	}
	before, err := allocated(diskFile(s.folder, 0))
	if err != nil {
		return err
	}
	if err := s.guest.tell("trim"); err != nil {
		return err
	}
	if err := s.guest.said(ctx, "trimmed"); err != nil {
		return err
	}
	after, err := allocated(diskFile(s.folder, 0))
	if err != nil {
		return err
	}
	fmt.Printf("\tthe disk took %d MiB, and takes %d MiB now\n", before>>20, after>>20)
	if before-after < trimmed {
		return fmt.Errorf("trimming %d bytes gave back %d of %d", trimmed, before-after, before)
	}
	return nil
}

// trimmed is how much trim.sh writes and takes back; bytes.
const trimmed = 64 << 20

// allocated is what a file takes on its file system; bytes.
func allocated(path string) (int64, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return st.Blocks * 512, nil
}
