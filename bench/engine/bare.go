// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"

	"ietring/bench/floor"
	"ietring/bench/uring"
)

var errAnswer = errors.New("the floor answers what nobody asked for")

// bare speaks the protocol of package floor.
type bare struct {
	c    *conn
	head floor.Header // an answer that is arriving
	have int          // bytes of it that are here
	skip int          // bytes that follow it and are not here
}

func newBare(c *conn) (*bare, error) {
	var err error
	c.out, err = uring.NewOutbox(c.e.cfg.Depth*floor.HeaderLen, c.e.cfg.Depth*(1+uring.PayloadPieces(c.e.cfg.BlockLen)))
	return &bare{c: c}, err
}

func (p *bare) start(l *lane) error {
	n := p.c.e.cfg.BlockLen
	h := floor.View(p.c.out.Part(floor.HeaderLen))
	if l.write {
		h.Set(uint32(l.id), n, 0)
		p.c.out.Payload(p.c.e.payload)
	} else {
		h.Set(uint32(l.id), 0, n)
	}
	return nil
}

func (p *bare) receive(b []byte) error {
	for len(b) > 0 {
		if p.have < floor.HeaderLen {
			n := copy(p.head[p.have:], b)
			p.have += n
			b = b[n:]
			if p.have < floor.HeaderLen {
				return nil
			}
			if err := p.head.Check(); err != nil {
				return err
			}
			p.skip = p.head.AnswerLen()
		}
		n := min(p.skip, len(b))
		p.skip -= n
		b = b[n:]
		if p.skip > 0 {
			return nil
		}
		p.have = 0
		if p.head.Tag() >= uint32(len(p.c.lanes)) {
			return errAnswer
		}
		if err := p.c.complete(&p.c.lanes[p.head.Tag()]); err != nil {
			return err
		}
	}
	return nil
}

// leave has nothing to say.
func (p *bare) leave() bool { return false }
