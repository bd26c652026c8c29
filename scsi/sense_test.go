// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"syscall"
	"testing"
)

func TestSenseAppend(t *testing.T) {
	tests := []struct {
		name       string
		sense      Sense
		descriptor bool
		want       string
	}{
		{"nothing to tell, fixed", Good, false, "70 00 00 00000000 0a 00000000 00 00 00 000000"},
		{"nothing to tell, descriptor", Good, true, "72 00 00 00 00 00 00 00"},
		{"a medium error, fixed", WriteError, false, "70 00 03 00000000 0a 00000000 0c 00 00 000000"},
		{"a medium error, descriptor", UnrecoveredReadError, true, "72 03 11 00 00 00 00 00"},
		{"a bit of the CDB, fixed", InvalidFieldInCDB.AtCDB(1, 7), false, "70 00 05 00000000 0a 00000000 24 00 00 cf 0001"},
		{"a bit of the CDB, descriptor", InvalidFieldInCDB.AtCDB(2, 3), true, "72 05 24 00 00 00 00 08 02 06 00 00 cb 0002 00"},
		{"a byte of the CDB", InvalidFieldInCDB.AtCDB(9, NoBit), false, "70 00 05 00000000 0a 00000000 24 00 00 c0 0009"},
		{"a bit of the parameter data beyond 255", InvalidFieldInParams.AtParam(258, 0), false, "70 00 05 00000000 0a 00000000 26 00 00 88 0102"},
		{"information, fixed", Miscompare.WithInfo(0x1234), false, "f0 00 0e 00001234 0a 00000000 1d 00 00 000000"},
		{"information too large for the fixed format", Miscompare.WithInfo(1 << 32), false, "70 00 0e 00000000 0a 00000000 1d 00 00 000000"},
		{"information, descriptor", Miscompare.WithInfo(1 << 32), true, "72 0e 1d 00 00 00 00 0c 00 0a 80 00 0000000100000000"},
		{"both descriptors", InvalidFieldInCDB.AtCDB(2, 7).WithInfo(1), true, "72 05 24 00 00 00 00 14 00 0a 80 00 0000000000000001 02 06 00 00 cf 0002 00"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.sense.Append([]byte{0xaa}, tc.descriptor)
			if want := bytesOf(t, "aa"+tc.want); !bytes.Equal(got, want) {
				t.Errorf("got  % x\nwant % x", got, want)
			}
			if len(got)-1 > MaxSenseLen {
				t.Errorf("%d bytes, MaxSenseLen is %d", len(got)-1, MaxSenseLen)
			}
		})
	}
}

func TestSenseIs(t *testing.T) {
	if at := InvalidFieldInCDB.AtCDB(1, 2); at == InvalidFieldInCDB || !at.Is(InvalidFieldInCDB) {
		t.Error("a field pointer must count for == and not for Is")
	}
	if InvalidFieldInCDB.Is(InvalidFieldInParams) {
		t.Error("24/00 is not 26/00")
	}
	if got := SpaceAllocationFailed.String(); got != "7/27/07" {
		t.Errorf("short form %q", got)
	}
}

func TestErrnoSense(t *testing.T) {
	tests := []struct {
		name               string
		e                  syscall.Errno
		read, write, flush Sense
	}{
		{"no error is Good", 0, Good, Good, Good},
		{"EIO is a medium error", syscall.EIO, UnrecoveredReadError, WriteError, WriteError},
		{"an errno in no table is a medium error", syscall.EXDEV, UnrecoveredReadError, WriteError, WriteError},
		{"a full file system", syscall.ENOSPC, UnrecoveredReadError, SpaceAllocationFailed, SpaceAllocationFailed},
		{"a full quota", syscall.EDQUOT, UnrecoveredReadError, SpaceAllocationFailed, SpaceAllocationFailed},
		{"a read-only file system", syscall.EROFS, UnrecoveredReadError, WriteProtected, WriteProtected},
		{"the device went away", syscall.ENXIO, LUNotReady, LUNotReady, LUNotReady},
		{"no memory for now", syscall.ENOMEM, InsufficientResources, InsufficientResources, InsufficientResources},
		{"the operation was cancelled", syscall.ECANCELED, AbortedCommand, AbortedCommand, AbortedCommand},
		{"our own mistake", syscall.EINVAL, InternalTargetFailure, InternalTargetFailure, InternalTargetFailure},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if got := ReadSense(tc.e); got != tc.read {
				t.Errorf("read: %v, want %v", got, tc.read)
			}
			if got := WriteSense(tc.e); got != tc.write {
				t.Errorf("write: %v, want %v", got, tc.write)
			}
			if got := FlushSense(tc.e); got != tc.flush {
				t.Errorf("flush: %v, want %v", got, tc.flush)
			}
		})
	}
}

func TestStatusString(t *testing.T) {
	for s, want := range map[Status]string{
		StatusGood: "GOOD", StatusCheckCondition: "CHECK CONDITION", StatusConditionMet: "CONDITION MET",
		StatusBusy: "BUSY", StatusReservationConflict: "RESERVATION CONFLICT", StatusTaskSetFull: "TASK SET FULL",
		StatusACAActive: "ACA ACTIVE", StatusTaskAborted: "TASK ABORTED", 0x22: "status 0x22",
	} {
		if got := s.String(); got != want {
			t.Errorf("%#02x is %q, want %q", uint8(s), got, want)
		}
	}
}
