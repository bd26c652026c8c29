// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"testing"
	"time"

	"ietring/pdu"
	"ietring/scsi"
)

// TestCounters has an initiator do a known number of things.
func TestCounters(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	ask := func() Counters {
		t.Helper()
		list := p.eng.Counters(context.Background())
		if len(list) != 1 {
			t.Fatalf("%d loops answer", len(list))
		}
		return list[0]
	}
	ping := func(wire []byte, answer int) {
		buf := make([]byte, answer)
		i.exchange(wire, buf)
	}
	before := ask()
	for range 3 {
		ping(i.framing.Append(nil, i.scsi(1, read10(0, 8), 4096, nil)), pdu.HeaderLen+4096)
	}
	for range 2 {
		c := i.scsi(1, write10(0, 8), 0, make([]byte, 4096))
		c.Data = make([]byte, 4096)
		ping(i.framing.Append(nil, c), pdu.HeaderLen)
	}
	ping(i.framing.Append(nil, i.scsi(1, make([]byte, 16), 0, nil)), pdu.HeaderLen) // TEST UNIT READY
	after := ask()
	for _, row := range []struct {
		name      string
		got, want uint64
	}{
		{"reads", after.Reads - before.Reads, 3},
		{"writes", after.Writes - before.Writes, 2},
		{"other commands", after.Others - before.Others, 1},
		{"PDUs in", after.PDUsIn - before.PDUsIn, 6},
		{"PDUs out", after.PDUsOut - before.PDUsOut, 6},
		{"bytes in", after.BytesIn - before.BytesIn, 6*pdu.HeaderLen + 2*4096},
		{"bytes out", after.BytesOut - before.BytesOut, 6*pdu.HeaderLen + 3*4096},
		{"sends", after.Sends - before.Sends, 6},
		{"connections", uint64(after.Connections), 1},
		{"open tasks", uint64(after.Tasks), 0},
		{"buffer memory held", uint64(after.BufferUsed), 0},
	} {
		if row.got != row.want {
			t.Errorf("%s: %d, want %d", row.name, row.got, row.want)
		}
	}
	if after.Turns <= before.Turns || after.Enters <= before.Enters || after.Sleeps > after.Enters || after.Receives <= before.Receives {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestCountCommand(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sense    scsi.Sense
		action   scsi.Action
		want     Counters
	}{
		{"a read", scsi.Good, scsi.ActionRead, Counters{Reads: 1}},
		{"a write", scsi.Good, scsi.ActionWrite, Counters{Writes: 1}},
		{"a write that is verified", scsi.Good, scsi.ActionWriteVerify, Counters{Writes: 1}},
		{"a flush", scsi.Good, scsi.ActionFlush, Counters{Others: 1}},
		{"a read that is refused", scsi.InvalidFieldInCDB, scsi.ActionRead, Counters{Others: 1}},
	} {
		var c Counters
		c.countCommand(row.sense, &scsi.Plan{Action: row.action})
		if c != row.want {
			t.Errorf("%s: %+v", row.sentence, c)
		}
	}
}

// TestCountersHung: the loops that answer are heard, and one that hangs is asked
// once, however often there is a question.
func TestCountersHung(t *testing.T) {
	p := newPlane(t, 2)
	release, hangs := make(chan struct{}), make(chan struct{})
	p.eng.loops[0].mail.post(func() { close(hangs); <-release })
	<-hangs
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		// A slow machine may not let the other answer in time either.
		for _, c := range p.eng.Counters(ctx) {
			if c.Loop != 1 {
				t.Errorf("loop %d has answered", c.Loop)
			}
		}
		cancel()
	}
	m := &p.eng.loops[0].mail
	m.mu.Lock()
	if n := len(m.funcs); n != 1 {
		t.Errorf("%d questions wait for the loop that hangs", n)
	}
	m.mu.Unlock()
	close(release)
	if list := p.eng.Counters(context.Background()); len(list) != 2 || list[0].Loop != 0 || list[1].Loop != 1 {
		t.Errorf("loops that go on: %+v", list)
	}
	p.end()
	if list := p.eng.Counters(context.Background()); len(list) != 0 {
		t.Errorf("loops that have ended: %+v", list)
	}
}
