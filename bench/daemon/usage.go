// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc, USER_HZ: 10 ms on every Linux port
// that Go has.
const tick = 10 * time.Millisecond

// A Usage is what a process has at one moment.
type Usage struct {
	CPU         time.Duration // user and system time of all threads, in ticks of 10 ms
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
	cpu, err := cpuTime(dir + "/stat")
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

// cpuTime returns utime + stime of a stat file: fields 14 and 15, counted after
// the command name, which may hold blanks.
func cpuTime(path string) (time.Duration, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(b, []byte(") "))
	fields := strings.Fields(string(rest))
	const utime, stime = 14 - 3, 15 - 3
	if len(fields) <= stime {
		return 0, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	var sum time.Duration
	for _, i := range []int{utime, stime} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}
