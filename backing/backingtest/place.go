// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package backingtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// LoopDevice binds a new loop device with the sector size given to a file of size
// bytes until the end of the test. It skips the test where that is not permitted.
func LoopDevice(t *testing.T, sector int, size int64, options ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may bind a loop device")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("this system has no loop devices: ", err)
	}
	args := append([]string{"--find", "--show", "--sector-size", strconv.Itoa(sector)}, options...)
	file := filepath.Join(t.TempDir(), "loop")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, size)); err != nil {
		t.Fatal(err)
	}
	args = append(args, file)
	out, err := exec.Command("losetup", args...).CombinedOutput()
	if err != nil {
		if text := string(out); strings.Contains(text, "not permitted") || strings.Contains(text, "denied") {
			t.Skip("binding a loop device is not permitted here: ", text)
		}
		t.Fatalf("losetup: %v: %s", err, out)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", device).CombinedOutput(); err != nil {
			t.Errorf("losetup --detach %s: %v: %s", device, err, out)
		}
	})
	return device
}
