// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"
)

// samples holds one valid PDU of every opcode an initiator or target sends,
// each field set to a value that stands nowhere else.
func samples() []*PDU {
	p := func(op Opcode, data string, set func(h *BHS)) *PDU {
		var h BHS
		h.SetOpcode(op)
		h.SetFinal()
		h.SetITT(0x10203040)
		set(&h)
		return &PDU{BHS: h, Data: []byte(data)}
	}
	lun := [8]byte{0, 5}
	return []*PDU{
		p(OpNopOut, "ping", func(h *BHS) { h.NopOut().SetTTT(NoTag); h.SetCmdSN(7); h.SetExpStatSN(8) }),
		p(OpSCSICommand, "immediate data", func(h *BHS) {
			c := h.SCSICommand()
			c.SetDirection(false, true)
			c.SetAttr(AttrSimple)
			c.SetEDTL(4096)
			c.CDB()[0] = 0x2a
			h.SetLUN(lun)
		}),
		p(OpTaskMgmt, "", func(h *BHS) { h.TaskMgmt().SetFunction(AbortTask); h.TaskMgmt().SetRefTag(9) }),
		p(OpLogin, "A=b\x00", func(h *BHS) { h.LoginRequest().SetStage(StageSecurity, StageOperational, true, false) }),
		p(OpText, "SendTargets=All\x00", func(h *BHS) { h.TextRequest().SetTTT(NoTag) }),
		p(OpDataOut, "12345", func(h *BHS) { h.DataOut().SetTTT(3); h.DataOut().SetBufferOffset(512) }),
		p(OpLogout, "", func(h *BHS) { h.LogoutRequest().SetReason(LogoutCloseConnection) }),
		p(OpSNACK, "", func(h *BHS) {}),
		p(OpNopIn, "pong", func(h *BHS) { h.NopIn().SetTTT(NoTag) }),
		p(OpSCSIResponse, "sense", func(h *BHS) { h.SCSIResponse().SetResidual(-512) }),
		p(OpTaskMgmtResp, "", func(h *BHS) { h.TaskMgmtResponse().SetResponse(TaskDoesNotExist) }),
		p(OpLoginResponse, "A=b\x00", func(h *BHS) { h.LoginResponse().SetStatus(LoginAuthFailure) }),
		p(OpTextResponse, "A=b\x00", func(h *BHS) { h.TextResponse().SetTTT(NoTag) }),
		p(OpDataIn, "data", func(h *BHS) { h.DataIn().SetStatus(0); h.DataIn().SetResidual(4) }),
		p(OpLogoutResponse, "", func(h *BHS) { h.LogoutResponse().SetTimes(2, 20) }),
		p(OpR2T, "", func(h *BHS) { h.R2T().SetDesiredLen(65536) }),
		p(OpAsync, "", func(h *BHS) { h.AsyncMessage().SetEvent(AsyncLogoutRequest) }),
		p(OpReject, "refused header", func(h *BHS) { h.Reject().SetReason(ReasonProtocolError) }),
	}
}

var framings = []Framing{
	{MaxDataLen: 8192},
	{MaxDataLen: 8192, HeaderDigest: true},
	{MaxDataLen: 8192, DataDigest: true},
	{MaxDataLen: 8192, HeaderDigest: true, DataDigest: true},
}

// A PDU that was written is read back the same, with every digest setting.
func TestRoundTrip(t *testing.T) {
	for _, f := range framings {
		for _, p := range samples() {
			wire := f.Append(nil, p)
			var got PDU
			if err := f.Read(bytes.NewReader(wire), &got); err != nil {
				t.Fatalf("%v with %+v: %v", p.Opcode(), f, err)
			}
			if got.BHS != p.BHS || !bytes.Equal(got.Data, p.Data) {
				t.Errorf("%v with %+v: read back as %x %q", p.Opcode(), f, got.BHS, got.Data)
			}
			if again := f.Append(nil, &got); !bytes.Equal(again, wire) {
				t.Errorf("%v with %+v: wrote %x the second time", p.Opcode(), f, again)
			}
		}
	}
}

// Every truncation of a valid PDU fails, with io.EOF only for no bytes at all.
func TestTruncation(t *testing.T) {
	for _, f := range framings {
		for _, p := range samples() {
			wire := f.Append(nil, p)
			for n := range wire {
				want := io.ErrUnexpectedEOF
				if n == 0 {
					want = io.EOF
				}
				var got PDU
				if err := f.Read(bytes.NewReader(wire[:n]), &got); err != want {
					t.Errorf("%v cut to %d of %d bytes: %v, want %v", p.Opcode(), n, len(wire), err, want)
				}
			}
		}
	}
}

// Every flipped bit is found by the digest that covers it.
func TestDigestCoverage(t *testing.T) {
	f := Framing{MaxDataLen: MaxDataLen, HeaderDigest: true, DataDigest: true}
	p := samples()[1]
	wire := f.Append(nil, p)
	for bit := range len(wire) * 8 {
		bad := bytes.Clone(wire)
		bad[bit/8] ^= 1 << (bit % 8)
		var got PDU
		err := f.Read(bytes.NewReader(bad), &got)
		want := ErrDataDigest
		if bit/8 < HeaderLen+DigestLen {
			want = ErrHeaderDigest
		}
		// A changed AHS length makes the digest be looked for elsewhere.
		if !errors.Is(err, want) && err != io.ErrUnexpectedEOF {
			t.Errorf("bit %d of byte %d flipped: %v, want %v", bit%8, bit/8, err, want)
		}
	}
}

// RFC 7143, Appendix A.4 gives the digests of these 32-byte patterns.
func TestDigestVectors(t *testing.T) {
	ramp := make([]byte, 32)
	for i := range ramp {
		ramp[i] = byte(i)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"zeroes", make([]byte, 32), "aa36918a"},
		{"ones", bytes.Repeat([]byte{0xff}, 32), "43aba862"},
		{"incrementing", ramp, "4e79dd46"},
	} {
		var b [DigestLen]byte
		Digest(0).Add(tt.data[:5]).Add(tt.data[5:]).Put(b[:])
		if got := hex.EncodeToString(b[:]); got != tt.want {
			t.Errorf("32 bytes of %s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Serial numbers compare across the wrap.
func TestSerial(t *testing.T) {
	for _, tt := range []struct {
		s, first, last Serial
		want           bool
	}{
		{5, 5, 5, true},
		{4, 5, 9, false},
		{10, 5, 9, false},
		{5, 5, 4, false}, // an empty window
		{0, 0xfffffffe, 3, true},
		{0xffffffff, 0xfffffffe, 3, true},
		{0xfffffffd, 0xfffffffe, 3, false},
		{4, 0xfffffffe, 3, false},
	} {
		if got := tt.s.InWindow(tt.first, tt.last); got != tt.want {
			t.Errorf("%d in [%d, %d]: %v, want %v", tt.s, tt.first, tt.last, got, tt.want)
		}
	}
}

// Every assigned row of the opcode table is complete.
func TestOpcodeTable(t *testing.T) {
	for op := range opcodes {
		o := &opcodes[op]
		if o.sender == nobody {
			if *o != (opcodeInfo{}) {
				t.Errorf("opcode %#02x has no sender but a row", op)
			}
			continue
		}
		if o.name == "" || o.section == "" {
			t.Errorf("opcode %#02x: the row lacks a name or a section", op)
		}
		if o.sender == initiator != (op < 0x20) {
			t.Errorf("%v: the sender does not agree with the number", Opcode(op))
		}
	}
	if len(samples()) != 18 {
		t.Error("samples do not cover every opcode")
	}
}

// The door lets every valid request of full feature phase in and names what is
// wrong with the others.
func TestCheck(t *testing.T) {
	lim := &Limits{MaxRecvDataSegmentLength: 8192}
	for _, tt := range []struct {
		name   string
		sample int
		spoil  func(h *BHS)
		want   RejectReason // 0: accepted
	}{
		{"a ping is fine", 0, func(h *BHS) {}, 0},
		{"a write is fine", 1, func(h *BHS) {}, 0},
		{"a task management request is fine", 2, func(h *BHS) {}, 0},
		{"a login has no place here", 3, func(h *BHS) {}, ReasonProtocolError},
		{"a text request is fine", 4, func(h *BHS) {}, 0},
		{"data-out is fine", 5, func(h *BHS) {}, 0},
		{"a logout is fine", 6, func(h *BHS) {}, 0},
		{"a SNACK passes the door", 7, func(h *BHS) {}, 0},
		{"a target's PDU is a protocol error", 8, func(h *BHS) {}, ReasonProtocolError},
		{"an unassigned opcode is not supported", 0, func(h *BHS) { h.SetOpcode(0x11) }, ReasonCommandNotSupported},
		{"an AHS belongs to commands only", 0, func(h *BHS) { h.SetAHSLen(4) }, ReasonInvalidPDUField},
		{"a logout has no data", 6, func(h *BHS) { h.SetDataLen(1) }, ReasonInvalidPDUField},
		{"the data segment is bounded", 5, func(h *BHS) { h.SetDataLen(8193) }, ReasonProtocolError},
		{"the largest data segment is fine", 5, func(h *BHS) { h.SetDataLen(8192) }, 0},
		{"a NOP-Out is final", 0, func(h *BHS) { h[1] = 0 }, ReasonInvalidPDUField},
		{"a NOP-Out without a tag is immediate", 0, func(h *BHS) { h.SetITT(NoTag) }, ReasonInvalidPDUField},
		{"a NOP-Out is not ping and answer at once", 0, func(h *BHS) { h.NopOut().SetTTT(1) }, ReasonInvalidPDUField},
		{"a command has a tag", 1, func(h *BHS) { h.SetITT(NoTag) }, ReasonInvalidPDUField},
		{"only a write announces unsolicited data", 1, func(h *BHS) { h[1] = 0x41 }, ReasonInvalidPDUField},
		{"text does not both end and go on", 4, func(h *BHS) { h.TextRequest().SetContinue() }, ReasonInvalidPDUField},
	} {
		p := samples()[tt.sample]
		p.SetDataLen(len(p.Data))
		tt.spoil(&p.BHS)
		err := Check(&p.BHS, lim)
		switch {
		case err == nil && tt.want != 0:
			t.Errorf("%s: accepted", tt.name)
		case err != nil && err.Reason != tt.want:
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// Residuals keep their direction through the wire form.
func TestResidual(t *testing.T) {
	for _, v := range []Residual{0, 1, -1, 512, -512, 0xffffffff, -0xffffffff} {
		var h BHS
		h.SetOpcode(OpDataIn)
		h.DataIn().SetResidual(-v)
		h.DataIn().SetResidual(v)
		if got := h.DataIn().Residual(); got != v {
			t.Errorf("residual %d came back as %d", v, got)
		}
	}
}

func TestParseKeys(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []Key
		fails      bool
	}{
		{"nothing", "", nil, false},
		{"one pair", "A=b\x00", []Key{{"A", "b"}}, false},
		{"the last zero may be missing", "A=b\x00C=d", []Key{{"A", "b"}, {"C", "d"}}, false},
		{"a value may be empty and hold an equals sign", "A=\x00B=x=y\x00", []Key{{"A", ""}, {"B", "x=y"}}, false},
		{"empty pairs are passed over", "\x00\x00A=b\x00\x00", []Key{{"A", "b"}}, false},
		{"vendor keys have dots", "X-com.example.k=1\x00", []Key{{"X-com.example.k", "1"}}, false},
		{"a small first letter is a name nobody knows", "sENDtARGETS=aLL\x00", []Key{{"sENDtARGETS", "aLL"}}, false},
		{"no equals sign", "garbage\x00", nil, true},
		{"no name", "=b\x00", nil, true},
		{"a blank in the name", "A b=c\x00", nil, true},
		{"a name of 64 bytes", "A" + string(bytes.Repeat([]byte("a"), 63)) + "=b\x00", nil, true},
		{"a value too long", "A=" + string(bytes.Repeat([]byte("a"), MaxKeyValueLen+1)) + "\x00", nil, true},
		{"too many pairs", "A=1\x00B=2\x00C=3\x00D=4\x00", nil, true},
	} {
		got, err := ParseKeys([]byte(tt.text), 3)
		if (err != nil) != tt.fails {
			t.Errorf("%s: error %v", tt.name, err)
			continue
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	}
}

// AHS are split one by one and never past the end.
func TestNextAHS(t *testing.T) {
	long := []byte{0, 5, AHSExtendedCDB, 0, 1, 2, 3, 4, 0, 5, AHSBidiReadEDTL, 0, 0, 0, 2, 0}
	typ, specific, rest, err := NextAHS(long)
	if err != nil || typ != AHSExtendedCDB || len(specific) != 5 || len(rest) != 8 {
		t.Fatalf("first segment: type %d, %d bytes, %d left, %v", typ, len(specific), len(rest), err)
	}
	typ, _, rest, err = NextAHS(rest)
	if err != nil || typ != AHSBidiReadEDTL || len(rest) != 0 {
		t.Fatalf("second segment: type %d, %d left, %v", typ, len(rest), err)
	}
	for _, bad := range [][]byte{nil, {0, 1}, {0, 0, 1, 0}, {0, 9, 1, 0}, {255, 255, 1, 0}} {
		if _, _, _, err := NextAHS(bad); err != ErrAHS {
			t.Errorf("%x: %v, want ErrAHS", bad, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, fr := range framings {
		for _, p := range samples() {
			f.Add(fr.Append(nil, p), fr.HeaderDigest, fr.DataDigest)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte, hd, dd bool) {
		fr := Framing{MaxDataLen: 8192, HeaderDigest: hd, DataDigest: dd}
		var p PDU
		if fr.Read(bytes.NewReader(wire), &p) != nil {
			return
		}
		Check(&p.BHS, &Limits{MaxRecvDataSegmentLength: 8192})
		rest := p.AHS
		for len(rest) > 0 {
			var err error
			if _, _, rest, err = NextAHS(rest); err != nil {
				break
			}
		}
		var again PDU
		if err := fr.Read(bytes.NewReader(fr.Append(nil, &p)), &again); err != nil || again.BHS != p.BHS {
			t.Fatalf("written and read again: %v", err)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("InitiatorName=iqn.2026-11.com.example:x\x00SessionType=Normal\x00"))
	f.Add([]byte("A=\x00=\x00\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := ParseKeys(text, 64)
		if err != nil {
			return
		}
		var wire []byte
		for _, k := range keys {
			wire = AppendKey(wire, k.Name, k.Value)
		}
		again, err := ParseKeys(wire, 64)
		if err != nil || len(again) != len(keys) {
			t.Fatalf("%q: %v", wire, err)
		}
	})
}

// Reading fields and building a header allocate nothing.
func TestNoAllocation(t *testing.T) {
	h := &samples()[1].BHS
	lim := &Limits{MaxRecvDataSegmentLength: 16}
	if n := testing.AllocsPerRun(100, func() {
		if Check(h, lim) != nil {
			t.Fail()
		}
		var out BHS
		out.SetOpcode(OpDataIn)
		out.SetITT(h.ITT())
		out.DataIn().SetStatus(0)
		out.SetWindow(h.CmdSN()+1, h.CmdSN()+32)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
