// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"encoding/binary"
	"testing"

	"ietring/pdu"
	"ietring/scsi"
)

// persist does a PERSISTENT RESERVE OUT on LUN 0.
func (i *peer) persist(action, kind byte, key, newKey uint64) result {
	i.t.Helper()
	out := make([]byte, 24)
	binary.BigEndian.PutUint64(out, key)
	binary.BigEndian.PutUint64(out[8:], newKey)
	cdb := make([]byte, 16)
	cdb[0], cdb[1], cdb[2], cdb[8] = 0x5f, action, kind, 24
	return i.do(0, cdb, 0, out)
}

// TestPreemptAndAbort: a node is fenced while a write of its waits for data. The
// write was planned when it was let through; it must not reach the disk any more
// once the fence is answered, is not answered itself, and its node is told.
func TestPreemptAndAbort(t *testing.T) {
	const reserve, preemptAbort, registerIgnore, exclusiveAccess = 0x01, 0x05, 0x06, 3
	p := newPlane(t, 2)
	victim, fencer := p.connect(defaults), p.connect(defaults)
	for name, r := range map[string]result{
		"the victim registers": victim.persist(registerIgnore, 0, 0, 7),
		"the victim reserves":  victim.persist(reserve, exclusiveAccess, 7, 0),
		"the fencer registers": fencer.persist(registerIgnore, 0, 0, 8),
	} {
		if r.status != scsi.StatusGood {
			t.Fatalf("%s: %v", name, r.status)
		}
	}
	theirs, ours := pattern(4096, 1), pattern(4096, 2)
	w := victim.scsi(0, write10(0, 8), 0, theirs)
	victim.send(w)
	r2t := victim.next()
	if r2t.Opcode() != pdu.OpR2T {
		t.Fatalf("%v instead of R2T", r2t.Opcode())
	}
	if r := fencer.persist(preemptAbort, exclusiveAccess, 8, 7); r.status != scsi.StatusGood {
		t.Fatalf("PREEMPT AND ABORT: %v", r.status)
	}
	if r := fencer.do(0, write10(0, 8), 0, ours); r.status != scsi.StatusGood {
		t.Fatalf("the fencer's write: %v", r.status)
	}
	victim.send(dataOut(w.ITT(), r2t.R2T().TTT(), 0, 0, theirs, true)) // too late
	for _, want := range []scsi.Sense{{Key: scsi.UnitAttention, ASC: 0x2f}, {Key: scsi.UnitAttention, ASC: 0x2a, ASCQ: 0x05}} {
		if r := victim.do(0, testUnitReady, 0, nil); !r.sense.Is(want) {
			t.Errorf("the victim finds %v, want %v", r.sense, want)
		}
	}
	if r := victim.do(0, write10(0, 8), 0, theirs); r.status != scsi.StatusReservationConflict {
		t.Errorf("another write of the victim: %v", r.status)
	}
	if r := fencer.do(0, read10(0, 8), 4096, nil); !bytes.Equal(r.data, ours) {
		t.Error("what the victim had under way was written after it was fenced")
	}
}
