// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "syscall"

// readSense says what a failed read means to the initiator. An errno that is
// not here becomes UnrecoveredReadError.
var readSense = map[syscall.Errno]Sense{
	0:                   Good,
	syscall.EAGAIN:      InsufficientResources,
	syscall.ENOMEM:      InsufficientResources,
	syscall.ENOBUFS:     InsufficientResources,
	syscall.ECANCELED:   AbortedCommand,
	syscall.EINTR:       AbortedCommand,
	syscall.ENODEV:      LUNotReady,
	syscall.ENXIO:       LUNotReady,
	syscall.ENOMEDIUM:   LUNotReady,
	syscall.ESTALE:      LUNotReady,
	syscall.ENOTCONN:    LUNotReady,
	syscall.EBADF:       InternalTargetFailure,
	syscall.EFAULT:      InternalTargetFailure,
	syscall.EINVAL:      InternalTargetFailure,
	syscall.EOPNOTSUPP:  InternalTargetFailure,
	syscall.EMEDIUMTYPE: InternalTargetFailure,
}

// writeSense says what a failed write or flush means to the initiator where
// that differs from readSense. An errno in neither becomes WriteError.
var writeSense = map[syscall.Errno]Sense{
	syscall.ENOSPC: SpaceAllocationFailed,
	syscall.EDQUOT: SpaceAllocationFailed,
	syscall.EFBIG:  SpaceAllocationFailed,
	syscall.EROFS:  WriteProtected,
}

// ReadSense returns the sense of a read that failed with e, or Good when e is 0.
func ReadSense(e syscall.Errno) Sense {
	if s, ok := readSense[e]; ok {
		return s
	}
	return UnrecoveredReadError
}

// WriteSense returns the sense of a write that failed with e, or Good when e is 0.
func WriteSense(e syscall.Errno) Sense {
	if s, ok := writeSense[e]; ok {
		return s
	}
	if s, ok := readSense[e]; ok {
		return s
	}
	return WriteError
}

// FlushSense returns the sense of a flush that failed with e, or Good when e
// is 0. What was acknowledged before may be lost, which is a write error: the
// same table, for a flush is where delayed writes report theirs.
func FlushSense(e syscall.Errno) Sense { return WriteSense(e) }
