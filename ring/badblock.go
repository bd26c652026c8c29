// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// A read of many blocks fails as a whole when one of them is bad, and the kernel
// does not say which. The initiator wants to know: INFORMATION is the LBA of the
// first one (SBC-3, "sense information field"). So a worker reads again, less and
// less of it, before the command is answered.

// locate has a worker look for the first bad block of a read that has failed.
// It returns false when there is nothing to look for.
func (l *loop) locate(t *task) bool {
	a := t.plan.Action
	if t.locating || t.abortd || a != scsi.ActionRead && a != scsi.ActionVerify || t.sense != scsi.UnrecoveredReadError {
		return false
	}
	t.locating = true
	l.job(t)
	return true
}

// workLocate finds the first block of t that cannot be read. Nothing is said of
// it when all can be read after all, or fail in another way.
func (t *task) workLocate(scratch *uring.Memory) {
	n := t.plan.Len
	if t.plan.Action == scsi.ActionRead {
		n = t.need()
	}
	if *scratch == nil {
		m, err := uring.NewMemory(maxSpan)
		if err != nil {
			return // the command ends as it would have, without the block
		}
		*scratch = m
	}
	for off := 0; off < n; off += maxSpan {
		length := min(n-off, maxSpan)
		if t.readable((*scratch)[:length], off) {
			continue
		}
		if at := t.firstBad(*scratch, off, length); at >= 0 {
			t.sense = t.sense.WithInfo(uint64(t.plan.Off+int64(at)) / uint64(t.unit.disk.BlockSize()))
		}
		return
	}
}

// firstBad returns the offset of the first block that cannot be read, of length
// bytes at off that could not be; -1 when all can by now.
func (t *task) firstBad(scratch uring.Memory, off, length int) int {
	bs := int(t.unit.disk.BlockSize())
	good, bad := 0, length // blocks before good can be read, good to bad cannot
	for bad-good > bs {
		half := good + (bad-good)/bs/2*bs
		if t.readable(scratch[:half-good], off+good) {
			good = half
		} else {
			bad = half
		}
	}
	if t.readable(scratch[:bs], off+good) {
		return -1
	}
	return off + good
}

// readable reports whether len(b) bytes at off of the command can be read, or
// fail for another reason than a bad medium.
func (t *task) readable(b []byte, off int) bool {
	err := t.unit.disk.ReadAt(b, t.plan.Off+int64(off))
	return err == nil || scsi.ReadSense(errnoOf(err)) != scsi.UnrecoveredReadError
}
