// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"ietring/pdu"
)

// Options say how to log in and what to be like afterwards. The zero value of a
// field is a sane choice unless it says otherwise.
type Options struct {
	Address   string // host:port of the portal
	Initiator string // InitiatorName; empty means DefaultInitiator
	Target    string // TargetName; empty means a discovery session
	ISID      pdu.ISID
	TSIH      uint16 // 0: a new session
	CID       uint16
	Offer     *Params       // nil means Defaults
	ExtraKeys []pdu.Key     // sent after the others, in the first Login Request
	OmitKeys  bool          // offer no operational key at all
	Security  bool          // begin in the security stage with AuthMethod=None
	FirstSN   pdu.Serial    // CmdSN of login and of the first command
	Depth     int           // commands in flight at most, 1 to 4000; 0 means 128
	Timeout   time.Duration // of login and of silence with commands open; 0 means 30 s

	// HoldR2T is how long an R2T waits for its data: it shows whether the
	// target keeps to MaxOutstandingR2T. 0 answers at once.
	HoldR2T time.Duration

	// LongDataIn lets a sequence of Data-In PDUs exceed MaxBurstLength (RFC
	// 7143, Section 13.13): tgt 1.0.85 sends every read as one sequence.
	LongDataIn bool

	// OnReject is called on the reader goroutine with a Reject that belongs to
	// no open command; without it such a Reject ends the session.
	OnReject func(*RejectError)
	// OnAsync is called on the reader goroutine with each Asynchronous
	// Message; without it they are passed over.
	OnAsync func(event pdu.AsyncEvent, p1, p2, p3 uint16)

	// Dial makes the connection; nil is a TCP connection to Address.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// DefaultInitiator is the InitiatorName where Options names none.
const DefaultInitiator = "iqn.2026-11.org.example.ietring:bench"

// A Negotiation is what a login came to.
type Negotiation struct {
	Params    Params
	TSIH      uint16
	CmdSN     pdu.Serial // of the first command
	ExpStatSN pdu.Serial // the next status
	ExpCmdSN  pdu.Serial // the window that the last Login Response opened
	MaxCmdSN  pdu.Serial
	Keys      []pdu.Key // all that the target said, in order
}

// Framing returns how PDUs follow each other after login.
func (n *Negotiation) Framing() pdu.Framing {
	return pdu.Framing{
		MaxDataLen:   n.Params.MaxRecvDataSegmentLength,
		HeaderDigest: n.Params.HeaderDigest,
		DataDigest:   n.Params.DataDigest,
	}
}

const (
	loginITT        = 1
	loginMaxDataLen = 8192 // RFC 7143, Section 13.12: before it is declared
	maxLoginRounds  = 16
	maxLoginKeys    = 128
	defaultTimeout  = 30 * time.Second
)

func (o *Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return defaultTimeout
	}
	return o.Timeout
}

func (o *Options) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout())
	defer cancel()
	if o.Dial != nil {
		return o.Dial(ctx, o.Address)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", o.Address)
}

// Login logs in on conn and returns what came of it; the caller then speaks for
// itself or misbehaves. [Dial] does this and makes a Session.
// Errors: [Violation], [LoginError], those of the socket.
func Login(conn net.Conn, o *Options) (*Negotiation, error) {
	if err := conn.SetDeadline(time.Now().Add(o.timeout())); err != nil {
		return nil, err
	}
	l := login{conn: conn, o: o, framing: pdu.Framing{MaxDataLen: loginMaxDataLen}}
	l.n.Params = Defaults()
	if o.Offer != nil {
		l.n.Params = *o.Offer
	}
	l.offer = l.n.Params
	if o.OmitKeys {
		l.setDefaults()
	}
	l.n.CmdSN = o.FirstSN
	if err := l.run(); err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	return &l.n, conn.SetDeadline(time.Time{})
}

// login is one run of the login phase.
type login struct {
	conn    net.Conn
	o       *Options
	framing pdu.Framing
	offer   Params
	offered map[string]string // key to the value that we sent
	n       Negotiation
	rounds  int
	stage   pdu.Stage
	text    []byte // of the target, gathered over PDUs with the C bit
}

// setDefaults makes the outcome what the RFC says for keys that nobody
// mentions. See RFC 7143, Section 13.
func (l *login) setDefaults() {
	l.n.Params = Params{InitialR2T: true, ImmediateData: true, FirstBurstLength: 65536,
		MaxBurstLength: 262144, MaxOutstandingR2T: 1, MaxRecvDataSegmentLength: 8192}
}

func (l *login) run() error {
	l.offered = map[string]string{}
	l.n.Params.MaxXmitDataSegmentLength = loginMaxDataLen
	l.stage = pdu.StageOperational
	if l.o.Security {
		l.stage = pdu.StageSecurity
	}
	out := l.firstKeys()
	for {
		next := pdu.StageFullFeature
		if l.stage == pdu.StageSecurity {
			next = pdu.StageOperational
		}
		resp, err := l.exchange(out, next)
		if err != nil {
			return err
		}
		if resp.LoginResponse().Continue() {
			out = nil
			continue
		}
		answer, err := l.takeKeys(l.text)
		if err != nil {
			return err
		}
		l.text = nil
		out = answer
		if !resp.LoginResponse().Transit() {
			continue
		}
		if l.stage = resp.LoginResponse().NSG(); l.stage == pdu.StageFullFeature {
			return l.finish(resp)
		}
		out = l.operationalKeys(out)
	}
}

func (l *login) firstKeys() []byte {
	name := l.o.Initiator
	if name == "" {
		name = DefaultInitiator
	}
	out := pdu.AppendKey(nil, "InitiatorName", name)
	if l.o.Target == "" {
		out = pdu.AppendKey(out, "SessionType", "Discovery")
	} else {
		out = pdu.AppendKey(out, "SessionType", "Normal")
		out = pdu.AppendKey(out, "TargetName", l.o.Target)
	}
	for _, k := range l.o.ExtraKeys {
		out = pdu.AppendKey(out, k.Name, k.Value)
		l.offered[k.Name] = k.Value
	}
	if l.stage == pdu.StageSecurity {
		l.offered["AuthMethod"] = pdu.ValueNone
		return pdu.AppendKey(out, "AuthMethod", pdu.ValueNone)
	}
	return l.operationalKeys(out)
}

func (l *login) operationalKeys(out []byte) []byte {
	if l.o.OmitKeys {
		return out
	}
	for i := range keyTable {
		r := &keyTable[i]
		if r.leading && l.o.Target == "" {
			continue
		}
		v := r.offer(&l.offer)
		l.offered[r.name] = v
		out = pdu.AppendKey(out, r.name, v)
	}
	return out
}

// exchange sends one Login Request with text and reads its response, whose text
// it adds to l.text.
func (l *login) exchange(text []byte, next pdu.Stage) (*pdu.PDU, error) {
	if l.rounds++; l.rounds > maxLoginRounds {
		return nil, violation("6.3", pdu.OpLoginResponse, "no end after %d rounds", maxLoginRounds)
	}
	var req, resp pdu.PDU
	req.SetOpcode(pdu.OpLogin)
	req.SetImmediate()
	req.SetITT(loginITT)
	req.SetCmdSN(l.n.CmdSN)
	req.SetExpStatSN(l.n.ExpStatSN)
	req.LoginRequest().SetStage(l.stage, next, true, false)
	req.LoginRequest().SetISID(l.o.ISID)
	req.LoginRequest().SetTSIH(l.o.TSIH)
	req.LoginRequest().SetCID(l.o.CID)
	req.Data = text
	if _, err := l.conn.Write(l.framing.Append(nil, &req)); err != nil {
		return nil, err
	}
	if err := l.framing.Read(l.conn, &resp); err != nil {
		if err == io.EOF {
			err = fmt.Errorf("the target closed the connection: %w", err)
		}
		return nil, err
	}
	if err := l.checkResponse(&resp, next); err != nil {
		return nil, err
	}
	l.text = append(l.text, resp.Data...)
	return &resp, nil
}

func (l *login) checkResponse(resp *pdu.PDU, next pdu.Stage) error {
	op := resp.Opcode()
	if op != pdu.OpLoginResponse {
		return violation("6.3", op, "in the login phase")
	}
	r := resp.LoginResponse()
	if s := r.Status(); s != pdu.LoginSuccess {
		return &LoginError{s}
	}
	switch {
	case resp.ITT() != loginITT:
		return violation("11.13", op, "Initiator Task Tag %#x, ours is %#x", resp.ITT(), loginITT)
	case r.CSG() != l.stage:
		return violation("11.13", op, "CSG %d, ours is %d", r.CSG(), l.stage)
	case r.Transit() && r.NSG() != next:
		return violation("11.13.6", op, "NSG %d, we asked for %d", r.NSG(), next)
	case r.Transit() && r.Continue():
		return violation("11.13", op, "T and C bits together")
	case l.rounds > 1 && resp.StatSN() != l.n.ExpStatSN:
		return violation("11.13.4", op, "StatSN %d, expected %d", resp.StatSN(), l.n.ExpStatSN)
	}
	l.n.ExpStatSN = resp.StatSN() + 1
	return nil
}

// takeKeys takes the target's keys and returns the answers to those that it
// offers on its own.
func (l *login) takeKeys(text []byte) (answer []byte, err error) {
	keys, err := pdu.ParseKeys(text, maxLoginKeys)
	if err != nil {
		return nil, violation("6.1", pdu.OpLoginResponse, "%v", err)
	}
	for _, k := range keys {
		l.n.Keys = append(l.n.Keys, k)
		r := rowOf(k.Name)
		if r == nil || k.Value == pdu.ValueIrrelevant && l.irrelevant(k.Name) {
			continue
		}
		if err := r.result(&l.n.Params, k.Value); err != nil {
			return nil, violation(r.section, pdu.OpLoginResponse, "%s: %v", k.Name, err)
		}
		mine, was := l.offered[k.Name]
		switch {
		case was && r.kind != kindDeclare:
			if err := r.checkResult(mine, k.Value); err != nil {
				return nil, violation(r.section, pdu.OpLoginResponse, "%s: %v", k.Name, err)
			}
		case !was && r.kind != kindDeclare:
			answer = pdu.AppendKey(answer, k.Name, k.Value) // the target may have its way
			l.offered[k.Name] = k.Value
		}
	}
	return answer, nil
}

// irrelevant reports whether a target may call the key that. See RFC 7143,
// Section 13.14: without unsolicited data FirstBurstLength means nothing.
func (l *login) irrelevant(name string) bool {
	return name == "FirstBurstLength" && l.offer.InitialR2T && !l.offer.ImmediateData
}

func (l *login) finish(resp *pdu.PDU) error {
	l.n.TSIH = resp.LoginResponse().TSIH()
	l.n.ExpCmdSN, l.n.MaxCmdSN = resp.ExpCmdSN(), resp.MaxCmdSN()
	if l.n.TSIH == 0 {
		return violation("11.13.3", pdu.OpLoginResponse, "TSIH is 0 at the end of login")
	}
	if l.n.ExpCmdSN != l.n.CmdSN {
		return violation("4.2.2.1", pdu.OpLoginResponse, "ExpCmdSN %d after a login with CmdSN %d", l.n.ExpCmdSN, l.n.CmdSN)
	}
	if l.o.Target == "" {
		return nil
	}
	for name := range l.offered {
		if r := rowOf(name); r != nil && r.kind != kindDeclare && !l.answered(name) {
			return violation("6.2", pdu.OpLoginResponse, "%s was offered and never answered", name)
		}
	}
	if !l.answered("TargetPortalGroupTag") {
		return violation("13.9", pdu.OpLoginResponse, "no TargetPortalGroupTag")
	}
	if p := &l.n.Params; p.FirstBurstLength > p.MaxBurstLength {
		return violation("13.14", pdu.OpLoginResponse, "FirstBurstLength %d above MaxBurstLength %d", p.FirstBurstLength, p.MaxBurstLength)
	}
	return nil
}

func (l *login) answered(name string) bool {
	for _, k := range l.n.Keys {
		if k.Name == name {
			return true
		}
	}
	return false
}
