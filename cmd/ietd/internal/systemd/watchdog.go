// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

// watchdogInterval reads WATCHDOG_USEC and WATCHDOG_PID. 0 means that nobody
// watches this process. See sd_watchdog_enabled(3).
func watchdogInterval() (time.Duration, error) {
	usec := os.Getenv("WATCHDOG_USEC")
	if usec == "" {
		return 0, nil
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" {
		n, err := strconv.Atoi(pid)
		if err != nil || n <= 0 {
			return 0, fmt.Errorf("WATCHDOG_PID=%s: it must be a process id", pid)
		}
		if n != os.Getpid() {
			return 0, nil // meant for the process that started us
		}
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/int64(time.Microsecond) {
		return 0, fmt.Errorf("WATCHDOG_USEC=%s: it must be a number of microseconds above 0", usec)
	}
	return time.Duration(n) * time.Microsecond, nil
}

// Watchdog returns the silence after which the manager ends the daemon; 0 when
// it does not watch.
func (n *Notifier) Watchdog() time.Duration { return n.watchdog }

// Watch calls healthy at once and then at half of the watchdog's interval, and
// tells the manager each time that it returns nil. It returns when ctx ends, or
// at once when nobody watches.
//
// An error of healthy, or of telling the manager, goes to report and nothing
// else happens: the next try may be better, and if none is the manager ends the
// daemon. The same when healthy does not return, which is why it needs no
// deadline.
func (n *Notifier) Watch(ctx context.Context, healthy func() error, report func(error)) {
	if n.watchdog == 0 || n.socket == "" {
		return
	}
	ticker := time.NewTicker(max(n.watchdog/2, time.Microsecond))
	defer ticker.Stop()
	for {
		err := healthy()
		if err == nil {
			err = n.send("WATCHDOG=1")
		}
		if err != nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
