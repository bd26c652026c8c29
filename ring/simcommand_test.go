// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"encoding/binary"
	"fmt"

	"ietring/pdu"
)

// What the simulated initiators send.

// A simKind is what a request is for, to them.
type simKind uint8

const (
	simRead simKind = iota
	simWriteCmd
	simVerify      // compares with data that is sent
	simWriteVerify // WRITE AND VERIFY
	simFlush       // SYNCHRONIZE CACHE
	simUnmap
	simSame    // WRITE SAME
	simSwap    // COMPARE AND WRITE
	simReserve // RESERVE(6)
	simRelease // RELEASE(6)
	simReply   // a command that ends with GOOD, whatever its data
	simIllegal // a command that ends with ILLEGAL REQUEST
	simNop
	simText
	simTMF
	simLogout
)

// A simOp is a request that is not answered yet.
type simOp struct {
	p    *simPeer
	kind simKind
	bhs  pdu.BHS // as it was sent
	lun  int
	lba  int
	n    int // blocks
	edtl int
	sent int64 // when

	length int // bytes that the command moves, when they are not those of its blocks

	out    []byte // data-out, edtl bytes
	data   []byte // data-in that has come
	write  *simWrite
	syncs  int // of the disk, when it was sent
	bursts []simBurst

	dataSN, r2tSN uint32 // expected next
	solicited     int    // where the next R2T must begin; -1 before the first
	replies       uint32 // Data-In and R2T PDUs that came
	burstLen      int    // of the Data-In sequence that comes

	mayVanish bool // a function of somebody ended it, perhaps
	swept     bool // a function about many commands is under way that ends it
	silent    bool // the initiator sends no more data for it, for it has asked for its end
}

// A simBurst is data that is to be sent: what an R2T asks for, or unsolicited.
type simBurst struct {
	ttt     uint32
	at, end int
	sn      uint32
}

func (o *simOp) String() string {
	id := uint32(0)
	if o.write != nil {
		id = o.write.id
	}
	return fmt.Sprintf("{write %d kind %d ITT %d CmdSN %d immediate %v LUN %d LBA %d blocks %d EDTL %d, %d in, %d bursts, may vanish %v}",
		id, o.kind, o.bhs.ITT(), o.bhs.CmdSN(), o.bhs.Immediate(), o.lun, o.lba, o.n, o.edtl, len(o.data), len(o.bursts), o.mayVanish)
}

// finish notes that o has ended, and how.
func (o *simOp) finish(good bool) {
	if o.write != nil {
		o.p.s.seq++
		o.write.end, o.write.good = o.p.s.seq, good
	}
}

// disk is the model of what o works on, nil for nullio.
func (o *simOp) disk() *simDisk {
	if o.p.rough || o.lun > 2 {
		return nil
	}
	return o.p.s.disks[o.lun]
}

// mayAsk reports whether the window has room for a request, or it is immediate
// and there are few.
func (p *simPeer) mayAsk(immediate bool) bool {
	switch {
	case p.leaving || p.doomed || p.unsolicited != nil || len(p.out) > 4<<20:
		return false
	case immediate:
		n := 0
		for _, o := range p.open {
			if o.bhs.Immediate() {
				n++
			}
		}
		return n < maxImmediate-8
	}
	return p.cmdSN.InWindow(p.expCmdSN, p.maxCmdSN)
}

// request makes the header of a request and its place among the open ones.
func (p *simPeer) request(op pdu.Opcode, kind simKind, immediate bool, lun int) (*pdu.PDU, *simOp) {
	u := &pdu.PDU{}
	u.SetOpcode(op)
	if immediate {
		u.SetImmediate()
	}
	u.SetFinal()
	p.itt++
	u.SetITT(p.itt)
	u.SetCmdSN(p.cmdSN)
	if !immediate {
		p.cmdSN++
	}
	u.SetLUN([8]byte{1: byte(lun)})
	p.s.seq++
	o := &simOp{p: p, kind: kind, lun: lun, sent: p.s.seq, solicited: -1}
	p.open = append(p.open, o)
	return u, o
}

// command sends a SCSI command.
func (p *simPeer) command() {
	s := p.s
	immediate := s.w.Chance(50)
	if !p.mayAsk(immediate) {
		return
	}
	kind := simKind(s.pick(35, 35, 5, 4, 6, 4, 5, 8, s.reserving, 3*s.reserving, 10, 4))
	lun := s.pick(60, 15, 20)
	if kind == simUnmap && lun == 1 {
		lun = 0 // nullio has nothing to give back
	}
	u, o := p.request(pdu.OpSCSICommand, kind, immediate, lun)
	c := u.SCSICommand()
	c.SetAttr(pdu.TaskAttr(s.w.Rand.IntN(4)))
	o.lba, o.n = s.w.Rand.IntN(256), s.upTo(16)
	switch s.pick(90, 9, 1) {
	case 1:
		o.n = s.upTo(400)
	case 2:
		o.lba, o.n = s.w.Rand.IntN(simBlocks/2), s.upTo(simBlocks/2)
	}
	cdb := c.CDB()[:]
	switch kind {
	case simRead:
		o.ask(cdb, 0x28, true)
	case simWriteCmd:
		o.ask(cdb, 0x2a, true)
	case simVerify:
		o.ask(cdb, 0x2f, true)
		cdb[1] = 2 // BYTCHK: compare
	case simWriteVerify:
		o.ask(cdb, 0x2e, true)
	case simFlush:
		o.ask(cdb, 0x35, false)
		if s.w.Chance(200) {
			cdb[1] = 2 // IMMED
		}
	case simUnmap:
		o.askUnmap(cdb)
	case simSame:
		o.askSame(cdb)
	case simSwap:
		o.askSwap(cdb)
	case simReserve:
		cdb[0] = 0x16
		o.reserve()
	case simRelease:
		cdb[0] = 0x17
		s.threaten(p, lun)
	case simReply:
		o.askReply(cdb)
	case simIllegal:
		o.askIllegal(cdb)
	}
	if d := o.disk(); d != nil {
		o.syncs = s.syncsOf(d.disk.FD())
	}
	c.SetDirection(o.edtl > 0 && o.out == nil, o.out != nil)
	c.SetEDTL(uint32(o.edtl))
	o.bhs = u.BHS
	p.sendCommand(u, o)
}

// ask fills in a CDB of ten bytes for the range of o, and what data goes with
// it: at times other than the CDB says.
func (o *simOp) ask(cdb []byte, op byte, data bool) {
	s := o.p.s
	cdb[0] = op
	binary.BigEndian.PutUint32(cdb[2:], uint32(o.lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(o.n))
	if !data {
		return
	}
	o.edtl = o.n * simBlock
	if s.w.Chance(50) {
		o.edtl = s.oneOf(0, 100, simBlock, o.edtl/2, o.edtl+1, o.edtl+simBlock)
	}
	if o.kind == simRead {
		return
	}
	s.ids++
	o.out = make([]byte, o.edtl)
	stamp(o.out[:o.edtl/simBlock*simBlock], s.ids, o.lba)
	if o.kind != simVerify {
		o.begin(simWrite{id: s.ids}, o.lba, min(o.n, o.edtl/simBlock))
	}
}

// askReply is a command that the device server answers by itself.
func (o *simOp) askReply(cdb []byte) {
	switch o.p.s.pick(1, 1, 1, 1) {
	case 0: // TEST UNIT READY
	case 1:
		cdb[0], cdb[4], o.edtl = 0x12, 96, 96 // INQUIRY
	case 2:
		cdb[0], cdb[1], cdb[13], o.edtl = 0x9e, 0x10, 32, 40 // READ CAPACITY(16)
	case 3:
		cdb[0], cdb[9], o.edtl = 0xa0, 64, 20 // REPORT LUNS
	}
}

// askIllegal is a command that cannot be done.
func (o *simOp) askIllegal(cdb []byte) {
	s := o.p.s
	switch s.pick(1, 1, 1) {
	case 0:
		cdb[0] = 0xc1 // no such command
	case 1:
		o.lba = simBlocks - o.n + 1
		o.ask(cdb, 0x28, false)
		o.edtl = o.n * simBlock
	case 2:
		o.lba = simBlocks
		o.ask(cdb, 0x2a, false)
		o.edtl = o.n * simBlock
		o.out = make([]byte, o.edtl)
	}
}

// sendCommand sends the header, with immediate data where that was agreed on,
// and begins with unsolicited data.
func (p *simPeer) sendCommand(u *pdu.PDU, o *simOp) {
	s := p.s
	first := min(p.params.FirstBurstLength, o.edtl)
	if o.out != nil && p.params.ImmediateData && s.w.Chance(700) {
		n := min(first, p.params.MaxRecvDataSegmentLength)
		if s.w.Chance(300) {
			n = s.w.Rand.IntN(n + 1)
		}
		u.Data = o.out[:n]
	}
	if n := len(u.Data); o.out != nil && !p.params.InitialR2T && n < first && s.w.Chance(700) {
		u.ClearFinal()
		if s.w.Chance(200) {
			first = n + s.upTo(first-n) // less than could be
		}
		o.bursts = append(o.bursts, simBurst{ttt: pdu.NoTag, at: n, end: first})
		p.unsolicited = o
	}
	s.note("%s sends %v with %d bytes", p.name, o, len(u.Data))
	if p.unsolicited == nil && !u.Immediate() && p.stash == nil && !p.rough && s.w.Chance(30) {
		u.SetExpStatSN(p.statSN)
		p.stash, p.stashed = p.framing.Append(nil, u), s.upTo(4)
		return
	}
	p.send(u)
	p.unstash(false)
	for p.unsolicited == o && s.w.Chance(700) {
		p.sendBurst(o)
	}
}

// unstash sends the request that was overtaken, when enough others are before it.
func (p *simPeer) unstash(now bool) {
	if p.stash == nil || p.unsolicited != nil && !now {
		return
	}
	if p.stashed--; p.stashed <= 0 || now {
		p.out = append(p.out, p.stash...)
		p.stash = nil
	}
}

// sendData sends a Data-Out PDU that some command waits for; false when none
// does.
func (p *simPeer) sendData() bool {
	if p.unsolicited != nil {
		p.sendBurst(p.unsolicited)
		return true
	}
	if n := len(p.open); n > 0 {
		at := p.s.w.Rand.IntN(n)
		for i := range n {
			if o := p.open[(at+i)%n]; len(o.bursts) > 0 && !o.silent {
				p.sendBurst(o)
				return true
			}
		}
	}
	return false
}

// sendBurst sends the next Data-Out PDU of o.
func (p *simPeer) sendBurst(o *simOp) {
	b := &o.bursts[0]
	n := min(b.end-b.at, p.params.MaxRecvDataSegmentLength)
	if p.s.w.Chance(200) {
		n = p.s.upTo(n)
	}
	u := dataOut(o.bhs.ITT(), b.ttt, b.sn, b.at, o.out[b.at:b.at+n], b.at+n == b.end)
	u.SetLUN(o.bhs.LUN())
	p.s.note("%s sends data %d..%d of %d..%d, DataSN %d, TTT %x for tag %d", p.name, b.at, b.at+n, b.at, b.end, b.sn, b.ttt, o.bhs.ITT())
	b.sn++
	if b.at += n; b.at == b.end {
		o.bursts = o.bursts[1:]
		if p.unsolicited == o {
			p.unsolicited = nil
		}
	}
	p.send(u)
}
