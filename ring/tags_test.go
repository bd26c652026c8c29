// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math/rand/v2"
	"testing"

	"ietring/pdu"
	"ietring/scsi"
)

// The table of tags and a map agree, for tags that count up, tags that differ in
// high bits only, and any, in tables with fewer chains than requests.
func TestTagTable(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, depth := range []int{1, 2, 3, 64, 5000} {
		for name, tag := range map[string]func(i int) uint32{
			"counted up":   func(i int) uint32 { return uint32(i) },
			"in high bits": func(i int) uint32 { return uint32(i) << 24 },
			"any":          func(int) uint32 { return rnd.Uint32() },
		} {
			table, open := newTagTable(depth), map[uint32]*task{}
			for i := range 5000 {
				itt := tag(i)
				if got := table.taken(itt); got != (open[itt] != nil) {
					t.Fatalf("depth %d, tags %s: tag %x is taken: %v", depth, name, itt, got)
				}
				if open[itt] == nil {
					v := &task{}
					v.bhs.SetITT(itt)
					table.add(v)
					open[itt] = v
				}
				for itt, v := range open { // one at random, every other time
					if i%2 == 0 || len(open) > 200 {
						table.remove(v)
						table.remove(v)
						delete(open, itt)
					}
					break
				}
			}
			for _, v := range open {
				table.remove(v)
			}
			for _, chain := range table.chains {
				if chain != nil {
					t.Fatalf("depth %d, tags %s: something is left", depth, name)
				}
			}
		}
	}
}

// A request with the tag of one that is open is rejected, and its number counts as
// received; once the first is answered the tag is free.
func TestTagInUse(t *testing.T) {
	p := newPlane(t, 1)
	a := p.connect(defaults)
	b := a.join(p, 8)
	open := a.stuck(pdu.AttrSimple)
	withData := a.scsi(0, write10(0, 1), 0, make([]byte, 512))
	withData.Data = make([]byte, 512)
	for _, tt := range []struct {
		name string
		on   *peer
		pdu  *pdu.PDU
	}{
		{"a command with data", a, withData},
		{"a command", a, a.scsi(0, testUnitReady, 0, nil)},
		{"a command on another connection", b, a.scsi(0, read10(0, 1), 512, nil)},
		{"a logout", a, a.logout(pdu.LogoutCloseSession, 0)},
		{"an immediate function", a, a.function(pdu.AbortTaskSet, 0, 0, 0, true)},
	} {
		tt.pdu.SetITT(open.ITT())
		tt.on.send(tt.pdu)
		r := tt.on.next()
		if r.Opcode() != pdu.OpReject || r.Reject().Reason() != pdu.ReasonTaskInProgress || pdu.View(r.Data).Opcode() != tt.pdu.Opcode() {
			t.Fatalf("%s: %v", tt.name, r.Opcode())
		}
	}
	a.answer(open, make([]byte, 4096))
	a.ends("the first", open)
	again := a.scsi(0, testUnitReady, 0, nil)
	again.SetITT(open.ITT())
	a.send(again)
	if r := a.finish(open.ITT(), nil); r.status != scsi.StatusGood {
		t.Errorf("the tag afterwards: %+v", r)
	}
}

func BenchmarkTagTable(b *testing.B) {
	table := newTagTable(128)
	tasks := make([]task, 32)
	i := uint32(0)
	for b.Loop() {
		t := &tasks[i%32]
		table.remove(t)
		t.bhs.SetITT(i)
		if !table.taken(i) {
			table.add(t)
		}
		i++
	}
}
