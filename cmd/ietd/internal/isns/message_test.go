// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// pdu is a PDU by its fields.
func pdu(f function, flags, xid, sequence uint16, length int, data string) string {
	b := []byte{0, 1, byte(f >> 8), byte(f), byte(length >> 8), byte(length), byte(flags >> 8), byte(flags), byte(xid >> 8), byte(xid), byte(sequence >> 8), byte(sequence)}
	return string(b) + data
}

const whole = flagFirst | flagLast

func TestReadMessage(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     string // payload, or a part of the error
		ok       bool
	}{
		{"one PDU", pdu(scn, whole, 7, 0, 4, "abcd"), "abcd", true},
		{"no payload", pdu(scn, whole, 7, 0, 0, ""), "", true},
		{"two PDUs", pdu(scn, flagFirst, 7, 0, 4, "abcd") + pdu(scn, flagLast, 7, 1, 4, "efgh"), "abcdefgh", true},
		{"three PDUs", pdu(scn, flagFirst, 7, 0, 4, "abcd") + pdu(scn, 0, 7, 1, 4, "efgh") + pdu(scn, flagLast, 7, 2, 0, ""), "abcdefgh", true},
		{"exactly the limit", pdu(scn, whole, 7, 0, 16, strings.Repeat("x", 16)), strings.Repeat("x", 16), true},
		{"over the limit", pdu(scn, whole, 7, 0, 20, strings.Repeat("x", 20)), "at most 16", false},
		{"over the limit in pieces", pdu(scn, flagFirst, 7, 0, 12, strings.Repeat("x", 12)) + pdu(scn, flagLast, 7, 1, 8, strings.Repeat("x", 8)), "at most 16", false},
		{"not a multiple of four", pdu(scn, whole, 7, 0, 3, "abc"), "multiples of 4", false},
		{"another version", "\x00\x02" + pdu(scn, whole, 7, 0, 0, "")[2:], "version 2", false},
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "not iSNS", false},
		{"signed", pdu(scn, whole|flagSigned, 7, 0, 0, ""), "signed", false},
		{"the first PDU is not first", pdu(scn, flagLast, 7, 0, 0, ""), "does not continue", false},
		{"the second PDU is first", pdu(scn, flagFirst, 7, 0, 0, "") + pdu(scn, whole, 7, 1, 0, ""), "does not continue", false},
		{"a PDU is missing", pdu(scn, flagFirst, 7, 0, 0, "") + pdu(scn, flagLast, 7, 2, 0, ""), "does not continue", false},
		{"another message between", pdu(scn, flagFirst, 7, 0, 0, "") + pdu(esi, flagLast, 7, 1, 0, ""), "does not continue", false},
		{"another transaction between", pdu(scn, flagFirst, 7, 0, 0, "") + pdu(scn, flagLast, 8, 1, 0, ""), "does not continue", false},
		{"it never ends", endless(), "more than 256 PDUs", false},
	} {
		m, err := readMessage(strings.NewReader(row.in), 16)
		switch {
		case row.ok && (err != nil || string(m.payload) != row.want || m.function != scn || m.xid != 7):
			t.Errorf("%s: %+v, %v", row.name, m, err)
		case !row.ok && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: %v, want %s", row.name, err, row.want)
		}
	}
}

func endless() string {
	b := pdu(scn, flagFirst, 7, 0, 0, "")
	for n := range 300 {
		b += pdu(scn, 0, 7, uint16(n+1), 0, "")
	}
	return b
}

// Every message that is cut fails, and between messages it is the plain end.
func TestReadMessageCut(t *testing.T) {
	in := pdu(scn, flagFirst, 7, 0, 4, "abcd") + pdu(scn, flagLast, 7, 1, 4, "efgh")
	for n := range len(in) {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := readMessage(strings.NewReader(in[:n]), 100); err != want {
			t.Errorf("cut at %d: %v, want %v", n, err, want)
		}
	}
}

// The bytes of a request, by hand from RFC 4171, Sections 5.1 and 5.3.1.
func TestGoldenRequest(t *testing.T) {
	var p payload
	p.text(tagName, "iqn.a")
	p.delimiter()
	p.number(tagNodeType, nodeTarget)
	p.empty(tagAlias)
	p.addr(tagPortalAddr, netip.MustParseAddr("192.0.2.1"))
	got := hex.EncodeToString(appendMessage(nil, &message{function: devAttrReg, flags: flagReplace, xid: 0x0102, payload: p}))
	want := "0001" + "0001" + "0044" + "9c00" + "0102" + "0000" +
		"00000020" + "00000008" + "69716e2e61000000" +
		"00000000" + "00000000" +
		"00000021" + "00000004" + "00000001" +
		"00000022" + "00000000" +
		"00000010" + "00000010" + "00000000000000000000ffffc0000201"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestParseAttrs(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     []attr
		err      string
	}{
		{"nothing", "", nil, ""},
		{"one", "0000002000000004" + "61000000", []attr{{tagName, []byte("a\x00\x00\x00")}}, ""},
		{"one and the delimiter", "0000002000000004" + "61000000" + "0000000000000000", []attr{{tagName, []byte("a\x00\x00\x00")}, {tagDelimiter, []byte{}}}, ""},
		{"half a header", "00000020", nil, "4 bytes are left over"},
		{"longer than what is left", "0000002000000008" + "61000000", nil, "has 8 bytes, and 4 are left"},
		{"much longer", "00000020fffffffc" + "61000000", nil, "has 4294967292 bytes"},
		{"not a multiple of four", "0000002000000003" + "61000000", nil, "has 3 bytes"},
		{"too many", strings.Repeat("0000000000000000", maxAttrs+1), nil, "more than 32768"},
	} {
		b, err := hex.DecodeString(row.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseAttrs(b)
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%s: %v, want %s", row.name, err, row.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
}

func TestText(t *testing.T) {
	for _, row := range []struct {
		name, in, want string
		ok             bool
	}{
		{"padded", "ab\x00\x00", "ab", true},
		{"empty", "\x00\x00\x00\x00", "", true},
		{"as long as can be", "abcd\x00\x00\x00\x00", "abcd", true},
		{"too long", "abcde\x00\x00\x00", "", false},
		{"no NUL", "abcd", "", false},
		{"no value", "", "", false},
	} {
		got, err := attr{tagName, []byte(row.in)}.text(4)
		if got != row.want || (err == nil) != row.ok {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}

// What is read is what was written, whatever else: nothing panics, and nothing
// grows beyond its bound.
func FuzzMessage(f *testing.F) {
	var p payload
	p.text(tagName, disk1)
	p.number(tagNodeType, nodeInitiator)
	p.delimiter()
	p.text(tagName, alice)
	p.number(tagNodeType, nodeInitiator)
	f.Add(appendMessage(nil, &message{function: devAttrQry | isResponse, xid: 1, payload: append(payload{0, 0, 0, 0}, p...)}))
	f.Add(appendMessage(nil, &message{function: scn, xid: 2, payload: p}))
	f.Add([]byte(pdu(esi, flagFirst, 7, 0, 4, "abcd") + pdu(esi, flagLast, 7, 1, 4, "efgh")))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := readMessage(bytes.NewReader(in), 4096)
		if err != nil {
			return
		}
		if len(m.payload) > 4096 {
			t.Fatalf("%d bytes", len(m.payload))
		}
		again, err := readMessage(bytes.NewReader(appendMessage(nil, m)), 4096)
		if err != nil || again.function != m.function || again.xid != m.xid || !bytes.Equal(again.payload, m.payload) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
		if reply, effect := answer(m, "host"); reply.function != m.function|isResponse || effect != 0 && len(reply.payload) < 4 {
			t.Fatalf("%+v is answered by %+v", m, reply)
		}
		list, err := parseAnswer(devAttrQry, m.payload)
		if err != nil {
			return
		}
		set := make(initiatorSet)
		if err := set.add(list); err == nil && len(set) > len(list)/2 {
			t.Fatalf("%d initiators out of %d attributes", len(set), len(list))
		}
	})
}
