// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// neededOps are the operations that the data plane cannot do without.
var neededOps = []struct {
	op   uint8
	name string
}{
	{giouring.OpReadFixed, "READ_FIXED"},
	{giouring.OpWriteFixed, "WRITE_FIXED"},
	{giouring.OpRead, "READ"},
	{giouring.OpWrite, "WRITE"},
	{giouring.OpFsync, "FSYNC"},
	{giouring.OpRecv, "RECV"},
	{giouring.OpSendmsg, "SENDMSG"},
	{giouring.OpAsyncCancel, "ASYNC_CANCEL"},
}

// Probe tries a small ring and returns nil, or one sentence that names what is
// missing: the kernel's version, a sysctl, a seccomp profile, a memory limit.
func Probe() error {
	errc := make(chan error)
	go func() {
		// A ring of a single issuer belongs to a thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		errc <- probe()
	}()
	return <-errc
}

func probe() error {
	r, err := New(8)
	if err != nil {
		return explain(err, machine())
	}
	defer r.Close()
	p, err := r.giou.GetProbeRing()
	if err != nil {
		return fmt.Errorf("io_uring does not say what it can do (%w): a seccomp profile may forbid io_uring_register; allow io_uring_setup, io_uring_enter and io_uring_register", err)
	}
	for _, o := range neededOps {
		if !p.IsSupported(o.op) {
			return fmt.Errorf("io_uring of kernel %s lacks %s: Linux 6.1 or newer is needed", machine().release, o.name)
		}
	}
	b, err := r.NewBufRing(0, 1, 4096)
	if err != nil {
		return explain(err, machine())
	}
	b.Free()
	return nil
}

// facts is what the explanation of a failure depends on.
type facts struct {
	release  string // uname -r
	disabled string // kernel.io_uring_disabled, "" when the kernel has no such sysctl
}

func machine() facts {
	var f facts
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		f.release = unix.ByteSliceToString(u.Release[:])
	}
	if b, err := os.ReadFile("/proc/sys/kernel/io_uring_disabled"); err == nil {
		f.disabled = strings.TrimSpace(string(b))
	}
	return f
}

// explain turns the errno of setting a ring up into a sentence for the admin.
func explain(err error, f facts) error {
	switch {
	case errors.Is(err, unix.EPERM) && (f.disabled == "1" || f.disabled == "2"):
		return fmt.Errorf("io_uring is switched off (kernel.io_uring_disabled is %s): run sysctl kernel.io_uring_disabled=0", f.disabled)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("io_uring is forbidden (%w): the container's seccomp profile must allow io_uring_setup, io_uring_enter and io_uring_register", err)
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("kernel %s has no io_uring, or a seccomp profile hides it: Linux 6.1 or newer is needed, with io_uring_setup, io_uring_enter and io_uring_register allowed", f.release)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("io_uring of kernel %s is too old: Linux 6.1 or newer is needed", f.release)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("not enough lockable memory for io_uring (%w): raise the memlock limit (ulimit -l, LimitMEMLOCK= in systemd) or grant CAP_IPC_LOCK", err)
	}
	return err
}
