// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inheritor, in the environment, makes this test program the daemon that
// inherits sockets.
const inheritor = "IETRING_TEST_INHERITOR"

func TestMain(m *testing.M) {
	if os.Getenv(inheritor) == "" {
		os.Exit(m.Run())
	}
	if err := inherit(os.Stdout); err != nil {
		fmt.Println("error:", err)
	}
}

// inherit takes the sockets over, says what it has, and greets one peer on each.
func inherit(w io.Writer) error {
	list, err := Listeners()
	if err != nil {
		return err
	}
	again, err := Listeners()
	if err != nil || again != nil {
		return fmt.Errorf("the second call: %v, %w", again, err)
	}
	fmt.Fprintln(w, "took", len(list))
	for i, l := range list {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		fmt.Fprintln(conn, "socket", i)
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}

// startInheritor runs the test program as the child that has files from
// descriptor 3. A shell gives it its own process id in LISTEN_PID: nobody else
// can know it before the program begins.
func startInheritor(t *testing.T, files []*os.File, script string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script+` exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), inheritor+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles = files
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return bufio.NewScanner(out)
}

// firstLine is the first thing that the child says.
func firstLine(t *testing.T, s *bufio.Scanner) string {
	t.Helper()
	if !s.Scan() {
		t.Fatal("the child said nothing", s.Err())
	}
	return s.Text()
}

// descriptor is the descriptor of a listener or connection, which the test
// keeps open.
func descriptor(t *testing.T, c interface{ File() (*os.File, error) }, err error) *os.File {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if c, ok := c.(io.Closer); ok {
		t.Cleanup(func() { c.Close() })
	}
	return f
}

func listenTCP(t *testing.T, network, addr string) (*net.TCPListener, *os.File) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip("no", network, "here:", err)
	}
	return l.(*net.TCPListener), descriptor(t, l.(*net.TCPListener), nil)
}

func TestListenersServe(t *testing.T) {
	v4, f4 := listenTCP(t, "tcp4", "127.0.0.1:0")
	v6, f6 := listenTCP(t, "tcp6", "[::1]:0")
	out := startInheritor(t, []*os.File{f4, f6}, "export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=iscsi:iscsi6;")
	if got := firstLine(t, out); got != "took 2" {
		t.Fatal(got)
	}
	// The listening sockets are shared; the test's own never accept.
	for i, l := range []*net.TCPListener{v4, v6} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if want := fmt.Sprintf("socket %d\n", i); string(got) != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		conn.Close()
	}
}

func TestListenersNone(t *testing.T) {
	_, f := listenTCP(t, "tcp4", "127.0.0.1:0")
	for _, row := range []struct{ name, script string }{
		{"no manager", "unset LISTEN_PID LISTEN_FDS;"},
		{"sockets that are another process's", "export LISTEN_PID=1 LISTEN_FDS=1;"},
		{"a manager without sockets", "export LISTEN_PID=$$ LISTEN_FDS=0 LISTEN_FDNAMES=;"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := firstLine(t, startInheritor(t, []*os.File{f}, row.script)); got != "took 0" {
				t.Error(got)
			}
		})
	}
}

func TestListenersRefuse(t *testing.T) {
	l, good := listenTCP(t, "tcp4", "127.0.0.1:0")
	conn, err := net.Dial("tcp4", l.Addr().String())
	connected := descriptor(t, conn.(*net.TCPConn), err)
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	udp := descriptor(t, packets.(*net.UDPConn), err)
	local, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "socket"), Net: "unix"})
	unixSocket := descriptor(t, local, err)
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()

	for _, row := range []struct {
		name, script string
		file         *os.File // after one good socket, as descriptor 4
		want         string
	}{
		{"a datagram socket", "export LISTEN_PID=$$ LISTEN_FDS=2;", udp,
			"descriptor 4 (unknown), which the service manager handed over: it is a datagram socket"},
		{"a Unix socket, under its unit's name", "export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=iscsi:admin;", unixSocket,
			"descriptor 4 (admin), which the service manager handed over: it is a socket that is neither IPv4 nor IPv6"},
		{"a connection, as with Accept=yes", "export LISTEN_PID=$$ LISTEN_FDS=2;", connected,
			"a socket that does not listen; the socket unit needs Accept=no"},
		{"a file", "export LISTEN_PID=$$ LISTEN_FDS=2;", plain, "it is no socket"},
		{"more sockets than there are", "export LISTEN_PID=$$ LISTEN_FDS=40;", good, "descriptor 5"},
		{"a count that is no number", "export LISTEN_PID=$$ LISTEN_FDS=two;", good, "LISTEN_FDS=two"},
		{"a count above any limit", "export LISTEN_PID=$$ LISTEN_FDS=2000000000;", good, "LISTEN_FDS=2000000000"},
		{"a process that is no number", "export LISTEN_PID=me LISTEN_FDS=2;", good, "LISTEN_PID=me"},
		{"a name too few", "export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=iscsi;", good,
			"it has 1 names for LISTEN_FDS=2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := firstLine(t, startInheritor(t, []*os.File{good, row.file}, row.script))
			if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, row.want) {
				t.Errorf("%q, want %q in it", got, row.want)
			}
		})
	}
}
