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
// slowest commands. It asks for two things, both of which may be refused:
//
//	nice value   needs CAP_SYS_NICE, or RLIMIT_NICE
//	time slice   lets it interrupt whoever runs when it wakes up; Linux 6.12, older
//	             ones take no notice
func preferThread() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), loopNice)
	// The system call gives 20 less the nice value, so that it is never negative.
	prio, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		return
	}
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL,
		Nice: int32(20 - prio), Runtime: loopSlice}, 0)
}
