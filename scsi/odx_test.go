// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// blockRange is a block device range descriptor.
func blockRange(lba, n int) string { return fmt.Sprintf("%016x %08x 00000000", lba, n) }

// populateList is a parameter list of POPULATE TOKEN.
func populateList(flags, timeout int, kind uint32, ranges ...string) string {
	n := tokenRangeLen * len(ranges)
	return fmt.Sprintf("%04x %02x 00 %08x %08x 0000 %04x", populateHeaderLen+n-2, flags, timeout, kind, n) + strings.Join(ranges, "")
}

// writeList is a parameter list of WRITE USING TOKEN.
func writeList(flags, skip int, token []byte, ranges ...string) string {
	n := tokenRangeLen * len(ranges)
	return fmt.Sprintf("%04x %02x 0000000000 %016x", writeTokenHeaderLen+n-2, flags, skip) + hex.EncodeToString(token) +
		fmt.Sprintf("000000000000 %04x", n) + strings.Join(ranges, "")
}

// tokenCommand sends the command with service action and a parameter list to lun.
func (c *copyTarget) tokenCommand(t testing.TB, n *Nexus, lun uint16, action int, id uint32, list string) (*Plan, Sense) {
	t.Helper()
	p, data := &Plan{}, bytesOf(t, list)
	if s := n.Plan(p, lunField(lun), cdbOf(t, fmt.Sprintf("83 %02x 00000000 %08x %08x", action, id, len(data)))); s != Good {
		return p, s
	}
	return p, n.Collected(p, data)
}

// populate makes a token of LUN 0 as the data plane does.
func (c *copyTarget) populate(t testing.TB, timeout int, ranges ...string) *Token {
	t.Helper()
	p, s := c.tokenCommand(t, c.n, 0, 0x10, 3, populateList(0, timeout, 0, ranges...))
	if s != Good || p.Action != ActionToken {
		t.Fatalf("POPULATE TOKEN: %v, action %d", s, p.Action)
	}
	p.Copy.Token.Watched(func() {})
	p.Copy.End(StatusGood, Good)
	return p.Copy.Token
}

func TestPopulateToken(t *testing.T) {
	var many []string
	for i := range maxTokenRanges + 1 {
		many = append(many, blockRange(i, 1))
	}
	for _, tc := range []struct {
		name, list string
		want       Sense
	}{
		{"one range", populateList(0, 0, 0, blockRange(8, 8)), Good},
		{"as many ranges as there may be, next to each other", populateList(0, 300, 0, many[1:]...), Good},
		{"to the end of the medium", populateList(1, 1, 0, blockRange(2040, 8)), Good},
		{"a type without RTV is passed over", populateList(0, 0, 0x12345678, blockRange(0, 1)), Good},
		{"the one type that there is", populateList(2, 0, rodVulnerable, blockRange(0, 1)), Good},
		{"an empty range among others", populateList(0, 0, 0, blockRange(0, 0), blockRange(0, 1)), Good},
		{"a type that outlives changes", populateList(2, 0, 0x00800002, blockRange(0, 1)), InvalidFieldInParams.AtParam(8, 7)},
		{"a longer timeout than there is", populateList(0, 301, 0, blockRange(0, 1)), InvalidFieldInParams.AtParam(4, 7)},
		{"one range too many", populateList(0, 0, 0, many...), InvalidFieldInParams.AtParam(14, 7)},
		{"no range", populateList(0, 0, 0), InvalidFieldInParams.AtParam(14, 7)},
		{"no blocks", populateList(0, 0, 0, blockRange(0, 0)), InvalidFieldInParams.AtParam(24, 7)},
		{"beyond the end", populateList(0, 0, 0, blockRange(2041, 8)), LBAOutOfRange},
		{"a block twice", populateList(0, 0, 0, blockRange(0, 9), blockRange(8, 1)), InvalidFieldInParams.AtParam(32, 7)},
		{"half a range", "0016 00 00 00000000 00000000 0000 0008 0000000000000000", InvalidFieldInParams.AtParam(14, 7)},
		{"a length that leaves out the range", "000e 00 00 00000000 00000000 0000 0010" + blockRange(0, 1), InvalidFieldInParams.AtParam(0, 7)},
		{"a list that is cut", "001e 00 00 00000000 00000000 0000 0010", ParamListLength},
		{"a header that is cut", "001e 00 00 00000000", ParamListLength},
	} {
		c := newCopyTarget(t)
		p, s := c.tokenCommand(t, c.n, 0, 0x10, 3, tc.list)
		if s != tc.want {
			t.Errorf("%s: %v % x, want %v % x", tc.name, s, s.Specific, tc.want, tc.want.Specific)
		}
		if s == Good && (p.Action != ActionToken || p.Copy.Token.Unit() != c.units[0] || !p.Copy.Uses(c.units[0])) {
			t.Errorf("%s: the plan is %+v", tc.name, p)
		}
	}
}

func TestWriteUsingToken(t *testing.T) {
	c := newCopyTarget(t)
	token := c.populate(t, 0, blockRange(100, 8), blockRange(16, 16)).text
	zero := [tokenLen]byte{0: 0xff, 1: 0xff, 3: 0x01, 6: 0x01, 7: 0xf8}
	edit := func(off int, b byte) []byte {
		d := bytes.Clone(token[:])
		d[off] ^= b
		return d
	}
	at := InvalidFieldInParams.AtParam
	for _, tc := range []struct {
		name string
		lun  uint16
		list string
		want Sense
		sums string // the pieces, in blocks of 512: from+blocks>to
	}{
		{"all of it in one range", 1, writeList(0, 0, token[:], blockRange(0, 24)), Good, "100+8>0 16+16>8"},
		{"across its ranges, into two", 1, writeList(0, 4, token[:], blockRange(50, 6), blockRange(0, 2)), Good, "104+4>50 16+2>54 18+2>0"},
		{"the end of it", 1, writeList(0, 8, token[:], blockRange(0, 16)), Good, "16+16>0"},
		{"with blocks of another size", 2, writeList(0, 1, token[:], blockRange(1, 2)), Good, "16+16>8"},
		{"zeros", 1, writeList(0, 99, zero[:], blockRange(5, 7)), Good, "z+7>5"},
		{"more than there is", 1, writeList(0, 0, token[:], blockRange(0, 25)), at(8, 7), ""},
		{"behind its end", 1, writeList(0, 25, token[:], blockRange(0, 1)), at(8, 7), ""},
		{"an offset that overflows", 1, strings.Replace(writeList(0, 0, token[:], blockRange(0, 1)), "0000000000000000", "ffffffffffffffff", 1), at(8, 7), ""},
		{"to a read-only unit", 3, writeList(0, 0, token[:], blockRange(0, 1)), WriteProtected, ""},
		{"beyond the end of the medium", 1, writeList(0, 0, token[:], blockRange(2048, 1)), LBAOutOfRange, ""},
		{"a token of another type", 1, writeList(0, 0, edit(3, 3), blockRange(0, 1)), UnsupportedTokenType, ""},
		{"a token of another length", 1, writeList(0, 0, edit(7, 8), blockRange(0, 1)), InvalidTokenLength, ""},
		{"a token with a bit changed", 1, writeList(0, 0, edit(57, 1), blockRange(0, 1)), TokenCorrupt, ""},
		{"a token that was guessed", 1, writeList(0, 0, edit(511, 1), blockRange(0, 1)), TokenUnknown, ""},
		{"no range", 1, writeList(0, 0, token[:]), at(534, 7), ""},
		{"a header that is cut", 1, writeList(0, 0, token[:100]), ParamListLength, ""},
	} {
		p, s := c.tokenCommand(t, c.n, tc.lun, 0x11, 4, tc.list)
		if s != tc.want {
			t.Errorf("%s: %v % x, want %v % x", tc.name, s, s.Specific, tc.want, tc.want.Specific)
		}
		if s != Good {
			continue
		}
		var pieces []string
		for _, x := range p.Copy.Pieces {
			from := fmt.Sprint(x.FromOff / 512)
			if x.From == nil {
				from = "z"
			}
			pieces = append(pieces, fmt.Sprintf("%s+%d>%d", from, x.Len/512, x.ToOff/512))
		}
		if got := strings.Join(pieces, " "); got != tc.sums || p.Action != ActionCopy {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.sums)
		}
		p.Copy.End(StatusGood, Good)
	}
}

// Who shows a token must see its unit and be able to read it; it need not be who
// made it.
func TestTokenOfAnother(t *testing.T) {
	c := newCopyTarget(t)
	token := c.populate(t, 0, blockRange(0, 8)).text
	other := c.n.target.Attach("iqn.2001-04.com.example:other", ISID{1}, 1)
	quiet(other)
	list := writeList(0, 0, token[:], blockRange(0, 8))
	if _, s := c.tokenCommand(t, other, 1, 0x11, 4, list); s != Good {
		t.Errorf("who may read the source: %v", s)
	}
	other.SetView(&View{Sees: func(lun uint16) bool { return lun != 0 }})
	quiet(other)
	if _, s := c.tokenCommand(t, other, 1, 0x11, 5, list); s != CSCDNotReachable {
		t.Errorf("who does not see the source: %v", s)
	}
	elsewhere := newCopyTarget(t)
	if _, s := elsewhere.tokenCommand(t, elsewhere.n, 1, 0x11, 4, list); s != TokenUnknown {
		t.Errorf("at another target: %v", s)
	}
}

// How tokens end, and what is said of them then.
func TestTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCopyTarget(t)
		use := func(token *Token, flags int) Sense {
			t.Helper()
			p, s := c.tokenCommand(t, c.n, 1, 0x11, 9, writeList(flags, 0, token.text[:], blockRange(0, 1)))
			if s == Good {
				p.Copy.End(StatusGood, Good)
			}
			return s
		}
		token := c.populate(t, 5, blockRange(0, 1))
		var unwatched atomic.Int32 // by the timer's goroutine
		token.unwatch = func() { unwatched.Add(1) }
		for range 3 {
			time.Sleep(4 * time.Second)
			if s := use(token, 0); s != Good {
				t.Errorf("a token that is used: %v", s)
			}
		}
		time.Sleep(6 * time.Second)
		if s := use(token, 0); s != TokenExpired || unwatched.Load() != 1 {
			t.Errorf("a token that nobody used: %v, its blocks are let go %d times", s, unwatched.Load())
		}
		token = c.populate(t, 0, blockRange(0, 1))
		if s := use(token, writeTokenDELTKN); s != Good {
			t.Error(s)
		}
		if s := use(token, 0); s != TokenDeleted {
			t.Errorf("a deleted token: %v", s)
		}
		token = c.populate(t, 0, blockRange(0, 1))
		token.Revoke()
		time.Sleep(time.Minute)
		if s := use(token, 0); s != TokenRevoked {
			t.Errorf("a token whose blocks changed: %v", s)
		}
		token = c.populate(t, 0, blockRange(0, 1))
		for range maxTokens {
			c.populate(t, 0, blockRange(0, 1))
		}
		if s := use(token, 0); s != TokenUnknown || len(c.n.target.tokens.order) != maxTokens {
			t.Errorf("the oldest of too many: %v", s)
		}
		c.n.Detach()
		if k := &c.n.target.tokens; len(k.order)+len(k.byKey) != 0 {
			t.Error("tokens outlive the session")
		}
	})
}

// What RECEIVE ROD TOKEN INFORMATION tells from the begin to the end.
func TestTokenInformation(t *testing.T) {
	c := newCopyTarget(t)
	information := func(id int) (string, Sense) {
		var p Plan
		s := c.n.Plan(&p, lunField(0), cdbOf(t, fmt.Sprintf("84 07 %08x 00000000 00000fff", id)))
		return hex.EncodeToString(p.Reply), s
	}
	check := func(name string, id int, want string) {
		t.Helper()
		if got, s := information(id); s != Good || got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %v %s, want %s", name, s, got, want)
		}
	}
	if _, s := information(7); s != InvalidFieldInCDB.AtCDB(2, 7) {
		t.Errorf("of a command that never was: %v", s)
	}
	p, _ := c.tokenCommand(t, c.n, 0, 0x10, 0x12345, populateList(0, 0, 0, blockRange(8, 8)))
	check("a token is made", 0x12345, "00000020 10 11 0000 000001f4 00 00 00 f1 0000000000000000 0000 000000000000 00000000")
	p.Copy.Moved(4096, true)
	p.Copy.End(StatusGood, Good)
	token := p.Copy.Token.text
	if n := binary.BigEndian.Uint64(token[tokenBytesOff:]); n != 4096 {
		t.Errorf("the token says %d bytes", n)
	}
	check("it is made", 0x12345, "00000222 10 01 0000 fffffffe 00 00 00 f1 0000000000000008 0000 000000000000 00000202 0000"+hex.EncodeToString(token[:]))
	p, s := c.tokenCommand(t, c.n, 1, 0x11, 9, writeList(1, 0, token[:], blockRange(0, 8)))
	if s != Good || !p.Immediate {
		t.Fatalf("WRITE USING TOKEN with IMMED: %v, immediate %v", s, p.Immediate)
	}
	p.Copy.Moved(1024, false)
	check("it is written", 9, "00000020 11 12 0000 000001f4 00 00 00 f1 0000000000000002 0000 000000000000 00000000")
	p.Copy.End(StatusCheckCondition, TokenRevoked)
	check("that failed", 9, "00000032 11 02 0000 fffffffe 02 12 12 f1 0000000000000002 0000 000000000000 "+hex.EncodeToString(TokenRevoked.Append(nil, false))+" 00000000")
	p, _ = c.tokenCommand(t, c.n, 0, 0x10, 10, populateList(0, 0, 0, blockRange(8, 8)))
	p.Copy.End(StatusTaskAborted, Good)
	check("one was aborted", 10, "00000020 10 60 0000 fffffffe 40 00 00 f1 0000000000000000 0000 000000000000 00000000")
	if s := p.Copy.Token.Sense(); s != TokenDeleted {
		t.Errorf("the token that was not made: %v", s)
	}
}
