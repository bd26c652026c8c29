// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"math/bits"
	"math/rand/v2"

	"ietring/bench/initiator"
)

// How the operations of a stream are dealt, in percent.
const (
	sharedPercent = 40
	writePercent  = 50
	fuaPercent    = 10
	flushPercent  = 1
	shortPercent  = 50 // of commands have a CDB of 10 bytes, the rest 16
)

// stream is one line of commands, one after the other.
type stream struct {
	v   *verifier
	s   *initiator.Session
	own span
	rng *rand.Rand
	cmd initiator.Command
}

// run fills the stream's own area and then works until the load ends.
func (st *stream) run() error {
	buf := make([]byte, st.v.c.MaxLen)
	if err := st.fill(buf); err != nil {
		return err
	}
	for st.v.ctx.Err() == nil {
		if err := st.step(buf); err != nil {
			return err
		}
	}
	return nil
}

// fill writes all of the stream's own area.
func (st *stream) fill(buf []byte) error {
	most := len(buf) / st.v.model.blockLen
	for done := 0; done < st.own.n; done += most {
		if err := st.write(span{st.own.first + done, min(most, st.own.n-done)}, buf); err != nil {
			return err
		}
	}
	return nil
}

func (st *stream) step(buf []byte) error {
	area := st.own
	if st.percent(sharedPercent) && st.v.shared.n > 0 {
		area = st.v.shared
	}
	r := st.pick(area, len(buf)/st.v.model.blockLen)
	switch {
	case st.percent(flushPercent):
		return st.flush()
	case st.percent(writePercent):
		return st.write(r, buf)
	}
	return st.read(r, buf)
}

func (st *stream) percent(n int) bool { return st.rng.IntN(100) < n }

// pick returns a run of blocks of area; each power of two is as likely a length
// as the others.
func (st *stream) pick(area span, most int) span {
	most = min(most, area.n)
	n := 1 << st.rng.IntN(bits.Len(uint(most)))
	n = min(most, n+st.rng.IntN(n))
	return span{area.first + st.rng.IntN(area.n-n+1), n}
}

// blocks returns r as blocks of the unit.
func (st *stream) blocks(r span) initiator.Range {
	return initiator.Range{LBA: st.v.c.FirstBlock + uint64(r.first), Blocks: uint32(r.n)}
}

func (st *stream) write(r span, buf []byte) error {
	b := buf[:r.n*st.v.model.blockLen]
	token := st.v.model.BeginWrite(r.first, b)
	cdb := initiator.Write16(st.blocks(r), st.percent(fuaPercent))
	if st.percent(shortPercent) {
		cdb = initiator.Write10(st.blocks(r), st.percent(fuaPercent))
	}
	if err := st.do(cdb, b, nil); err != nil {
		return fmt.Errorf("write of %d blocks from %d: %w", r.n, r.first, err)
	}
	st.v.model.EndWrite(r.first, r.n, token)
	st.v.writes.Add(1)
	st.v.writeBytes.Add(uint64(len(b)))
	return nil
}

func (st *stream) read(r span, buf []byte) error {
	b := buf[:r.n*st.v.model.blockLen]
	cdb := initiator.Read16(st.blocks(r))
	if st.percent(shortPercent) {
		cdb = initiator.Read10(st.blocks(r))
	}
	clear(b) // old content must not pass for what the target sent
	token := st.v.model.BeginRead()
	if err := st.do(cdb, nil, b); err != nil {
		st.v.model.AbandonRead(token)
		return fmt.Errorf("read of %d blocks from %d: %w", r.n, r.first, err)
	}
	if err := st.v.model.EndRead(r.first, token, b); err != nil {
		return &mismatchError{fmt.Errorf("read of %d blocks from %d: %w", r.n, r.first, err)}
	}
	st.v.reads.Add(1)
	st.v.readBytes.Add(uint64(len(b)))
	return nil
}

func (st *stream) flush() error {
	if err := st.do(initiator.SynchronizeCache10(), nil, nil); err != nil {
		return fmt.Errorf("SYNCHRONIZE CACHE: %w", err)
	}
	return nil
}

func (st *stream) do(cdb initiator.CDB, out, in []byte) error {
	c := &st.cmd
	c.LUN, c.CDB, c.Out, c.In = st.v.c.LUN, cdb, out, in
	if err := st.s.Do(c); err != nil {
		return err
	}
	return c.OK()
}
