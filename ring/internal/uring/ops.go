// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// The functions of this file fill in an entry that [Ring.SQE] gave. Addresses
// are of [Memory]; ud comes back as UserData.

// A File names a file for an operation: a plain descriptor, or a slot of the
// ring's file table when Fixed.
type File struct {
	FD    int32
	Fixed bool
}

func (f File) set(e *SQE) {
	e.Fd = f.FD
	if f.Fixed {
		e.Flags |= giouring.SqeFixedFile
	}
}

// RecvMultishot receives into buffers of group until it fails, ends or runs out
// of buffers: see [More] and [Buffer].
func RecvMultishot(e *SQE, fd int, group uint16, ud uint64) {
	e.OpCode = giouring.OpRecv
	e.Fd = int32(fd)
	e.IoPrio = giouring.RecvMultishot
	e.Flags = giouring.SqeBufferSelect
	e.BufIG = group
	e.UserData = ud
}

// SendMsg sends what the msghdr at addr gathers, all of it unless the
// connection fails.
func SendMsg(e *SQE, fd int, addr uint64, ud uint64) {
	e.OpCode = giouring.OpSendmsg
	e.Fd = int32(fd)
	e.Addr = addr
	e.Len = 1
	e.OpcodeFlags = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
	e.UserData = ud
}

// Read reads n bytes at off. buf is the index of the registered buffer that
// addr lies in, or -1.
func Read(e *SQE, f File, addr uint64, n int, off int64, buf int, ud uint64) {
	e.OpCode = giouring.OpRead
	if buf >= 0 {
		e.OpCode = giouring.OpReadFixed
		e.BufIG = uint16(buf)
	}
	transfer(e, f, addr, n, off, ud)
}

// Write writes n bytes at off with rwFlags (RWF_DSYNC, …); buf as in [Read].
func Write(e *SQE, f File, addr uint64, n int, off int64, buf int, rwFlags int32, ud uint64) {
	e.OpCode = giouring.OpWrite
	if buf >= 0 {
		e.OpCode = giouring.OpWriteFixed
		e.BufIG = uint16(buf)
	}
	e.OpcodeFlags = uint32(rwFlags)
	transfer(e, f, addr, n, off, ud)
}

func transfer(e *SQE, f File, addr uint64, n int, off int64, ud uint64) {
	f.set(e)
	e.Addr = addr
	e.Len = uint32(n)
	e.Off = uint64(off)
	e.UserData = ud
}

// Sync makes the file's data durable: fdatasync.
func Sync(e *SQE, f File, ud uint64) {
	e.OpCode = giouring.OpFsync
	e.OpcodeFlags = giouring.FsyncDatasync
	f.set(e)
	e.UserData = ud
}

// Cancel asks for the operation whose UserData is victim to end soon.
func Cancel(e *SQE, victim, ud uint64) {
	e.OpCode = giouring.OpAsyncCancel
	e.Fd = -1
	e.Addr = victim
	e.UserData = ud
}

// More reports whether a multishot operation goes on after this completion.
func More(c CQE) bool { return c.Flags&giouring.CQEFMore != 0 }

// Buffer returns which provided buffer holds the data of this completion; ok is
// false when none was used.
func Buffer(c CQE) (id uint16, ok bool) {
	return uint16(c.Flags >> giouring.CQEBufferShift), c.Flags&giouring.CQEFBuffer != 0
}
