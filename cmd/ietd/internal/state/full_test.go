// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ietring/bench/initiator"
)

// fullRoom is the room of the file system that a test fills, in bytes.
const fullRoom = 8 << 20

// smallRoom mounts a file system of fullRoom bytes as DIR/small.
func (h *house) smallRoom() {
	h.t.Helper()
	folder := filepath.Join(h.dir, "small")
	if err := os.Mkdir(folder, 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_NODEV|unix.MS_NOSUID, "size=8M"); err != nil {
		h.t.Skipf("no file system can be mounted here: %v", err)
	}
	h.t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			h.t.Errorf("take the file system away: %v", err)
		}
	})
}

// writeSame is WRITE SAME(16) of block.
func writeSame(r initiator.Range, block []byte) *initiator.Command {
	c := &initiator.Command{CDB: initiator.CDB{0: 0x93}, Out: block}
	binary.BigEndian.PutUint64(c.CDB[2:], r.LBA)
	binary.BigEndian.PutUint32(c.CDB[10:], r.Blocks)
	return c
}

// unmap is UNMAP of one range.
func unmap(r initiator.Range) *initiator.Command {
	list := make([]byte, 24)
	binary.BigEndian.PutUint16(list, 22)
	binary.BigEndian.PutUint16(list[2:], 16)
	binary.BigEndian.PutUint64(list[8:], r.LBA)
	binary.BigEndian.PutUint32(list[16:], r.Blocks)
	return &initiator.Command{CDB: initiator.CDB{0: 0x42, 8: byte(len(list))}, Out: list}
}

// TestFullFileSystem fills the file system below a thin disk, and gives room back.
func TestFullFileSystem(t *testing.T) {
	h := newHouse(t)
	h.smallRoom()
	h.file("small/disk", 64)
	if err := h.Open(h.parse(`
Target iqn.2026-11.com.example:a
	Lun 0 Path=DIR/small/disk,Direct=no,BlockSize=4096
`), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	h.news(s, 0)
	const mib = 1 << 20 / 4096 // blocks
	data := bytes.Repeat([]byte{0x5a}, 1<<20)
	write := func(at uint64) *initiator.Command {
		return &initiator.Command{CDB: initiator.Write16(initiator.Range{LBA: at * mib, Blocks: mib}, false), Out: data}
	}
	written := uint64(0)
	got := "good"
	for ; written <= fullRoom>>20; written++ {
		if got = sense(t, s, write(written)); got != "good" {
			break
		}
	}
	if got != "7/27/07" {
		t.Fatalf("WRITE number %d: %s", written, got)
	}
	for _, tt := range []struct {
		name string
		c    *initiator.Command
		want string
	}{
		{"another WRITE elsewhere", write(40), "7/27/07"},
		{"WRITE SAME", writeSame(initiator.Range{LBA: 40 * mib, Blocks: 4 * mib}, data[:4096]), "7/27/07"},
		{"a WRITE of what has room", write(0), "good"},
		{"UNMAP", unmap(initiator.Range{LBA: 0, Blocks: 64 * mib}), "good"},
		{"the WRITE again", write(40), "good"},
		{"the WRITE SAME again", writeSame(initiator.Range{LBA: 41 * mib, Blocks: 4 * mib}, data[:4096]), "good"},
	} {
		if got := sense(t, s, tt.c); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for lba, want := range map[uint64]byte{0: 0, 40 * mib: 0x5a, 45*mib - 1: 0x5a, 45 * mib: 0} {
		block := make([]byte, 4096)
		if err := s.ReadBlocks(initiator.LUN(0), initiator.Range{LBA: lba, Blocks: 1}, block); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(block, bytes.Repeat([]byte{want}, 4096)) {
			t.Errorf("block %d is % x…, not %02x", lba, block[:4], want)
		}
	}
}
