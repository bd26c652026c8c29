// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"net/netip"
	"strings"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/pdu"
)

// maxKeys is the keys of one text request that are looked at.
const maxKeys = 128

// A Directory answers SendTargets. It is not changed once it is in use.
type Directory struct {
	Targets *target.Catalog
	// Portals returns the addresses that the program listens on, real ports
	// and all. Wildcard addresses among them stand for the address that a
	// client came to.
	Portals    func() []netip.AddrPort
	Groups     config.PortalGroups
	Admissions target.Admissions // who may see which target, and at which addresses
}

// A view is whose eyes an answer is for.
type view struct {
	all       bool       // may name targets other than own, those it is admitted to
	initiator string     // when all is true
	remote    netip.Addr // when all is true
	own       string     // the target of a normal session
	local     netip.AddrPort
}

// An Answer is what there is to say to a text request of full feature phase.
type Answer struct {
	Text    []byte // in the form of the request
	MaxRecv int    // the MaxRecvDataSegmentLength that the initiator declares from now on; 0: none
}

// Answer answers text, a whole text request of full feature phase, with text of
// the same form. own is the target of a normal session. local is the address and
// port that the initiator came to. An error says that text is malformed.
//
// Where admissions rule, only own is named: login has admitted the initiator to
// it, and RFC 7143, Section 13.3 gives a normal session no more. Where they do
// not, other targets are no secret, and libiscsi asks for them.
func (d *Directory) Answer(own string, local netip.AddrPort, text []byte) (Answer, error) {
	return d.answer(view{all: len(d.Admissions) == 0, own: own, local: local}, text)
}

// answer answers a text request for v.
func (d *Directory) answer(v view, text []byte) (Answer, error) {
	keys, err := pdu.ParseKeys(text, maxKeys)
	if err != nil {
		return Answer{}, err
	}
	var answer []byte
	maxRecv := 0
	for _, k := range keys {
		row := textkey.Lookup(k.Name)
		switch {
		case row == nil:
			answer = pdu.AppendKey(answer, k.Name, pdu.ValueNotUnderstood)
		case k.Name == "SendTargets":
			for _, t := range d.named(v, k.Value) {
				answer = d.appendTarget(answer, t, v.local)
			}
		case k.Name == "InitiatorAlias":
			// Declarative: wants no answer.
		case k.Name == "MaxRecvDataSegmentLength":
			// Declarative: wants no answer, if it is one (RFC 7143, Section
			// 13.12).
			n, err := textkey.Number(k.Value, row.Min, row.Max)
			if err != nil || maxRecv != 0 {
				answer = pdu.AppendKey(answer, k.Name, pdu.ValueReject)
				break
			}
			maxRecv = n
		default:
			// What login agreed on stays (RFC 7143, Section 13, LO and IO
			// keys).
			answer = pdu.AppendKey(answer, k.Name, pdu.ValueReject)
		}
	}
	return Answer{answer, maxRecv}, nil
}

// named returns the targets that a value of SendTargets means: All is every
// target, the empty value the session's own, any other value the target of that
// name; of these, those that v may see. RFC 7143 wants All in discovery sessions
// only; initiators (libiscsi) say it in normal ones and expect an answer.
func (d *Directory) named(v view, value string) []*target.Target {
	var list []*target.Target
	switch value {
	case "All":
		list = d.Targets.All()
	case "":
		value = v.own
		fallthrough
	default:
		if t := d.Targets.Find(value); t != nil {
			list = []*target.Target{t}
		}
	}
	seen := make([]*target.Target, 0, len(list))
	for _, t := range list {
		if d.sees(v, t) {
			seen = append(seen, t)
		}
	}
	return seen
}

// sees reports whether v may hear of t.
func (d *Directory) sees(v view, t *target.Target) bool {
	if strings.EqualFold(v.own, t.Name) {
		return true
	}
	if !v.all {
		return false
	}
	allowed, _ := d.Admissions.Initiator(t.Name, v.initiator, v.remote)
	return allowed
}

// appendTarget appends TargetName and the addresses of t. A target that may not
// be reached at any of them is left out.
func (d *Directory) appendTarget(answer []byte, t *target.Target, local netip.AddrPort) []byte {
	named := false
	for _, a := range d.addresses(local) {
		if !d.Admissions.Local(t.Name, a.Addr()) {
			continue
		}
		if !named {
			answer = pdu.AppendKey(answer, "TargetName", t.Name)
			named = true
		}
		answer = pdu.AppendKey(answer, "TargetAddress", fmt.Sprintf("%v,%d", a, d.Groups.Tag(a.Addr())))
	}
	return answer
}

// addresses returns where a client that came to local finds a target: there
// first, then, as IET, on every other address of the same family that is not a
// loopback one, unless the client came over loopback itself. A zone means
// nothing to a client, so it is left out.
func (d *Directory) addresses(local netip.AddrPort) []netip.AddrPort {
	plain := func(a netip.AddrPort) netip.AddrPort {
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	local = plain(local)
	list := []netip.AddrPort{local}
	for _, p := range d.Portals() {
		p = plain(p)
		switch {
		case p == local, p.Addr().IsUnspecified():
		case p.Addr().Is4() != local.Addr().Is4():
		case p.Addr().IsLoopback() && !local.Addr().IsLoopback():
		default:
			list = append(list, p)
		}
	}
	return list
}
