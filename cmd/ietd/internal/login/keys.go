// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"strconv"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/pdu"
	"ietring/ring"
)

// Values of our side that no operator sets.
const (
	taskReporting = "RFC3720" // RFC 7143, Section 13.23: what we do on task management
	protocolLevel = "1"       // RFC 7143, Section 13.24
)

// keys is the state of the negotiation of one login: what was said by whom and
// what came of it.
type keys struct {
	limits    config.SessionKeys
	discovery bool
	// base is what the session has already, when a connection is reinstated;
	// nil in the leading login of a session.
	base *session.Conn

	value   map[string]string // agreed, or declared by the initiator
	said    map[string]bool   // the initiator has named it
	offered map[string]string // we named it first; no answer yet
}

func newKeys() *keys {
	return &keys{value: map[string]string{}, said: map[string]bool{}, offered: map[string]string{}}
}

// ours returns what this side wants of a negotiated key.
func (k *keys) ours(name string) string {
	switch name {
	case "TaskReporting":
		return taskReporting
	case "iSCSIProtocolLevel":
		return protocolLevel
	case "FirstBurstLength":
		// FirstBurstLength may not exceed MaxBurstLength (RFC 7143, Section
		// 13.14).
		return strconv.Itoa(min(k.limits.Number(name), k.number("MaxBurstLength")))
	}
	return k.limits.Get(name)
}

// current returns what holds for a key now.
func (k *keys) current(name string) string {
	if v, ok := k.value[name]; ok {
		return v
	}
	return textkey.Lookup(name).Default
}

// number returns what holds for a key that is a number. Values were checked when
// they were taken.
func (k *keys) number(name string) int {
	row := textkey.Lookup(name)
	n, err := textkey.Number(k.current(name), row.Min, row.Max)
	if err != nil {
		panic("login: a number was agreed on that is none")
	}
	return n
}

// take handles a key that the initiator sent in phase and returns the answer, or
// "" when it wants none. ours is our side's wish for AuthMethod; other keys have
// it from the limits.
func (k *keys) take(phase textkey.Place, key pdu.Key, authMethods string) (string, error) {
	row := textkey.Lookup(key.Name)
	if row == nil {
		return pdu.ValueNotUnderstood, nil
	}
	if k.said[key.Name] {
		if row.Kind == textkey.Declarative && k.value[key.Name] == key.Value {
			// libiscsi says InitiatorName and others again in the operational
			// stage. The same words change nothing.
			return "", nil
		}
		return "", broken("%s is sent twice", key.Name)
	}
	if row.Sender&textkey.Initiator == 0 {
		return k.takeForeign(key), nil
	}
	if row.Place&phase == 0 {
		return "", broken("%s is sent in the wrong stage", key.Name)
	}
	if row.Leading && k.base != nil {
		return "", broken("%s is sent in a login that does not begin a session", key.Name)
	}
	k.said[key.Name] = true
	if offer, ok := k.offered[key.Name]; ok {
		delete(k.offered, key.Name)
		return "", k.takeAnswer(row, key, offer)
	}
	if k.discovery && row.NotDiscovery {
		return pdu.ValueIrrelevant, nil
	}
	switch row.Kind {
	case textkey.Declarative:
		if err := row.Valid(key.Value); err != nil {
			return "", broken("%s: %v", key.Name, err)
		}
		k.value[key.Name] = key.Value
		return "", nil
	case textkey.Constant:
		return row.Answer, nil
	}
	return k.agree(row, key, authMethods)
}

// takeForeign answers a key that only targets may say. As an answer to our own
// declaration it wants none.
func (k *keys) takeForeign(key pdu.Key) string {
	switch key.Value {
	case pdu.ValueNotUnderstood, pdu.ValueIrrelevant, pdu.ValueReject:
		return ""
	}
	return pdu.ValueReject
}

// agree answers an offer of the initiator.
func (k *keys) agree(row *textkey.Key, key pdu.Key, authMethods string) (string, error) {
	isAuth := row.Name == "AuthMethod"
	ours := authMethods
	if !isAuth {
		ours = k.ours(row.Name)
	}
	result, ok := row.Result(key.Value, ours)
	if !ok && isAuth {
		return "", refuse(pdu.LoginAuthFailure, "AuthMethod %.80q is offered, and %s is wanted", key.Value, ours)
	}
	if !ok {
		// The key keeps its value; settled says later whether we can live
		// with that.
		return pdu.ValueReject, nil
	}
	k.value[row.Name] = result
	return result, nil
}

// takeAnswer takes the initiator's answer to our offer.
func (k *keys) takeAnswer(row *textkey.Key, key pdu.Key, offer string) error {
	switch key.Value {
	case pdu.ValueNotUnderstood, pdu.ValueIrrelevant, pdu.ValueReject:
		return nil
	}
	result, ok := row.Result(key.Value, offer)
	if !ok || !row.Same(result, key.Value) {
		return broken("%s=%.40q is no answer to the offer of %s", key.Name, key.Value, offer)
	}
	k.value[row.Name] = result
	return nil
}

// mine reports whether row is a key that our side may name in this login: one
// that the operational stage negotiates.
func (k *keys) mine(row *textkey.Key) bool {
	switch {
	case row.Kind == textkey.Declarative || row.Kind == textkey.Constant:
		return false
	case row.Place&textkey.Operational == 0:
		return false
	case row.Leading && k.base != nil, row.NotDiscovery && k.discovery:
		return false
	}
	return true
}

// offers returns the keys that we have to name ourselves: the initiator did not,
// and what holds without a word is not what the operator wants. They are
// remembered as offered.
func (k *keys) offers() []pdu.Key {
	var list []pdu.Key
	for i := range textkey.All() {
		row := &textkey.All()[i]
		if !k.mine(row) || k.said[row.Name] || k.offered[row.Name] != "" || k.content(row) {
			continue
		}
		wish := k.ours(row.Name)
		k.offered[row.Name] = wish
		list = append(list, pdu.Key{Name: row.Name, Value: wish})
	}
	return list
}

// content reports whether what holds for row is within our wish.
func (k *keys) content(row *textkey.Key) bool {
	now := k.current(row.Name)
	result, ok := row.Result(now, k.ours(row.Name))
	return ok && result == now
}

// settled reports what the sides could not agree on.
func (k *keys) settled() error {
	for i := range textkey.All() {
		row := &textkey.All()[i]
		if k.mine(row) && !k.content(row) {
			return broken("the initiator keeps %s=%s, and %s is wanted", row.Name, k.current(row.Name), k.ours(row.Name))
		}
	}
	return nil
}

// params returns what was agreed on. declared is true exactly when we declared
// our MaxRecvDataSegmentLength.
func (k *keys) params(declared bool) ring.Params {
	var p ring.Params
	if k.base != nil {
		p = k.base.Params
	} else {
		p.MaxBurstLength = k.number("MaxBurstLength")
		p.FirstBurstLength = k.number("FirstBurstLength")
		p.MaxOutstandingR2T = k.number("MaxOutstandingR2T")
		p.InitialR2T = k.current("InitialR2T") == pdu.ValueYes
		p.ImmediateData = k.current("ImmediateData") == pdu.ValueYes
	}
	p.HeaderDigest = k.current("HeaderDigest") != pdu.ValueNone
	p.DataDigest = k.current("DataDigest") != pdu.ValueNone
	p.MaxRecvDataSegmentLength = maxLoginData
	if declared {
		p.MaxRecvDataSegmentLength = k.maxRecv()
	}
	p.MaxXmitDataSegmentLength = min(k.number("MaxRecvDataSegmentLength"), k.limits.Number("MaxXmitDataSegmentLength"))
	return p
}

// maxConnections returns how many connections the session may have.
func (k *keys) maxConnections() int {
	if k.base != nil {
		return k.base.MaxConnections
	}
	return k.number("MaxConnections")
}

// times returns DefaultTime2Wait and DefaultTime2Retain in seconds.
func (k *keys) times() (wait, retain int) {
	if k.base != nil {
		return k.base.DefaultTime2Wait, k.base.DefaultTime2Retain
	}
	return k.number("DefaultTime2Wait"), k.number("DefaultTime2Retain")
}

// maxRecv returns the MaxRecvDataSegmentLength that we declare. A discovery
// session needs no more than login.
func (k *keys) maxRecv() int {
	if k.discovery {
		return maxLoginData
	}
	return k.limits.Number("MaxRecvDataSegmentLength")
}
