// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"strings"
	"testing"

	"ietring/bench/initiator"
)

// What a reload finds different, and what a session on target a finds on its
// LUN 0, which has 1 MiB of a.img.
func TestReload(t *testing.T) {
	const a = "Target iqn.a\n Lun 0 Path=DIR/a.img\n"
	tests := []struct {
		name, old, new string
		lines          string
		news           string // on LUN 0 of target a; "gone": the session has ended
	}{
		{"the same file", a, a, "", "good"},
		{"the same in other words", a, "Target iqn.a\n lun 0 type=fileio,iomode=wt,path=DIR/a.img\n", "", "good"},
		{"another target", a, a + "Target iqn.b\n Lun 3 Type=nullio\n",
			"+ target iqn.b\n+ LUN 3 of iqn.b: Type=nullio", "good"},
		{"a target less", a + "Target iqn.b\n Lun 3 Type=nullio\n", a, "- target iqn.b", "good"},
		{"another LUN", a, a + " Lun 1 Path=DIR/b.img,IOMode=ro\n",
			"+ LUN 1 of iqn.a: Path=DIR/b.img,Type=fileio,IOMode=ro", "6/3f/0e good"},
		{"a LUN less", a + " Lun 1 Type=nullio\n", a, "- LUN 1 of iqn.a", "6/3f/0e good"},
		{"read-only", a, "Target iqn.a\n Lun 0 Path=DIR/a.img,IOMode=ro\n", "~ LUN 0 of iqn.a: IOMode wt -> ro", "6/2a/01 good"},
		{"write-back", a, "Target iqn.a\n Lun 0 Path=DIR/a.img,IOMode=wb\n", "~ LUN 0 of iqn.a: IOMode wt -> wb", "6/2a/01 good"},
		{"not read-only any more", "Target iqn.a\n Lun 0 Path=DIR/a.img,IOMode=ro\n", a, "~ LUN 0 of iqn.a: IOMode ro -> wt", "6/28/00 good"},
		{"another disk", a, "Target iqn.a\n Lun 0 Path=DIR/b.img\n", "~ LUN 0 of iqn.a: Path DIR/a.img -> DIR/b.img", "6/28/00 good"},
		{"other blocks", a, "Target iqn.a\n Lun 0 Path=DIR/a.img,BlockSize=4096\n", "~ LUN 0 of iqn.a: BlockSize default -> 4096", "6/28/00 good"},
		{"another identity", a, "Target iqn.a\n Lun 0 Path=DIR/a.img,ScsiSN=x\n", "~ LUN 0 of iqn.a: ScsiSN e56139186f1c006b2c86c97a73c03b0c -> x (a new disk to initiators)", "6/29/00 good"},
		{"two disks that change places", a + " Lun 1 Path=DIR/b.img\n", "Target iqn.a\n Lun 0 Path=DIR/b.img\n Lun 1 Path=DIR/a.img\n",
			"~ LUN 0 of iqn.a: Path DIR/a.img -> DIR/b.img\n~ LUN 1 of iqn.a: Path DIR/b.img -> DIR/a.img", "6/28/00 good"},
		{"a disk that moves to another target", a + " Lun 1 Path=DIR/b.img\n", a + "Target iqn.b\n Lun 0 Path=DIR/b.img,IOMode=ro\n",
			"- LUN 1 of iqn.a\n+ target iqn.b\n+ LUN 0 of iqn.b: Path=DIR/b.img,Type=fileio,IOMode=ro", "6/3f/0e good"},
		{"directives", a, a + " QueuedCommands 64\n MaxBurstLength 65536\n FirstBurstLength 65536\n Wthreads 4\n Alias A B\n",
			"~ target iqn.a: Alias default -> A B (new sessions)\n~ target iqn.a: QueuedCommands default -> 64 (new sessions)\n" +
				"~ target iqn.a: Wthreads default -> 4 (now)\n~ target iqn.a: MaxBurstLength 1048576 -> 65536 (new sessions)\n" +
				"~ target iqn.a: FirstBurstLength 262144 -> 65536 (new sessions)", "good"},
		{"accounts but not their secrets", a, "IncomingUser d dddddddddddd\n" + a + " IncomingUser u uuuuuuuuuuuu\n",
			"~ discovery: accounts (new sessions)\n~ target iqn.a: IncomingUser none -> u (new sessions)", "good"},
		{"another secret", a + " IncomingUser u uuuuuuuuuuuu\n OutgoingUser o oooooooooooo\n", a + " IncomingUser u vvvvvvvvvvvv\n OutgoingUser o oooooooooooo\n",
			"~ target iqn.a: IncomingUser u -> u (new sessions)", ""},
		{"masks that let the session see it", a, a + " LunMask iqn.host 0\n", "~ target iqn.a: LunMask none -> iqn.host 0 (now)", "6/2a/01 6/3f/0e good"},
		{"masks that change nothing for the session", a, a + " LunMask ALL ALL\n", "~ target iqn.a: LunMask none -> ALL ALL (now)", "good"},
		{"masks that hide it", a, a + " LunMask iqn.other 0\n", "~ target iqn.a: LunMask none -> iqn.other 0 (now)", "5/25/00"},
		{"the session's own target less", a, "Target iqn.b\n Lun 0 Path=DIR/a.img\n",
			"- target iqn.a\n+ target iqn.b\n+ LUN 0 of iqn.b: Path=DIR/a.img,Type=fileio,IOMode=wt", "gone"},
		{"iSNS", a, "iSNSServer 192.0.2.1\n" + a, "! iSNSServer default -> 192.0.2.1 needs a restart", "good"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.file("a.img", 1)
			h.file("b.img", 2)
			if err := h.Open(h.parse(tt.old), always); err != nil {
				t.Fatal(err)
			}
			h.start()
			var s *initiator.Session
			if tt.news != "" {
				s = h.dial("iqn.a", "iqn.host")
				h.news(s, 0)
			}
			before := h.dump()
			dry, err := h.Apply(h.parse(tt.new), true)
			if got := strings.ReplaceAll(strings.Join(dry, "\n"), h.dir, "DIR"); got != tt.lines || err != nil {
				t.Errorf("dry run: %v\n%s\nwant\n%s", err, got, tt.lines)
			}
			if h.dump() != before {
				t.Error("a dry run changed something")
			}
			if got, err := h.reload(tt.new); got != tt.lines || err != nil {
				t.Errorf("%v\n%s\nwant\n%s", err, got, tt.lines)
			}
			switch {
			case tt.news == "gone":
				eventually(t, "the session stays", func() bool { return s.Err() != nil })
			case tt.news != "":
				if got := h.news(s, 0); got != tt.news {
					t.Errorf("the session finds %s, want %s", got, tt.news)
				}
			}
			// What runs now is the new file.
			again, err := h.Apply(h.parse(h.dump()), false)
			if len(again) > 0 && !strings.HasPrefix(again[0], "! iSNS") || err != nil {
				t.Errorf("what was dumped is not what runs: %q, %v", again, err)
			}
			if got, err := h.reload(tt.new); got != "" && !strings.HasPrefix(got, "! iSNS") || err != nil {
				t.Errorf("a second time: %v\n%s", err, got)
			}
		})
	}
}

// A reload that cannot be done in full changes nothing.
func TestReloadRefused(t *testing.T) {
	const old = "Target iqn.a\n Lun 0 Path=DIR/a.img\n Lun 1 Type=nullio\n"
	tests := []struct{ name, new, want string }{
		{"a new LUN's disk is missing", "Target iqn.b\n Lun 0 Type=nullio\nTarget iqn.a\n Lun 0 Path=DIR/a.img,IOMode=ro\n Lun 2 Path=DIR/missing\n",
			"nothing was changed: LUN 2 of iqn.a: cannot open DIR/missing: no such file or directory; create it first, or correct the Path"},
		{"a LUN's other disk is missing", "Target iqn.a\n Lun 0 Path=DIR/missing\n",
			"nothing was changed: LUN 0 of iqn.a: cannot open DIR/missing: no such file or directory; create it first, or correct the Path"},
		{"a LUN's other disk is none", "Target iqn.c\n Lun 0 Path=DIR/a.img\nTarget iqn.a\n Lun 1 Path=DIR\n",
			"nothing was changed: LUN 1 of iqn.a: fileio needs a file or a block device; DIR is a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.file("a.img", 1)
			if err := h.Open(h.parse(old), always); err != nil {
				t.Fatal(err)
			}
			h.start()
			s := h.dial("iqn.a", "iqn.host")
			h.news(s, 0)
			before, open := h.dump(), len(h.disks.byPath)
			_, err := h.reload(tt.new)
			if err == nil || strings.ReplaceAll(err.Error(), h.dir, "DIR") != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			errnoOf(t, err)
			if after := h.dump(); after != before {
				t.Errorf("something was changed:\n%s", after)
			}
			if len(h.disks.byPath) != open {
				t.Error("a disk stays open")
			}
			if got := h.news(s, 0); got != "good" {
				t.Errorf("the session finds %s", got)
			}
		})
	}
}

// A file that is wrong says so line by line, and changes nothing.
func TestReloadOfWrongFile(t *testing.T) {
	h := open(t, "Target iqn.a\n Lun 0 Type=nullio\n", always)
	h.conf = "Target iqn.a\n Lun x\n"
	lines, err := h.Reload(false)
	if err == nil || !strings.Contains(strings.Join(lines, "\n"), "ietd.conf:2: error: ") {
		t.Errorf("%q, %v", lines, err)
	}
	h.conf = "Target iqn.a\n Lun 0 Type=nullio\n Lun 1 Type=nullio\n"
	if lines, err := h.Reload(false); err != nil || len(lines) != 1 {
		t.Errorf("%q, %v", lines, err)
	}
}

// Reload notices a backing that has grown, and says when one has shrunk.
func TestReloadGrowth(t *testing.T) {
	const conf = "Target iqn.a\n Lun 0 Path=DIR/a.img\n"
	h := newHouse(t)
	path := h.file("a.img", 1)
	if err := h.Open(h.parse(conf), always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.a", "iqn.host")
	h.news(s, 0)
	h.file("a.img", 3)
	if got, err := h.reload(conf); got != "~ LUN 0 of iqn.a: 2048 -> 6144 blocks" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got := h.news(s, 0); got != "6/2a/09 good" {
		t.Errorf("the session finds %s", got)
	}
	h.file("a.img", 2)
	if got, err := h.reload(conf); got != "! LUN 0 of iqn.a: DIR/a.img has shrunk from 6144 to 4096 blocks; initiators are not told" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got, err := h.reload(conf); !strings.HasPrefix(got, "! LUN 0 of iqn.a: its size cannot be seen: ") || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got := h.news(s, 0); got != "good" {
		t.Errorf("a file that was removed is still open: %s", got)
	}
}
