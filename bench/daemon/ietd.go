// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles the ietd of the module that dir is in to the file out. A race
// build needs a C compiler.
func Build(dir, out string, race bool) error {
	root, err := moduleRoot(dir)
	if err != nil {
		return err
	}
	// The flag is what giouring needs to link.
	args := []string{"build", "-ldflags=-checklinkname=0", "-o", out}
	cgo := "CGO_ENABLED=0"
	if race {
		args = append(args, "-race")
		cgo = "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, "./cmd/ietd")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), cgo)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(cmd.Args[1:], " "), err, output)
	}
	return nil
}

// moduleRoot returns the folder with go.mod that dir is in or under.
func moduleRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is in no Go module", dir)
		}
	}
}

// StartIetd starts ietd on a port of the kernel's choice, on one CPU or AnyCPU.
// args are targets, units and whatever else.
func StartIetd(path string, pin int, args ...string) (*Process, error) {
	args = append([]string{"--address", "127.0.0.1", "--port", "0", "--log-format", "json", "--control-socket", ""}, args...)
	p, err := start(pin, path, args...)
	if err != nil {
		return nil, err
	}
	if err := p.waitFor(func() (string, bool) { return told(p.Log(), "listening") }); err != nil {
		return nil, err
	}
	return p, nil
}

// Metrics returns where an ietd that has --metrics answers scrapers; "" when its
// log does not say.
func (p *Process) Metrics() string {
	addr, _ := told(p.Log(), "metrics")
	return addr
}

// told finds the record of a message that tells an address in ietd's log.
func told(log, message string) (addr string, ok bool) {
	for line := range strings.Lines(log) {
		var record struct{ Message, Address string }
		if json.Unmarshal([]byte(line), &record) == nil && record.Message == message {
			return record.Address, true
		}
	}
	return "", false
}
