// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"

	"ietring/bench/initiator"
	"ietring/bench/uring"
	"ietring/pdu"
)

var (
	errFlood  = errors.New("the target asks for more than a session of this depth can need")
	errWindow = errors.New("more commands wait than there are lanes")
)

// session speaks iSCSI on one connection (RFC 7143).
type session struct {
	c         *conn
	params    initiator.Params
	blocks    uint32 // logical blocks of each command
	luns      [][8]byte
	cmdSN     pdu.Serial
	expStatSN pdu.Serial
	maxCmdSN  pdu.Serial
	waiting   []*lane // for the window, in order
	seal      []byte  // where the digest of the last header goes

	headLen int // of a header with its digest
	head    [pdu.HeaderLen + pdu.DigestLen]byte
	have    int        // bytes of head that are here
	data    int        // bytes of the data segment that are not here
	trail   [7]byte    // padding and data digest
	want    int        // bytes of trail
	got     int        // bytes of trail that are here
	crc     pdu.Digest // of the data so far
	note    [64]byte   // beginning of the data of a SCSI Response
	noteLen int
}

// partLen is the most that a PDU has beside its data: header, digest, digest.
const partLen = pdu.HeaderLen + 2*pdu.DigestLen

// spare PDUs are those that no command needs: answers to NOP-In and a logout.
const spare = 16

// makeOutbox makes room for what all lanes can have to send at once.
func (s *session) makeOutbox() error {
	cfg, p := s.c.e.cfg, &s.params
	perLane := 1
	if cfg.WritePct > 0 {
		segment := min(p.MaxXmitDataSegmentLength, p.FirstBurstLength, p.MaxBurstLength)
		perLane += cfg.BlockLen/segment + cfg.BlockLen/p.MaxBurstLength + 2
	}
	n := cfg.Depth*perLane + spare
	var err error
	s.c.out, err = uring.NewOutbox(n*partLen, 3*n+cfg.Depth*uring.PayloadPieces(cfg.BlockLen))
	return err
}

// command fills in the fields that every SCSI Command of this session has: edtl
// is the Expected Data Transfer Length in bytes.
func (s *session) command(h *pdu.BHS, edtl int, lun [8]byte) {
	*h = pdu.BHS{}
	h.SetOpcode(pdu.OpSCSICommand)
	h.SetFinal()
	h.SetLUN(lun)
	h.SetCmdSN(s.cmdSN)
	h.SetExpStatSN(s.expStatSN)
	h.SCSICommand().SetAttr(pdu.AttrSimple)
	h.SCSICommand().SetEDTL(uint32(edtl))
	s.cmdSN++
}

// laneBits of an Initiator Task Tag are the lane, the rest is its generation;
// the highest bit is never set, so that no tag is the reserved one.
const laneBits = 10

func (l *lane) tag() uint32 { return uint32(l.id) | l.gen<<laneBits&0x7fffffff }

// start sends the command, or has it wait for the window.
func (s *session) start(l *lane) error {
	if len(s.waiting) > 0 || s.maxCmdSN.Before(s.cmdSN) {
		if len(s.waiting) == cap(s.waiting) {
			return errWindow
		}
		s.waiting = append(s.waiting, l)
		return nil
	}
	if l.write {
		return s.write(l)
	}
	if !s.c.out.Fits(s.headLen, 1) {
		return errFlood
	}
	h := s.part()
	s.command(h, s.c.e.cfg.BlockLen, s.luns[l.lun])
	h.SCSICommand().SetDirection(true, false)
	*h.SCSICommand().CDB() = initiator.Read16(s.extent(l))
	h.SetITT(l.tag())
	s.sealHeader(h)
	return nil
}

func (s *session) extent(l *lane) initiator.Range {
	return initiator.Range{LBA: l.place * uint64(s.blocks), Blocks: s.blocks}
}

// admit sends what the window allows of those that wait.
func (s *session) admit() error {
	n := 0
	for n < len(s.waiting) && !s.maxCmdSN.Before(s.cmdSN) {
		l := s.waiting[n]
		n++
		// start looks at the line, which is empty for the one that it sends.
		rest := s.waiting
		s.waiting = s.waiting[:0]
		err := s.start(l)
		s.waiting = rest
		if err != nil {
			return err
		}
	}
	if n > 0 {
		s.waiting = append(s.waiting[:0], s.waiting[n:]...)
		s.c.touch()
	}
	return nil
}

// part returns the header of the next PDU; what goes into it is not zero.
func (s *session) part() *pdu.BHS {
	b := s.c.out.Part(s.headLen)
	s.seal = b[pdu.HeaderLen:]
	return pdu.View(b)
}

// sealHeader adds the digest of the header that part returned last.
func (s *session) sealHeader(h *pdu.BHS) {
	if s.params.HeaderDigest {
		pdu.Digest(0).Add(h[:]).Put(s.seal)
	}
}

// attach queues bytes [off, off+n) of the command's data behind the header that
// was queued last. n is a multiple of four: nothing is padded.
func (s *session) attach(off, n int) {
	b := s.c.e.payload[off : off+n]
	s.c.out.Payload(b)
	if s.params.DataDigest {
		pdu.Digest(0).Add(b).Put(s.c.out.Part(pdu.DigestLen))
	}
}

// write sends a WRITE with what may come without being asked for: immediate
// data, and Data-Out up to FirstBurstLength (RFC 7143, Section 4.2.4.2).
func (s *session) write(l *lane) error {
	p, total := &s.params, s.c.e.cfg.BlockLen
	burst := min(total, p.FirstBurstLength)
	immediate := 0
	if p.ImmediateData {
		immediate = min(burst, p.MaxXmitDataSegmentLength) &^ 3
	}
	if p.InitialR2T {
		burst = immediate
	}
	if !s.fits(burst) {
		return errFlood
	}
	h := s.part()
	s.command(h, total, s.luns[l.lun])
	h.SCSICommand().SetDirection(false, true)
	*h.SCSICommand().CDB() = initiator.Write16(s.extent(l), false)
	h.SetITT(l.tag())
	h.SetDataLen(immediate)
	if burst > immediate {
		h.ClearFinal()
	}
	s.sealHeader(h)
	if immediate > 0 {
		s.attach(0, immediate)
	}
	l.done = burst
	if burst > immediate {
		s.dataOut(l, pdu.NoTag, immediate, burst)
	}
	return nil
}

// fits reports whether n bytes of data with their headers fit the outbox.
func (s *session) fits(n int) bool {
	pdus := n/min(s.params.MaxXmitDataSegmentLength, s.params.FirstBurstLength, s.params.MaxBurstLength) + 2
	return s.c.out.Fits(pdus*partLen, 2*pdus+uring.PayloadPieces(n))
}

// dataOut sends one sequence of Data-Out, bytes [off, end) of the command.
func (s *session) dataOut(l *lane, ttt uint32, off, end int) {
	for sn := uint32(0); off < end; sn++ {
		n := min(end-off, s.params.MaxXmitDataSegmentLength)
		if off+n < end {
			n &^= 3
		}
		h := s.part()
		*h = pdu.BHS{}
		h.SetOpcode(pdu.OpDataOut)
		h.SetLUN(s.luns[l.lun])
		h.SetITT(l.tag())
		h.SetExpStatSN(s.expStatSN)
		h.SetDataLen(n)
		d := h.DataOut()
		d.SetTTT(ttt)
		d.SetDataSN(sn)
		d.SetBufferOffset(uint32(off))
		if off+n == end {
			h.SetFinal()
		}
		s.sealHeader(h)
		s.attach(off, n)
		off += n
	}
	s.c.touch()
}

// leave queues a Logout Request (RFC 7143, Section 11.14).
func (s *session) leave() bool {
	if !s.c.out.Fits(s.headLen, 1) {
		return false
	}
	h := s.part()
	*h = pdu.BHS{}
	h.SetOpcode(pdu.OpLogout)
	h.SetImmediate()
	h.SetITT(logoutTag)
	h.SetCmdSN(s.cmdSN)
	h.SetExpStatSN(s.expStatSN)
	h.LogoutRequest().SetReason(pdu.LogoutCloseSession)
	s.sealHeader(h)
	return true
}

// logoutTag is the Initiator Task Tag of the logout, which no lane has.
const logoutTag = 0x80000000

// echo answers a NOP-In that asks for it (RFC 7143, Section 11.18).
func (s *session) echo(ping *pdu.BHS) error {
	if !s.c.out.Fits(s.headLen, 1) {
		return errFlood
	}
	h := s.part()
	*h = pdu.BHS{}
	h.SetOpcode(pdu.OpNopOut)
	h.SetImmediate()
	h.SetFinal()
	h.SetLUN(ping.LUN())
	h.SetITT(pdu.NoTag)
	h.NopOut().SetTTT(ping.NopIn().TTT())
	h.SetCmdSN(s.cmdSN)
	h.SetExpStatSN(s.expStatSN)
	s.sealHeader(h)
	s.c.touch()
	return nil
}
