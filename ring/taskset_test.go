// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/scsi"
)

// attr sends a command with a task attribute.
func (i *peer) attr(a pdu.TaskAttr, lun uint64, cdb []byte, in int, out []byte) *pdu.PDU {
	i.t.Helper()
	c := i.scsi(lun, cdb, in, out)
	c.SCSICommand().SetAttr(a)
	i.send(c)
	return c
}

// stuck sends a write whose data does not come before the test sends it, and
// returns its R2T.
func (i *peer) stuck(a pdu.TaskAttr) *pdu.PDU {
	i.t.Helper()
	i.attr(a, 0, write10(0, 8), 0, make([]byte, 4096))
	r := i.next()
	if r.Opcode() != pdu.OpR2T {
		i.t.Fatalf("%v instead of R2T", r.Opcode())
	}
	return r
}

// silent fails the test when the target says something within a short time.
func (i *peer) silent(when string) {
	i.t.Helper()
	was := i.timeout
	i.timeout = 50 * time.Millisecond
	if n, err := i.Read(make([]byte, 1)); n != 0 || err != unix.EAGAIN {
		i.t.Fatalf("%s: the target speaks (%v)", when, err)
	}
	i.timeout = was
}

// ends receives the ends of commands, whatever status they have, and wants them
// in this order.
func (i *peer) ends(when string, want ...*pdu.PDU) {
	i.t.Helper()
	for k, c := range want {
		for {
			p := i.next()
			if p.Opcode() == pdu.OpDataIn && !p.DataIn().HasStatus() && p.ITT() == c.ITT() {
				continue
			}
			if p.ITT() != c.ITT() || p.Opcode() != pdu.OpSCSIResponse && p.Opcode() != pdu.OpDataIn {
				i.t.Fatalf("%s: %v of tag %d at place %d, want tag %d", when, p.Opcode(), p.ITT(), k, c.ITT())
			}
			break
		}
	}
}

// noSets fails the test when the session still orders something.
func (i *peer) noSets() {
	i.t.Helper()
	n := make(chan int)
	i.sess.loop.mail.post(func() { n <- len(i.sess.sets) })
	if k := <-n; k != 0 {
		i.t.Errorf("%d task sets are left", k)
	}
}

var testUnitReady = make([]byte, 6)

// ORDERED commands wait for all before them and keep those after them back, in
// their unit only; HEAD OF QUEUE ones wait for nobody and keep back who has not
// started.
func TestTaskAttributes(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	data := pattern(4096, 1)

	first := i.stuck(pdu.AttrSimple)
	ordered := i.attr(pdu.AttrOrdered, 0, testUnitReady, 0, nil)
	simple := i.attr(pdu.AttrSimple, 0, testUnitReady, 0, nil)
	i.silent("behind a command that is open")
	i.ends("another unit", i.attr(pdu.AttrSimple, 1, testUnitReady, 0, nil))
	i.ends("head of queue", i.attr(pdu.AttrHeadOfQueue, 0, testUnitReady, 0, nil))
	i.silent("after a head of queue command")
	i.answer(first, data)
	i.ends("the barrier falls", &pdu.PDU{BHS: first.BHS}, ordered, simple)
	i.noSets()

	first = i.stuck(pdu.AttrOrdered)
	simple = i.attr(pdu.AttrSimple, 0, testUnitReady, 0, nil)
	second := i.attr(pdu.AttrOrdered, 0, testUnitReady, 0, nil)
	i.silent("behind an ordered command")
	i.answer(first, data)
	i.ends("one barrier after another", &pdu.PDU{BHS: first.BHS}, simple, second)

	first = i.stuck(pdu.AttrHeadOfQueue)
	simple = i.attr(pdu.AttrSimple, 0, testUnitReady, 0, nil)
	i.silent("behind a head of queue command that is open")
	i.answer(first, data)
	i.ends("the head of queue has ended", &pdu.PDU{BHS: first.BHS}, simple)

	if r := i.do(0, read10(0, 8), 4096, nil); !bytes.Equal(r.data, data) {
		t.Error("the disk does not hold what was written")
	}
	for _, a := range []pdu.TaskAttr{pdu.AttrACA, 5, 7} {
		c := i.attr(a, 0, testUnitReady, 0, nil)
		if r := i.finish(c.ITT(), nil); !r.sense.Is(scsi.InvalidMessage) {
			t.Errorf("attribute %d: %+v", a, r)
		}
	}
	i.noSets()
}

// A blocked command that is aborted, and one that blocks, make way.
func TestAbortOfBlocked(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	first := i.stuck(pdu.AttrSimple)
	ordered := i.attr(pdu.AttrOrdered, 0, testUnitReady, 0, nil)
	simple := i.attr(pdu.AttrSimple, 0, testUnitReady, 0, nil)
	abort := func(tag uint32) {
		t.Helper()
		r := i.request(pdu.OpTaskMgmt, 0)
		r.TaskMgmt().SetFunction(pdu.AbortTask)
		r.TaskMgmt().SetRefTag(tag)
		i.send(r)
	}
	abort(ordered.ITT())
	answers := map[pdu.Opcode]uint32{}
	for range 2 {
		a := i.next()
		answers[a.Opcode()] = a.ITT()
	}
	if answers[pdu.OpSCSIResponse] != simple.ITT() || answers[pdu.OpTaskMgmtResp] == 0 {
		t.Errorf("after the barrier was aborted: %v", answers)
	}
	ordered = i.attr(pdu.AttrOrdered, 0, testUnitReady, 0, nil)
	i.silent("behind a command that is open")
	abort(first.ITT())
	answers = map[pdu.Opcode]uint32{}
	for range 2 {
		a := i.next()
		answers[a.Opcode()] = a.ITT()
	}
	if answers[pdu.OpSCSIResponse] != ordered.ITT() {
		t.Errorf("after what the barrier waited for was aborted: %v", answers)
	}
	// The whole set at once: what was blocked does not start on the way.
	first = i.stuck(pdu.AttrSimple)
	before := i.do(1, read10(0, 1), 512, nil).data
	c := i.scsi(0, write10(64, 1), 0, pattern(512, 9))
	c.SCSICommand().SetAttr(pdu.AttrOrdered)
	c.Data = pattern(512, 9)
	i.send(c)
	if r := i.verdictWith(i.function(pdu.AbortTaskSet, 0, 0, 0, false), first); r != pdu.FunctionComplete {
		t.Errorf("abort task set: %d", r)
	}
	if after := i.do(0, read10(64, 1), 512, nil).data; !bytes.Equal(before, after) {
		t.Error("a blocked write was done while the set was aborted")
	}
	i.noSets()
}

// A blocked write keeps the data that came with it, and the memory for that does
// not keep a large command that it waits for from its own.
func TestBlockedData(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	first := i.stuck(pdu.AttrSimple)
	read := i.attr(pdu.AttrOrdered, 0, read10(0, MaxTransfer/512), MaxTransfer, nil)
	data := pattern(8192, 4)
	write := i.scsi(0, write10(100, 16), 0, data)
	write.Data = data[:4096]
	write.ClearFinal()
	i.send(write)
	i.send(dataOut(write.ITT(), pdu.NoTag, 0, 4096, data[4096:], true))
	i.silent("behind a command that is open")
	i.answer(first, make([]byte, 4096))
	i.ends("large and small", &pdu.PDU{BHS: first.BHS}, read, write)
	if r := i.do(0, read10(100, 16), 8192, nil); !bytes.Equal(r.data, data) {
		t.Error("the data of a blocked write did not reach the disk")
	}
	i.noSets()
}
