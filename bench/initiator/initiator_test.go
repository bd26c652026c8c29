// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"ietring/pdu"
)

// fake is a target of few words: it logs in anybody, then does what its script
// says with the first request.
type fake struct {
	t    *testing.T
	conn net.Conn
	f    pdu.Framing
	n    pdu.Serial // StatSN of the next status
	cmd  *pdu.PDU   // the request
}

const fakeLimit = 8192 // MaxBurstLength and our MaxRecvDataSegmentLength

// dialFake returns a session with a fake target that runs script.
func dialFake(t *testing.T, offer Params, script func(f *fake)) (*Session, error) {
	ours, theirs := net.Pipe()
	f := &fake{t: t, conn: theirs, f: pdu.Framing{MaxDataLen: 1 << 20}, n: 7}
	go func() {
		defer theirs.Close()
		if f.login(offer) {
			script(f)
			var rest pdu.PDU // until the initiator hangs up
			for f.f.Read(theirs, &rest) == nil {
			}
		}
	}()
	s, err := Dial(Options{
		Target: "iqn.2026-11.com.example:fake", Offer: &offer, Timeout: 2 * time.Second,
		Dial: func(context.Context, string) (net.Conn, error) { return ours, nil },
	})
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func fakeOffer() Params {
	p := Defaults()
	p.MaxBurstLength, p.FirstBurstLength, p.MaxRecvDataSegmentLength = fakeLimit, fakeLimit, fakeLimit
	p.MaxOutstandingR2T = 1
	return p
}

// login agrees to all that is offered.
func (f *fake) login(offer Params) bool {
	f.cmd = f.next()
	if f.cmd == nil {
		return false
	}
	keys, err := pdu.ParseKeys(f.cmd.Data, maxLoginKeys)
	if err != nil {
		return false
	}
	r := f.reply(pdu.OpLoginResponse)
	r.LoginResponse().SetStage(pdu.StageOperational, pdu.StageFullFeature, true, false)
	r.LoginResponse().SetTSIH(1)
	r.Data = pdu.AppendKey(nil, "TargetPortalGroupTag", "1")
	for _, k := range keys {
		if row := rowOf(k.Name); row != nil {
			v := k.Value
			if row.kind == kindList && v != pdu.ValueNone {
				v = "CRC32C"
			}
			r.Data = pdu.AppendKey(r.Data, k.Name, v)
		}
	}
	f.status(r)
	f.f.HeaderDigest, f.f.DataDigest = offer.HeaderDigest, offer.DataDigest
	f.cmd = f.next()
	return f.cmd != nil
}

func (f *fake) next() *pdu.PDU {
	var p pdu.PDU
	if f.f.Read(f.conn, &p) != nil {
		return nil
	}
	return &p
}

// reply returns an answer to f.cmd with good numbers.
func (f *fake) reply(op pdu.Opcode) *pdu.PDU {
	p := &pdu.PDU{}
	p.SetOpcode(op)
	p.SetFinal()
	p.SetITT(f.cmd.ITT())
	p.SetWindow(f.cmd.CmdSN()+1, f.cmd.CmdSN()+32)
	if op == pdu.OpLoginResponse {
		p.SetWindow(f.cmd.CmdSN(), f.cmd.CmdSN()+32)
	}
	p.SetStatSN(f.n)
	return p
}

// send sends p; that the initiator has hung up is what the tests want.
func (f *fake) send(p *pdu.PDU) { f.conn.Write(f.f.Append(nil, p)) }

// status sends a PDU that carries a status.
func (f *fake) status(p *pdu.PDU) {
	f.send(p)
	f.n++
}

// dataIn returns a Data-In that is right but for what a row changes.
func (f *fake) dataIn(sn uint32, off, n int) *pdu.PDU {
	p := f.reply(pdu.OpDataIn)
	p.DataIn().SetTTT(pdu.NoTag)
	p.DataIn().SetDataSN(sn)
	p.DataIn().SetBufferOffset(uint32(off))
	p.Data = make([]byte, n)
	return p
}

// r2t returns an R2T that is right but for what a row changes.
func (f *fake) r2t(sn uint32, off, n int) *pdu.PDU {
	p := f.reply(pdu.OpR2T)
	p.SetLUN(f.cmd.LUN())
	p.R2T().SetTTT(5)
	p.R2T().SetR2TSN(sn)
	p.R2T().SetBufferOffset(uint32(off))
	p.R2T().SetDesiredLen(uint32(n))
	return p
}

// TestViolations has a target break a rule after a read or a write of 4096 or
// more bytes; the session must end with the section of the rule.
func TestViolations(t *testing.T) {
	const n = 4096
	for _, row := range []struct {
		sentence string
		write    bool
		len      int
		script   func(f *fake)
		section  string
	}{
		{"DataSN begins with 1", false, n, func(f *fake) { f.send(f.dataIn(1, 0, n)) }, "11.7.5"},
		{"Data-In leaves a hole", false, n, func(f *fake) { f.send(f.dataIn(0, 512, n-512)) }, "11.7.6"},
		{"Data-In goes past the expected length", false, n, func(f *fake) { f.send(f.dataIn(0, 0, n+4)) }, "11.7.6"},
		{"Data-In for nobody", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n)
			p.SetITT(0x7777)
			f.send(p)
		}, "11.7"},
		{"Data-In for a write", true, n, func(f *fake) { f.send(f.dataIn(0, 0, n)) }, "11.7"},
		{"Data-In with a Target Transfer Tag", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n)
			p.DataIn().SetTTT(3)
			f.send(p)
		}, "11.7.4"},
		{"a segment above what we declared", false, 4 * fakeLimit, func(f *fake) { f.send(f.dataIn(0, 0, fakeLimit+4)) }, "13.12"},
		{"a sequence above MaxBurstLength", false, 4 * fakeLimit, func(f *fake) {
			for i := range 2 {
				p := f.dataIn(uint32(i), i*fakeLimit, fakeLimit)
				p.BHS[1] &= 0x7f
				f.send(p)
			}
		}, "13.13"},
		{"less data than expected and no underflow", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n/2)
			p.DataIn().SetStatus(0)
			f.status(p)
		}, "11.4.5"},
		{"underflow that does not add up", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n/2)
			p.DataIn().SetStatus(0)
			p.DataIn().SetResidual(-100)
			f.status(p)
		}, "11.4.5"},
		{"CHECK CONDITION within Data-In", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n)
			p.DataIn().SetStatus(StatusCheckCondition)
			f.status(p)
		}, "11.7.3"},
		{"CHECK CONDITION without sense", false, n, func(f *fake) {
			p := f.reply(pdu.OpSCSIResponse)
			p.SCSIResponse().SetStatus(StatusCheckCondition)
			f.status(p)
		}, "11.4.7"},
		{"a sense length that lies", false, n, func(f *fake) {
			p := f.reply(pdu.OpSCSIResponse)
			p.SCSIResponse().SetStatus(StatusCheckCondition)
			p.Data = []byte{0, 200, 0x70, 0}
			f.status(p)
		}, "11.4.7"},
		{"ExpDataSN that is not the number of Data-In", false, n, func(f *fake) {
			f.send(f.dataIn(0, 0, n))
			p := f.reply(pdu.OpSCSIResponse)
			p.SCSIResponse().SetExpDataSN(2)
			f.status(p)
		}, "11.4.8"},
		{"StatSN leaves one out", false, n, func(f *fake) {
			f.n++
			p := f.dataIn(0, 0, n)
			p.DataIn().SetStatus(0)
			f.status(p)
		}, "4.2.2.2"},
		{"MaxCmdSN below ExpCmdSN - 1", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n)
			p.SetWindow(f.cmd.CmdSN()+1, f.cmd.CmdSN()-1)
			f.send(p)
		}, "4.2.2.1"},
		{"ExpCmdSN acknowledges what was not sent", false, n, func(f *fake) {
			p := f.dataIn(0, 0, n)
			p.SetWindow(f.cmd.CmdSN()+2, f.cmd.CmdSN()+32)
			f.send(p)
		}, "4.2.2.1"},
		{"a request as an answer", false, n, func(f *fake) { f.send(f.reply(pdu.OpSCSICommand)) }, "11.2.1.2"},
		{"R2T for a read", false, n, func(f *fake) { f.send(f.r2t(0, 0, n)) }, "11.8"},
		{"R2TSN begins with 1", true, 2 * fakeLimit, func(f *fake) { f.send(f.r2t(1, fakeLimit, 512)) }, "11.8.2"},
		{"R2T of nothing", true, 2 * fakeLimit, func(f *fake) { f.send(f.r2t(0, fakeLimit, 0)) }, "11.8.4"},
		{"R2T above MaxBurstLength", true, 4 * fakeLimit, func(f *fake) { f.send(f.r2t(0, fakeLimit, fakeLimit+512)) }, "11.8.4"},
		{"R2T for what was sent already", true, 2 * fakeLimit, func(f *fake) { f.send(f.r2t(0, 0, 512)) }, "13.19"},
		{"R2T past the end", true, 2 * fakeLimit, func(f *fake) { f.send(f.r2t(0, fakeLimit, fakeLimit)); f.send(f.r2t(1, 2*fakeLimit, 512)) }, "11.8.4"},
		{"R2T with the reserved tag", true, 2 * fakeLimit, func(f *fake) {
			p := f.r2t(0, fakeLimit, 512)
			p.R2T().SetTTT(pdu.NoTag)
			f.send(p)
		}, "11.8.5"},
		{"a header that is not final", false, n, func(f *fake) {
			p := f.reply(pdu.OpSCSIResponse)
			p.BHS[1] = 0
			f.send(p)
		}, "11"},
		{"a Reject without a header", false, n, func(f *fake) {
			p := f.reply(pdu.OpReject)
			p.SetITT(pdu.NoTag)
			f.status(p)
		}, "11.17.4"},
		{"a padding that is not zero", false, n, func(f *fake) {
			b := f.f.Append(nil, f.dataIn(0, 0, 5))
			b[len(b)-1] = 1
			f.conn.Write(b)
		}, "11.2"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			s, err := dialFake(t, fakeOffer(), row.script)
			if err != nil {
				t.Fatal(err)
			}
			c := Command{CDB: Read16(Range{Blocks: 8}), In: make([]byte, row.len)}
			if row.write {
				c = Command{CDB: Write16(Range{Blocks: 8}, false), Out: make([]byte, row.len)}
			}
			var v *Violation
			if err := s.Do(&c); !errors.As(err, &v) || v.Section != row.section {
				t.Errorf("the command ended with %v; want a breach of Section %s", err, row.section)
			}
		})
	}
}

// TestDigests has one bit of a digest wrong.
func TestDigests(t *testing.T) {
	for _, row := range []struct {
		sentence string
		change   func(p *Params)
	}{
		{"header", func(p *Params) { p.HeaderDigest = true }},
		{"data", func(p *Params) { p.DataDigest = true }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			offer := fakeOffer()
			row.change(&offer)
			s, err := dialFake(t, offer, func(f *fake) {
				b := f.f.Append(nil, f.dataIn(0, 0, 512))
				i := len(b) - 1
				if offer.HeaderDigest {
					i = pdu.HeaderLen
				}
				b[i] ^= 1
				f.conn.Write(b)
			})
			if err != nil {
				t.Fatal(err)
			}
			c := Command{In: make([]byte, 512)}
			var v *Violation
			if err := s.Do(&c); !errors.As(err, &v) || v.Section != "11.2.3" {
				t.Errorf("the command ended with %v", err)
			}
		})
	}
}

// TestGoodCommand has the fake do everything right.
func TestGoodCommand(t *testing.T) {
	s, err := dialFake(t, fakeOffer(), func(f *fake) {
		f.send(f.dataIn(0, 0, 512))
		p := f.dataIn(1, 512, 512)
		p.DataIn().SetStatus(StatusGood)
		p.DataIn().SetResidual(-1024)
		f.status(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	c := Command{In: make([]byte, 2048)}
	if err := s.Do(&c); err != nil || c.Received != 1024 || c.Residual != -1024 {
		t.Errorf("%v, %d bytes, residual %d", err, c.Received, c.Residual)
	}
}

// TestKeyResults holds answers to our offers against the RFC's rules.
func TestKeyResults(t *testing.T) {
	for _, row := range []struct {
		sentence      string
		kind          keyKind
		offer, answer string
		good          bool
	}{
		{"the minimum may be lower", kindMin, "8", "4", true},
		{"the minimum may not be higher", kindMin, "8", "9", false},
		{"the maximum may be higher", kindMax, "2", "20", true},
		{"the maximum may not be lower", kindMax, "2", "1", false},
		{"a number is a number", kindMin, "8", "Yes", false},
		{"AND with No is No", kindAnd, "No", "Yes", false},
		{"AND with Yes is open", kindAnd, "Yes", "No", true},
		{"OR with Yes is Yes", kindOr, "Yes", "No", false},
		{"OR with No is open", kindOr, "No", "Yes", true},
		{"a list gives one of its words", kindList, "CRC32C,None", "CRC32C", true},
		{"a list gives no other word", kindList, "CRC32C,None", "MD5", false},
		{"a list of one gives that one", kindList, "None", "CRC32C", false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			r := keyRow{kind: row.kind}
			if err := r.checkResult(row.offer, row.answer); (err == nil) != row.good {
				t.Errorf("offer %s, answer %s: %v", row.offer, row.answer, err)
			}
		})
	}
}

func TestTagsNeverReserved(t *testing.T) {
	s := &Session{slots: make([]slot, maxDepth+reservedSlots)}
	for i := range s.slots {
		s.slots[i].gen = 1<<(32-tagBits-1) - 2 // two before the wrap
		s.free = append(s.free, uint32(i))
	}
	for range 3 * len(s.slots) {
		itt := s.take(slot{cmd: &Command{}})
		if itt == pdu.NoTag || s.task(itt) == nil || s.task(itt^1<<tagBits) != nil {
			t.Fatal("tag " + strconv.FormatUint(uint64(itt), 16))
		}
		s.release(itt)
	}
}
