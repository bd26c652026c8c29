// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ietring/pdu"
	"ietring/scsi"
)

// A simPeer is the initiator of a session: it sends what an initiator may send,
// in the order of its own choosing, and knows what it may be told. A rough one
// breaks the protocol, and only must not hurt the others.
type simPeer struct {
	s       *sim
	name    string
	sess    *Session
	fd      int
	params  Params
	framing pdu.Framing
	rough   bool

	out []byte // bytes not written yet
	in  []byte // bytes not understood yet

	cmdSN              pdu.Serial // of the next request
	expCmdSN, maxCmdSN pdu.Serial // as last told
	statSN             pdu.Serial // of the next status
	itt                uint32
	open               []*simOp
	unsolicited        *simOp // whose unsolicited data is being sent
	stash              []byte // a request that was overtaken by others
	stashed            int    // how many more overtake it
	attentions         [3]int // unit attentions that may be told, by LUN

	cutOff   bool // this end was closed
	confused bool // a rough one that understands nothing more
	doomed   bool // the stream was damaged: the target has to end the connection
	leaving  bool // a logout was sent
	closed   bool // Session.Close was called
}

// connect makes a session with parameters of its own.
func (s *sim) connect(rough bool) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	s.must(err)
	for _, k := range s.kernels {
		if k.PendingOn(fds[0]) || k.PendingOn(fds[1]) {
			s.fatalf("a descriptor was closed while an operation works on it")
		}
	}
	p := &simPeer{s: s, name: fmt.Sprintf("peer%d", s.made), fd: fds[1], rough: rough,
		cmdSN: pdu.Serial(s.oneOf(0, 100, 0xfffffff0)), statSN: pdu.Serial(s.oneOf(0, 7, 0xfffffffe)), attentions: [3]int{1, 1, 1}}
	p.params = Params{
		MaxRecvDataSegmentLength: s.oneOf(512, 4096, 8192, 65536, 262144),
		MaxXmitDataSegmentLength: s.oneOf(512, 4096, 8192, 8194, 65536, 262144),
		MaxBurstLength:           s.oneOf(512, 4096, 16384, 262144, 1<<20),
		MaxOutstandingR2T:        s.oneOf(1, 1, 2, 4, 16),
		InitialR2T:               s.w.Chance(500),
		ImmediateData:            s.w.Chance(700),
		HeaderDigest:             s.w.Chance(300),
		DataDigest:               s.w.Chance(300),
	}
	p.params.FirstBurstLength = min(s.oneOf(512, 2048, 4096, 65536), p.params.MaxBurstLength)
	if s.w.Chance(200) {
		p.params.NOPInterval, p.params.NOPTimeout = 2*time.Second, 2*time.Second
	}
	p.framing = pdu.Framing{MaxDataLen: pdu.MaxDataLen, HeaderDigest: p.params.HeaderDigest, DataDigest: p.params.DataDigest}
	target := s.target
	if rough {
		target = s.rough
	}
	p.expCmdSN, p.maxCmdSN = p.cmdSN, p.cmdSN+pdu.Serial(s.depth-1)
	p.sess = s.eng.NewSession(SessionConfig{TargetName: target.Name(), Initiator: p.name, TSIH: 1,
		Nexus: target.Attach(p.name, scsi.ISID{}, 1), QueueDepth: s.depth, CmdSN: p.cmdSN})
	s.must(s.eng.Attach(Handoff{FD: fds[0], Session: p.sess, CID: 7, StatSN: p.statSN, Params: p.params, Remote: p.name}))
	s.made++
	for l := range p.attentions {
		p.attentions[l] += s.functions() // those that are under way may count as later
	}
	s.peers = append(s.peers, p)
	s.note("%s connects, rough %v, %+v", p.name, rough, p.params)
}

func (p *simPeer) String() string {
	text := fmt.Sprintf("%s (CmdSN %d, window %d..%d, %d bytes to write, %d to understand)", p.name, p.cmdSN, p.expCmdSN, p.maxCmdSN, len(p.out), len(p.in))
	for _, o := range p.open {
		text += " " + o.String()
	}
	for _, c := range p.sess.conns {
		text += fmt.Sprintf(" [connection %d in state %d: receiving %v, sending %v, %d PDUs flying, last words %v]", c.idx, c.state, c.recvArmed, c.sending, c.out.flying, c.lastWords)
		for t := c.tasks; t != nil; t = t.next {
			text += fmt.Sprintf(" [task %d in state %d: ITT %d, wants %d, got %d, unsolicited %v to %d, %d operations, %d PDUs]",
				t.idx, t.state, t.bhs.ITT(), t.want, t.got, t.unsol, t.unsolEnd, t.ops, t.outs)
		}
	}
	return text
}

// step does one thing that an initiator can do.
func (p *simPeer) step() {
	s := p.s
	if p.cutOff {
		return
	}
	switch s.pick(250, 300, 200, 100, 12, 10, 6, 10, 1, 1, 2) {
	case 0:
		p.write(s.oneOf(1, 47, 48, 100, 5000, 1<<20))
	case 1:
		p.read(s.oneOf(1, 48, 1000, 1<<20))
	case 2:
		p.command()
	case 3:
		p.sendData()
	case 4:
		p.nop()
	case 5:
		p.taskMgmt()
	case 6:
		p.text()
	case 7:
		p.stale()
	case 8:
		p.logout()
	case 9:
		p.cut()
	case 10:
		p.damage()
	}
}

// settle does everything that is to be done now.
func (p *simPeer) settle() {
	if p.cutOff {
		return
	}
	p.unstash(true)
	for p.sendData() {
	}
	p.write(1 << 30)
	p.read(1 << 30)
	for p.sendData() {
	}
	p.write(1 << 30)
}

// write writes up to n bytes of what is to be sent.
func (p *simPeer) write(n int) {
	n = min(n, len(p.out))
	if n == 0 {
		return
	}
	done, err := unix.SendmsgN(p.fd, p.out[:n], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	switch err {
	case nil:
		p.out = append(p.out[:0], p.out[done:]...)
	case unix.EAGAIN:
	default:
		p.out = p.out[:0] // the target closed: read finds out
	}
}

// read reads up to n bytes and looks at every whole PDU.
func (p *simPeer) read(n int) {
	var b [65536]byte
	for n > 0 {
		got, _, err := unix.Recvfrom(p.fd, b[:min(n, len(b))], unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN:
			return
		case err != nil || got == 0:
			p.ended()
			return
		}
		n -= got
		if p.in = append(p.in, b[:got]...); p.confused {
			p.in = p.in[:0]
		}
		p.understand()
		if p.cutOff {
			return
		}
	}
}

// understand takes whole PDUs off the bytes that have come.
func (p *simPeer) understand() {
	for len(p.in) >= pdu.HeaderLen && !p.cutOff {
		h := pdu.View(p.in)
		n := pdu.HeaderLen + h.AHSLen() + h.DataLen() + pdu.PadLen(h.DataLen())
		if p.params.HeaderDigest {
			n += pdu.DigestLen
		}
		if p.params.DataDigest && h.DataLen() > 0 {
			n += pdu.DigestLen
		}
		if len(p.in) < n {
			return
		}
		var u pdu.PDU
		if err := p.framing.Read(bytes.NewReader(p.in[:n]), &u); err != nil {
			p.fault("PDU of the target: %v", err)
		}
		p.in = append(p.in[:0], p.in[n:]...)
		if !p.confused {
			p.received(&u)
		}
	}
}

// fault is what the target did wrong; a rough peer has no right to complain.
func (p *simPeer) fault(format string, args ...any) {
	if p.rough {
		p.confused = true
		return
	}
	p.s.fatalf(p.name+": "+format+"; open:%s", append(args, p.String())...)
}

// send queues a PDU of the peer; a rough one damages it first.
func (p *simPeer) send(u *pdu.PDU) {
	u.SetExpStatSN(p.statSN)
	if p.rough && p.s.w.Chance(200) {
		p.mangle(u)
		return
	}
	p.out = p.framing.Append(p.out, u)
}

// cut closes this end, in the middle of whatever.
func (p *simPeer) cut() {
	if p.cutOff {
		return
	}
	p.s.note("%s cuts", p.name)
	p.cutOff = true
	_ = unix.Close(p.fd)
	p.fd = -1
}

// ended has the end of the stream: the target has closed.
func (p *simPeer) ended() {
	if len(p.in) > 0 && !p.confused && !p.abrupt() {
		p.fault("the target's last PDU is cut off after %d bytes", len(p.in))
	}
	p.cutOff = true
	_ = unix.Close(p.fd)
	p.fd = -1
}

// abrupt reports whether the connection's end had a reason to come in the middle
// of a PDU.
func (p *simPeer) abrupt() bool { return p.s.closings[p.name] != "the last PDU is sent" }

// buried is called when the session has ended: was there a reason?
func (p *simPeer) buried() {
	for _, o := range p.open {
		o.finish(false)
		if o.kind == simTMF { // it may have been carried out though nobody was told
			p.s.affect(p, o, func(v *simOp, bystander bool) { v.mayVanish = v.mayVanish || bystander })
		}
	}
	p.s.forgetReserves(p)
	if !p.cutOff {
		p.cut()
	}
	why, s := p.s.closings[p.name], p.s
	if p.rough || s.stopping || p.closed {
		return
	}
	var ok bool
	switch why {
	case "the initiator closed it":
		ok = p.cutOff || p.leaving
	case "the last PDU is sent":
		ok = p.leaving || p.doomed || s.cold
	case "header digest error":
		ok = p.doomed
	case "no answer to a ping within NOPTimeout":
		ok = p.params.NOPInterval > 0
	case "it holds memory that others wait for, and does nothing with it":
		ok = true
	case "target cold reset":
		ok = s.cold
	case "the initiator does not take our last PDU", "the initiator does not close":
		ok = p.leaving || p.doomed || s.cold
	default:
		ok = strings.Contains(why, "connection") || strings.Contains(why, "pipe") || strings.Contains(why, "host")
	}
	if !ok {
		s.fatalf("%s was closed without a reason: %q", p.name, why)
	}
}

// quiet reports whether the peer waits for nothing.
func (p *simPeer) quiet() bool {
	waits := slices.ContainsFunc(p.open, func(o *simOp) bool { return !o.mayVanish })
	return p.cutOff || !waits && len(p.out) == 0 && len(p.in) == 0 && p.stash == nil
}

// checkSettled holds the window when every command is answered.
func (p *simPeer) checkSettled() {
	if p.rough || p.cutOff || p.leaving || p.doomed || len(p.sess.conns) == 0 || !p.sess.conns[0].serving() {
		return
	}
	c := p.sess.conns[0]
	if n := p.sess.open + p.sess.waiting + len(p.sess.deferred) + len(p.sess.sets); n != 0 || p.sess.expCmdSN != p.cmdSN {
		p.s.fatalf("%s is answered, but the session counts %d requests, and ExpCmdSN %d where %d is right", p.name, n, p.sess.expCmdSN, p.cmdSN)
	}
	if c.numTasks != 0 || c.heldBytes != 0 || c.immediates != 0 {
		p.s.fatalf("%s is answered, but its connection has %d tasks, %d immediate ones, and holds %d bytes", p.name, c.numTasks, c.immediates, c.heldBytes)
	}
}
