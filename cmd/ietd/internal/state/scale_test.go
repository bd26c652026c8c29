// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// The best of so many runs counts, so that the collector does not; each makes so
// many LUNs.
const runs, more = 5, 64

// costs are nanoseconds.
type costs struct{ start, reload, lun float64 }

// measure starts a program of so many targets with 16 LUNs each, and returns what
// one LUN costs.
func measure(t testing.TB, targets int) costs {
	var conf strings.Builder
	for i := range targets {
		fmt.Fprintf(&conf, "Target iqn.2026-11.com.example:t%d\n", i)
		for n := range 16 {
			fmt.Fprintf(&conf, " Lun %d Type=nullio\n", n)
		}
	}
	each := func(from time.Time, n int) float64 { return float64(time.Since(from)) / float64(n) }
	luns := targets * 16
	var c costs
	h := open(t, conf.String(), always)
	c.start = float64(h.started) / float64(luns)
	cfg := h.parse(conf.String())
	c.reload, c.lun = math.Inf(1), math.Inf(1)
	for run := range uint16(runs) {
		begin := time.Now()
		lines, err := h.Apply(cfg, false)
		c.reload = min(c.reload, each(begin, luns))
		if len(lines) > 0 || err != nil {
			t.Fatal(lines, err)
		}
		begin = time.Now()
		for n := range uint16(more) {
			if err := h.NewLun(1, 100+n, "Type=nullio"); err != nil {
				t.Fatal(err)
			}
		}
		c.lun = min(c.lun, each(begin, more))
		for n := range uint16(more) {
			if err := h.DeleteLun(1, 100+n); err != nil {
				t.Fatal(run, err)
			}
		}
	}
	return c
}

// TestScale logs what a LUN costs beside 4,095 others and beside 15. A clock is
// no reason to fail; a thousandfold is.
func TestScale(t *testing.T) {
	if testing.Short() {
		t.Skip("4,096 LUNs")
	}
	measure(t, 1) // warm
	few, many := measure(t, 1), measure(t, 256)
	t.Logf("one LUN, of 16 and of 4096: start %.0f and %.0f ns (%.2f), reload %.0f and %.0f ns (%.2f), new %.0f and %.0f ns (%.2f)",
		few.start, many.start, many.start/few.start, few.reload, many.reload, many.reload/few.reload, few.lun, many.lun, many.lun/few.lun)
	if most := 1000.0; many.start > most*few.start || many.reload > most*few.reload || many.lun > most*few.lun {
		t.Error("the cost of a LUN depends on how many others there are")
	}
}
