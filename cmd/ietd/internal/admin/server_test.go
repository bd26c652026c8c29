// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestWhoMayAsk(t *testing.T) {
	own := uint32(os.Geteuid())
	for _, row := range []struct {
		sentence string
		uid      uint32
		err      error
		want     string // of the error; "" for none
	}{
		{"root may", 0, nil, ""},
		{"the daemon's own user may", own, nil, ""},
		{"another user may not", own + 1, nil, "only root and user"},
		{"nobody may not", 65534, nil, "only root and user"},
		{"one that the kernel does not tell may not", 0, syscall.ENOPROTOOPT, "ietd cannot tell who you are"},
	} {
		f := new(fake)
		s := start(t, f, nil)
		s.peer = func(*net.UnixConn) (uint32, error) { return row.uid, row.err }
		s.Serve()
		err := dial(t, s).StopAll()
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if did := f.take(); (len(did) == 0) != (row.want != "") {
			t.Errorf("%s: did %q", row.sentence, did)
		}
	}
}

// TestPeer asks the kernel about ourselves.
func TestPeer(t *testing.T) {
	s := start(t, new(fake), nil)
	dial(t, s)
	c, err := s.listener.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	uid, err := peerUID(c)
	if err != nil || uid != uint32(os.Geteuid()) {
		t.Errorf("user %d, %v", uid, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := peerUID(c); err == nil {
		t.Error("a closed connection has a peer")
	}
}

func TestSocketIsOurs(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "run", "ietd")
	path := filepath.Join(dir, "ietd.sock")
	s, err := Listen(path, new(fake), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	dirMode := fs.FileMode(userDirMode)
	if os.Geteuid() == 0 {
		dirMode = rootDirMode
	}
	for name, want := range map[string]fs.FileMode{path: fs.ModeSocket | 0o600, dir: fs.ModeDir | dirMode} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close the socket is still there: %v", err)
	}
}

// occupy puts something at path and returns what ends it.
type occupy func(t *testing.T, path string) (end func())

func TestPathThatIsTaken(t *testing.T) {
	for _, row := range []struct {
		sentence string
		occupy   occupy
		want     string // of the error; "" for none
	}{
		{"what a dead process left is replaced", func(t *testing.T, path string) func() {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return func() {}
		}, ""},
		{"a running ietd is not", func(t *testing.T, path string) func() {
			s, err := Listen(path, new(fake), zerolog.Nop())
			if err != nil {
				t.Fatal(err)
			}
			return func() { _ = s.Close() }
		}, "another ietd listens there"},
		{"a file is not", func(t *testing.T, path string) func() {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
			return func() {}
		}, "is no socket"},
		{"a symbolic link is not", func(t *testing.T, path string) func() {
			if err := os.Symlink("elsewhere", path); err != nil {
				t.Fatal(err)
			}
			return func() {}
		}, "is no socket"},
	} {
		path := filepath.Join(t.TempDir(), "s")
		end := row.occupy(t, path)
		s, err := Listen(path, new(fake), zerolog.Nop())
		switch {
		case row.want == "" && err != nil, row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: %v", row.sentence, err)
		case err == nil:
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, gone := os.Lstat(path); row.want != "" && gone != nil {
			t.Errorf("%s: %v", row.sentence, gone)
		}
		end()
	}
}

func TestPathThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ sentence, path, want string }{
		{"a path that is too long", "/run/" + strings.Repeat("x", 103), "the path has 108 bytes, a Unix socket's has at most 107"},
		{"a directory that is a file", filepath.Join(file, "s"), "not a directory"},
	} {
		if _, err := Listen(row.path, new(fake), zerolog.Nop()); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.sentence, err)
		}
	}
}

// TestOneOfManyListens starts daemons at one path at once.
func TestOneOfManyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var mu sync.Mutex
	var won []*Server
	var tasks sync.WaitGroup
	for range 8 {
		tasks.Go(func() {
			if s, err := Listen(path, new(fake), zerolog.Nop()); err == nil {
				mu.Lock()
				won = append(won, s)
				mu.Unlock()
			}
		})
	}
	tasks.Wait()
	if len(won) != 1 {
		t.Errorf("%d of them listen", len(won))
	}
	for _, s := range won {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCloseLeavesAnothersSocket: a path that somebody else has taken since is not
// ours to remove.
func TestCloseLeavesAnothersSocket(t *testing.T) {
	s := start(t, new(fake), nil)
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(s.path); err != nil {
		t.Error(err)
	}
}

// TestCloseWaits shows that what runs is answered, and what hangs is not waited
// for.
func TestCloseWaits(t *testing.T) {
	for _, row := range []struct {
		sentence string
		wait     time.Duration
		hangs    bool
	}{
		{"an operation that ends is answered", time.Minute, false},
		{"one that hangs is left", time.Millisecond, true},
	} {
		f := &fake{entered: make(chan struct{}), leave: make(chan struct{})}
		s, err := Listen(filepath.Join(t.TempDir(), "s"), f, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		s.closeTime = row.wait
		s.Serve()
		idle, c := dial(t, s), dial(t, s)
		answered := make(chan error, 1)
		go func() { answered <- c.StopAll() }()
		<-f.entered
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		if row.hangs {
			if err := <-closed; err == nil || !strings.Contains(err.Error(), "an operation still runs") {
				t.Errorf("%s: %v", row.sentence, err)
			}
		}
		close(f.leave)
		if err := <-answered; err != nil {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if !row.hangs {
			if err := <-closed; err != nil {
				t.Errorf("%s: %v", row.sentence, err)
			}
		}
		if err := idle.StopAll(); !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: a connection without a request goes on: %v", row.sentence, err)
		}
	}
}

// TestManyConnections: more than there are places are served in turn.
func TestManyConnections(t *testing.T) {
	f := &fake{entered: make(chan struct{}, 3*maxConns), leave: make(chan struct{})}
	s := start(t, f, nil)
	s.Serve()
	done := make(chan error)
	for range 3 * maxConns {
		go func() {
			c, err := Dial(s.path)
			if err == nil {
				err = errors.Join(c.StopAll(), c.Close())
			}
			done <- err
		}()
	}
	for range maxConns {
		<-f.entered
	}
	time.Sleep(20 * time.Millisecond)
	if n := len(f.entered); n != 0 {
		t.Errorf("%d more than %d are served at once", n, maxConns)
	}
	close(f.leave)
	for range 3 * maxConns {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestDial(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		sentence, path string
		want           syscall.Errno
	}{
		{"nothing there", filepath.Join(dir, "none"), syscall.ECONNREFUSED},
		{"a file there", file, syscall.ECONNREFUSED},
		{"a file where a directory should be", filepath.Join(file, "s"), syscall.ECONNREFUSED},
		{"a path that is too long", strings.Repeat("x", 200), syscall.EINVAL},
	} {
		_, err := Dial(row.path)
		var e *Error
		if !errors.As(err, &e) || e.Errno != row.want {
			t.Errorf("%s: %v", row.sentence, err)
		}
	}
}

// TestClientOfAStrangeServer shows what a Client makes of answers that are none.
func TestClientOfAStrangeServer(t *testing.T) {
	for _, row := range []struct {
		sentence, answer string
		errno            syscall.Errno
		want             string
	}{
		{"the connection ends", "", syscall.EIO, "unexpected EOF"},
		{"half an answer", `{"version":1,`, syscall.EIO, "unexpected EOF"},
		{"garbage", "hello\n", syscall.EIO, "invalid character"},
		{"another version", `{"version":2,"result":{}}` + "\n", syscall.EIO, "in version 2"},
		{"neither a result nor an error", `{"version":1}` + "\n", syscall.EIO, "what was asked may have happened"},
		{"an unknown field in the result", `{"version":1,"result":{"tid":3,"new":1}}` + "\n", 0, ""},
		{"no answer in time", "wait", syscall.ETIMEDOUT, "may still happen"},
	} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Dial(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		peer, err := l.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		if row.answer == "wait" {
			c.wait = 10 * time.Millisecond
		} else {
			if _, err := peer.Write([]byte(row.answer)); err != nil {
				t.Fatal(err)
			}
			if err := peer.CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		_, err = c.TargetByName("x")
		var e *Error
		if row.errno == 0 && err != nil || row.errno != 0 && (!errors.As(err, &e) || e.Errno != row.errno || !strings.Contains(e.Text, row.want)) {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if err := errors.Join(c.Close(), peer.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	}
}
