// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/admin"
)

// loopDevice makes a block device of a file.
func loopDevice(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("/usr/sbin/losetup", "--find", "--show", path).Output()
	if err != nil {
		t.Skipf("no loop device can be made here: %v", err)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if err := exec.Command("/usr/sbin/losetup", "--detach", device).Run(); err != nil {
			t.Errorf("detach %s: %v", device, err)
		}
	})
	return device
}

// A block device is held by one open alone, so what needs another open waits
// until the old one has let go.
func TestBlockDevice(t *testing.T) {
	h := newHouse(t)
	device := loopDevice(t, h.file("a.img", 1))
	lun := "Path=" + device + ",Type=blockio"
	if err := h.Open(h.parse("Target iqn.a\n Lun 0 "+lun+",IOMode=ro\nTarget iqn.b\n"), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	ready := func(target int) {
		t.Helper()
		eventually(t, "the LUN does not become ready", func() bool {
			luns := h.Targets()[target].Luns
			return len(luns) == 1 && luns[0].Ready
		})
	}
	steps := []struct{ name, conf, lines string }{
		{"not read-only any more", "Target iqn.a\n Lun 0 LUN\nTarget iqn.b\n", "~ LUN 0 of iqn.a: IOMode ro -> wt (a new disk to initiators)"},
		{"other blocks", "Target iqn.a\n Lun 0 LUN,BlockSize=4096\nTarget iqn.b\n", "~ LUN 0 of iqn.a: BlockSize default -> 4096 (a new disk to initiators)"},
		{"another type", "Target iqn.a\n Lun 0 Path=DEV\nTarget iqn.b\n", "~ LUN 0 of iqn.a: Type blockio -> fileio, BlockSize 4096 -> default (a new disk to initiators)"},
	}
	device2 := strings.NewReplacer("LUN", lun, "DEV", device)
	for _, tt := range steps {
		got, err := h.reload(device2.Replace(tt.conf))
		if got != tt.lines || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.name, err, got, tt.lines)
		}
		ready(0)
		if got := h.news(s, 0); !strings.HasSuffix(got, "good") {
			t.Errorf("%s: the session finds %s", tt.name, got)
		}
	}
	if _, err := h.reload(device2.Replace("Target iqn.a\nTarget iqn.b\n Lun 5 LUN,IOMode=ro\n")); err != nil {
		t.Error(err)
	}
	ready(1)
	if err := h.DeleteLun(2, 5); err != nil {
		t.Error(err)
	}
	// Nothing holds it any more.
	fd, err := syscall.Open(device, syscall.O_RDWR|syscall.O_EXCL, 0)
	if err != nil {
		t.Fatalf("the device is still held: %v", err)
	}
	if err := syscall.Close(fd); err != nil {
		t.Error(err)
	}
}

// A device that comes back as itself is used again, and one that grows grows.
func TestBlockDeviceComesBack(t *testing.T) {
	h := newHouse(t)
	path := h.file("a.img", 1)
	device := loopDevice(t, path)
	if err := h.Open(h.parse("Target iqn.a\n Lun 0 Type=blockio,Path="+device+"\n"), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	h.DeviceGone(h.targets[1].find(0).unit, syscall.EIO)
	eventually(t, "the LUN does not become ready", func() bool { return h.Targets()[0].Luns[0].Ready })
	if got := h.news(s, 0); got != "6/28/00 good" {
		t.Errorf("the session finds %s", got)
	}
	if err := os.Truncate(path, 2<<20); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("/usr/sbin/losetup", "--set-capacity", device).Run(); err != nil {
		t.Fatal(err)
	}
	if text, err := h.UpdateLun(1, 0, []admin.Param(nil)); text != "LUN 0 of iqn.a: 2048 -> 4096 blocks" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestBadBlock reads over a block that the device cannot read: a loop device
// whose file has become shorter. The sense names the first such block.
func TestBadBlock(t *testing.T) {
	h := newHouse(t)
	path := h.file("a.img", 8)
	device := loopDevice(t, path)
	if err := h.Open(h.parse("Target iqn.a\n Lun 0 Path="+device+",Type=blockio,BlockSize=512\n"), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	const first = 5<<20 + 3*4096 // bytes that are left
	if err := os.Truncate(path, first); err != nil {
		t.Fatal(err)
	}
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	for _, tc := range []struct {
		name        string
		lba, blocks uint64
		bad         uint64 // 0: none
	}{
		{"what is before the bad block", first/512 - 64, 64, 0},
		{"the bad block alone", first / 512, 1, first / 512},
		{"the last good block and the first bad one", first/512 - 8, 16, first / 512},
		{"a bad block deep in the second megabyte", first/512 - 2048 - 88, 6000, first / 512},
		{"nothing good at all", first/512 + 800, 900, first/512 + 800},
	} {
		read := initiator.Command{CDB: initiator.Read16(initiator.Range{LBA: tc.lba, Blocks: uint32(tc.blocks)}), In: make([]byte, tc.blocks*512)}
		if err := s.Do(&read); err != nil {
			t.Fatal(err)
		}
		if tc.bad == 0 {
			if read.Status != 0 {
				t.Errorf("%s: %v", tc.name, read.Sense())
			}
			continue
		}
		if got := read.Sense(); got != (initiator.Sense{Key: 3, ASC: 0x11}) {
			t.Errorf("%s: %v", tc.name, got)
			continue
		}
		if info := binary.BigEndian.Uint32(read.SenseBuf[3:]); read.SenseBuf[0] != 0xf0 || uint64(info) != tc.bad {
			t.Errorf("%s: valid %02x, information %d, want %d", tc.name, read.SenseBuf[0], info, tc.bad)
		}
	}
}
