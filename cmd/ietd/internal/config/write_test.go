// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"ietring/backing"
	"ietring/scsi"
)

// randomConfig makes a Config that a file can say.
func randomConfig(r *rand.Rand) *Config {
	c := new(Config)
	if r.IntN(2) == 0 {
		c.ISNSServer = "isns.example.com"
		c.ISNSAccessControl = r.IntN(2) == 0
	}
	c.Incoming, c.Outgoing = randomAccounts(r), randomAccount(r)
	for i := range r.IntN(5) {
		c.Targets = append(c.Targets, randomTarget(r, fmt.Sprintf("iqn.2026-11.com.example:T%d", i), i))
	}
	return c
}

func randomAccounts(r *rand.Rand) []Account {
	var list []Account
	for i := range r.IntN(3) {
		list = append(list, Account{fmt.Sprintf("#user%d", i), Secret(fmt.Sprintf("#secret\\%d", r.IntN(1000)))})
	}
	return list
}

func randomAccount(r *rand.Rand) *Account {
	if r.IntN(2) == 0 {
		return nil
	}
	return &Account{"us", "a-secret-of-our-own"}
}

func randomTarget(r *rand.Rand, name string, n int) Target {
	t := Target{Name: name, Incoming: randomAccounts(r), Outgoing: randomAccount(r)}
	if r.IntN(2) == 0 {
		t.Alias = "Alias  of # many\twords"
	}
	for i := range targetNumbers {
		if row := &targetNumbers[i]; r.IntN(2) == 0 {
			*row.dst(&t) = row.min + r.IntN(min(row.max-row.min, 1000)+1)
		}
	}
	t.NOPTimeout = t.pingTimeout()
	for i := range sessionKeys {
		if r.IntN(2) > 0 {
			continue
		}
		k := &sessionKeys[i]
		switch k.kind {
		case number:
			// Above 1 MiB or below 256 KiB bursts could contradict each other.
			t.Keys.values[i] = fmt.Sprint(k.min + r.IntN(k.max-k.min+1))
			if strings.HasSuffix(k.name, "BurstLength") {
				t.Keys.values[i] = k.def
			}
		case yesNo:
			t.Keys.values[i] = [...]string{"Yes", "No"}[r.IntN(2-k.min)]
		case digests:
			t.Keys.values[i] = [...]string{"None", "CRC32C", "None,CRC32C", "CRC32C,None"}[r.IntN(4)]
		}
	}
	for _, lun := range r.Perm(MaxLun + 1)[:r.IntN(6)] {
		t.Luns = append(t.Luns, randomLun(r, name, uint16(lun), n))
	}
	for range r.IntN(4) {
		t.Masks = append(t.Masks, randomMask(r))
	}
	return t
}

func randomLun(r *rand.Rand, target string, number uint16, n int) Lun {
	l := Lun{Number: number, ScsiID: scsi.DefaultScsiID(target, uint32(number))}
	switch p := &l.Backing; r.IntN(3) {
	case 0:
		*p = backing.Params{Type: "nullio", Blocks: uint64(r.IntN(1000))}
	case 1:
		*p = backing.Params{Path: fmt.Sprintf("/srv/#%d=%d", n, number), IOMode: [...]string{"", "wt", "wb", "ro"}[r.IntN(4)], Direct: [...]string{"", "yes", "no"}[r.IntN(3)], Thin: [...]string{"", "no"}[r.IntN(2)]}
	case 2:
		*p = backing.Params{Type: "blockio", Path: fmt.Sprintf("/dev/%d/%d", n, number), BlockSize: 4096, PhysicalBlockSize: 8192, AtomicWrite: 16384}
	}
	if r.IntN(2) == 0 {
		l.ScsiID = [16]byte{}
		copy(l.ScsiID[:], fmt.Sprintf("id=%d", r.IntN(100)))
	}
	l.WSNZ, l.ThinThreshold = r.IntN(2) == 0, r.IntN(100)
	l.EraseRate = []int64{0, minEraseRate, 123456789}[r.IntN(3)]
	l.ScsiSN = scsi.DefaultScsiSN(l.ScsiID)
	if r.IntN(2) == 0 {
		l.ScsiSN = "S=1"
	}
	return l
}

func randomMask(r *rand.Rand) Mask {
	m := Mask{Initiator: [...]string{"*", "iqn.1994-05.com.redhat:?*", "192.0.2.0/24", "2001:db8::1"}[r.IntN(4)], ReadOnly: r.IntN(2) == 0}
	for range r.IntN(3) {
		first := r.IntN(MaxLun + 1)
		m.Luns = append(m.Luns, LunRange{uint16(first), uint16(first + r.IntN(MaxLun+1-first))})
	}
	if r.IntN(4) == 0 {
		m.Luns = []LunRange{{0, MaxLun}}
	}
	return m
}

// TestWriteReproduces holds that a file that was written says what was written:
// Write itself compares, with Equal, and this test holds that it finds nothing,
// and that the comparison is not blind.
func TestWriteReproduces(t *testing.T) {
	for seed := range uint64(500) {
		c := randomConfig(rand.New(rand.NewPCG(seed, 0)))
		var first, second bytes.Buffer
		if err := Write(&first, c); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, first.String())
		}
		again, report := ParseFile("f", first.Bytes())
		if again == nil {
			t.Fatalf("seed %d: %v", seed, report)
		}
		if err := Write(&second, again); err != nil || first.String() != second.String() {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, first.String(), second.String())
		}
	}
}

func TestEqual(t *testing.T) {
	sample := func() Target {
		return Target{
			Name: "a", Alias: "b", Luns: []Lun{{Number: 1, ScsiSN: "s"}}, Incoming: []Account{{"n", "s"}}, Outgoing: &Account{"n", "s"},
			MaxSessions: 1, QueuedCommands: 2, Wthreads: 3, NOPInterval: 4, NOPTimeout: 4,
			Masks: []Mask{{"*", []LunRange{{1, 2}}, true}},
		}
	}
	a, b := sample(), sample()
	if !a.Equal(&b) {
		t.Error("two that are the same differ")
	}
	changes := map[string]func(t *Target){
		"name":            func(t *Target) { t.Name = "A" },
		"alias":           func(t *Target) { t.Alias = "" },
		"a LUN's serial":  func(t *Target) { t.Luns[0].ScsiSN = "S" },
		"a LUN's path":    func(t *Target) { t.Luns[0].Backing.Path = "/x" },
		"a LUN more":      func(t *Target) { t.Luns = append(t.Luns, Lun{}) },
		"keys":            func(t *Target) { t.Keys.values[0] = "Yes" },
		"secret":          func(t *Target) { t.Incoming[0].Secret = "t" },
		"outgoing":        func(t *Target) { t.Outgoing = nil },
		"outgoing secret": func(t *Target) { t.Outgoing.Secret = "t" },
		"MaxSessions":     func(t *Target) { t.MaxSessions++ },
		"QueuedCommands":  func(t *Target) { t.QueuedCommands++ },
		"Wthreads":        func(t *Target) { t.Wthreads++ },
		"NOPInterval":     func(t *Target) { t.NOPInterval++ },
		"port group":      func(t *Target) { t.Group = PortGroup{Number: 2, State: scsi.Standby} },
		"redirect":        func(t *Target) { t.Redirect = &Redirect{Port: 1} },
		"NOPTimeout":      func(t *Target) { t.NOPTimeout++ },
		"mask":            func(t *Target) { t.Masks[0].ReadOnly = false },
		"mask LUNs":       func(t *Target) { t.Masks[0].Luns[0].Last = 3 },
		"mask initiator":  func(t *Target) { t.Masks[0].Initiator = "?" },
	}
	for name, change := range changes {
		b := sample()
		change(&b)
		if a.Equal(&b) || b.Equal(&a) {
			t.Errorf("%s is not looked at", name)
		}
	}
}

// TestWriteRefuses holds that what no file can say is not written as something
// else.
func TestWriteRefuses(t *testing.T) {
	target := func(change func(t *Target)) *Config {
		x := Target{Name: "iqn.2026-11.com.example:disk"}
		change(&x)
		return &Config{Targets: []Target{x}}
	}
	tests := []struct {
		name string
		c    *Config
	}{
		{"a blank in a name", target(func(t *Target) { t.Name = "a b" })},
		{"a line in a name", target(func(t *Target) { t.Name = "a\nTarget b" })},
		{"a line in an alias", target(func(t *Target) { t.Alias = "a\nIncomingUser b c" })},
		{"blanks around an alias", target(func(t *Target) { t.Alias = " a" })},
		{"a blank in a secret", target(func(t *Target) { t.Incoming = []Account{{"a", "b c"}} })},
		{"an empty secret", target(func(t *Target) { t.Outgoing = &Account{"a", ""} })},
		{"a comma in a path", target(func(t *Target) { t.Luns = []Lun{{Backing: backing.Params{Path: "/a,b"}}} })},
		{"a number out of its range", target(func(t *Target) { t.Wthreads = 129 })},
		{"a blank in a secret for discovery", &Config{Incoming: []Account{{"a", "b c"}}}},
		{"a server that is none", &Config{ISNSServer: "a b"}},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		err := Write(&b, tt.c)
		if !errors.Is(err, errCannotSay) || b.Len() > 0 {
			t.Errorf("%s: %v, wrote %q", tt.name, err, b.String())
		}
	}
}

// TestSecretsAreHidden holds that no way of printing a Config shows a secret.
func TestSecretsAreHidden(t *testing.T) {
	c := &Config{Incoming: []Account{{"joe", "THESECRET"}}, Targets: []Target{{Outgoing: &Account{"us", "THESECRET"}}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		if got := fmt.Sprintf(verb, c) + fmt.Sprintf(verb, c.Targets[0].Outgoing); strings.Contains(got, "THESECRET") || strings.Contains(got, fmt.Sprintf("%x", "THESECRET")) {
			t.Errorf("%s shows it: %s", verb, got)
		}
	}
}
