// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"

	"ietring/ring/internal/uring"
	"ietring/scsi"
)

// What a worker does for the commands that read blocks to look at them: VERIFY,
// WRITE AND VERIFY, COMPARE AND WRITE, ORWRITE and PRE-FETCH.

// eachRead reads the planned range, at most a span at a time, to scratch, and
// calls f with what lies at off bytes from its start. It ends when f says so.
func (t *task) eachRead(scratch *uring.Memory, f func(off int, got []byte) (more bool, err error)) error {
	if err := needScratch(scratch); err != nil {
		return err
	}
	for off := 0; off < t.plan.Len; off += maxSpan {
		got := (*scratch)[:min(t.plan.Len-off, maxSpan)]
		if err := t.unit.disk.ReadAt(got, t.plan.Off+int64(off)); err != nil {
			return err
		}
		if more, err := f(off, got); err != nil || !more {
			return err
		}
	}
	return nil
}

// workVerify reads the range and, when the plan says so, compares it with the
// data that the initiator sent, or each block with the one block of it.
func (t *task) workVerify(scratch *uring.Memory) error {
	return t.eachRead(scratch, func(off int, got []byte) (bool, error) {
		if !t.plan.Compare {
			return true, nil
		}
		return t.matches(off, got), nil
	})
}

// matches compares got, which lies off bytes into the range, with the data that
// the initiator sent. It leaves MISCOMPARE at the first byte that differs.
func (t *task) matches(off int, got []byte) bool {
	for at := 0; at < len(got); {
		want := t.dataOf(off+at, len(got)-at)
		if bytes.Equal(got[at:at+len(want)], want) {
			at += len(want)
			continue
		}
		for i := range want {
			if got[at+i] != want[i] {
				t.status = scsi.StatusCheckCondition
				t.sense = scsi.Miscompare.WithInfo(uint64(off + at + i))
				return false
			}
		}
	}
	return true
}

// dataOf returns what the initiator sent for the range from byte off, as much as
// lies together and at most n bytes.
func (t *task) dataOf(off, n int) []byte {
	if t.plan.Repeat {
		return t.piece(off%t.plan.OutLen, min(n, t.plan.OutLen-off%t.plan.OutLen))
	}
	return t.piece(off, n)
}

// workCompareAndWrite compares the range with the first half of the data and,
// when they are equal, writes the second half in one go. The range is claimed.
// It has at most scsi.MaxCompareBlocks, less than a span.
func (t *task) workCompareAndWrite(scratch *uring.Memory) error {
	return t.eachRead(scratch, func(off int, got []byte) (bool, error) {
		if !t.matches(off, got) {
			return false, nil
		}
		for at := 0; at < len(got); {
			at += copy(got[at:], t.piece(len(got)+at, len(got)-at))
		}
		return true, t.unit.disk.WriteAt(got, t.plan.Off+int64(off), t.plan.Durable)
	})
}

// workOrWrite sets the bits of the data in the range, which is claimed.
func (t *task) workOrWrite(scratch *uring.Memory) error {
	return t.eachRead(scratch, func(off int, got []byte) (bool, error) {
		for i, b := range t.piece(off, len(got)) {
			got[i] |= b
		}
		return true, t.unit.disk.WriteAt(got, t.plan.Off+int64(off), t.plan.Durable)
	})
}

// workPrefetch reads the range, so that the page cache has it.
func (t *task) workPrefetch(scratch *uring.Memory) error {
	return t.eachRead(scratch, func(int, []byte) (bool, error) { return true, nil })
}
