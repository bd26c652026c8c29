// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// A User-mode Linux before 6.3 keeps 2696 bytes of a process's extended registers,
// and panics where the processor has more ("ptrace set fp regs failed"): those with
// AMX have 11008. It does without them where this machine has no such register set,
// and keeps the SSE registers alone, as on old processors. So it is told that there is
// none, by a seccomp filter on its ptrace; and since nobody then keeps the AVX
// registers of the guest's processes, its C library is told not to use them.

// fewRegisters is for the kernel's command line, from where process 1 of the guest and
// all others have it in their environment.
const fewRegisters = "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM"

// tooManyRegisters reports whether the guest's kernel must be told so.
func tooManyRegisters() (bool, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return false, err
	}
	return strings.Contains(string(info), " amx_tile"), nil
}

// startWithout starts command with ptrace(PTRACE_GETREGSET, …, NT_X86_XSTATE)
// failing, for it and all that it starts.
func startWithout(command *exec.Cmd) error {
	started := make(chan error)
	go func() {
		// The filter is the thread's, which ends with the goroutine.
		runtime.LockOSThread()
		if err := hideRegisters(); err != nil {
			started <- err
			return
		}
		started <- command.Start()
	}()
	return <-started
}

// hideRegisters installs the filter on the calling thread.
func hideRegisters() error {
	const (
		auditX86_64        = 0xc000003e
		ptraceGetRegSet    = 0x4204
		ntX86XState        = 0x202
		retAllow, retErrno = 0x7fff0000, 0x00050000
		prSetNoNewPrivs    = 38
		seccompModeFilter  = 2
		// Offsets in struct seccomp_data.
		number, arch, request, regSet = 0, 4, 16, 32
	)
	load := func(at uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: at}
	}
	// unless goes on when the loaded word is v, and jumps over so many lines else.
	unless := func(v uint32, over uint8) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: v, Jf: over}
	}
	end := func(v uint32) syscall.SockFilter {
		return syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K, K: v}
	}
	filter := []syscall.SockFilter{
		load(arch), unless(auditX86_64, 7),
		load(number), unless(syscall.SYS_PTRACE, 5),
		load(request), unless(ptraceGetRegSet, 3),
		load(regSet), unless(ntX86XState, 1),
		end(retErrno | uint32(syscall.ENODEV)),
		end(retAllow),
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("forbid new privileges: %w", errno)
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, syscall.PR_SET_SECCOMP, seccompModeFilter, uintptr(unsafe.Pointer(&program)), 0, 0, 0)
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("install a seccomp filter: %w", errno)
	}
	return nil
}
