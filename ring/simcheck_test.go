// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"slices"

	"ietring/pdu"
	"ietring/scsi"
)

// What the simulated initiators hold of what they are told.

// received looks at a PDU of the target.
func (p *simPeer) received(u *pdu.PDU) {
	p.checkNumbers(u)
	switch u.Opcode() {
	case pdu.OpNopIn:
		if u.ITT() == pdu.NoTag {
			p.answerPing(u)
			return
		}
	case pdu.OpAsync:
		return
	case pdu.OpReject:
		p.rejected(u)
		return
	}
	o := p.find(u.ITT())
	if o == nil && u.ITT() == staleTag && p.s.stopping {
		return // while the target shuts down commands are ignored, and their numbers are free
	}
	if o == nil {
		p.fault("%v for the tag %d, which is not open", u.Opcode(), u.ITT())
		return
	}
	switch u.Opcode() {
	case pdu.OpDataIn:
		p.dataIn(o, u)
	case pdu.OpR2T:
		p.r2t(o, u)
	case pdu.OpSCSIResponse:
		p.response(o, u)
	case pdu.OpNopIn:
		if o.kind != simNop || !bytes.HasPrefix(o.out, u.Data) {
			p.fault("NOP-In with %d bytes that were not sent, for %v", len(u.Data), o)
		}
		p.close(o, true)
	case pdu.OpTaskMgmtResp:
		p.functionDone(o, pdu.TaskResponse(u.TaskMgmtResponse().Response()))
	case pdu.OpTextResponse:
		p.textDone(o, u)
	case pdu.OpLogoutResponse:
		if o.kind != simLogout {
			p.fault("Logout Response for %v", o)
		}
		p.close(o, true)
	default:
		p.fault("%v of a target", u.Opcode())
	}
}

// checkNumbers holds the sequence numbers that every PDU of the target has: RFC
// 7143, Sections 4.2.2.1 and 4.2.2.2.
func (p *simPeer) checkNumbers(u *pdu.PDU) {
	exp, max := u.ExpCmdSN(), u.MaxCmdSN()
	if p.rough {
		p.expCmdSN, p.maxCmdSN = exp, max
		return
	}
	switch {
	case exp.Before(p.expCmdSN):
		p.fault("%v: ExpCmdSN went back from %d to %d", u.Opcode(), p.expCmdSN, exp)
	case p.cmdSN.Before(exp):
		p.fault("%v: ExpCmdSN %d, but %d was not sent yet", u.Opcode(), exp, p.cmdSN)
	case max.Before(p.maxCmdSN):
		p.fault("%v: MaxCmdSN went back from %d to %d", u.Opcode(), p.maxCmdSN, max)
	case int32(max-exp) > int32(p.s.depth-1):
		p.fault("%v: a window from %d to %d where %d requests may be open", u.Opcode(), exp, max, p.s.depth)
	}
	p.expCmdSN, p.maxCmdSN = exp, max
	numbered := true
	switch u.Opcode() {
	case pdu.OpDataIn:
		if !u.DataIn().HasStatus() {
			return // StatSN is reserved
		}
	case pdu.OpR2T:
		numbered = false
	case pdu.OpNopIn:
		numbered = u.ITT() != pdu.NoTag
	}
	if u.StatSN() != p.statSN {
		p.fault("%v: StatSN %d where %d follows", u.Opcode(), u.StatSN(), p.statSN)
	}
	if numbered {
		p.statSN++
	}
}

func (p *simPeer) find(itt uint32) *simOp {
	for _, o := range p.open {
		if o.bhs.ITT() == itt {
			return o
		}
	}
	return nil
}

// close takes o off the open ones.
func (p *simPeer) close(o *simOp, good bool) {
	o.finish(good)
	if p.unsolicited == o {
		// Its unsolicited data is on its way: the target ended it by a function.
		p.unsolicited = nil
	}
	p.open = slices.DeleteFunc(p.open, func(v *simOp) bool { return v == o })
}

// answerPing answers a NOP-In that asks for it, mostly.
func (p *simPeer) answerPing(u *pdu.PDU) {
	if ttt := u.NopIn().TTT(); ttt != pdu.NoTag && p.s.w.Chance(900) {
		a := &pdu.PDU{}
		a.SetOpcode(pdu.OpNopOut)
		a.SetImmediate()
		a.SetFinal()
		a.SetITT(pdu.NoTag)
		a.SetCmdSN(p.cmdSN)
		a.NopOut().SetTTT(ttt)
		p.send(a)
	}
}

// rejected has a Reject: only of what was damaged, or of a text for which there
// was no memory.
func (p *simPeer) rejected(u *pdu.PDU) {
	if len(u.Data) < pdu.HeaderLen {
		p.fault("Reject with %d bytes of header", len(u.Data))
		return
	}
	h := pdu.View(u.Data)
	o := p.find(h.ITT())
	switch reason := u.Reject().Reason(); {
	case h.ITT() == staleTag && p.s.stopping: // see received; there may be two
	case p.doomed && reason == pdu.ReasonDataDigest && o != nil:
		p.close(o, false)
	case o != nil && o.kind == simText && (reason == pdu.ReasonLongOperation || reason == pdu.ReasonInvalidPDUField):
		p.close(o, false)
	default:
		p.fault("Reject (%v) of %v with tag %d", reason, h.Opcode(), h.ITT())
	}
}

// dataIn holds what RFC 7143, Section 11.7, says of Data-In PDUs.
func (p *simPeer) dataIn(o *simOp, u *pdu.PDU) {
	d := u.DataIn()
	if o.out != nil || o.edtl == 0 || o.kind > simIllegal {
		p.fault("Data-In for %v", o)
		return
	}
	o.burstLen += len(u.Data)
	switch {
	case d.DataSN() != o.dataSN:
		p.fault("DataSN %d where %d follows, for %v", d.DataSN(), o.dataSN, o)
	case int(d.BufferOffset()) != len(o.data):
		p.fault("data at %d where %d follows, for %v", d.BufferOffset(), len(o.data), o)
	case len(u.Data) > p.params.MaxXmitDataSegmentLength || len(u.Data) == 0:
		p.fault("Data-In with %d bytes", len(u.Data))
	case o.burstLen > p.params.MaxBurstLength:
		p.fault("a sequence of %d bytes, above MaxBurstLength", o.burstLen)
	case len(o.data)+len(u.Data) > o.edtl:
		p.fault("%d bytes for %v", len(o.data)+len(u.Data), o)
	case d.HasStatus() && !u.Final():
		p.fault("status without F bit")
	}
	if u.Final() {
		o.burstLen = 0
	}
	o.dataSN++
	o.replies++
	o.data = append(o.data, u.Data...)
	p.s.seq++
	if d.HasStatus() {
		p.answered(o, scsi.Status(d.Status()), d.Residual(), nil)
	}
}

// r2t holds what RFC 7143, Section 11.8, says of R2T PDUs, and notes the burst.
func (p *simPeer) r2t(o *simOp, u *pdu.PDU) {
	r := u.R2T()
	off, n := int(r.BufferOffset()), int(r.DesiredLen())
	if o.solicited < 0 {
		o.solicited = off
		if unsolicited := o.bhs.DataLen(); off < unsolicited {
			p.fault("R2T from %d on, though %d came unasked, for %v", off, unsolicited, o)
		}
	}
	switch {
	case o.out == nil:
		p.fault("R2T for %v", o)
		return
	case p.unsolicited == o:
		p.fault("R2T before the end of unsolicited data, for %v", o)
	case r.R2TSN() != o.r2tSN:
		p.fault("R2TSN %d where %d follows, for %v", r.R2TSN(), o.r2tSN, o)
	case off != o.solicited:
		p.fault("R2T from %d on where %d follows, for %v", off, o.solicited, o)
	case n == 0 || n > p.params.MaxBurstLength || off+n > o.edtl:
		p.fault("R2T for %d bytes at %d, for %v", n, off, o)
	case len(o.bursts) >= p.params.MaxOutstandingR2T:
		p.fault("%d R2Ts are open, for %v", len(o.bursts)+1, o)
	}
	if p.confused {
		return
	}
	p.s.note("%s is asked for %d..%d by TTT %x for tag %d", p.name, off, off+n, r.TTT(), u.ITT())
	o.solicited = off + n
	o.r2tSN++
	o.replies++
	o.bursts = append(o.bursts, simBurst{ttt: r.TTT(), at: off, end: off + n})
}

// response has a SCSI Response.
func (p *simPeer) response(o *simOp, u *pdu.PDU) {
	r := u.SCSIResponse()
	if o.kind > simIllegal || r.Response() != 0 {
		p.fault("SCSI Response (response %d) for %v", r.Response(), o)
		return
	}
	if r.ExpDataSN() != o.replies {
		p.fault("ExpDataSN %d after %d PDUs, for %v", r.ExpDataSN(), o.replies, o)
	}
	p.answered(o, scsi.Status(r.Status()), r.Residual(), u.Data)
}

// answered has the status of a command.
func (p *simPeer) answered(o *simOp, status scsi.Status, residual pdu.Residual, sense []byte) {
	p.s.note("%s is told %v of %v", p.name, status, o)
	if len(o.bursts) > 0 && !o.silent {
		p.fault("%v before the data was sent, for %v", status, o)
	}
	p.close(o, status == scsi.StatusGood)
	if p.rough {
		return
	}
	p.checkReserved(o, status)
	switch status {
	case scsi.StatusReservationConflict:
	case scsi.StatusGood:
		p.checkGood(o, residual)
	case scsi.StatusCheckCondition:
		if len(sense) < 2+14 || int(sense[0])<<8|int(sense[1]) != len(sense)-2 {
			p.fault("CHECK CONDITION with %d bytes of sense", len(sense))
		}
		p.checkSense(o, scsi.SenseKey(sense[2+2]&15), sense[2+12], sense[2+13])
	case scsi.StatusTaskSetFull:
		if o.out == nil {
			p.fault("TASK SET FULL for %v", o)
		}
	default:
		p.fault("%v for %v", status, o)
	}
}

// checkGood holds what GOOD promises.
func (p *simPeer) checkGood(o *simOp, residual pdu.Residual) {
	if o.kind == simIllegal {
		p.fault("GOOD for %v", o)
	}
	if o.kind == simReserve || o.kind == simRelease {
		return
	}
	if o.kind == simReply {
		if int(residual) != len(o.data)-o.edtl && residual < 0 {
			p.fault("residual %d of %d bytes for %v", residual, len(o.data), o)
		}
		return
	}
	if o.kind == simFlush {
		if d := o.disk(); d != nil && o.bhs.SCSICommand().CDB()[1]&2 == 0 && p.s.syncsOf(d.disk.FD()) == o.syncs {
			p.fault("SYNCHRONIZE CACHE was answered without one: %v", o)
		}
		return
	}
	if want := pdu.Residual(o.moves() - o.edtl); residual != want {
		p.fault("residual %d where %d is right, for %v", residual, want, o)
	}
	moved := min(o.edtl, o.moves())
	d := o.disk()
	switch o.kind {
	case simRead:
		if len(o.data) != moved {
			p.fault("%d bytes of %v", len(o.data), o)
		}
		if d == nil {
			if len(bytes.Trim(o.data, "\x00")) > 0 {
				p.fault("nullio reads something, for %v", o)
			}
		} else if err := d.check(o.data, o.lba, o.sent); err != nil {
			p.fault("%v, for %v", err, o)
		}
	case simSwap:
		p.checkSwap(o)
	case simWriteCmd, simWriteVerify, simVerify:
		if moved%simBlock != 0 {
			p.fault("GOOD for part of a block: %v", o)
		}
		if o.kind == simVerify && d != nil && moved > 0 {
			p.fault("a comparison with what nobody wrote is GOOD: %v", o)
		}
	}
}

// checkSense holds that there was a reason for the sense.
func (p *simPeer) checkSense(o *simOp, key scsi.SenseKey, asc, ascq byte) {
	d := o.disk()
	var ok bool
	switch key {
	case scsi.UnitAttention:
		if ok = p.attentions[o.lun] > 0; ok {
			p.attentions[o.lun]--
		}
	case scsi.IllegalRequest:
		ok = o.kind == simIllegal || o.out != nil && o.length == 0 && min(o.edtl, o.n*simBlock)%simBlock != 0
	case scsi.MiscompareKey:
		ok = o.kind == simVerify || o.kind == simSwap && o.mayDiffer() || o.kind == simWriteVerify && d != nil && d.contended(o.write, o.lba, o.n, o.sent)
	case scsi.MediumError, scsi.HardwareError, scsi.DataProtect:
		n := o.n * simBlock
		if o.kind == simFlush {
			n = -1
		}
		ok = d != nil && p.s.jumbled(d.disk.FD(), o.lba*simBlock, n)
	}
	if !ok {
		p.fault("sense %x/%02x/%02x without a reason, for %v", key, asc, ascq, o)
	}
}

// functionDone has a Task Management Function Response.
func (p *simPeer) functionDone(o *simOp, r pdu.TaskResponse) {
	if o.kind != simTMF {
		p.fault("Task Management Function Response for %v", o)
		return
	}
	s := p.s
	f := o.bhs.TaskMgmt().Function()
	s.note("%s is told %d of function %d: %v", p.name, r, f, o)
	p.close(o, true)
	switch {
	case p.rough:
	case f == pdu.TaskReassign || f == pdu.ClearACA:
		if r == pdu.FunctionComplete {
			p.fault("function %d, which there is not, is complete", f)
		}
	case r == pdu.FunctionComplete:
		s.affect(p, o, func(v *simOp, bystander bool) {
			if bystander {
				v.mayVanish = true
				return
			}
			p.close(v, false) // from here on nothing may come for it
		})
		if f == pdu.TargetColdReset {
			p.leaving = true
		}
	case r == pdu.TaskDoesNotExist && f == pdu.AbortTask:
		if v := p.find(o.bhs.TaskMgmt().RefTag()); v != nil && !v.mayVanish && !v.swept && !s.threatened(v) {
			p.fault("the task to abort does not exist, but has no answer: %v", v)
		}
	default:
		p.fault("response %d to function %d", r, f)
	}
}

// textDone has a Text Response; the target says when it has all.
func (p *simPeer) textDone(o *simOp, u *pdu.PDU) {
	if o.kind != simText {
		p.fault("Text Response for %v", o)
		return
	}
	o.data = append(o.data, u.Data...)
	if len(u.Data) > p.params.MaxXmitDataSegmentLength {
		p.fault("Text Response with %d bytes", len(u.Data))
	}
	if u.Final() {
		if !bytes.Equal(o.data, o.out) && !p.rough {
			p.fault("a text of %d bytes is answered by %d others", len(o.out), len(o.data))
		}
		p.close(o, true)
		return
	}
	next := &pdu.PDU{}
	next.SetOpcode(pdu.OpText)
	next.SetImmediate() // the window may be closed meanwhile
	next.SetFinal()
	next.SetITT(o.bhs.ITT())
	next.SetCmdSN(p.cmdSN)
	next.TextRequest().SetTTT(u.TextResponse().TTT())
	p.send(next)
}
