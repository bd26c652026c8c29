// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"os"
	"strings"
	"testing"

	"ietring/pdu"
	"ietring/scsi"
)

// A fault is a row of the table in the package's documentation. bring makes the
// peer do it; what must come back then is either a Reject with that reason, or
// the status and sense of the command that bring returns, or the end of the
// connection, in this order where there are several.
type fault struct {
	name   string
	bring  func(i *peer) *pdu.PDU
	reject pdu.RejectReason // 0: none
	sense  scsi.Sense       // Good: none
	closes bool
}

// spoilt sends p with a bit of its wire form inverted.
func (i *peer) spoilt(p *pdu.PDU, at int) {
	i.t.Helper()
	wire := i.framing.Append(nil, p)
	wire[at] ^= 1
	if _, err := i.Write(wire); err != nil {
		i.t.Fatal(err)
	}
}

// ping makes a NOP-Out with data.
func (i *peer) ping(data string) *pdu.PDU {
	r := i.request(pdu.OpNopOut, 0)
	r.NopOut().SetTTT(pdu.NoTag)
	r.Data = []byte(data)
	return r
}

// bare makes and sends a PDU that has no number.
func (i *peer) bare(op pdu.Opcode) *pdu.PDU {
	r := i.request(op, 0)
	i.cmdSN--
	i.send(r)
	return nil
}

// writeOf makes a write of 4096 bytes, n of which come with it.
func (i *peer) writeOf(n int) *pdu.PDU {
	c := i.scsi(0, write10(0, 8), 0, make([]byte, 4096))
	c.Data = make([]byte, n)
	return c
}

// withAHS makes a read with additional header segments.
func (i *peer) withAHS(ahs ...byte) *pdu.PDU {
	c := i.scsi(0, read10(0, 1), 512, nil)
	c.AHS = ahs
	i.send(c)
	return c
}

const afterHeader = pdu.HeaderLen + pdu.DigestLen

func faults() []fault {
	return []fault{
		{name: "header digest error", closes: true, bring: func(i *peer) *pdu.PDU {
			i.spoilt(i.ping("ping"), 20)
			return nil
		}},
		{name: "data digest error in a command", reject: pdu.ReasonDataDigest, sense: scsi.DigestError, bring: func(i *peer) *pdu.PDU {
			c := i.writeOf(4096)
			i.spoilt(c, afterHeader)
			return c
		}},
		{name: "data digest error in Data-Out", reject: pdu.ReasonDataDigest, sense: scsi.DigestError, bring: func(i *peer) *pdu.PDU {
			c := i.writeOf(0)
			i.send(c)
			i.spoilt(dataOut(c.ITT(), i.next().R2T().TTT(), 0, 0, make([]byte, 4096), true), afterHeader)
			return c
		}},
		{name: "data digest error in another request", reject: pdu.ReasonDataDigest, bring: func(i *peer) *pdu.PDU {
			i.spoilt(i.ping("ping"), afterHeader)
			return nil
		}},
		{name: "data segment above what we declared", reject: pdu.ReasonProtocolError, closes: true, bring: func(i *peer) *pdu.PDU {
			i.send(i.ping(string(make([]byte, defaults.MaxRecvDataSegmentLength+1))))
			return nil
		}},
		{name: "opcode that is not assigned", reject: pdu.ReasonCommandNotSupported, bring: func(i *peer) *pdu.PDU { return i.bare(0x0a) }},
		{name: "opcode of a target", reject: pdu.ReasonProtocolError, bring: func(i *peer) *pdu.PDU { return i.bare(pdu.OpDataIn) }},
		{name: "login in full feature phase", reject: pdu.ReasonProtocolError, bring: func(i *peer) *pdu.PDU {
			i.send(i.request(pdu.OpLogin, 0))
			return nil
		}},
		{name: "flags or tags that contradict each other", reject: pdu.ReasonInvalidPDUField, bring: func(i *peer) *pdu.PDU {
			c := i.scsi(0, read10(0, 1), 512, nil)
			c.ClearFinal() // a read has no unsolicited data
			i.send(c)
			return nil
		}},
		{name: "malformed additional header segment", reject: pdu.ReasonInvalidPDUField, bring: func(i *peer) *pdu.PDU {
			i.withAHS(0, 200, 1, 0)
			return nil
		}},
		{name: "immediate data above what was agreed on", reject: pdu.ReasonInvalidPDUField, bring: func(i *peer) *pdu.PDU {
			c := i.scsi(0, write10(0, 1024), 0, make([]byte, 1<<19))
			c.Data = make([]byte, defaults.FirstBurstLength+1)
			i.send(c)
			return nil
		}},
		{name: "SNACK", reject: pdu.ReasonSNACK, bring: func(i *peer) *pdu.PDU { return i.bare(pdu.OpSNACK) }},
		{name: "text that is malformed", reject: pdu.ReasonProtocolError, bring: func(i *peer) *pdu.PDU {
			r := i.request(pdu.OpText, 0)
			r.TextRequest().SetTTT(pdu.NoTag)
			r.Data = []byte("bad")
			i.send(r)
			return nil
		}},
		{name: "text longer than 64 KiB", reject: pdu.ReasonInvalidPDUField, bring: func(i *peer) *pdu.PDU {
			r := i.request(pdu.OpText, 0)
			r.TextRequest().SetTTT(pdu.NoTag)
			r.Data = make([]byte, maxText+1)
			i.send(r)
			return nil
		}},
		{name: "CmdSN outside the window", bring: func(i *peer) *pdu.PDU {
			c := i.scsi(0, testUnitReady, 0, nil)
			i.cmdSN--
			c.SetCmdSN(c.CmdSN() + testDepth + 1)
			i.send(c)
			return nil
		}},
		{name: "CmdSN that was there", bring: func(i *peer) *pdu.PDU {
			c := i.scsi(0, testUnitReady, 0, nil)
			i.cmdSN--
			c.SetCmdSN(c.CmdSN() - 1)
			i.send(c)
			return nil
		}},
		{name: "Data-Out for nobody", bring: func(i *peer) *pdu.PDU {
			i.send(dataOut(999, 0x12345, 0, 0, make([]byte, 512), true))
			return nil
		}},
		{name: "Data-Out out of order or in excess", sense: scsi.DataPhaseError, bring: func(i *peer) *pdu.PDU {
			c := i.writeOf(0)
			i.send(c)
			i.send(dataOut(c.ITT(), i.next().R2T().TTT(), 7, 0, make([]byte, 4096), true))
			return c
		}},
		{name: "unsolicited data that was not agreed on", sense: scsi.UnexpectedUnsolicitedData, bring: func(i *peer) *pdu.PDU {
			c := i.writeOf(0)
			c.ClearFinal()
			i.send(c)
			i.send(dataOut(c.ITT(), pdu.NoTag, 0, 0, make([]byte, 4096), true))
			return c
		}},
		{name: "extended CDB", sense: scsi.InvalidFieldInCommandIU, bring: func(i *peer) *pdu.PDU {
			return i.withAHS(0, 17, pdu.AHSExtendedCDB, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		}},
		{name: "bidirectional command", sense: scsi.InvalidFieldInCommandIU, bring: func(i *peer) *pdu.PDU {
			return i.withAHS(0, 5, pdu.AHSBidiReadEDTL, 0, 0, 0, 2, 0)
		}},
		{name: "ACA or an unassigned task attribute", sense: scsi.InvalidMessage, bring: func(i *peer) *pdu.PDU {
			return i.attr(pdu.AttrACA, 0, testUnitReady, 0, nil)
		}},
	}
}

// Every fault does what the table in the package's documentation says, and
// unless that is the end, the session goes on.
func TestFaults(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlane(t, 1)
	params := defaults
	params.HeaderDigest, params.DataDigest, params.InitialR2T = true, true, true
	for _, tt := range faults() {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(string(doc), "\n//\t"+tt.name+"  ") {
				t.Error("the documentation has no such row")
			}
			i := p.connect(params)
			i.t = t
			c := tt.bring(i)
			if tt.reject != 0 {
				a := i.next()
				if a.Opcode() != pdu.OpReject || a.Reject().Reason() != tt.reject || len(a.Data) != pdu.HeaderLen {
					t.Fatalf("%v", a.Opcode())
				}
				if pdu.View(a.Data).ITT() != i.itt {
					t.Errorf("the Reject shows another header: % x", a.Data)
				}
			}
			if tt.sense != scsi.Good {
				if r := i.finish(c.ITT(), nil); r.status != scsi.StatusCheckCondition || !r.sense.Is(tt.sense) {
					t.Fatalf("%+v", r)
				}
			}
			if tt.closes {
				i.closed()
				<-i.sess.Done()
				return
			}
			if r := i.do(0, testUnitReady, 0, nil); r.status != scsi.StatusGood {
				t.Errorf("the session is spoilt: %+v", r)
			}
		})
	}
}

// An initiator that sends and sends and reads nothing fills no memory of ours.
func TestUnreadAnswers(t *testing.T) {
	p := newPlane(t, 1)
	for _, tt := range []struct {
		name string
		make func(i *peer) *pdu.PDU
	}{
		{"answers that are not read", func(i *peer) *pdu.PDU { return i.scsi(0, testUnitReady, 0, nil) }},
		{"Rejects that are not read", func(i *peer) *pdu.PDU {
			r := i.request(pdu.OpSNACK, 0)
			i.cmdSN--
			return r
		}},
	} {
		i := p.connect(defaults)
		for {
			if _, err := i.Write(i.framing.Append(nil, tt.make(i))); err != nil {
				break
			}
		}
		<-i.sess.Done()
	}
}

// More immediate requests than there may be open are rejected.
func TestTooManyImmediate(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	var wire []byte
	for range maxImmediate + 8 {
		c := i.scsi(0, write10(0, 8), 0, make([]byte, 4096))
		c.SetImmediate()
		i.cmdSN--
		wire = i.framing.Append(wire, c)
	}
	if _, err := i.Write(wire); err != nil {
		t.Fatal(err)
	}
	seen := map[pdu.Opcode]int{}
	for range maxImmediate + 8 {
		a := i.next()
		if a.Opcode() == pdu.OpReject && a.Reject().Reason() != pdu.ReasonTooManyImmediate {
			t.Errorf("%v", a.Reject().Reason())
		}
		seen[a.Opcode()]++
	}
	if seen[pdu.OpR2T] != maxImmediate || seen[pdu.OpReject] != 8 {
		t.Errorf("%v", seen)
	}
}

// Reads of nullio in short data segments do not queue without bound.
func TestShortSegments(t *testing.T) {
	p := newPlane(t, 1)
	params := defaults
	params.MaxXmitDataSegmentLength = 512
	i := p.connect(params)
	const blocks = 16384 // 8 MiB, 16384 PDUs
	var wire []byte
	open := map[uint32]bool{}
	for range 8 {
		c := i.scsi(1, read10(0, blocks), blocks*512, nil)
		open[c.ITT()] = true
		wire = i.framing.Append(wire, c)
	}
	if _, err := i.Write(wire); err != nil {
		t.Fatal(err)
	}
	full := 0
	for len(open) > 0 {
		a := i.next()
		switch {
		case a.Opcode() == pdu.OpSCSIResponse && scsi.Status(a.SCSIResponse().Status()) == scsi.StatusTaskSetFull:
			full++
			delete(open, a.ITT())
		case a.Opcode() != pdu.OpDataIn:
			t.Fatalf("%v", a.Opcode())
		case a.DataIn().HasStatus():
			delete(open, a.ITT())
		}
	}
	if full == 0 || full == 8 {
		t.Errorf("%d of 8 ended with TASK SET FULL", full)
	}
}
