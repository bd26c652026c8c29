// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/config"
)

// off is a directive that is switched off, as ietd.conf explains it.
var off = regexp.MustCompile(`(?m)^([\t]*)#([A-Za-z])`)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestConfAsInstalled sees that the file serves nothing, and that this is all
// there is to say of it.
func TestConfAsInstalled(t *testing.T) {
	cfg, report := config.ParseFile("ietd.conf", []byte(read(t, "ietd.conf")))
	if cfg == nil || len(cfg.Targets) != 0 || len(report) != 1 || !strings.Contains(report[0].Text, "nothing to serve") {
		t.Errorf("%+v\n%v", cfg, report)
	}
}

// TestConfSwitchedOn takes the "#" away from every directive. What is taught
// must be right: notes may come, warnings and errors may not.
func TestConfSwitchedOn(t *testing.T) {
	cfg, report := config.ParseFile("ietd.conf", []byte(off.ReplaceAllString(read(t, "ietd.conf"), "$1$2")))
	for _, f := range report {
		if f.Severity != config.Note {
			t.Error(f)
		}
	}
	if cfg == nil {
		t.Fatal("the file is refused")
	}
	if len(cfg.Targets) != 1 || len(cfg.Incoming) != 2 || cfg.Outgoing == nil || cfg.ISNSServer == "" {
		t.Fatalf("%+v", cfg)
	}
	got := &cfg.Targets[0]
	if len(got.Luns) != 6 || len(got.Masks) != 3 || len(got.Incoming) != 1 || got.Outgoing == nil || got.Alias == "" {
		t.Errorf("%+v", got)
	}
	// The session keys are said to be the defaults.
	if none := new(config.SessionKeys); *none != (config.SessionKeys{}) {
		t.Fatal("the zero value is not the defaults any more")
	}
	var defaults config.SessionKeys
	for line := range strings.Lines(off.ReplaceAllString(read(t, "ietd.conf"), "$1$2")) {
		words := strings.Fields(line)
		if len(words) == 2 && config.Has(words[0]) && defaults.Get(words[0]) != words[1] {
			t.Errorf("%s is %s in the file, and by default %s", words[0], words[1], defaults.Get(words[0]))
		}
	}
}
