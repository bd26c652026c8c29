// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// AnyCPU is a Pin that leaves the scheduler free.
const AnyCPU = -1

const (
	startLimit = 20 * time.Second // until a daemon listens, also with a race build
	stopLimit  = 20 * time.Second
	maxLog     = 512 << 10 // bytes of each end of a daemon's output that are kept
)

// A Process is a running daemon.
type Process struct {
	Addr string // host:port of its portal
	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{} // closed when it has ended
	err  error         // of Wait, after done
}

// start runs a command with its output in a buffer, on one CPU or on any.
func start(pin int, name string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(name, args...), log: &logBuffer{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := Pinned(pin, p.cmd.Start); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Pinned calls start with the calling thread on one CPU, so that a process that
// it starts inherits that.
func Pinned(cpu int, start func() error) error {
	if cpu == AnyCPU {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var old, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return err
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("pin to CPU %d: %w", cpu, err)
	}
	err := start()
	return errors.Join(err, unix.SchedSetaffinity(0, &old))
}

// PID returns the process identifier.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log returns what the daemon has printed so far.
func (p *Process) Log() string { return p.log.String() }

// Exited returns a channel that is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.done }

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Stop sends SIGTERM and waits. It returns the exit code, or -1 with an error
// when the process had to be killed or died of a signal.
func (p *Process) Stop() (exitCode int, err error) {
	select {
	case <-p.done:
		return p.exitCode()
	default:
	}
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return -1, err
	}
	return p.WaitExit(stopLimit)
}

// WaitExit waits until the process ends and returns its exit code; after limit
// it is killed and that is an error.
func (p *Process) WaitExit(limit time.Duration) (exitCode int, err error) {
	select {
	case <-p.done:
		return p.exitCode()
	case <-time.After(limit):
	}
	err = fmt.Errorf("process %d did not end within %v", p.PID(), limit)
	err = errors.Join(err, p.cmd.Process.Kill())
	<-p.done
	return -1, err
}

func (p *Process) exitCode() (int, error) {
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		return -1, p.err
	}
	code := p.cmd.ProcessState.ExitCode()
	if code < 0 {
		return code, fmt.Errorf("process %d: %v", p.PID(), p.cmd.ProcessState)
	}
	return code, nil
}

// waitFor polls until ready tells an address, the process ends, or time is up.
func (p *Process) waitFor(ready func() (addr string, ok bool)) error {
	deadline := time.Now().Add(startLimit)
	for time.Now().Before(deadline) {
		if addr, ok := ready(); ok {
			p.Addr = addr
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at start (%v):\n%s", p.cmd.Path, p.cmd.ProcessState, p.Log())
		case <-time.After(5 * time.Millisecond):
		}
	}
	err := fmt.Errorf("%s does not listen after %v:\n%s", p.cmd.Path, startLimit, p.Log())
	_, stopErr := p.Stop()
	return errors.Join(err, stopErr)
}

// logBuffer keeps the beginning and the end of a daemon's output.
type logBuffer struct {
	mu   sync.Mutex
	head []byte // the first maxLog bytes
	tail []byte // the last maxLog bytes of the rest, and up to as many more
	cut  bool   // something is missing between them
}

var _ io.Writer = (*logBuffer)(nil)

// Write takes all and forgets what there is no room for.
func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(b), maxLog-len(l.head))
	l.head = append(l.head, b[:n]...)
	if l.tail = append(l.tail, b[n:]...); len(l.tail) > 2*maxLog {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-maxLog:]...)
		l.cut = true
	}
	return len(b), nil
}

// String returns what was kept.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	between := ""
	if l.cut {
		between = "\n[output was cut here]\n"
	}
	return string(l.head) + between + string(l.tail)
}
