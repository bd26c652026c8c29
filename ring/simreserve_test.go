// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math"
	"slices"

	"ietring/pdu"
	"ietring/scsi"
)

// The model of RESERVE and RELEASE (SPC-2): who may hold a LUN, and who surely
// does. Surely means that RESERVE was acknowledged and nothing was sent since
// that could end it.

// never is the time of what did not happen yet.
const never = math.MaxInt64

// A simReservation is a RESERVE that may have been carried out.
type simReservation struct {
	p          *simPeer
	o          *simOp
	lun        int
	acked      int64 // GOOD came
	threatened int64 // something was sent that may end it
	end        int64 // it holds no more
}

// reserve notes that o, a RESERVE, is about to be sent.
func (o *simOp) reserve() {
	if o.p.rough {
		return
	}
	s := o.p.s
	r := &simReservation{p: o.p, o: o, lun: o.lun, acked: never, threatened: never, end: never}
	for _, q := range s.peers {
		for _, v := range q.open {
			if v.kind == simTMF || q == o.p && v.kind == simRelease {
				r.threatened = s.seq // what is under way may be carried out after it
			}
		}
	}
	s.reserves = append(s.reserves, r)
}

// threaten notes that p may let go of lun from now on.
func (s *sim) threaten(p *simPeer, lun int) {
	for _, r := range s.reserves {
		if r.p == p && r.lun == lun {
			r.threatened = min(r.threatened, s.seq)
		}
	}
}

// threatenBy notes that the function f about lun is about to be sent: a reset
// ends reservations, whoever asks for it.
func (s *sim) threatenBy(f pdu.TaskFunction, lun int) {
	for _, r := range s.reserves {
		switch f {
		case pdu.LogicalUnitReset:
			if r.lun == lun {
				r.threatened = min(r.threatened, s.seq)
			}
		case pdu.TargetWarmReset, pdu.TargetColdReset:
			r.threatened = min(r.threatened, s.seq)
		}
	}
}

// forgetReserves ends the reservations of p, whose session has ended.
func (s *sim) forgetReserves(p *simPeer) {
	for _, r := range s.reserves {
		if r.p == p {
			r.end = min(r.end, s.seq)
		}
	}
}

// surely reports whether r was held by its initiator when o was sent, and is.
func (r *simReservation) surely(o *simOp) bool {
	p := r.p
	if r.acked >= o.sent || r.threatened != never || r.end != never {
		return false
	}
	return !p.cutOff && !p.leaving && !p.doomed && !p.closed &&
		slices.ContainsFunc(p.sess.conns, (*conn).serving)
}

// checkReserved holds that o ended with status as reservations have it, and
// learns from RESERVE and RELEASE.
func (p *simPeer) checkReserved(o *simOp, status scsi.Status) {
	s, conflict := p.s, status == scsi.StatusReservationConflict
	reason := false
	for _, r := range s.reserves {
		switch {
		case r.o == o && status == scsi.StatusGood:
			r.acked = s.seq
		case r.o == o:
			r.end = s.seq
		case r.p == p && r.lun == o.lun && o.kind == simRelease && status == scsi.StatusGood && r.acked < o.sent:
			r.end = min(r.end, s.seq)
		case r.p == p || r.lun != o.lun:
		case status == scsi.StatusGood && o.kind <= simReserve && r.surely(o):
			p.fault("GOOD though %s holds the LUN, for %v", r.p.name, o)
		default:
			reason = reason || r.end > o.sent
		}
	}
	switch {
	case conflict && !reason:
		p.fault("RESERVATION CONFLICT though nobody else holds the LUN, for %v", o)
	case conflict && o.write != nil:
		o.write.void = true
	}
}
