// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// A LUN whose disk is missing is not ready, the others come up, and it is ready
// when the disk is there.
func TestMissingDisk(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Path=DIR/a.img\n Lun 1 Type=nullio\n", never)
	s := h.dial("iqn.a", "iqn.host")
	if got := h.news(s, 1); !strings.HasSuffix(got, "good") {
		t.Errorf("the other LUN: %s", got)
	}
	if got := h.news(s, 0); !strings.HasSuffix(got, "2/04/00") && !strings.HasSuffix(got, "2/04/03") {
		t.Errorf("without its disk: %s", got)
	}
	l := h.Targets()[0].Luns[0]
	if l.Ready || !strings.Contains(l.Why, "no such file or directory") || l.Blocks != 0 || l.Path != h.dir+"/a.img" {
		t.Errorf("shown as %+v", l)
	}
	h.file("a.img", 1)
	eventually(t, "the LUN does not become ready", func() bool { return h.Targets()[0].Luns[0].Ready })
	if got := h.news(s, 0); got != "6/28/00 good" {
		t.Errorf("with its disk: %s", got)
	}
	if l := h.Targets()[0].Luns[0]; l.Why != "" || l.Blocks != 2048 {
		t.Errorf("shown as %+v", l)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) > 0 {
		t.Error("it is still tried")
	}
}

// A strict start names the LUN, the path and the errno, and leaves nothing open.
func TestStrict(t *testing.T) {
	h := newHouse(t)
	h.file("a.img", 1)
	err := h.Open(h.parse("Target iqn.a\n Lun 0 Path=DIR/a.img\nTarget iqn.b\n Lun 1 Path=DIR/b.img\n"), func(name string) bool { return name == "iqn.b" })
	want := "LUN 1 of iqn.b: cannot open " + h.dir + "/b.img: no such file or directory; create it first, or correct the Path"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(h.disks.byPath) > 0 {
		t.Error("a disk stays open")
	}
}

// A LUN whose device goes is not ready, and gets the one that is there then.
func TestDeviceGone(t *testing.T) {
	h := newHouse(t)
	path := h.file("a.img", 1)
	if err := h.Open(h.parse("Target iqn.a\n Lun 0 Path=DIR/a.img\n Lun 1 Path=DIR/b.img,IOMode=ro\n"), never); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	unit := h.targets[1].find(0).unit
	h.DeviceGone(unit, syscall.ENODEV)
	h.DeviceGone(unit, syscall.ENODEV) // a second word changes nothing
	if got := h.news(s, 0); !strings.HasPrefix(got, "2/04/") {
		t.Errorf("without its device: %s", got)
	}
	eventually(t, "the reason is not told", func() bool { return strings.Contains(h.Targets()[0].Luns[0].Why, "no such file") })
	h.file("a.img", 2)
	eventually(t, "the LUN does not become ready", func() bool { return h.Targets()[0].Luns[0].Ready })
	if got := h.news(s, 0); got != "6/28/00 good" {
		t.Errorf("with another device: %s", got)
	}
	if got := h.Targets()[0].Luns[0].Blocks; got != 4096 {
		t.Errorf("%d blocks", got)
	}
	if n := h.disks.byPath[path].users; n != 1 {
		t.Errorf("the disk has %d users", n)
	}
}

// A LUN that waits can be deleted, and changed.
func TestChangeWhileWaiting(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Path=DIR/a.img\n Lun 1 Path=DIR/b.img\n", never)
	if err := h.DeleteLun(1, 1); err != nil {
		t.Error(err)
	}
	h.file("c.img", 1)
	if text, err := h.UpdateLun(1, 0, []adminParam{{Key: "Path", Value: h.dir + "/c.img"}}); err != nil || !strings.Contains(text, "Path") {
		t.Errorf("%q, %v", text, err)
	}
	s := h.dial("iqn.a", "iqn.host")
	if got := h.news(s, 0); !strings.HasSuffix(got, "good") {
		t.Errorf("with another path: %s", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) > 0 || len(h.byUnit) != 1 {
		t.Error("something still waits")
	}
}
