// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// NewFile makes a sparse file of size bytes at path, in place of what was
// there.
func NewFile(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("%w (and close: %v)", err, f.Close())
	}
	return f.Close()
}

// CanLoop reports whether loop devices can be made here, or why not.
func CanLoop() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("loop devices need root")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return fmt.Errorf("no loop devices here: %w", err)
	}
	return nil
}

// A Loop is a loop device over a file.
type Loop struct{ Path string }

// NewLoop makes a loop device over file with logical blocks of blockSize bytes.
func NewLoop(file string, blockSize int) (*Loop, error) {
	out, err := Run("losetup", "--find", "--show", "--direct-io=on", "--sector-size", fmt.Sprint(blockSize), file)
	if err != nil {
		return nil, err
	}
	return &Loop{strings.TrimSpace(out)}, nil
}

// Close takes the loop device away. The file stays.
func (l *Loop) Close() error {
	_, err := Run("losetup", "--detach", l.Path)
	return err
}

// Run runs a tool to its end and gives its standard output; an error holds all
// that it printed.
func Run(name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// Folder makes an empty folder for a check under .build, seen from the top of
// the repository: on its own file system, since /tmp may be memory and small.
// The path is absolute, as ietd wants it.
func Folder(name string) (string, error) {
	build, err := filepath.Abs(".build")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(build, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(build, name+".")
}
