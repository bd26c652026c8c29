// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestWatchdogInterval(t *testing.T) {
	for _, row := range []struct {
		name, usec, pid string
		want            time.Duration
	}{
		{"nobody watches", "", "", 0},
		{"whoever has the variable is meant", "30000000", "", 30 * time.Second},
		{"this process is meant", "1500000", strconv.Itoa(os.Getpid()), 1500 * time.Millisecond},
		{"another process is meant", "30000000", "1", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("WATCHDOG_USEC", row.usec)
			t.Setenv("WATCHDOG_PID", row.pid)
			n, err := NewNotifier()
			if err != nil || n.Watchdog() != row.want {
				t.Errorf("%v, %v, want %v", n.Watchdog(), err, row.want)
			}
		})
	}
}

// TestWatch drives a watchdog through health, illness and health again.
func TestWatch(t *testing.T) {
	conn := manager(t, filepath.Join(t.TempDir(), "notify"))
	const interval = 100 * time.Millisecond
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(interval.Microseconds(), 10))
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	ill := errors.New("loop 0 has not turned")
	var calls, reports int
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	start := time.Now()
	n.Watch(ctx, func() error {
		calls++
		switch calls {
		case 2, 3:
			return ill
		case 5:
			cancel()
		}
		return nil
	}, func(err error) {
		reports++
		if !errors.Is(err, ill) {
			t.Errorf("report %d: %v", reports, err)
		}
	})
	if took := time.Since(start); took < 4*interval/2-interval/10 {
		t.Errorf("5 rounds took %v, less than 4 halves of %v", took, interval)
	}
	if reports != 2 {
		t.Errorf("%d reports, want 2", reports)
	}
	for range 3 { // rounds 1, 4 and 5
		if got := heard(t, conn); got != "WATCHDOG=1" {
			t.Errorf("%q", got)
		}
	}
	if err := conn.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 64)); err == nil {
		t.Errorf("a fourth message of %d bytes: it pinged while ill", n)
	}
}

func TestWatchReportsManagerGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	t.Setenv("WATCHDOG_USEC", "1000")
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reported := false
	n.Watch(ctx, func() error { return nil }, func(error) { reported = true; cancel() })
	if !reported {
		t.Error("a ping that did not arrive was not reported")
	}
}

func TestWatchWithoutWatchdog(t *testing.T) {
	manager(t, filepath.Join(t.TempDir(), "notify"))
	t.Setenv("WATCHDOG_USEC", "")
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	n.Watch(context.Background(), func() error { t.Error("health was asked for nobody"); return nil }, nil)
}
