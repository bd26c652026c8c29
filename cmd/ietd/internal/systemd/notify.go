// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package systemd

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sendTime is how long a message may wait for a manager whose queue is full.
const sendTime = 5 * time.Second

// A Notifier tells the service manager how the daemon is. The zero value has
// nobody to tell and does nothing.
type Notifier struct {
	socket   string        // path, or name in the abstract namespace after '@'; "": no manager
	watchdog time.Duration // silence after which the manager ends us; 0: it does not watch
}

// NewNotifier returns the Notifier that the environment describes. An error is
// an environment that no manager makes.
func NewNotifier() (*Notifier, error) {
	n := &Notifier{socket: os.Getenv("NOTIFY_SOCKET")}
	if n.socket != "" && n.socket[0] != '/' && n.socket[0] != '@' {
		return nil, fmt.Errorf("NOTIFY_SOCKET=%s: it must be a path, or begin with @", n.socket)
	}
	var err error
	n.watchdog, err = watchdogInterval()
	return n, err
}

// Ready says that the daemon serves, after start and after a reload.
func (n *Notifier) Ready() error { return n.send("READY=1") }

// Stopping says that the daemon has begun to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Reloading says that the daemon reads its configuration again; Ready must
// follow, whether that went well or not. The time lets the manager tell this
// reload from an earlier one.
func (n *Notifier) Reloading() error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("cannot read the monotonic clock: %w", err)
	}
	return n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/int64(time.Microsecond)))
}

// Status shows text in systemctl status. It becomes one line: the protocol
// takes what follows a line break for the next assignment.
func (n *Notifier) Status(text string) error {
	return n.send("STATUS=" + strings.ReplaceAll(text, "\n", "; "))
}

// send writes one datagram. Each has its own socket, as libsystemd does it: a
// manager that replaces itself is found again.
func (n *Notifier) send(message string) error {
	if n.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("cannot reach the service manager: %w", err)
	}
	defer conn.Close() // a datagram that was written is on its way
	if err := conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return fmt.Errorf("cannot tell the service manager: %w", err)
	}
	if _, err := conn.Write([]byte(message)); err != nil {
		return fmt.Errorf("cannot tell the service manager: %w", err)
	}
	return nil
}
