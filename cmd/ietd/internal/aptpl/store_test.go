// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package aptpl

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"ietring/scsi"
)

var (
	unit = Unit{ScsiSN: "a/b %", ScsiID: [16]byte{1, 2}}
	host = scsi.NexusID{Initiator: "iqn.2001-04.com.example:h\u00e4st\"", ISID: scsi.ISID{0, 2, 3}, Target: "iqn.2001-04.com.example:disk", Group: 3}
	node = scsi.NexusID{Initiator: "eui.02004567a425678d", Target: "t", Group: 1}
	full = scsi.Reservations{Persist: true, Type: scsi.WriteExclusive, Holder: node,
		Registrations: []scsi.Registration{{Nexus: host, Key: 0xabcd}, {Nexus: node, Key: 1<<64 - 1}}}
)

func TestSaveAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := NewStore(dir)
	if r, err := s.Load(unit); r != nil || err != nil {
		t.Fatalf("before anything: %v, %v", r, err)
	}
	if err := s.Remove(unit); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	for name, r := range map[string]scsi.Reservations{
		"one holder":      full,
		"all registrants": {Persist: true, Type: scsi.ExclusiveAccessAllRegs, Registrations: full.Registrations},
		"no reservation":  {Persist: true, Registrations: full.Registrations},
		"no registration": {Persist: true},
	} {
		if err := s.Save(unit, &r); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(unit); err != nil || !reflect.DeepEqual(*got, r) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := s.Load(Unit{ScsiSN: unit.ScsiSN}); got != nil || err != nil {
		t.Errorf("another unit: %v, %v", got, err)
	}
	if err := s.Remove(unit); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(unit); r != nil || err != nil {
		t.Errorf("after Remove: %v, %v", r, err)
	}
}

// TestDamaged holds that a file that is damaged is an error that names it, whatever
// the damage.
func TestDamaged(t *testing.T) {
	s := NewStore(t.TempDir())
	if err := s.Save(unit, &full); err != nil {
		t.Fatal(err)
	}
	path := s.path(unit)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Load(unit); err == nil || r != nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", what, r, err)
		}
	}
	for n := range whole {
		refuse("cut off", whole[:n])
		broken := bytes.Clone(whole)
		broken[n] ^= 0x10
		refuse("a byte is another", broken)
	}
	refuse("something behind it", append(bytes.Clone(whole), '\n'))
	refuse("too long", make([]byte, maxFileSize+1))
	refuse("of another unit", encode(Unit{ScsiSN: "x"}, &full))
	wrong := full
	wrong.Registrations = wrong.Registrations[:1]
	refuse("its holder is not registered", encode(unit, &wrong))
	for _, tc := range []struct{ name, from, to string }{
		{"an unknown word", "register 0", "enregister 0"},
		{"an unknown version", "reservations 1", "reservations 2"},
		{"a key that is no number", "register 000000000000abcd", "register x"},
		{"a type that is no number", "reserve 1", "reserve one"},
		{"an ISID that is too short", " 000203000000 ", " 0002 "},
		{"a group that is too large", " 3 \"", " 65536 \""},
		{"a name without quotes", `"t"`, `t`},
		{"a blank too many", "reserve 1 ", "reserve 1  "},
	} {
		body := strings.Replace(string(whole[:len(whole)-checksumLen]), tc.from, tc.to, 1)
		if body == string(whole[:len(whole)-checksumLen]) {
			t.Fatalf("%s: the test changes nothing", tc.name)
		}
		refuse(tc.name, sealed(body))
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(unit); err != nil || !reflect.DeepEqual(*r, full) {
		t.Errorf("the whole file: %v, %v", r, err)
	}
}

// TestLeftOver holds that what a process left when it was killed while it wrote is
// not looked at, and is no obstacle.
func TestLeftOver(t *testing.T) {
	s := NewStore(t.TempDir())
	if err := s.Save(unit, &full); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(s.folder, "."+filepath.Base(s.path(unit))+".new")
	if err := os.WriteFile(left, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(unit); err != nil || r == nil {
		t.Errorf("%v, %v", r, err)
	}
	empty := scsi.Reservations{Persist: true}
	if err := s.Save(unit, &empty); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(unit); err != nil || len(r.Registrations) != 0 {
		t.Errorf("%v, %v", r, err)
	}
}

func TestNoPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewStore(file).Save(unit, &full); err == nil {
		t.Error("saved below a file")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(unit, &full))
	f.Add([]byte(firstLine))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := decode(unit, sealed(string(body)))
		if err == nil && !bytes.Equal(encode(unit, r), sealed(string(body))) {
			t.Errorf("%q is taken for %+v", body, r)
		}
	})
}
