// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h histogram
	for i := 1; i <= 100000; i++ {
		h.add(time.Duration(i) * 10 * time.Nanosecond)
	}
	for _, row := range []struct{ q, want float64 }{{0.5, 500}, {0.99, 990}, {0.999, 999}} {
		if got := h.quantile(row.q); got > row.want || got < row.want*31/32-0.01 {
			t.Errorf("quantile %v is %v µs, want %v or up to 1/32 less", row.q, got, row.want)
		}
	}
	for v := uint64(0); v < 1<<22; v += 1 + v/100 {
		i := bucket(v)
		if least(i) > v || least(i+1) <= v {
			t.Fatalf("%d is in bucket %d, from %d to %d", v, i, least(i), least(i+1))
		}
	}
	h.add(time.Hour) // beyond the last bucket
	h.add(-time.Second)
}
