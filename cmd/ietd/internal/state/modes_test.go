// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"os"
	"strings"
	"testing"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/aptpl"
	"ietring/cmd/ietd/internal/durable"
	"ietring/scsi"
)

// TestModesOutliveProcess saves that a disk is not to be written, and finds it so
// in the next process.
func TestModesOutliveProcess(t *testing.T) {
	h := newHouse(t)
	h.file("disk", 1)
	cfg := h.parse(erasedConf)
	cfg.StateDir = h.dir
	if err := h.Open(cfg, always); err != nil {
		t.Fatal(err)
	}
	h.start()
	s := h.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	h.news(s, 0)
	list := []byte{0, 0, 0, 0, 0x0a, 10}
	list = append(list, 0x22, 0x10, 0x08, 0, 0, 0, 0, 0, 0, 0)
	save := &initiator.Command{CDB: [16]byte{0: 0x15, 1: 0x11, 4: byte(len(list))}, Out: list}
	if got := sense(t, s, save); got != "good" {
		t.Fatalf("MODE SELECT with SP: %s", got)
	}
	path := h.modesFile(unitOf(&cfg.Targets[0].Luns[0]))
	text, err := os.ReadFile(path)
	if err != nil || string(text) != `{"DSense":false,"SWP":true}` {
		t.Fatalf("%s, %v", text, err)
	}

	next := newHouse(t)
	next.file("disk", 1)
	again := next.parse(erasedConf)
	again.StateDir = cfg.StateDir
	if err := next.Open(again, always); err != nil {
		t.Fatal(err)
	}
	next.start()
	s = next.dial("iqn.2026-11.com.example:a", "iqn.2026-11.com.example:host")
	next.news(s, 0)
	if got := sense(t, s, &initiator.Command{CDB: [16]byte{0: 0x2a, 8: 1}, Out: make([]byte, 512)}); got != "7/27/02" {
		t.Errorf("a write in the next process ends with %s", got)
	}
}

func TestDamagedModes(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		good       bool
	}{
		{"as it is saved", `{"DSense":false,"SWP":true,"WCE":false}`, true},
		{"cut off", `{"DSense":false,"SWP":true`, false},
		{"something behind it", `{"DSense":false,"SWP":true}{}`, false},
		{"an unknown word", `{"WP":true}`, false},
		{"nothing", "", false},
	} {
		m := &Manager{stateDir: t.TempDir()}
		l := &lun{medium: &medium{Medium: scsi.NewMedium("m")}}
		path := m.modesFile(aptpl.Unit{})
		if err := durable.Write(path, []byte(tc.text)); err != nil {
			t.Fatal(err)
		}
		err := m.restoreModes(l)
		if (err == nil) != tc.good || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if l.medium.SavedModes().SWP != tc.good {
			t.Errorf("%s: %+v", tc.name, l.medium.SavedModes())
		}
	}
}
