// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestThinThreshold has a file system with less room than the threshold, for which
// a disk larger than any file system stands, and one with enough.
func TestThinThreshold(t *testing.T) {
	h := newHouse(t)
	h.spacePause = 5 * time.Millisecond
	h.file("huge", 8<<20) // 8 TiB, sparse
	h.file("small", 1)
	h.file("plain", 8<<20)
	if err := h.Open(h.parse(`
Target iqn.2026-11.com.example:a
	Lun 0 Path=DIR/huge
	Lun 1 Path=DIR/small,ThinThreshold=1
	Lun 2 Path=DIR/plain
`), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	for lun := range 3 {
		h.news(s, lun) // of a new nexus
	}
	eventually(t, "nobody has looked at the room", func() bool {
		h.mu.RLock()
		defer h.mu.RUnlock()
		return h.targets[1].find(0).unit.Medium().Space().Available > 0
	})
	if _, err := h.reload(`
Target iqn.2026-11.com.example:a
	Lun 0 Path=DIR/huge,ThinThreshold=99
	Lun 1 Path=DIR/small,ThinThreshold=1
	Lun 2 Path=DIR/plain
`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the threshold is not told", func() bool { return strings.Contains(h.news(s, 0), "6/38/07") })
	for lun := 1; lun < 3; lun++ {
		if got := h.news(s, lun); got != "good" {
			t.Errorf("LUN %d: %s", lun, got)
		}
	}
}

// TestSpaceAtOnce: what comes later is looked at when it comes, and not only when it
// is time again: a new target, a new LUN, a LUN that becomes ready.
func TestSpaceAtOnce(t *testing.T) {
	h := newHouse(t)
	h.spacePause, h.first = time.Hour, time.Millisecond
	late := "Target iqn.2026-11.com.example:late\n\tLun 0 Path=DIR/late\n"
	if err := h.Open(h.parse(late), never); err != nil {
		t.Fatal(err)
	}
	h.start()
	looked := func(tid uint32, lun uint16) {
		t.Helper()
		eventually(t, "nobody has looked at the room", func() bool {
			h.mu.RLock()
			defer h.mu.RUnlock()
			return h.targets[tid].find(lun).unit.Medium().Space().Available > 0
		})
	}
	h.file("late", 1)
	looked(1, 0)
	conf := late + "Target iqn.2026-11.com.example:new\n"
	for lun, name := range []string{"first", "second"} {
		h.file(name, 1)
		conf += fmt.Sprintf("\tLun %d Path=DIR/%s\n", lun, name)
		if _, err := h.reload(conf); err != nil {
			t.Fatal(err)
		}
		looked(2, uint16(lun))
	}
}
