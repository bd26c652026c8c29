// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// register is the io_uring_register system call. arg points to n things, or to
// one thing of n bytes, as the opcode wants.
func (r *Ring) register(op uint32, arg unsafe.Pointer, n int) error {
	if r.kernel != nil {
		if errno := r.kernel.Register(op, arg, n); errno != 0 {
			return errno
		}
		return nil
	}
	_, _, errno := syscall.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), uintptr(op), uintptr(arg), uintptr(n), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// RegisterFileTable makes a file table of n empty slots.
func (r *Ring) RegisterFileTable(n int) error {
	a := &giouring.RsrcRegister{Nr: uint32(n), Flags: giouring.RsrcRegisterSparse}
	if err := r.register(giouring.RegisterFiles2, unsafe.Pointer(a), int(unsafe.Sizeof(*a))); err != nil {
		return fmt.Errorf("register a table of %d files: %w", n, err)
	}
	return nil
}

// SetFile puts fd into slot of the file table; -1 empties the slot.
func (r *Ring) SetFile(slot, fd int) error {
	fds := &[1]int32{int32(fd)}
	a := &giouring.FilesUpdate{Offset: uint32(slot), Fds: uint64(uintptr(unsafe.Pointer(fds)))}
	err := r.register(giouring.RegisterFilesUpdate, unsafe.Pointer(a), len(fds))
	runtime.KeepAlive(fds)
	if err != nil {
		return fmt.Errorf("register a file in slot %d: %w", slot, err)
	}
	return nil
}

// DropFileTable gives the file table up, and with it what the ring holds of files.
// No operation on them is in the kernel. Without that they stay open until the
// kernel has ended the ring, some time after Close.
func (r *Ring) DropFileTable() error {
	if err := r.register(giouring.UnregisterFiles, nil, 0); err != nil {
		return fmt.Errorf("give the table of files up: %w", err)
	}
	return nil
}

// RegisterBufferTable makes a buffer table of n empty slots.
func (r *Ring) RegisterBufferTable(n int) error {
	a := &giouring.RsrcRegister{Nr: uint32(n), Flags: giouring.RsrcRegisterSparse}
	if err := r.register(giouring.RegisterBuffers2, unsafe.Pointer(a), int(unsafe.Sizeof(*a))); err != nil {
		return fmt.Errorf("register a table of %d buffers: %w", n, err)
	}
	return nil
}

// SetBuffer registers m in slot of the buffer table: its pages are pinned and
// count against RLIMIT_MEMLOCK without CAP_IPC_LOCK. A nil m empties the slot.
func (r *Ring) SetBuffer(slot int, m Memory) error {
	iov := &unix.Iovec{}
	if len(m) > 0 {
		iov.Base = unsafe.SliceData(m)
		iov.SetLen(len(m))
	}
	a := &giouring.RsrcUpdate2{Offset: uint32(slot), Data: uint64(uintptr(unsafe.Pointer(iov))), Nr: 1}
	err := r.register(giouring.RegisterBuffersUpdate, unsafe.Pointer(a), int(unsafe.Sizeof(*a)))
	runtime.KeepAlive(iov)
	if err != nil {
		return fmt.Errorf("register a buffer of %d bytes: %w", len(m), err)
	}
	return nil
}
