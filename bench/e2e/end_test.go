// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"syscall"
	"testing"
	"time"

	"ietring/bench/load"
)

// TestTerminateUnderLoad sends SIGTERM while sessions write: ietd ends with 0,
// and every write that it acknowledged is in the file.
func TestTerminateUnderLoad(t *testing.T) {
	for _, mode := range []string{"Direct=yes,IOMode=wt", "Direct=yes,IOMode=wb", "Direct=no,IOMode=wt", "Direct=no,IOMode=wb"} {
		t.Run(mode, func(t *testing.T) {
			path := disk(t, 64<<20)
			p := serve(t, fileLun(path, mode+",BlockSize=4096"))
			c := quick(p)
			c.Duration, c.TolerateEnd = time.Minute, true
			c.Sessions, c.SharedLen = 4, 1<<20
			time.AfterFunc(span(700*time.Millisecond), func() {
				if err := p.Signal(syscall.SIGTERM); err != nil {
					t.Error(err)
				}
			})
			begin := time.Now()
			r, err := load.Verify(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			if code, err := p.WaitExit(patience(10 * time.Second)); code != 0 || err != nil {
				t.Fatalf("exit code %d, %v", code, err)
			}
			t.Logf("ended %v after the load began", time.Since(begin).Round(time.Millisecond))
			if r.Writes == 0 {
				t.Error("nothing was written before SIGTERM")
			}
			checkFile(t, path, r.Model)
		})
	}
}
