// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// analyzer returns systemd-analyze, or skips.
func analyzer(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	return path
}

// units writes both units with programs that are here into a new folder.
func units(t *testing.T) (service, socket string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`/usr/local/sbin/iet(d|adm)`).ReplaceAllString(read(t, "ietd.service"), program)
	service, socket = filepath.Join(dir, "ietd.service"), filepath.Join(dir, "ietd.socket")
	for path, text := range map[string]string{service: text, socket: read(t, "ietd.socket")} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return service, socket
}

// TestUnitsVerify sees no complaint of systemd's own checker, which exits with 0
// on many of them.
func TestUnitsVerify(t *testing.T) {
	service, socket := units(t)
	out, err := exec.Command(analyzer(t), "verify", "--man=no", service, socket).CombinedOutput()
	if err != nil || strings.Contains(string(out), filepath.Dir(service)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// mostExposure is the exposure that systemd-analyze security may count, from 0 to
// 10. What is left is root, block devices, the network and @resources.
const mostExposure = 2.5

func TestUnitSecurity(t *testing.T) {
	service, _ := units(t)
	out, err := exec.Command(analyzer(t), "security", "--offline=true", "--no-pager", service).CombinedOutput()
	if err != nil {
		t.Skipf("this systemd-analyze cannot look at a file: %v", err)
	}
	m := regexp.MustCompile(`Overall exposure level[^:]*: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no level in\n%s", out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level > mostExposure {
		t.Errorf("exposure %s, at most %v\n%s", m[1], mostExposure, out)
	}
}

// TestUnitLetsThrough sees that the unit's filter has every call that ietd makes,
// which are those of the profile's first four groups.
func TestUnitLetsThrough(t *testing.T) {
	allowed := make(map[string]bool)
	for _, l := range settings(t, "SystemCallFilter") {
		names, denied := strings.CutPrefix(l, "~")
		for _, name := range expand(t, strings.Fields(names)) {
			allowed[name] = !denied
		}
	}
	p := profile(t)
	if len(p.Syscalls) < 4 {
		t.Fatal("the profile has lost its groups")
	}
	// The unit keeps out what only a start with --uid needs, and changes of owner.
	except := []string{"fchown", "fchownat"}
	for _, group := range p.Syscalls[:4] {
		for _, name := range group.Names {
			if !allowed[name] && !slices.Contains(except, name) {
				t.Errorf("%s (%s) is filtered out", name, group.Comment)
			}
		}
	}
	for _, name := range []string{"bpf", "reboot", "init_module", "mount", "ptrace", "keyctl"} {
		if allowed[name] {
			t.Errorf("%s is let through", name)
		}
	}
}

// settings returns the values of all lines of the service that set name.
func settings(t *testing.T, name string) []string {
	t.Helper()
	var list []string
	for l := range strings.Lines(read(t, "ietd.service")) {
		if v, ok := strings.CutPrefix(l, name+"="); ok {
			list = append(list, strings.TrimSpace(v))
		}
	}
	return list
}

// expand replaces groups of system calls by what this systemd has in them.
func expand(t *testing.T, names []string) []string {
	t.Helper()
	var list []string
	for _, name := range names {
		if !strings.HasPrefix(name, "@") {
			list = append(list, name)
			continue
		}
		out, err := exec.Command(analyzer(t), "syscall-filter", name).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var inside []string
		for i, l := range strings.Split(string(out), "\n") {
			if l = strings.TrimSpace(l); i > 0 && l != "" && l[0] != '#' {
				inside = append(inside, l)
			}
		}
		list = append(list, expand(t, inside)...)
	}
	return list
}

// TestUnitSettings holds what the rest of the program counts on.
func TestUnitSettings(t *testing.T) {
	for _, row := range []struct{ why, name, want string }{
		{"READY=1 is sent", "Type", "notify"},
		{"the only one that notifies is ietd itself", "NotifyAccess", "main"},
		{"ietadm looks for the socket there", "RuntimeDirectory", "ietd"},
		{"a configuration that cannot be is not tried again", "RestartPreventExitStatus", "2"},
		{"no capability is needed", "CapabilityBoundingSet", ""},
		{"rings register their buffers", "LimitMEMLOCK", "infinity"},
		{"secrets are in no core file", "LimitCORE", "0"},
	} {
		if got := settings(t, row.name); len(got) != 1 || got[0] != row.want {
			t.Errorf("%s: %s is %q, want %q", row.why, row.name, got, row.want)
		}
	}
}
