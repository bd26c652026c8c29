// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A ROD token stands for the blocks of a unit as they were when POPULATE TOKEN
// made it: whoever shows it to WRITE USING TOKEN of the same target, and may read
// the unit, has them copied. Nothing is set aside for it. It is of the type "point
// in time copy - change vulnerable": the first change of the blocks, by whatever
// command through whatever target, revokes it. See SPC-4, ROD types.
//
// The data plane watches the blocks as long as the token is good for something,
// and only so long is there anything to pay: see Token.Watched.
//
//	good --> revoked   a block was changed, or the disk was taken away
//	     --> expired   nobody used it for its inactivity timeout
//	     --> deleted   by DEL_TKN, or to make way for another
//
// Tokens end with the session that made them, and with the process.

// The limits of tokens, which VPD 8Fh reports.
const (
	maxTokens      = 32        // of one nexus; the oldest makes way for another
	maxTokenRanges = 64        // of a token, and of what is written by one
	maxTokenLen    = 256 << 20 // bytes that one command makes a token of, or writes by one
	bestTokenLen   = 64 << 20

	tokenTimeout    = 30 // seconds without use after which a token expires
	maxTokenTimeout = 300
)

// Layout of a ROD token. See SPC-4, ROD token format.
const (
	tokenLen       = 512
	tokenHeaderLen = 8 // up to and with ROD TOKEN LENGTH

	tokenLenOff     = 6
	tokenIDOff      = 8
	tokenCreatorOff = 16 // a CSCD descriptor
	tokenBytesOff   = 56 // the lower half of NUMBER OF BYTES REPRESENTED
	tokenBlockOff   = 96 // of the device type specific data: the length of a block
	tokenTargetOff  = 128
	tokenKeyOff     = tokenLen - tokenKeyLen

	tokenKeyLen = 32
)

// ROD types. See SPC-4.
const (
	rodVulnerable = 0x00800001 // point in time copy - change vulnerable
	rodZero       = 0xffff0001 // SBC-3: block device zero
)

// A tokenKey is what nobody can guess of a token.
type tokenKey [tokenKeyLen]byte

// The ends of a token.
const (
	tokenGood int32 = iota
	tokenRevoked
	tokenExpired
	tokenDeleted
)

// A Token is a ROD token.
type Token struct {
	unit   *Unit
	ranges []Range // of its medium, in the order of the copy
	size   int64   // bytes of all ranges
	owner  *Nexus
	text   [tokenLen]byte

	end atomic.Int32 // tokenGood, or how it ended: the first counts

	mu      sync.Mutex
	timeout time.Duration
	timer   *time.Timer // nil before the blocks are watched
	unwatch func()
}

// Unit returns the unit whose blocks the token stands for.
func (t *Token) Unit() *Unit { return t.unit }

// Ranges returns what the token stands for, which does not change.
func (t *Token) Ranges() []Range { return t.ranges }

// Good reports whether the token still stands for its blocks.
func (t *Token) Good() bool { return t.end.Load() == tokenGood }

// Revoke tells that a block is about to change. Any goroutine may call it,
// whatever it holds.
func (t *Token) Revoke() { t.end.CompareAndSwap(tokenGood, tokenRevoked) }

// Watched tells that from now on each change of the blocks is preceded by Revoke.
// unwatch, called once and on any goroutine, ends that.
func (t *Token) Watched(unwatch func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.Good() {
		unwatch()
		return
	}
	t.unwatch = unwatch
	t.timer = time.AfterFunc(t.timeout, func() { t.finish(tokenExpired) })
}

// use begins the inactivity timeout anew.
func (t *Token) use() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil && t.Good() {
		t.timer.Reset(t.timeout)
	}
}

// finish ends the token.
func (t *Token) finish(how int32) {
	t.end.CompareAndSwap(tokenGood, how)
	t.mu.Lock()
	unwatch := t.unwatch
	t.unwatch = nil
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
}

// Sense returns why the token cannot be used; Good when it can.
func (t *Token) Sense() Sense {
	switch t.end.Load() {
	case tokenRevoked:
		return TokenRevoked
	case tokenExpired:
		return TokenExpired
	case tokenDeleted:
		return TokenDeleted
	}
	return Good
}

// tokens are those of one target. Those that ended are kept to say how.
type tokens struct {
	mu    sync.Mutex
	made  uint64
	byKey map[tokenKey]*Token
	order []*Token // the oldest first
}

// add makes a token of ranges of u for n.
func (s *tokens) add(n *Nexus, u *Unit, ranges []Range, size int64, timeout time.Duration) *Token {
	t := &Token{unit: u, ranges: ranges, size: size, owner: n, timeout: timeout}
	s.mu.Lock()
	s.made++
	t.write(s.made)
	if s.byKey == nil {
		s.byKey = make(map[tokenKey]*Token)
	}
	s.byKey[t.key()] = t
	s.order = append(s.order, t)
	own := 0
	var oldest *Token
	for i := len(s.order) - 1; i >= 0; i-- {
		if s.order[i].owner == n {
			own, oldest = own+1, s.order[i]
		}
	}
	if own > maxTokens {
		s.forget(oldest)
	}
	s.mu.Unlock()
	if own > maxTokens {
		oldest.finish(tokenDeleted)
	}
	return t
}

// forget takes t out. The caller holds s.mu.
func (s *tokens) forget(t *Token) {
	delete(s.byKey, t.key())
	s.order = slices.DeleteFunc(s.order, func(o *Token) bool { return o == t })
}

// dropOf ends the tokens of n.
func (s *tokens) dropOf(n *Nexus) {
	s.mu.Lock()
	var own []*Token
	for _, t := range s.order {
		if t.owner == n {
			own = append(own, t)
		}
	}
	for _, t := range own {
		s.forget(t)
	}
	s.mu.Unlock()
	for _, t := range own {
		t.finish(tokenDeleted)
	}
}

// drop ends t. It is known on as deleted.
func (s *tokens) drop(t *Token) { t.finish(tokenDeleted) }

// find returns the token that an initiator shows in text, of tokenLen bytes. It is
// nil and Good for the one that stands for zeros.
func (s *tokens) find(text []byte) (*Token, Sense) {
	kind := binary.BigEndian.Uint32(text)
	switch {
	case kind != rodVulnerable && kind != rodZero:
		return nil, UnsupportedTokenType
	case binary.BigEndian.Uint16(text[tokenLenOff:]) != tokenLen-tokenHeaderLen:
		return nil, InvalidTokenLength
	case kind == rodZero:
		return nil, Good
	}
	s.mu.Lock()
	t := s.byKey[tokenKey(text[tokenKeyOff:])]
	s.mu.Unlock()
	switch {
	case t == nil:
		return nil, TokenUnknown
	case !bytes.Equal(text, t.text[:]):
		return nil, TokenCorrupt
	}
	return t, t.Sense()
}

// key is the last of the token, its extended ROD token data.
func (t *Token) key() tokenKey { return tokenKey(t.text[tokenKeyOff:]) }

// write fills in the text of the id-th token of the target.
func (t *Token) write(id uint64) {
	b, u := &t.text, t.unit.state.Load()
	binary.BigEndian.PutUint32(b[:], rodVulnerable)
	binary.BigEndian.PutUint16(b[tokenLenOff:], tokenLen-tokenHeaderLen)
	binary.BigEndian.PutUint64(b[tokenIDOff:], id)
	cscd := b[tokenCreatorOff:]
	cscd[0] = cscdIdentification
	if u.NAA {
		naa := naaOf(u)
		copy(cscd[4:], []byte{codeSetBinary, designatorNAA, 0, byte(len(naa))})
		copy(cscd[8:], naa[:])
		binary.BigEndian.PutUint32(cscd[28:], u.BlockSize)
	} else {
		cscd[1] = cscdNull // IET's designator is too long for it
	}
	binary.BigEndian.PutUint64(b[tokenBytesOff:], uint64(t.size))
	binary.BigEndian.PutUint32(b[tokenBlockOff:], u.BlockSize)
	name := appendName(nil, associationTarget, t.owner.target.name)
	copy(b[tokenTargetOff:tokenKeyOff], name)
	rand.Read(b[tokenKeyOff:]) // never fails: see crypto/rand
}
