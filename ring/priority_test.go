// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPreferThread: root's loop has the nice value; whoever may not have it keeps his
// own.
func TestPreferThread(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine
		nice := func() int32 {
			attr, err := unix.SchedGetAttr(0, 0)
			if err != nil {
				t.Error(err)
				return 0
			}
			return attr.Nice
		}
		before := nice()
		may := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), loopNice) == nil
		if may {
			if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), int(before)); err != nil {
				t.Error(err)
			}
		}
		preferThread()
		want := before
		if may {
			want = loopNice
		}
		if got := nice(); got != want {
			t.Errorf("nice value %d, want %d (it was %d)", got, want, before)
		}
	}()
	<-done
}
