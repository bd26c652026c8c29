// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Usage is what a process has at one moment.
type Usage struct {
	CPU         time.Duration // user and system time of all threads, also of those that have ended
	RSS         int64         // resident bytes
	Descriptors int
	Threads     int
}

// String returns one line for a log.
func (u Usage) String() string {
	return fmt.Sprintf("CPU %v, RSS %d KiB, %d descriptors, %d threads", u.CPU, u.RSS>>10, u.Descriptors, u.Threads)
}

// Usage reads what the process uses now.
func (p *Process) Usage() (Usage, error) {
	var u Usage
	dir := "/proc/" + strconv.Itoa(p.PID())
	cpu, err := p.CPU()
	if err != nil {
		return u, err
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return u, err
	}
	fds, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return u, err
	}
	u.CPU, u.Descriptors = cpu, len(fds)
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch name {
		case "VmRSS":
			kib, err := strconv.ParseInt(fields[0], 10, 64)
			if err != nil {
				return u, err
			}
			u.RSS = kib << 10
		case "Threads":
			if u.Threads, err = strconv.Atoi(fields[0]); err != nil {
				return u, err
			}
		}
	}
	return u, nil
}

// CPU is [CPUTime] of the process.
func (p *Process) CPU() (time.Duration, error) { return CPUTime(p.PID()) }

// CPUTime reads the CPU time that a process has used until now, user and system,
// of all threads, to the nanosecond.
func CPUTime(pid int) (time.Duration, error) {
	// The clock of another process: its identifier inverted, and the kind of
	// the clock, as clock_getcpuclockid(3) makes it.
	const kindSched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|kindSched), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
