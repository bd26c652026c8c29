// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstSocket is the descriptor of the first socket that is handed over, see
// sd_listen_fds(3).
const firstSocket = 3

// Listeners takes over the sockets that the manager opened for this process, in
// its order; none when there are none. Each must be a TCP socket that listens.
// On an error nothing that was taken over stays open.
//
// The variables are removed from the environment, so that the second call, and
// a child process, find none.
func Listeners() ([]*net.TCPListener, error) {
	names, err := socketNames()
	if err != nil {
		return nil, err
	}
	for _, v := range []string{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(v); err != nil {
			return nil, fmt.Errorf("%s: %w", v, err)
		}
	}
	var list []*net.TCPListener
	for i, name := range names {
		l, err := listener(firstSocket+i, name)
		if err != nil {
			err = fmt.Errorf("descriptor %d (%s), which the service manager handed over: %w", firstSocket+i, name, err)
			for _, l := range list {
				err = errors.Join(err, l.Close())
			}
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// socketNames returns a name for each socket that is handed over.
func socketNames() ([]string, error) {
	pid, fds := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if pid == "" || fds == "" {
		return nil, nil
	}
	owner, err := strconv.Atoi(pid)
	if err != nil || owner <= 0 {
		return nil, fmt.Errorf("LISTEN_PID=%s: it must be a process id", pid)
	}
	if owner != os.Getpid() {
		return nil, nil // meant for the process that started us
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, fmt.Errorf("cannot ask for the limit of descriptors: %w", err)
	}
	count, err := strconv.ParseUint(fds, 10, 31)
	if err != nil || count > limit.Cur {
		return nil, fmt.Errorf("LISTEN_FDS=%s: it must be a number of descriptors", fds)
	}
	if count == 0 {
		return nil, nil
	}
	text, named := os.LookupEnv("LISTEN_FDNAMES")
	if !named {
		names := make([]string, count)
		for i := range names {
			names[i] = "unknown" // what sd_listen_fds_with_names calls it
		}
		return names, nil
	}
	names := strings.Split(text, ":")
	if uint64(len(names)) != count {
		return nil, fmt.Errorf("LISTEN_FDNAMES=%s: it has %d names for LISTEN_FDS=%d", text, len(names), count)
	}
	return names, nil
}

// listener makes descriptor fd a listener and closes fd itself.
func listener(fd int, name string) (*net.TCPListener, error) {
	if err := checkListening(fd); err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), name)
	l, err := net.FileListener(f) // of a duplicate
	if closeErr := f.Close(); err == nil && closeErr != nil {
		err = errors.Join(closeErr, l.Close())
	}
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil // checkListening has seen that it is TCP
}

// socketOptions are what a listening TCP socket answers to getsockopt.
var socketOptions = []struct {
	option int
	want   []int
	is     string // what the socket is when it answers otherwise
}{
	{unix.SO_DOMAIN, []int{unix.AF_INET, unix.AF_INET6}, "a socket that is neither IPv4 nor IPv6"},
	{unix.SO_TYPE, []int{unix.SOCK_STREAM}, "a datagram socket"},
	// Multipath TCP is what Go's own listeners ask for.
	{unix.SO_PROTOCOL, []int{unix.IPPROTO_TCP, unix.IPPROTO_MPTCP}, "a socket of another protocol than TCP"},
	{unix.SO_ACCEPTCONN, []int{1}, "a socket that does not listen; the socket unit needs Accept=no"},
}

// checkListening returns what keeps fd from being a TCP socket that listens.
func checkListening(fd int) error {
	for _, o := range socketOptions {
		got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, o.option)
		switch {
		case errors.Is(err, unix.EBADF):
			return errors.New("it is not open")
		case errors.Is(err, unix.ENOTSOCK):
			return errors.New("it is no socket")
		case err != nil:
			return fmt.Errorf("getsockopt: %w", err)
		case !slices.Contains(o.want, got):
			return errors.New("it is " + o.is)
		}
	}
	return nil
}
