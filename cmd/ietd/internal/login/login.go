// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/pdu"
	"ietring/ring"
)

// An Engine is the data plane as login sees it.
type Engine interface {
	// NewSession makes a session without connections.
	NewSession(cfg ring.SessionConfig) session.Live
	// Attach gives h, a connection of s, to a loop. h.Session is nil; the
	// engine knows s. After an error the caller still owns h.FD.
	Attach(h ring.Handoff, s session.Live) error
}

// A Server is what every login needs. It is not changed after the first login.
type Server struct {
	Targets    *target.Catalog
	Sessions   *session.Registry
	Engine     Engine
	Discovery  config.SessionKeys // what discovery sessions may agree on
	Groups     config.PortalGroups
	Admissions target.Admissions // who may log in to which target
}

// A Discovery is a discovery session that has logged in: its connection is in
// full feature phase and still the caller's.
type Discovery struct {
	Entry     *session.Entry // the caller releases it at the end
	Initiator string
	CID       uint16
	Framing   pdu.Framing // of both directions
	MaxXmit   int         // bytes of a data segment that may be sent
	StatSN    pdu.Serial  // of the next response
	CmdSN     pdu.Serial  // that is expected next
}

// negotiation is one login. Its goroutine owns it.
type negotiation struct {
	srv  *Server
	conn net.Conn

	in   pdu.PDU // the Login Request that was read last
	pdus int     // how many were read
	req  request // the request that is being answered

	// Of the first Login Request; the same in all.
	isid    pdu.ISID
	reqTSIH uint16
	cid     uint16

	tsih       uint16 // of responses: reqTSIH, in the last response the session's
	statSN     pdu.Serial
	cmdSN      pdu.Serial
	queueDepth int

	initiator string
	discovery bool
	target    *target.Target  // as it was found; nil in a discovery session
	accounts  target.Accounts // of the target, or of discovery
	name      session.Name
	auth      authenticator // nil until the method is known

	entry *session.Entry // that the connection is to belong to; nil in a session's first login
	live  session.Live   // of entry; nil when its window does not count

	keys     *keys
	declared bool   // our MaxRecvDataSegmentLength was said
	answer   []byte // text of the response that is being made

	result *Discovery // set by finish in a discovery session
}

// Run carries out the login phase on conn, whose deadline the caller has set.
// After a normal session's login conn is closed and its socket, as a descriptor
// of its own, is with the engine: the results are nil. After a discovery
// session's login conn is the caller's, with what Run returns. After an error,
// of which the initiator was told if it can be, the caller closes conn; the
// error is a *Failure.
func (s *Server) Run(conn net.Conn) (*Discovery, error) {
	n := &negotiation{srv: s, conn: conn, keys: newKeys(), queueDepth: 1}
	err := n.run()
	if err == nil {
		return n.result, nil
	}
	var r *refusal
	if errors.As(err, &r) {
		err = errors.Join(err, n.sendRefusal(r))
	}
	return nil, n.failure(err)
}

// run is the login phase.
func (n *negotiation) run() error {
	if err := n.first(); err != nil {
		return err
	}
	if err := n.identify(); err != nil {
		return err
	}
	if err := n.security(); err != nil {
		return err
	}
	if err := n.operational(); err != nil {
		return err
	}
	return n.finish()
}

// first reads the first request. It says in which stage login begins.
func (n *negotiation) first() error {
	if err := n.readPDU(); err != nil {
		return err
	}
	return n.collect(n.in.LoginRequest().CSG())
}

// identify learns from the first request who wants what. See RFC 7143, Section
// 6.3 for the keys that it must have.
func (n *negotiation) identify() error {
	said := make(map[string]string)
	for _, k := range n.req.keys {
		said[k.Name] = k.Value
	}
	initiator := said["InitiatorName"]
	switch {
	case initiator == "":
		return refuse(pdu.LoginMissingParameter, "InitiatorName is missing")
	case !nameOK(initiator):
		return broken("InitiatorName %.80q is no iSCSI name", initiator)
	}
	n.initiator = initiator
	switch {
	case n.isid == pdu.ISID{} && n.reqTSIH == 0:
		return refuse(pdu.LoginMissingParameter, "ISID and TSIH are both zero")
	}
	switch sessionType, ok := said["SessionType"]; {
	case !ok, sessionType == "Normal":
		// The default counts as said, or it could be changed later.
		n.keys.said["SessionType"], n.keys.value["SessionType"] = true, "Normal"
		return n.identifyTarget(said["TargetName"])
	case sessionType == "Discovery":
		return n.identifyDiscovery()
	default:
		return refuse(pdu.LoginSessionType, "SessionType %.40q", sessionType)
	}
}

func (n *negotiation) identifyDiscovery() error {
	n.discovery, n.keys.discovery = true, true
	n.keys.limits = n.srv.Discovery
	n.accounts = n.srv.Targets.Discovery()
	if n.reqTSIH != 0 {
		return refuse(pdu.LoginSessionNotFound, "TSIH %d in a login for discovery", n.reqTSIH)
	}
	return nil
}

// identifyTarget finds the target and, when the initiator names one, the session
// that a connection wants to come back to.
func (n *negotiation) identifyTarget(name string) error {
	if name == "" {
		return refuse(pdu.LoginMissingParameter, "TargetName is missing")
	}
	t := n.srv.Targets.Find(name)
	if t == nil {
		return refuse(pdu.LoginNotFound, "there is no target %.223q", name)
	}
	n.target = t
	if err := n.admit(); err != nil {
		return err
	}
	n.accounts = t.Accounts
	n.queueDepth = t.QueueDepth
	n.keys.limits = t.Keys
	group := n.srv.Groups.Tag(addrPort(n.conn.LocalAddr()).Addr())
	n.name = session.Name{Initiator: strings.ToLower(n.initiator), ISID: n.isid, Target: strings.ToLower(t.Name), Group: group}
	if n.reqTSIH != 0 {
		entry, conn := n.srv.Sessions.Find(n.name, n.reqTSIH)
		switch {
		case entry == nil:
			return refuse(pdu.LoginSessionNotFound, "there is no session with TSIH %d of this initiator", n.reqTSIH)
		case entry.Name() != n.name:
			return refuse(pdu.LoginCannotInclude, "session %d is in portal group %d, and the connection came to group %d", n.reqTSIH, entry.Name().Group, group)
		case !n.srv.Sessions.Room(entry, n.cid):
			return refuse(pdu.LoginTooManyConnections, "another connection of session %d, and MaxConnections is %d", n.reqTSIH, conn.MaxConnections)
		}
		n.entry, n.keys.base = entry, &conn
		n.live = entry.Live()
	}
	n.answer = pdu.AppendKey(n.answer, "TargetPortalGroupTag", itoa(int(group)))
	if t.Alias != "" {
		n.answer = pdu.AppendKey(n.answer, "TargetAlias", t.Alias)
	}
	return nil
}

// admit sees whether the initiator may see the target, and sends it on when the
// target is elsewhere. To be refused is to find nothing: the answer does not say
// that the target is there.
func (n *negotiation) admit() error {
	t := n.target
	remote, local := addrPort(n.conn.RemoteAddr()).Addr(), addrPort(n.conn.LocalAddr()).Addr()
	if allowed, why := n.srv.Admissions.Initiator(t.Name, n.initiator, remote); !allowed {
		return refuse(pdu.LoginNotFound, "not allowed: %s", why)
	}
	if !n.srv.Admissions.Local(t.Name, local) {
		return refuse(pdu.LoginNotFound, "not allowed: the target is not for those who come to %v", local)
	}
	// As IET, an initiator that came to the address that it would be sent to is
	// there; ports are not compared.
	if t.Redirect != nil && t.Redirect.Addr.Unmap() != local {
		return redirect(t.Redirect)
	}
	return nil
}

// addrPort returns the address of one end of a connection, without a zone; the
// zero value when it is no TCP connection.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// nameOK reports whether an initiator's name is one that can be kept and logged.
// Its form is not judged: names that no standard knows are in use.
func nameOK(name string) bool {
	if len(name) > maxInitiatorName || !utf8.ValidString(name) {
		return false
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// takeKeys answers the keys of the request, but for those of an authentication
// method, which it returns.
func (n *negotiation) takeKeys() ([]pdu.Key, error) {
	phase := textkey.Security
	if n.req.csg == pdu.StageOperational {
		phase = textkey.Operational
	}
	allowed := allowedMethods(n.accounts)
	var own []pdu.Key
	take := func(k pdu.Key) error {
		answer, err := n.keys.take(phase, k, allowed)
		if err == nil && answer != "" {
			n.answer = pdu.AppendKey(n.answer, k.Name, answer)
		}
		return err
	}
	var firstBurst []pdu.Key
	for _, k := range n.req.keys {
		switch {
		case isAuthKey(k.Name):
			own = append(own, k)
		case k.Name == "FirstBurstLength":
			// Its answer depends on MaxBurstLength, which may come later in
			// the same text.
			firstBurst = append(firstBurst, k)
		default:
			if err := take(k); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range firstBurst {
		if err := take(k); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// operational is the operational stage: requests are answered until nothing is
// open and the initiator wants full feature phase.
func (n *negotiation) operational() error {
	if n.req.csg != pdu.StageOperational {
		return nil // from security straight to full feature phase
	}
	for {
		own, err := n.takeKeys()
		if err != nil {
			return err
		}
		if len(own) > 0 {
			return broken("%s is sent in the wrong stage", own[0].Name)
		}
		if !n.declared {
			n.declared = true
			n.answer = pdu.AppendKey(n.answer, "MaxRecvDataSegmentLength", itoa(n.keys.maxRecv()))
		}
		if n.req.transit {
			offers := n.keys.offers()
			if len(offers) == 0 {
				return nil // finish sends the answer
			}
			for _, k := range offers {
				n.answer = pdu.AppendKey(n.answer, k.Name, k.Value)
			}
		}
		if err := n.respond(false); err != nil {
			return err
		}
		if err := n.receive(pdu.StageOperational); err != nil {
			return err
		}
	}
}

// nop fills in how the target pings.
func (n *negotiation) nop(p *ring.Params) {
	if n.target == nil {
		return // the target does not ping in discovery
	}
	p.NOPInterval, p.NOPTimeout = n.target.NOPInterval, n.target.NOPTimeout
	if p.NOPTimeout == 0 || p.NOPTimeout > p.NOPInterval {
		p.NOPTimeout = p.NOPInterval // as IET
	}
}
