// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

// What is written is read back, through every way data can travel.
func TestReadWrite(t *testing.T) {
	p := newPlane(t, 1)
	for _, tt := range []struct {
		name string
		set  func(*Params)
	}{
		{"as negotiated by default", func(*Params) {}},
		{"digests", func(p *Params) { p.HeaderDigest, p.DataDigest = true, true }},
		{"header digest only", func(p *Params) { p.HeaderDigest = true }},
		{"data digest only", func(p *Params) { p.DataDigest = true }},
		{"the smallest lengths", func(p *Params) { p.MaxBurstLength, p.FirstBurstLength, p.MaxXmitDataSegmentLength = 512, 512, 512 }},
		{"several R2Ts at once", func(p *Params) { p.MaxOutstandingR2T, p.MaxBurstLength = 8, 4096 }},
		{"lengths that divide nothing", func(p *Params) { p.MaxBurstLength, p.MaxXmitDataSegmentLength = 10_001, 3_003 }},
		{"the largest lengths", func(p *Params) { p.MaxBurstLength, p.MaxXmitDataSegmentLength = pdu.MaxDataLen, pdu.MaxDataLen }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			params := defaults
			tt.set(&params)
			i := p.connect(params)
			for k, n := range []int{1, 8, 100, 2048, 4099} {
				want := pattern(n*512, k)
				if r := i.do(0, write10(k*5000, n), 0, want); r.status != scsi.StatusGood || r.residual != 0 {
					t.Fatalf("write %d blocks: %+v", n, r)
				}
				r := i.do(0, read10(k*5000, n), n*512, nil)
				if r.status != scsi.StatusGood || !bytes.Equal(r.data, want) {
					t.Fatalf("read %d blocks: %v, %d bytes", n, r.status, len(r.data))
				}
			}
		})
	}
}

// Immediate and unsolicited data in all four settings of ImmediateData and
// InitialR2T reach the disk.
func TestUnsolicited(t *testing.T) {
	p := newPlane(t, 1)
	for n := range 4 {
		params := defaults
		params.ImmediateData, params.InitialR2T = n&1 != 0, n&2 != 0
		params.FirstBurstLength = 8192
		t.Run(fmt.Sprintf("ImmediateData=%v,InitialR2T=%v", params.ImmediateData, params.InitialR2T), func(t *testing.T) {
			i := p.connect(params)
			for k, blocks := range []int{1, 16, 17, 200} {
				data := pattern(blocks*512, k+n)
				c := i.scsi(0, write10(k*1000, blocks), 0, data)
				sent := 0
				if params.ImmediateData {
					sent = min(4096, len(data))
					c.Data = data[:sent]
				}
				first := min(params.FirstBurstLength, len(data))
				unsolicited := !params.InitialR2T && sent < first
				if unsolicited {
					c.ClearFinal()
				}
				i.send(c)
				for sn := uint32(0); unsolicited && sent < first; sn++ {
					m := min(1024, first-sent)
					i.send(dataOut(c.ITT(), pdu.NoTag, sn, sent, data[sent:sent+m], sent+m == first))
					sent += m
				}
				if r := i.finish(c.ITT(), data); r.status != scsi.StatusGood {
					t.Fatalf("write %d blocks: %+v", blocks, r)
				}
				if r := i.do(0, read10(k*1000, blocks), len(data), nil); !bytes.Equal(r.data, data) {
					t.Fatalf("read %d blocks: %v", blocks, r.status)
				}
			}
		})
	}
}

// Data that comes out of order or in excess ends the write with DATA PHASE
// ERROR once its last PDU is here, and nothing reaches the disk.
func TestBadDataOut(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	before := i.do(0, read10(0, 8), 4096, nil).data
	data := pattern(4096, 3)
	for _, tt := range []struct {
		name  string
		spoil func(d *pdu.PDU)
	}{
		{"DataSN is not the first", func(d *pdu.PDU) { d.DataOut().SetDataSN(1) }},
		{"the offset is not the next", func(d *pdu.PDU) { d.DataOut().SetBufferOffset(512) }},
		{"the burst ends too early", func(d *pdu.PDU) { d.Data = d.Data[:512] }},
		{"more than was asked for", func(d *pdu.PDU) { d.Data = append(bytes.Clone(d.Data), d.Data...) }},
	} {
		c := i.scsi(0, write10(0, 8), 0, data)
		i.send(c)
		r2t := i.next()
		d := dataOut(c.ITT(), r2t.R2T().TTT(), 0, 0, data, true)
		tt.spoil(d)
		i.send(d)
		if r := i.finish(c.ITT(), nil); r.status != scsi.StatusCheckCondition || !r.sense.Is(scsi.DataPhaseError) {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	if after := i.do(0, read10(0, 8), 4096, nil).data; !bytes.Equal(before, after) {
		t.Error("the disk has changed")
	}
	c := i.scsi(0, write10(0, 8), 0, data)
	i.send(c)
	r2t := i.next()
	i.send(dataOut(c.ITT(), r2t.R2T().TTT()+1, 0, 0, data, true))
	if a := i.next(); a.Opcode() != pdu.OpReject || a.Reject().Reason() != pdu.ReasonInvalidPDUField {
		t.Errorf("data with a tag that nobody gave: %v", a.Opcode())
	}
	i.answer(r2t, data)
	if r := i.finish(c.ITT(), nil); r.status != scsi.StatusGood {
		t.Errorf("the right data after it: %+v", r)
	}
	i.do(0, write10(0, 8), 0, before)
	// Data for nobody is dropped in silence.
	i.send(dataOut(999, 0x12345, 0, 0, data, true))
	i.send(dataOut(999, pdu.NoTag, 0, 0, data, true))
	if r := i.do(0, read10(0, 8), 4096, nil); r.status != scsi.StatusGood {
		t.Errorf("after data for nobody: %+v", r)
	}
}

// Residuals tell the difference between what is moved and what was expected.
func TestResiduals(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	for _, tt := range []struct {
		name    string
		cdb     []byte
		in, out int
		status  scsi.Status
		want    pdu.Residual
		data    int
	}{
		{"a read as expected", read10(0, 2), 1024, 0, scsi.StatusGood, 0, 1024},
		{"a read of less than expected", read10(0, 2), 4096, 0, scsi.StatusGood, 1024 - 4096, 1024},
		{"a read of more than expected", read10(0, 2), 512, 0, scsi.StatusGood, 512, 512},
		{"a read of part of a block", read10(0, 1), 200, 0, scsi.StatusGood, 312, 200},
		{"a read that expects nothing", read10(0, 1), 0, 0, scsi.StatusGood, 512, 0},
		{"a write as expected", write10(0, 2), 0, 1024, scsi.StatusGood, 0, 0},
		{"a write of less than expected", write10(0, 2), 0, 4096, scsi.StatusGood, 1024 - 4096, 0},
		{"a write of more than expected", write10(0, 2), 0, 512, scsi.StatusGood, 512, 0},
		{"a write of part of a block", write10(0, 1), 0, 200, scsi.StatusCheckCondition, 312, 0},
		{"a read that is refused", read10(1<<30, 1), 512, 0, scsi.StatusCheckCondition, -512, 0},
		{"no data, some expected", make([]byte, 6), 100, 0, scsi.StatusGood, -100, 0},
	} {
		r := i.do(0, tt.cdb, tt.in, pattern(tt.out, 0))
		if r.status != tt.status || r.residual != tt.want || len(r.data) != tt.data {
			t.Errorf("%s: %v, residual %d, %d bytes; want %v, %d, %d", tt.name, r.status, r.residual, len(r.data), tt.status, tt.want, tt.data)
		}
	}
}

// VERIFY compares, WRITE AND VERIFY writes and compares, and a difference says
// where it is.
func TestVerify(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	data := pattern(4096, 9)
	writeVerify, verify := rw10(0x2e, 64, 8), rw10(0x2f, 64, 8)
	writeVerify[1], verify[1] = 2, 2 // BYTCHK
	if r := i.do(0, writeVerify, 0, data); r.status != scsi.StatusGood {
		t.Fatalf("write and verify: %+v", r)
	}
	if r := i.do(0, verify, 0, data); r.status != scsi.StatusGood {
		t.Fatalf("verify: %+v", r)
	}
	data[1000] ^= 1
	if r := i.do(0, verify, 0, data); !r.sense.Is(scsi.Miscompare) {
		t.Errorf("a different byte: %+v", r)
	}
	if r := i.do(1, verify, 0, make([]byte, 4096)); r.status != scsi.StatusGood {
		t.Errorf("nullio holds zeroes, yet: %+v", r)
	}
	if r := i.do(0, unhex(t, "35000000000000000000"), 0, nil); r.status != scsi.StatusGood {
		t.Errorf("synchronize cache: %+v", r)
	}
}

// Commands before their turn wait for it; those outside the window are
// ignored, and the window moves as commands end.
func TestCommandOrder(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	a := i.scsi(0, write10(0, 1), 0, pattern(512, 1))
	a.Data = pattern(512, 1)
	b := i.scsi(0, write10(8, 1), 0, pattern(512, 2))
	b.Data = pattern(512, 2)
	n := i.request(pdu.OpNopOut, 0)
	n.NopOut().SetTTT(pdu.NoTag)
	n.Data = []byte("third")
	i.send(n)
	i.send(b)
	i.timeout = 100 * time.Millisecond
	if got, err := i.Read(make([]byte, 1)); got != 0 || err != unix.EAGAIN {
		t.Fatalf("answered before its turn: %v", err)
	}
	i.timeout = 5 * time.Second
	i.send(a)
	open := map[uint32]bool{a.ITT(): true, b.ITT(): true, n.ITT(): true}
	for range 3 {
		answer := i.next()
		if !open[answer.ITT()] || answer.Opcode() == pdu.OpSCSIResponse && answer.SCSIResponse().Status() != 0 {
			t.Fatalf("%v for tag %d", answer.Opcode(), answer.ITT())
		}
		delete(open, answer.ITT())
	}
	if r := i.do(0, read10(8, 1), 512, nil); !bytes.Equal(r.data, pattern(512, 2)) {
		t.Error("immediate data that came before its turn did not reach the disk")
	}
	for _, off := range []pdu.Serial{testDepth + 10, ^pdu.Serial(4)} {
		c := i.scsi(0, read10(0, 1), 512, nil)
		i.cmdSN--
		c.SetCmdSN(c.CmdSN() + off)
		i.send(c)
	}
	if r := i.do(0, read10(0, 1), 512, nil); r.status != scsi.StatusGood {
		t.Errorf("after two ignored commands: %+v", r)
	}
}

// Data written is in the file when the status is here.
func TestDurable(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	want := pattern(512, 77)
	i.do(0, write10(9, 1), 0, want)
	b, err := os.ReadFile(p.path)
	if err != nil || !bytes.Equal(b[9*512:10*512], want) {
		t.Errorf("the file does not hold the block: %v", err)
	}
}

// A warm 4 KiB read and a warm 4 KiB write allocate nothing, on nullio and on a
// direct file.
func TestNoAllocation(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	for _, tt := range []struct {
		name  string
		lun   uint64
		cdb   []byte
		write bool
	}{
		{"read from nullio", 1, read10(0, 8), false},
		{"write to nullio", 1, write10(0, 8), true},
		{"read from a file", 0, read10(0, 8), false},
		{"write to a file", 0, write10(0, 8), true},
	} {
		var c *pdu.PDU
		answer := pdu.HeaderLen
		if tt.write {
			c = i.scsi(tt.lun, tt.cdb, 0, make([]byte, 4096))
			c.Data = make([]byte, 4096)
		} else {
			c = i.scsi(tt.lun, tt.cdb, 4096, nil)
			answer += 4096
		}
		wire := i.framing.Append(nil, c)
		buf := make([]byte, answer)
		const commands = 500
		round := func() {
			for range commands {
				i.exchange(wire, buf)
				h := pdu.View(wire)
				h.SetCmdSN(h.CmdSN() + 1)
				i.cmdSN = h.CmdSN()
			}
		}
		round() // warm
		// The rest of the process may allocate now and then; a command that
		// does shows in every round.
		least := uint64(1 << 62)
		for range 5 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			round()
			runtime.ReadMemStats(&after)
			least = min(least, after.Mallocs-before.Mallocs)
		}
		if least >= commands {
			t.Errorf("%s: %d allocations in %d commands", tt.name, least, commands)
		} else if least > 10 {
			t.Errorf("%s: %d allocations in %d commands, though not one each", tt.name, least, commands)
		}
	}
}

// exchange sends a command and receives exactly its answer, without allocating.
func (i *peer) exchange(wire, buf []byte) {
	if _, err := i.Write(wire); err != nil {
		i.t.Fatal(err)
	}
	for got := 0; got < len(buf); {
		n, err := i.Read(buf[got:])
		if err != nil {
			i.t.Fatal(err)
		}
		got += n
	}
	if h := pdu.View(buf); h.Opcode() != pdu.OpDataIn && h.Opcode() != pdu.OpSCSIResponse || h[3] != 0 {
		i.t.Fatalf("answer % x", buf[:pdu.HeaderLen])
	}
}

// More memory is asked for than there is: every command ends, in GOOD or in
// TASK SET FULL when its data came unasked.
func TestMemoryShortage(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.InitialR2T = true
	var peers []*peer
	for range 4 {
		peers = append(peers, p.connect(params))
	}
	const each, blocks = 8, 16384 // 8 MiB a command, 256 MiB in all, 40 MiB of memory
	type open struct {
		i *peer
		c *pdu.PDU
	}
	var all []open
	for range each {
		for _, i := range peers {
			c := i.scsi(0, read10(0, blocks), blocks*512, nil)
			i.send(c)
			all = append(all, open{i, c})
		}
	}
	for _, i := range peers {
		i.timeout = 20 * time.Second
		left := map[uint32]int{}
		for _, o := range all {
			if o.i == i {
				left[o.c.ITT()] = blocks * 512
			}
		}
		for len(left) > 0 {
			d := i.next()
			left[d.ITT()] -= len(d.Data)
			if d.Opcode() != pdu.OpDataIn {
				t.Fatalf("%v instead of data", d.Opcode())
			}
			if d.DataIn().HasStatus() {
				if left[d.ITT()] != 0 {
					t.Fatalf("a read ended %d bytes short", left[d.ITT()])
				}
				delete(left, d.ITT())
			}
		}
	}
}

// Readers that have stopped do not keep the memory from the others for ever.
func TestStalledReaders(t *testing.T) {
	p := newPlane(t, 1)
	good := p.connect(defaults)
	const blocks = 16384 // 8 MiB
	var lazy []*peer
	for range 8 {
		i := p.connect(defaults)
		i.send(i.scsi(0, read10(0, blocks), blocks*512, nil))
		lazy = append(lazy, i)
	}
	good.timeout = 3 * stallTicks * time.Second
	if r := good.do(0, read10(0, blocks), blocks*512, nil); r.status != scsi.StatusGood || len(r.data) != blocks*512 {
		t.Errorf("the one that reads: %+v", r.status)
	}
	ended := 0
	for _, i := range lazy {
		select {
		case <-i.sess.Done():
			ended++
		default:
		}
	}
	if ended == 0 {
		t.Error("nobody was dropped, so there was no shortage to test")
	}
}

// The write cache of a unit is turned off and on by MODE SELECT, which a worker
// takes and a flush ends.
func TestWriteCacheMode(t *testing.T) {
	p := newPlane(t, 1)
	p.add(2, backing.Params{Type: "fileio", Path: filepath.Join(t.TempDir(), "cached"), IOMode: "wb"}, 1<<20)
	i := p.connect(defaults)
	for _, lun := range []uint64{1, 2} {
		i.command(lun, "000000000000", 0, nil) // it is new to the nexus
		page := i.command(lun, "1a0808001800", 24, nil).data
		was := page[6]
		for _, wce := range []byte{was ^ 4, was} {
			page[0], page[2] = 0, 0 // of no use in MODE SELECT
			page[6] = wce
			if r := i.command(lun, "151000001800", 0, page); r.status != scsi.StatusGood {
				t.Fatalf("LUN %d, WCE %02x: %+v", lun, wce, r)
			}
			if got := i.command(lun, "1a0808001800", 24, nil).data; got[6] != wce {
				t.Errorf("LUN %d: WCE %02x, want %02x", lun, got[6], wce)
			}
			if r := i.do(lun, write10(0, 1), 0, pattern(512, 3)); r.status != scsi.StatusGood {
				t.Errorf("LUN %d: a write with WCE %02x: %+v", lun, wce, r)
			}
		}
	}
}
