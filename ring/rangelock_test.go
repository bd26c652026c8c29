// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

// A modelClaim is a claim as the obvious model has it: it begins when no earlier
// one that conflicts is left.
type modelClaim struct {
	claim
	begun bool
}

// The lock agrees with a list in which every claim looks at all earlier ones.
func TestRangeLockModel(t *testing.T) {
	const seed = 20261122
	random := rand.New(rand.NewPCG(seed, 1))
	var k rangeLock
	var model []*modelClaim // in the order in which they came
	for step := range 20_000 {
		if len(model) == 0 || len(model) < 40 && random.IntN(2) == 0 {
			c := &modelClaim{}
			c.off, c.n, c.alone = random.Int64N(100), 1+random.Int64N(10), random.IntN(3) == 0
			c.claim.begin = func() {
				if c.begun {
					t.Fatalf("step %d: a claim begins twice", step)
				}
				c.begun = true
			}
			k.enter(&c.claim)
			model = append(model, c)
			c.arrive()
		} else if i := random.IntN(len(model)); model[i].begun {
			c := model[i]
			model = slices.Delete(model, i, i+1)
			k.leave(&c.claim)
		}
		for i, c := range model {
			free := !slices.ContainsFunc(model[:i], func(o *modelClaim) bool {
				return (o.alone || c.alone) && o.off < c.off+c.n && c.off < o.off+o.n
			})
			if c.begun != free {
				t.Fatalf("seed %d, step %d: claim %d of %d has begun: %v, should: %v", seed, step, i, len(model), c.begun, free)
			}
		}
		if int(k.busy.Load()) != len(model) {
			t.Fatalf("step %d: busy is %d with %d claims", step, k.busy.Load(), len(model))
		}
	}
}

// A claim to be alone waits for the overlapping writes that are in flight, not
// for others.
func TestRangeLockInFlight(t *testing.T) {
	disk := new(backing.Disk)
	u, elsewhere := &lu{disk: disk, lock: new(rangeLock)}, &lu{disk: disk, lock: new(rangeLock)}
	for _, tt := range []struct {
		name  string
		task  *task
		waits bool
	}{
		{"a write of the last byte", &task{writing: true, unit: u, plan: scsi.Plan{Action: scsi.ActionWrite, Off: 107, Len: 50}}, true},
		{"a write that is verified", &task{writing: true, unit: u, plan: scsi.Plan{Action: scsi.ActionWriteVerify, Off: 90, Len: 11}}, true},
		{"a write in front of the range", &task{writing: true, unit: u, plan: scsi.Plan{Action: scsi.ActionWrite, Off: 90, Len: 10}}, false},
		{"a write behind it", &task{writing: true, unit: u, plan: scsi.Plan{Action: scsi.ActionWrite, Off: 108, Len: 10}}, false},
		{"a write on another disk", &task{writing: true, unit: elsewhere, plan: scsi.Plan{Action: scsi.ActionWrite, Off: 100, Len: 8}}, false},
		{"a write that collects its data", &task{unit: u, plan: scsi.Plan{Action: scsi.ActionWrite, Off: 100, Len: 8}}, false},
		{"a read", &task{unit: u, plan: scsi.Plan{Action: scsi.ActionRead, Off: 100, Len: 8}}, false},
	} {
		begun := false
		c := &claim{off: 100, n: 8, alone: true, begin: func() { begun = true }}
		l := &loop{conns: []*conn{{tasks: tt.task}}}
		u.lock.enter(c)
		l.awaitWrites(u.lock, c)
		if begun != !tt.waits {
			t.Errorf("%s: the claim has begun: %v", tt.name, begun)
		}
		l.settled(tt.task)
		if !begun {
			t.Errorf("%s: the claim does not begin when it is done", tt.name)
		}
		u.lock.leave(c)
	}
}

// hold claims blocks of the plane's LUN 0 alone; the function gives them back.
func (p *plane) hold(lba, blocks int) (release func()) {
	k := p.eng.units.get(p.target.Lookup([8]byte{}).Handle()).lock
	held := make(chan struct{})
	c := &claim{off: int64(lba) * 512, n: int64(blocks) * 512, alone: true, begin: func() { close(held) }}
	p.eng.claim(k, c)
	<-held
	return func() { k.leave(c) }
}

// nop sends a NOP-Out and returns what comes next.
func (i *peer) nop() *pdu.PDU {
	i.t.Helper()
	n := i.request(pdu.OpNopOut, 0)
	n.NopOut().SetTTT(pdu.NoTag)
	i.send(n)
	return i.next()
}

// Who holds a range stops those who change it, and nobody else.
func TestRangeHeld(t *testing.T) {
	p := newPlane(t, 2)
	holder, other := p.connect(defaults), p.connect(defaults)
	block := pattern(512, 1)
	for _, tt := range []struct {
		name  string
		cdb   []byte
		in    int
		out   []byte
		waits bool
	}{
		{"a write of a block that is held waits", write10(15, 1), 0, block, true},
		{"a write of blocks around those that are held waits", write10(0, 32), 0, pattern(32*512, 2), true},
		{"WRITE AND VERIFY of them waits", rw10(0x2e, 10, 1), 0, block, true},
		{"ORWRITE of them waits", unhex(t, "8b00000000000000000a000000010000"), 0, block, true},
		{"COMPARE AND WRITE of them waits", unhex(t, "8900000000000000000a000000010000"), 0, pattern(1024, 3), true},
		{"a read of them does not", read10(10, 6), 6 * 512, nil, false},
		{"a write before them does not", write10(9, 1), 0, block, false},
		{"a write behind them does not", write10(16, 1), 0, block, false},
		{"COMPARE AND WRITE elsewhere does not", unhex(t, "89000000000000000064000000010000"), 0, pattern(1024, 3), false},
		{"a write of no blocks does not", write10(10, 0), 0, nil, false},
	} {
		release := p.hold(10, 6)
		c := other.scsi(0, tt.cdb, tt.in, tt.out)
		c.Data = tt.out // immediate
		other.send(c)
		if !tt.waits {
			other.finish(c.ITT(), nil)
			release()
			continue
		}
		// What the other session does meanwhile is answered, and then the
		// held command: the order of answers tells that it waited.
		holder.do(0, read10(0, 1), 512, nil)
		if a := other.nop(); a.Opcode() != pdu.OpNopIn {
			t.Errorf("%s: it is answered with %v while the range is held", tt.name, a.Opcode())
		}
		release()
		other.finish(c.ITT(), nil)
	}
}

// A command that waits for a range can be aborted; the abort is answered when
// its turn has come, and nothing is written.
func TestAbortWaitingForRange(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	before := i.do(0, read10(10, 1), 512, nil).data
	release := p.hold(10, 1)
	c := i.scsi(0, write10(10, 1), 0, pattern(512, 9))
	c.Data = pattern(512, 9)
	i.send(c)
	f := i.request(pdu.OpTaskMgmt, 0)
	f.TaskMgmt().SetFunction(pdu.AbortTask)
	f.TaskMgmt().SetRefTag(c.ITT())
	i.send(f)
	if a := i.nop(); a.Opcode() != pdu.OpNopIn {
		t.Fatalf("%v comes while the range is held", a.Opcode())
	}
	release()
	if a := i.next(); a.Opcode() != pdu.OpTaskMgmtResp || a.TaskMgmtResponse().Response() != pdu.FunctionComplete {
		t.Fatalf("%v answers the abort", a.Opcode())
	}
	if after := i.do(0, read10(10, 1), 512, nil).data; string(after) != string(before) {
		t.Error("the aborted write has reached the disk")
	}
	if n := p.eng.units.get(p.target.Lookup([8]byte{}).Handle()).lock.busy.Load(); n != 0 {
		t.Errorf("%d claims are left", n)
	}
}

// caw is a COMPARE AND WRITE of one block of LUN 0, whose two first words are
// compared and set.
func (i *peer) caw(lba int, old, new [2]uint64) result {
	i.t.Helper()
	out := make([]byte, 1024)
	for k, v := range [4]uint64{0: old[0], 1: old[1], 2: new[0], 3: new[1]} {
		binary.BigEndian.PutUint64(out[k/2*512+k%2*8:], v)
	}
	return i.do(0, unhex(i.t, fmt.Sprintf("8900%016x000000010000", lba)), 0, out)
}

// words reads the two first words of a block of LUN 0.
func (i *peer) words(lba int) (w [2]uint64) {
	i.t.Helper()
	d := i.do(0, read10(lba, 1), 512, nil).data
	return [2]uint64{binary.BigEndian.Uint64(d), binary.BigEndian.Uint64(d[8:])}
}

// Sixteen sessions on two loops count in blocks by COMPARE AND WRITE. In block 0
// no count may be lost. Into block 1 one of them writes numbers of its own with
// WRITE, none of which may be lost under a COMPARE AND WRITE that compared with
// what was there before.
func TestCompareAndWriteConcurrent(t *testing.T) {
	const sessions, counts, writes = 16, 20, 60
	p := newPlane(t, 2)
	t.Run("sessions", func(t *testing.T) {
		for n := range sessions {
			i := p.connect(defaults)
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				i.t = t
				if n == 0 {
					i.writeBetween(1, writes)
					return
				}
				for done := 0; done < counts; {
					now := i.words(0)
					r := i.caw(0, now, [2]uint64{now[0] + 1, now[1]})
					switch {
					case r.status == scsi.StatusGood:
						done++
					case !r.sense.Is(scsi.Miscompare):
						t.Fatalf("%+v", r)
					}
					now = i.words(1)
					i.caw(1, now, [2]uint64{now[0], now[1] + 1})
				}
			})
		}
	})
	last := p.connect(defaults)
	if got := last.words(0)[0]; got != (sessions-1)*counts {
		t.Errorf("the sessions have counted to %d, want %d", got, (sessions-1)*counts)
	}
}

// writeBetween writes 1, 2, … into the first word of a block, the second of which
// others count; each must stay until the next.
func (i *peer) writeBetween(lba, times int) {
	i.t.Helper()
	for n := range uint64(times) {
		block := make([]byte, 512)
		binary.BigEndian.PutUint64(block, n+1)
		if r := i.do(0, write10(lba, 1), 0, block); r.status != scsi.StatusGood {
			i.t.Fatalf("%+v", r)
		}
		if got := i.words(lba)[0]; got != n+1 {
			i.t.Fatalf("%d was written and %d is there", n+1, got)
		}
	}
}
