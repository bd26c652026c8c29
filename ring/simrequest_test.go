// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"slices"

	"ietring/pdu"
)

// What the simulated initiators send beside commands.

// random is n bytes.
func (s *sim) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.w.Rand.Uint32())
	}
	return b
}

// nop pings the target.
func (p *simPeer) nop() {
	immediate := p.s.w.Chance(500)
	if !p.mayAsk(immediate) {
		return
	}
	u, o := p.request(pdu.OpNopOut, simNop, immediate, 0)
	u.NopOut().SetTTT(pdu.NoTag)
	u.Data = p.s.random(p.s.w.Rand.IntN(min(2000, p.params.MaxRecvDataSegmentLength)))
	o.bhs, o.out = u.BHS, u.Data
	p.send(u)
	p.unstash(false)
}

// text begins a negotiation; there is one at a time.
func (p *simPeer) text() {
	for _, o := range p.open {
		if o.kind == simText {
			return
		}
	}
	immediate := p.s.w.Chance(200)
	if !p.mayAsk(immediate) {
		return
	}
	u, o := p.request(pdu.OpText, simText, immediate, 0)
	u.TextRequest().SetTTT(pdu.NoTag)
	u.Data = p.s.random(p.s.w.Rand.IntN(min(5000, p.params.MaxRecvDataSegmentLength)))
	o.bhs, o.out = u.BHS, u.Data
	p.send(u)
	p.unstash(false)
}

// staleTag is the tag of requests that must not be answered.
const staleTag = 0xabcd0000

// stale repeats a number that was used already: the target ignores it.
func (p *simPeer) stale() {
	if !p.mayAsk(true) || p.rough || p.stash != nil || p.cmdSN == p.sess.cfg.CmdSN {
		return
	}
	u := &pdu.PDU{}
	u.SetOpcode(pdu.OpNopOut)
	u.SetFinal()
	u.SetITT(staleTag)
	u.SetCmdSN(p.cmdSN - 1)
	u.NopOut().SetTTT(pdu.NoTag)
	p.send(u)
}

// taskMgmt sends a task management function.
func (p *simPeer) taskMgmt() {
	s := p.s
	immediate := s.w.Chance(700)
	if !p.mayAsk(immediate) {
		return
	}
	functions := []pdu.TaskFunction{pdu.AbortTask, pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset,
		pdu.TargetWarmReset, pdu.TargetColdReset, pdu.TaskReassign, pdu.ClearACA}
	f := functions[s.pick(40, 10, 5, 5, 3, 1, 1, 1)]
	var victim *simOp
	for _, o := range p.open {
		if o.kind < simNop && (victim == nil || s.w.Chance(500)) {
			victim = o
		}
	}
	if f == pdu.AbortTask && victim == nil {
		return
	}
	if f != pdu.AbortTask || victim.bhs.Immediate() || s.w.Chance(500) {
		// Else what waits for a missing number is aborted, or that number
		// itself; an immediate command has the number of the next one.
		p.unstash(true)
	}
	lun := s.pick(60, 15, 20)
	if f == pdu.AbortTask {
		lun = victim.lun
	}
	u, o := p.request(pdu.OpTaskMgmt, simTMF, immediate, lun)
	u.TaskMgmt().SetFunction(f)
	u.TaskMgmt().SetRefTag(pdu.NoTag)
	if f == pdu.AbortTask {
		u.TaskMgmt().SetRefTag(victim.bhs.ITT())
		u.TaskMgmt().SetRefCmdSN(victim.bhs.CmdSN())
	}
	o.bhs = u.BHS
	s.note("%s asks for function %d on LUN %d, tag %d: %v", p.name, f, lun, u.TaskMgmt().RefTag(), o)
	s.affect(p, o, func(v *simOp, bystander bool) {
		v.mayVanish = v.mayVanish || bystander
		v.swept = v.swept || f != pdu.AbortTask
		v.silent = v.silent || !bystander && s.w.Chance(500) && p.unsolicited != v
	})
	s.expectAttentions(p, f, lun)
	p.send(u)
}

// affect calls each with the commands that the function o of p ends, its own and
// those of others.
func (s *sim) affect(p *simPeer, o *simOp, each func(v *simOp, bystander bool)) {
	f := o.bhs.TaskMgmt()
	for _, q := range s.peers {
		if q.rough != p.rough {
			continue
		}
		for _, v := range slices.Clone(q.open) {
			var hit bool
			switch f.Function() {
			case pdu.AbortTask:
				hit = q == p && v.bhs.ITT() == f.RefTag()
			case pdu.AbortTaskSet, pdu.ClearTaskSet:
				hit = q == p && v.lun == o.lun
			case pdu.LogicalUnitReset:
				hit = v.lun == o.lun
			case pdu.TargetWarmReset, pdu.TargetColdReset:
				hit = true
			}
			if hit && v.kind < simNop && (q != p || v.sent < o.sent) {
				each(v, q != p)
			}
		}
	}
}

// threatened reports whether a function of somebody else is under way that may
// have ended v though it was sent later.
func (s *sim) threatened(v *simOp) bool {
	found := false
	for _, q := range s.peers {
		for _, o := range q.open {
			if o.kind == simTMF && q != v.p {
				s.affect(q, o, func(hit *simOp, _ bool) { found = found || hit == v })
			}
		}
	}
	return found
}

// expectAttentions allows the unit attentions that the function f of p brings.
func (s *sim) expectAttentions(p *simPeer, f pdu.TaskFunction, lun int) {
	s.cold = s.cold || f == pdu.TargetColdReset
	if !p.rough {
		s.threatenBy(f, lun)
	}
	for _, q := range s.peers {
		for l := range q.attentions {
			switch f {
			case pdu.LogicalUnitReset:
				if l == lun {
					q.attentions[l]++
				}
			case pdu.TargetWarmReset, pdu.TargetColdReset:
				q.attentions[l]++
			}
		}
	}
}

// functions counts the task management functions that are not answered.
func (s *sim) functions() int {
	n := 0
	for _, p := range s.peers {
		for _, o := range p.open {
			if o.kind == simTMF {
				n++
			}
		}
	}
	return n
}

// logout ends the session in order.
func (p *simPeer) logout() {
	if p.cutOff || !p.mayAsk(true) {
		return
	}
	p.unstash(true)
	immediate := p.s.w.Chance(500) || !p.mayAsk(false)
	u, o := p.request(pdu.OpLogout, simLogout, immediate, 0)
	reason := pdu.LogoutCloseSession
	if p.s.w.Chance(300) {
		reason = pdu.LogoutCloseConnection
	}
	u.LogoutRequest().SetReason(reason)
	u.LogoutRequest().SetCID(7)
	o.bhs = u.BHS
	p.s.note("%s logs out", p.name)
	for _, v := range p.open {
		v.mayVanish = true
		v.silent = v.silent || v.p.unsolicited != v
	}
	p.leaving = true
	p.send(u)
}

// damage spoils a digest: the connection cannot live on.
func (p *simPeer) damage() {
	if p.rough {
		p.out = append(p.out, p.s.random(p.s.upTo(100))...)
		return
	}
	if !p.params.HeaderDigest && !p.params.DataDigest || p.s.w.Chance(700) || !p.mayAsk(true) {
		return
	}
	p.unstash(true)
	u, o := p.request(pdu.OpNopOut, simNop, true, 0)
	u.NopOut().SetTTT(pdu.NoTag)
	u.Data = p.s.random(p.s.upTo(300))
	o.bhs, o.out, o.mayVanish = u.BHS, u.Data, true
	u.SetExpStatSN(p.statSN)
	b := p.framing.Append(nil, u)
	switch {
	case p.params.HeaderDigest && (!p.params.DataDigest || p.s.w.Chance(500)):
		b[16+p.s.w.Rand.IntN(pdu.HeaderLen-16)] ^= 1 << p.s.w.Rand.IntN(8) // not the length
	default:
		b[len(b)-1-p.s.w.Rand.IntN(len(u.Data))] ^= 1 << p.s.w.Rand.IntN(8)
	}
	p.s.note("%s sends a damaged PDU", p.name)
	p.doomed = true
	for _, v := range p.open {
		v.mayVanish = true
	}
	p.out = append(p.out, b...)
}

// mangle sends u with something wrong.
func (p *simPeer) mangle(u *pdu.PDU) {
	s := p.s
	if s.w.Chance(100) {
		return // not at all
	}
	b := p.framing.Append(nil, u)
	for range s.upTo(3) {
		// The first 48 bytes are the header, whose every field may be wrong.
		b[s.w.Rand.IntN(min(len(b), pdu.HeaderLen))] ^= byte(1 << s.w.Rand.IntN(8))
	}
	switch s.pick(70, 10, 10, 10) {
	case 1:
		u.SetDataLen(s.oneOf(0, 1, 512, 70000, pdu.MaxDataLen))
		copy(b, u.BHS[:])
	case 2:
		b = b[:s.w.Rand.IntN(len(b))]
	case 3:
		b = append(b, b...)
	}
	if p.params.HeaderDigest && len(b) >= pdu.HeaderLen+pdu.DigestLen && s.w.Chance(900) {
		pdu.Digest(0).Add(b[:pdu.HeaderLen]).Put(b[pdu.HeaderLen:]) // wrong, but not by accident
	}
	p.out = append(p.out, b...)
}
