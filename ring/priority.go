// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import "golang.org/x/sys/unix"

const (
	// loopNice is the nice value of a loop's thread.
	loopNice = -20

	// loopSlice is the time slice that it asks for, in ns, the least that the
	// kernel knows.
	loopSlice = 100_000
)

// preferThread has the calling thread, a loop's, go before others on its processor:
// the garbage collector, ietadm and scrapers otherwise take milliseconds of the
// slowest commands. The nice value needs CAP_SYS_NICE; without it all works, with
// longer tails. A short slice lets the thread interrupt whoever runs when it wakes
// up (Linux 6.12; older ones take no notice).
func preferThread() {
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: loopNice, Runtime: loopSlice}
	if unix.SchedSetAttr(0, attr, 0) == nil {
		return
	}
	// The system call gives 20 less the nice value, so that it is never negative.
	if prio, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()); err == nil {
		attr.Nice = int32(20 - prio)
		_ = unix.SchedSetAttr(0, attr, 0) // a slice is asked for, not needed
	}
}
