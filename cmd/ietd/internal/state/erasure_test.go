// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/aptpl"
	"ietring/cmd/ietd/internal/config"
	"ietring/scsi"
)

const erasedConf = `
Target iqn.2026-11.com.example:a
	Lun 0 Path=DIR/disk,ScsiSN=SN-1
`

func unitOf(l *config.Lun) aptpl.Unit { return aptpl.Unit{ScsiSN: l.ScsiSN, ScsiID: l.ScsiID} }

// TestErasureOutlivesProcess begins with what an earlier process wrote down: the
// disk is erased anew, and then nothing is kept any more.
func TestErasureOutlivesProcess(t *testing.T) {
	h := newHouse(t)
	path := h.file("disk", 1)
	cfg := h.parse(erasedConf)
	cfg.StateDir = h.dir
	block := bytes.Repeat([]byte{0xaa}, 512)
	kept := (&Manager{stateDir: cfg.StateDir}).erasureFile(unitOf(&cfg.Targets[0].Luns[0]))
	if err := writeErasure(kept, &scsi.Erasure{Passes: 1, Pattern: block}); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(cfg, always); err != nil {
		t.Fatal(err)
	}
	h.start()
	eventually(t, "the erasure does not end", func() bool { _, err := os.Stat(kept); return errors.Is(err, fs.ErrNotExist) })
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, bytes.Repeat(block, 2048)) {
		t.Errorf("the disk was not erased: %v", err)
	}
	s := h.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	if got := h.news(s, 0); !strings.HasSuffix(got, "good") {
		t.Errorf("the disk afterwards: %s", got)
	}
}

// TestFailedErasureOutlivesProcess holds that a disk that could not be erased stays
// closed until somebody says otherwise, and that this is written down, too.
func TestFailedErasureOutlivesProcess(t *testing.T) {
	h := newHouse(t)
	h.file("disk", 1)
	cfg := h.parse(erasedConf)
	cfg.StateDir = h.dir
	kept := (&Manager{stateDir: cfg.StateDir}).erasureFile(unitOf(&cfg.Targets[0].Luns[0]))
	if err := writeErasure(kept, &scsi.Erasure{Unmap: true, AUSE: true, Failed: true}); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(cfg, always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	if got := h.news(s, 0); !strings.HasSuffix(got, "3/31/03") {
		t.Errorf("the disk: %s", got)
	}
	exit := &initiator.Command{CDB: [16]byte{0x48, 0x1f}}
	if got := sense(t, s, exit); got != "good" {
		t.Errorf("EXIT FAILURE MODE: %s", got)
	}
	if got := h.tur(s, 0); got != "good" {
		t.Errorf("the disk afterwards: %s", got)
	}
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the failure is still written down: %v", err)
	}
}

// TestDamagedErasure holds that a file that says nothing sensible is not passed over.
func TestDamagedErasure(t *testing.T) {
	for _, text := range []string{"", "{", `{"Passes": 99}`, `{"Pattern": "AAAA"}`} {
		h := newHouse(t)
		h.file("disk", 1)
		cfg := h.parse(erasedConf)
		cfg.StateDir = h.dir
		m := &Manager{stateDir: cfg.StateDir}
		l := &lun{cfg: cfg.Targets[0].Luns[0], medium: &medium{Medium: scsi.NewMedium("m")}}
		kept := m.erasureFile(unitOf(&l.cfg))
		if err := writeErasure(kept, &scsi.Erasure{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(kept, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := m.restoreErasure(l); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
