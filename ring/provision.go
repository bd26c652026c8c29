// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"

	"ietring/ring/internal/uring"
)

// UNMAP, WRITE SAME and GET LBA STATUS are done by workers: fallocate and fiemap
// can take long, and a WRITE SAME can be of the whole disk. A worker does one
// piece; the loop then queues the rest behind the jobs of others, unless the
// command was aborted meanwhile.

// provision does an UNMAP or a WRITE SAME whose data is here.
func (l *loop) provision(t *task) {
	if t.unit.null {
		l.respond(t)
		return
	}
	l.job(t)
}

// workUnmap gives back the next piece of the planned ranges.
func (t *task) workUnmap() error {
	r := t.plan.Ranges[t.runs]
	n := min(r.Len-t.worked, zeroPiece)
	if err := t.unit.disk.Discard(r.Off+t.worked, int(n)); err != nil {
		return err
	}
	if t.worked += n; t.worked == r.Len {
		t.runs, t.worked = t.runs+1, 0
	}
	return t.provisioned(t.runs == len(t.plan.Ranges))
}

// workWriteSame does the next piece of a WRITE SAME. Zeros are not written but
// told to the disk.
func (t *task) workWriteSame(scratch *uring.Memory) error {
	p := &t.plan
	left := int64(p.Len) - t.worked
	block := t.bytes(p.OutLen)
	var n int64
	var err error
	switch {
	case !isZero(block):
		n, err = t.workFill(scratch, block)
	case p.Unmap:
		n = min(left, zeroPiece)
		err = t.unit.disk.Discard(p.Off+t.worked, int(n))
	default:
		n = min(left, zeroPiece)
		err = t.unit.disk.Zero(p.Off+t.worked, int(n))
	}
	if err != nil {
		return err
	}
	t.worked += n
	return t.provisioned(t.worked == int64(p.Len))
}

// workFill writes block over and over, up to samePieces buffers of it, and
// returns how many bytes.
func (t *task) workFill(scratch *uring.Memory, block []byte) (n int64, err error) {
	if err := needScratch(scratch); err != nil {
		return 0, err
	}
	p, buf := &t.plan, *scratch
	left := int64(p.Len) - t.worked
	buf = buf[:min(left, maxSpan)]
	for at := 0; at < len(buf); at += len(block) {
		copy(buf[at:], block)
	}
	for range samePieces {
		part := buf[:min(left-n, maxSpan)]
		if len(part) == 0 {
			break
		}
		if err := t.unit.disk.WriteAt(part, p.Off+t.worked+n, false); err != nil {
			return n, err
		}
		n += int64(len(part))
	}
	return n, nil
}

// provisioned ends a piece: there is more to do, or all is to be made durable.
func (t *task) provisioned(all bool) error {
	if !all {
		t.more = true
		return nil
	}
	if t.plan.Durable {
		return t.unit.disk.Sync()
	}
	return nil
}

// isZero reports whether b has zeros only.
func isZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

// workLBAStatus asks the disk what is allocated and makes the reply of it.
func (t *task) workLBAStatus() error {
	p := &t.plan
	for off, end := p.Off, p.Off+int64(p.Len); off < end; {
		n, allocated, err := t.unit.disk.Extent(off, int(end-off))
		if err != nil {
			return err
		}
		off += int64(n)
		if !p.AddStatus(n, allocated) {
			break
		}
	}
	p.EndStatus()
	return nil
}
