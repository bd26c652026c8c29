// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Modes of what listen makes. The directory of root's socket is open, so that a
// stranger gets the clear answer that he may not, instead of "no such file".
const (
	socketMode  = 0o600
	rootDirMode = 0o755
	userDirMode = 0o700
)

// listen binds path, whose directory it makes when there is none. A socket that
// nobody listens at is what a dead process left, and is replaced. The error is
// one line.
func listen(path string) (*net.UnixListener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("control socket %s: the path has %d bytes, a Unix socket's has at most %d", path, len(path), maxPath)
	}
	dir := filepath.Dir(path)
	mode := fs.FileMode(userDirMode)
	if os.Geteuid() == 0 {
		mode = rootDirMode
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("control socket: cannot lock %s: %w", dir, err)
	}
	defer unlock()
	if err := makeRoom(path); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	// The mode of the socket before bind is that of the file after it: there is
	// no moment in which others may connect.
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		ctl := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), socketMode) })
		return errors.Join(ctl, err)
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	ul := l.(*net.UnixListener)
	ul.SetUnlinkOnClose(false) // Close does it, and looks whose it is
	return ul, nil
}

// lockDir keeps two daemons that start together from replacing each other's
// socket.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing a directory cannot fail in a way that matters
}

// makeRoom removes a socket that nobody listens at.
func makeRoom(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return errors.Unwrap(err)
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("the path is there and is no socket; remove it, or give another --control-socket")
	}
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		return errors.Join(errors.New("another ietd listens there; end it, or give another --control-socket"), c.Close())
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return fmt.Errorf("cannot tell whether another ietd listens there: %w", err)
}

// peerUID returns the user of the process at the other end of c (SO_PEERCRED,
// unix(7)).
func peerUID(c *net.UnixConn) (uint32, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	ctl := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(ctl, err); err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
