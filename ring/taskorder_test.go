// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"ietring/pdu"
)

// A sent is a command of TestRandomAttributes.
type sent struct {
	cmd   *pdu.PDU
	on    *peer
	attr  pdu.TaskAttr
	r2t   *pdu.PDU // that waits for data
	ended int      // place of its response among all; 0: none yet
	gone  bool     // an abort of it was answered
}

// A chaos sends commands of random attributes, feeds and aborts them in any
// order, and remembers what came of them.
type chaos struct {
	t     *testing.T
	rnd   *rand.Rand
	peers []*peer
	all   []*sent
	tasks map[uint32]*sent // by tag
	funcs map[uint32]*sent // aborts that are not answered, by their tag
	place int
}

// take looks at a PDU of the target.
func (c *chaos) take(p *pdu.PDU) {
	s := c.tasks[p.ITT()]
	switch p.Opcode() {
	case pdu.OpR2T:
		s.r2t = p
	case pdu.OpSCSIResponse, pdu.OpDataIn:
		if s.ended > 0 || s.gone {
			c.t.Fatalf("command %d is answered though it is over", p.ITT())
		}
		c.place++
		s.ended, s.r2t = c.place, nil
	case pdu.OpTaskMgmtResp:
		s := c.funcs[p.ITT()]
		delete(c.funcs, p.ITT())
		if gone := p.TaskMgmtResponse().Response() == pdu.FunctionComplete; gone == (s.ended > 0) {
			c.t.Fatalf("abort of a command that has ended: %v, answered: %d", s.ended > 0, p.TaskMgmtResponse().Response())
		} else if gone {
			s.gone, s.r2t = true, nil
		}
	default:
		c.t.Fatalf("%v", p.Opcode())
	}
}

// send sends a command of a random attribute that ends at once when it may, or
// a write that waits for its data.
func (c *chaos) send(attrs []pdu.TaskAttr) {
	lead := c.peers[0]
	s := &sent{on: c.peers[c.rnd.IntN(len(c.peers))], attr: attrs[c.rnd.IntN(len(attrs))]}
	if c.rnd.IntN(2) == 0 {
		s.cmd = lead.scsi(1, testUnitReady, 0, nil)
	} else {
		s.cmd = lead.scsi(1, write10(0, 1), 0, make([]byte, 512))
	}
	s.cmd.SCSICommand().SetAttr(s.attr)
	c.all = append(c.all, s)
	c.tasks[s.cmd.ITT()] = s
	s.on.send(s.cmd)
}

// settle receives until an echo on each connection has come back: what the
// target had to say until then is here.
func (c *chaos) settle() {
	for _, i := range c.peers {
		r := c.peers[0].ping("")
		r.SetImmediate()
		c.peers[0].cmdSN--
		i.send(r)
		for {
			p := i.next()
			if p.ITT() == r.ITT() {
				break
			}
			c.take(p)
		}
	}
}

// step does one thing.
func (c *chaos) step(attrs []pdu.TaskAttr) {
	open := 0
	for _, s := range c.all {
		if s.ended == 0 && !s.gone {
			open++
		}
	}
	switch k := c.rnd.IntN(10); {
	case k < 5 && open < testDepth-4:
		c.send(attrs)
	case k < 8:
		c.feed(c.rnd.IntN(len(c.all) + 1))
	case k == 8 && len(c.all) > 0:
		if s := c.all[c.rnd.IntN(len(c.all))]; s.ended == 0 && !s.gone && len(c.funcs) == 0 {
			f := c.peers[0].function(pdu.AbortTask, 1, s.cmd.ITT(), s.cmd.CmdSN(), true)
			c.funcs[f.ITT()] = s
			s.on.send(f)
		}
	default:
		c.settle()
	}
}

// feed sends the data of the first write from place n on that waits for it.
func (c *chaos) feed(n int) {
	for _, s := range c.all[min(n, len(c.all)):] {
		if r := s.r2t; r != nil {
			s.r2t = nil
			s.on.send(dataOut(s.cmd.ITT(), r.R2T().TTT(), 0, 0, make([]byte, 512), true))
			return
		}
	}
}

// Whatever is sent, fed and aborted in whatever order, on one connection or two:
// commands are answered once or aborted, nothing is left blocked, and on one
// connection no command overtakes an ORDERED one, nor is overtaken by it.
func TestRandomAttributes(t *testing.T) {
	p := newPlane(t, 1)
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			i := p.connect(defaults)
			i.t = t
			c := &chaos{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), peers: []*peer{i}, tasks: map[uint32]*sent{}, funcs: map[uint32]*sent{}}
			if seed&1 == 1 {
				c.peers = append(c.peers, i.join(p, 8))
			}
			attrs := []pdu.TaskAttr{pdu.AttrSimple, pdu.AttrSimple, pdu.AttrSimple, pdu.AttrOrdered, pdu.AttrHeadOfQueue}
			for range 300 {
				c.step(attrs)
			}
			for range 4 * len(c.all) { // all that waits for data gets it
				c.settle()
				c.feed(0)
			}
			c.settle()
			for k, s := range c.all {
				if s.ended == 0 && !s.gone {
					t.Fatalf("command %d of %d, attribute %d, has not ended", k, len(c.all), s.attr)
				}
			}
			i.noSets()
			if len(c.peers) == 1 {
				c.checkOrder()
			}
		})
	}
}

// checkOrder holds the answers against the barriers.
func (c *chaos) checkOrder() {
	for k, barrier := range c.all {
		if barrier.attr != pdu.AttrOrdered || barrier.ended == 0 {
			continue
		}
		for m, s := range c.all {
			switch {
			case s.ended == 0 || m == k || s.attr == pdu.AttrHeadOfQueue:
			case (m < k) != (s.ended < barrier.ended):
				c.t.Fatalf("command %d ended at %d, the barrier %d at %d", m, s.ended, k, barrier.ended)
			}
		}
	}
}
