// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A PIDFile is a file with the process id, locked as long as the program runs.
type PIDFile struct {
	path string
	file *os.File
}

// OpenPIDFile creates or takes over the file at path, locks it and writes the
// process id. It fails when another process holds the lock.
func OpenPIDFile(path string) (*PIDFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("pid file: %w", err)
	}
	fail := func(err error) (*PIDFile, error) {
		return nil, errors.Join(err, f.Close())
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			return fail(fmt.Errorf("pid file %s: another process%s holds its lock; stop it, or give another --pid-file", path, holder(f)))
		}
		return fail(fmt.Errorf("pid file %s: cannot lock: %w", path, err))
	}
	text := []byte(strconv.Itoa(os.Getpid()) + "\n")
	if err := f.Truncate(0); err != nil {
		return fail(fmt.Errorf("pid file: %w", err))
	}
	if _, err := f.WriteAt(text, 0); err != nil {
		return fail(fmt.Errorf("pid file: %w", err))
	}
	return &PIDFile{path, f}, nil
}

// holder returns who wrote the file, as " (123)", or nothing.
func holder(f *os.File) string {
	var b [16]byte
	n, _ := f.ReadAt(b[:], 0) // at the end of a short file there is an error too
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n]))); err == nil {
		return fmt.Sprintf(" (%d)", pid)
	}
	return ""
}

// Remove takes the file away and gives up the lock.
func (p *PIDFile) Remove() error {
	return errors.Join(os.Remove(p.path), p.file.Close())
}
