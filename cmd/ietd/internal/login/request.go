// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net"

	"ietring/pdu"
)

// A request is one whole Login Request: the text of its PDUs put together, the
// stages of the last of them.
type request struct {
	csg, nsg pdu.Stage
	transit  bool
	keys     []pdu.Key
}

// errNotLogin ends a connection that does not begin with a Login Request. There
// is nobody to answer.
var errNotLogin = errors.New("the first PDU is no Login Request")

// login takes PDUs as they are when nothing is agreed on.
var framing = pdu.Framing{MaxDataLen: maxLoginData}

// ioMark passes reads on and remembers whether one failed: what else Read
// complains of is the peer's fault, and the peer can be told.
type ioMark struct {
	net.Conn
	failed bool
}

func (m *ioMark) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	m.failed = m.failed || err != nil
	return n, err
}

// readPDU reads the next Login Request into n.in.
func (n *negotiation) readPDU() error {
	first := n.pdus == 0
	if n.pdus++; n.pdus > maxPDUs {
		return broken("more than %d Login Requests", maxPDUs)
	}
	r := ioMark{Conn: n.conn}
	err := framing.Read(&r, &n.in)
	switch {
	case err != nil && r.failed:
		return err
	case n.in.Opcode() != pdu.OpLogin && first:
		return errNotLogin
	case n.in.Opcode() != pdu.OpLogin:
		return refuse(pdu.LoginInvalidRequest, "%v during login", n.in.Opcode())
	}
	if first {
		l := n.in.LoginRequest()
		n.isid, n.reqTSIH, n.cid = l.ISID(), l.TSIH(), l.CID()
		n.tsih = n.reqTSIH
		n.statSN = n.in.ExpStatSN()
	}
	n.cmdSN = n.in.CmdSN()
	switch {
	case err != nil: // the data segment is too long
		return broken("%v", err)
	case n.in.AHSLen() > 0:
		return broken("a Login Request has additional header segments")
	}
	return nil
}

// checkHeader looks at the header of a Login Request whose stage must be want.
// See RFC 7143, Section 11.12.
func (n *negotiation) checkHeader(want pdu.Stage) error {
	l := n.in.LoginRequest()
	switch {
	case l.VersionMin() > 0:
		return refuse(pdu.LoginUnsupportedVersion, "version %#02x at least is wanted, we have 0x00", l.VersionMin())
	case l.Transit() && l.Continue():
		return broken("T bit with C bit")
	case l.CSG() != pdu.StageSecurity && l.CSG() != pdu.StageOperational:
		return broken("CSG %d is no stage of login", l.CSG())
	case l.CSG() != want:
		return broken("CSG %d in stage %d", l.CSG(), want)
	case l.Transit() && l.NSG() != pdu.StageOperational && l.NSG() != pdu.StageFullFeature:
		return broken("NSG %d is no stage to go to", l.NSG())
	case l.Transit() && l.NSG() <= l.CSG():
		return broken("NSG %d does not come after CSG %d", l.NSG(), l.CSG())
	case l.ISID() != n.isid || l.TSIH() != n.reqTSIH || l.CID() != n.cid:
		return broken("ISID, TSIH or CID changes during login")
	}
	return nil
}

// receive reads the next request, which is of stage.
func (n *negotiation) receive(stage pdu.Stage) error {
	if err := n.readPDU(); err != nil {
		return err
	}
	return n.collect(stage)
}

// collect puts a request together whose first PDU is in n.in. A PDU with the C
// bit is answered by an empty response (RFC 7143, Section 6.2).
func (n *negotiation) collect(stage pdu.Stage) error {
	var text []byte
	for {
		if err := n.checkHeader(stage); err != nil {
			return err
		}
		if len(text)+len(n.in.Data) > maxTextLen {
			return broken("the text of a request is longer than %d bytes", maxTextLen)
		}
		text = append(text, n.in.Data...)
		if !n.in.LoginRequest().Continue() {
			break
		}
		if err := n.send(nil, stage, false, false); err != nil {
			return err
		}
		if err := n.readPDU(); err != nil {
			return err
		}
	}
	list, err := pdu.ParseKeys(text, maxKeys)
	if err != nil {
		return broken("%v", err)
	}
	l := n.in.LoginRequest()
	n.req = request{csg: l.CSG(), nsg: l.NSG(), transit: l.Transit(), keys: list}
	return nil
}

// respond sends n.answer, in as many PDUs as it needs; transit agrees to the
// stage that the request asks for.
func (n *negotiation) respond(transit bool) error {
	text := n.answer
	n.answer = nil
	for len(text) > maxLoginData {
		if err := n.send(text[:maxLoginData], n.req.csg, false, true); err != nil {
			return err
		}
		text = text[maxLoginData:]
		if err := n.readPDU(); err != nil {
			return err
		}
		if err := n.checkHeader(n.req.csg); err != nil {
			return err
		}
		if len(n.in.Data) > 0 {
			return broken("a Login Request brings keys before our answer has ended")
		}
	}
	return n.send(text, n.req.csg, transit, false)
}

// send writes one Login Response that answers n.in.
func (n *negotiation) send(text []byte, csg pdu.Stage, transit, more bool) error {
	p := n.response()
	l := p.LoginResponse()
	nsg := pdu.StageSecurity
	if transit {
		nsg = n.req.nsg
	}
	l.SetStage(csg, nsg, transit, more)
	p.Data = text
	return n.write(p)
}

// sendRefusal writes the Login Response that ends a login.
func (n *negotiation) sendRefusal(r *refusal) error {
	p := n.response()
	p.LoginResponse().SetStatus(r.status)
	p.Data = r.text
	return n.write(p)
}

// response returns a Login Response to n.in with what all have in common.
func (n *negotiation) response() *pdu.PDU {
	p := new(pdu.PDU)
	p.SetOpcode(pdu.OpLoginResponse)
	p.SetITT(n.in.ITT())
	p.SetStatSN(n.statSN)
	n.statSN++
	// Login Requests are immediate: they do not move ExpCmdSN. A session that
	// goes on has a window of its own.
	exp, most := n.cmdSN, n.cmdSN+pdu.Serial(n.queueDepth)-1
	if n.live != nil {
		exp, most = n.live.Window()
	}
	p.SetWindow(exp, most)
	l := p.LoginResponse()
	l.SetVersion(0, 0)
	l.SetISID(n.isid)
	l.SetTSIH(n.tsih)
	return p
}

func (n *negotiation) write(p *pdu.PDU) error {
	_, err := n.conn.Write(framing.Append(nil, p))
	return err
}
