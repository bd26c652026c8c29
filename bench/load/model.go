// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
)

// wordLen is the unit in which a block may be torn between two writes that race
// with its read, in bytes.
const wordLen = 8

// never is the end of a write that has not been acknowledged.
const never = math.MaxUint64

// unknown is the generation of what a block held before the first write.
const unknown = 0

// version is one write of one block. Times are ticks of the model's clock.
type version struct {
	gen        uint64
	start, end uint64
}

// A Model knows what the blocks of a logical unit may contain.
type Model struct {
	blockLen int // bytes
	seed     uint64

	mu      sync.Mutex
	now     uint64 // one tick each time something begins or ends
	gen     uint64
	blocks  [][]version
	reads   map[uint64]int // start of each read in flight, and how many
	torn    uint64
	checked uint64
}

// NewModel returns a model of n blocks whose content nobody knows yet.
func NewModel(n, blockLen int, seed uint64) *Model {
	return &Model{blockLen: blockLen, seed: seed, blocks: make([][]version, n), reads: map[uint64]int{}}
}

// span is a run of blocks of the model.
type span struct{ first, n int }

// BeginWrite fills buf, whole blocks, with new content for the blocks from
// first on, and returns a token for EndWrite. From now on the content may be
// seen.
func (m *Model) BeginWrite(first int, buf []byte) (token uint64) {
	n := len(buf) / m.blockLen
	m.mu.Lock()
	m.now++
	m.gen++
	token = m.gen
	for i := first; i < first+n; i++ {
		if m.blocks[i] == nil {
			m.blocks[i] = []version{{gen: unknown}}
		}
		m.blocks[i] = append(m.blocks[i], version{token, m.now, never})
	}
	m.mu.Unlock()
	for i := range n {
		m.fill(buf[i*m.blockLen:(i+1)*m.blockLen], uint64(first+i), token)
	}
	return token
}

// EndWrite says that the target acknowledged the write of n blocks from first
// on. A write that was never acknowledged has no EndWrite and may be seen for
// ever.
func (m *Model) EndWrite(first, n int, token uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now++
	oldest := m.oldestRead()
	for i := first; i < first+n; i++ {
		m.acknowledge(i, token, oldest)
	}
}

// acknowledge ends the write token of block i, and forgets the versions that
// neither a read in flight nor a later one can see.
func (m *Model) acknowledge(i int, token, oldest uint64) {
	for j := range m.blocks[i] {
		if v := &m.blocks[i][j]; v.gen == token {
			v.end = m.now
		}
	}
	latest := latestBefore(m.blocks[i], oldest)
	m.blocks[i] = slices.DeleteFunc(m.blocks[i], func(v version) bool { return v.end < latest })
}

// latestBefore returns the start of the latest write that was over before a
// tick: versions that ended before that start can no longer be seen.
func latestBefore(versions []version, tick uint64) uint64 {
	var latest uint64
	for _, v := range versions {
		if v.end < tick {
			latest = max(latest, v.start)
		}
	}
	return latest
}

func (m *Model) oldestRead() uint64 {
	oldest := uint64(never)
	for t := range m.reads {
		oldest = min(oldest, t)
	}
	return oldest
}

// BeginRead marks the start of a read and returns a token for EndRead.
func (m *Model) BeginRead() (token uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now++
	m.reads[m.now]++
	return m.now
}

// AbandonRead says that a read ended without data.
func (m *Model) AbandonRead(token uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(token)
}

func (m *Model) forget(token uint64) {
	if m.reads[token]--; m.reads[token] == 0 {
		delete(m.reads, token)
	}
}

// EndRead checks buf, which a read that began with token found in the blocks
// from first on. The error names the first block that shows what it must not.
func (m *Model) EndRead(first int, token uint64, buf []byte) error {
	m.mu.Lock()
	m.now++
	n := len(buf) / m.blockLen
	allowed := make([][]version, n)
	for i := range n {
		allowed[i] = m.visible(first+i, token)
	}
	m.forget(token)
	m.checked += uint64(n)
	m.mu.Unlock()

	want := make([]byte, m.blockLen)
	for i := range n {
		if err := m.check(first+i, token, buf[i*m.blockLen:(i+1)*m.blockLen], want, allowed[i]); err != nil {
			return err
		}
	}
	return nil
}

// visible returns the versions of block i that a read from tick start to now
// may show: all except those that another write, acknowledged before the read
// began, came after. The caller holds m.mu.
func (m *Model) visible(i int, start uint64) []version {
	latest := latestBefore(m.blocks[i], start)
	var out []version
	for _, v := range m.blocks[i] {
		if v.end >= latest {
			out = append(out, v)
		}
	}
	return out
}

// check compares one block with what it may be. want is scratch.
func (m *Model) check(block int, start uint64, got, want []byte, allowed []version) error {
	if len(allowed) == 0 {
		return nil // nobody has written it
	}
	racing := false
	for _, v := range allowed {
		if v.gen == unknown {
			return nil
		}
		if m.fill(want, uint64(block), v.gen); bytes.Equal(got, want) {
			return nil
		}
		racing = racing || v.end >= start
	}
	if racing && len(allowed) > 1 && m.isMix(block, got, want, allowed) {
		m.mu.Lock()
		m.torn++
		m.mu.Unlock()
		return nil
	}
	return m.mismatch(block, got, want, allowed)
}

// isMix reports whether each word of got comes from an allowed version: a read
// that races with a write may see some of both.
func (m *Model) isMix(block int, got, want []byte, allowed []version) bool {
	matched := make([]bool, len(got)/wordLen)
	for _, v := range allowed {
		m.fill(want, uint64(block), v.gen)
		for w := range matched {
			if bytes.Equal(got[w*wordLen:(w+1)*wordLen], want[w*wordLen:(w+1)*wordLen]) {
				matched[w] = true
			}
		}
	}
	for _, ok := range matched {
		if !ok {
			return false
		}
	}
	return true
}

func (m *Model) mismatch(block int, got, want []byte, allowed []version) error {
	m.fill(want, uint64(block), allowed[len(allowed)-1].gen)
	off := 0
	for off < len(got) && got[off] == want[off] {
		off++
	}
	gens := make([]uint64, len(allowed))
	for i, v := range allowed {
		gens[i] = v.gen
	}
	return fmt.Errorf("block %d: its header says block %d, generation %d; allowed generations %v; differs from the last of them at byte %d (%d-byte blocks)",
		block, binary.LittleEndian.Uint64(got), binary.LittleEndian.Uint64(got[8:]), gens, off, m.blockLen)
}

// fill makes the content of a block: its number, its generation, then words
// that depend on both and on the seed.
func (m *Model) fill(b []byte, block, gen uint64) {
	binary.LittleEndian.PutUint64(b, block)
	binary.LittleEndian.PutUint64(b[8:], gen)
	x := mix(m.seed ^ mix(block) ^ mix(gen)<<1)
	for i := 16; i < len(b); i += wordLen {
		x += 0x9e3779b97f4a7c15 // the golden ratio: every word another one
		binary.LittleEndian.PutUint64(b[i:], x^x>>29)
	}
}

// mix spreads the bits of x (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// CheckNow checks b, the content of a block while nothing is in flight.
func (m *Model) CheckNow(block int, b []byte) error {
	return m.EndRead(block, m.BeginRead(), b)
}

// Blocks returns how many blocks the model has.
func (m *Model) Blocks() int { return len(m.blocks) }

// BlockLen returns the length of a block in bytes.
func (m *Model) BlockLen() int { return m.blockLen }

// Counts returns how many blocks were checked, and how many of them were a mix
// of two writes that raced with the read.
func (m *Model) Counts() (checked, torn uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checked, m.torn
}
