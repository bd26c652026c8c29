// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
)

var testAccounts = target.Accounts{
	Incoming: []config.Account{{Name: "alice", Secret: "secret-of-alice"}, {Name: "bob", Secret: "secret-of-bob"}},
	Outgoing: &config.Account{Name: "disks", Secret: "secret-of-disks"},
}

// withAccounts puts accounts before the target and discovery of s.
func withAccounts(t testing.TB, s *Server, a target.Accounts) {
	t.Helper()
	err := s.Targets.Change(func(e *target.Edit) error {
		changed := *e.Find(testTarget)
		changed.Accounts = a
		e.SetDiscovery(a)
		return e.Replace(&changed)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// proof is what an initiator computes, by the number of the algorithm.
func proof(algorithm string, id byte, secret string, challenge []byte) string {
	text := append(append([]byte{id}, secret...), challenge...)
	var sum []byte
	switch algorithm {
	case "5":
		h := md5.Sum(text)
		sum = h[:]
	case "6":
		h := sha1.Sum(text)
		sum = h[:]
	case "7":
		h := sha256.Sum256(text)
		sum = h[:]
	case "8":
		h := sha3.Sum256(text)
		sum = h[:]
	}
	return "0x" + hex.EncodeToString(sum)
}

// A chapClient is an initiator that does CHAP.
type chapClient struct {
	*client
	session string // the first lines of the first request
	offer   string // CHAP_A
	user    string
	secret  string
	mutual  string // what our proof must be made with; "": not asked for
	// edit changes the reply, given our challenge as it came.
	edit func(reply, challenge string) string
}

// request sends one Login Request of the security stage.
func (c *chapClient) request(transit bool, text string) *pdu.PDU {
	c.t.Helper()
	c.send(ask{csg: 0, nsg: 1, t: transit, text: text})
	return c.receive()
}

// login carries out the security stage and returns the status that ends it.
func (c *chapClient) login() pdu.LoginStatus {
	c.t.Helper()
	p := c.request(false, c.session+"\nAuthMethod=CHAP,None")
	if s := p.LoginResponse().Status(); s != 0 {
		return s
	}
	if !bytes.Contains(p.Data, []byte("AuthMethod=CHAP\x00")) || p.LoginResponse().Transit() {
		c.t.Fatalf("%q", p.Data)
	}
	p = c.request(false, "CHAP_A="+c.offer)
	if s := p.LoginResponse().Status(); s != 0 {
		return s
	}
	said := keysOf(c.t, p)
	id, err := strconv.Atoi(said["CHAP_I"])
	if err != nil {
		c.t.Fatal(err)
	}
	challenge, err := hex.DecodeString(strings.TrimPrefix(said["CHAP_C"], "0x"))
	if err != nil {
		c.t.Fatal(err)
	}
	reply := "CHAP_N=" + c.user + "\nCHAP_R=" + proof(said["CHAP_A"], byte(id), c.secret, challenge)
	if c.mutual != "" {
		reply += "\nCHAP_I=17\nCHAP_C=0x00112233"
	}
	if c.edit != nil {
		reply = c.edit(reply, said["CHAP_C"])
	}
	p = c.request(true, reply)
	if s := p.LoginResponse().Status(); s != 0 {
		return s
	}
	if !p.LoginResponse().Transit() {
		c.t.Fatalf("no transit after the proof: %q", p.Data)
	}
	want := ""
	if c.mutual != "" {
		want = "CHAP_N=disks\nCHAP_R=" + proof(said["CHAP_A"], 17, c.mutual, []byte{0, 0x11, 0x22, 0x33})
	}
	if !bytes.Equal(p.Data, pairs(want)) {
		c.t.Errorf("answer %q, want %q", p.Data, pairs(want))
	}
	p = c.operational()
	return p.LoginResponse().Status()
}

func (c *chapClient) operational() *pdu.PDU {
	c.send(ask{csg: 1, nsg: 3, t: true})
	return c.receive()
}

func keysOf(t testing.TB, p *pdu.PDU) map[string]string {
	t.Helper()
	list, err := pdu.ParseKeys(p.Data, maxKeys)
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string]string)
	for _, k := range list {
		said[k.Name] = k.Value
	}
	return said
}

const discoverySession = "InitiatorName=" + testInitiator + "\nSessionType=Discovery"

func TestCHAP(t *testing.T) {
	for _, session := range []string{names, discoverySession} {
		for _, offer := range []string{"5", "6", "7", "8", "5,6,7,8", "8,7,6,5"} {
			for _, mutual := range []string{"", "secret-of-disks"} {
				s, e := newServer(t)
				withAccounts(t, s, testAccounts)
				c := chapClient{client: dial(t, s), session: session, offer: offer, user: "bob", secret: "secret-of-bob", mutual: mutual}
				if got := c.login(); got != pdu.LoginSuccess {
					t.Errorf("%.20s, CHAP_A=%s, mutual %q: status %#04x", session, offer, mutual, got)
				}
				if err := c.result(); err != nil || len(e.handoffs) == 1 != (session == names) || (c.d != nil) != (session == discoverySession) {
					t.Errorf("%v, %d hand-offs", err, len(e.handoffs))
				}
			}
		}
	}
}

func TestCHAPRefusals(t *testing.T) {
	right := chapClient{offer: "8,7,6,5", user: "alice", secret: "secret-of-alice"}
	reflect := func(reply, challenge string) string {
		return strings.Replace(reply, "0x00112233", challenge, 1)
	}
	same := testAccounts
	same.Outgoing = &config.Account{Name: "disks", Secret: "secret-of-alice"}
	oneWay := target.Accounts{Incoming: testAccounts.Incoming}
	tests := []struct {
		name     string
		accounts target.Accounts
		change   func(c *chapClient)
		status   pdu.LoginStatus
		why      string // is in the error
	}{
		{"an unknown user", testAccounts, func(c *chapClient) { c.user = "eve" }, pdu.LoginAuthFailure, `there is no IncomingUser "eve"`},
		{"a wrong secret", testAccounts, func(c *chapClient) { c.secret = "wrong" }, pdu.LoginAuthFailure, `wrong secret for IncomingUser "alice"`},
		{"another user's secret", testAccounts, func(c *chapClient) { c.secret = "secret-of-bob" }, pdu.LoginAuthFailure, `wrong secret for IncomingUser "alice"`},
		{"the OutgoingUser is not one who may come in", testAccounts, func(c *chapClient) { c.user, c.secret = "disks", "secret-of-disks" }, pdu.LoginAuthFailure, `there is no IncomingUser "disks"`},
		{"no algorithm in common", testAccounts, func(c *chapClient) { c.offer = "9" }, pdu.LoginAuthFailure, "no algorithm"},
		{"mutual without an OutgoingUser", oneWay, func(c *chapClient) { c.mutual = "x" }, pdu.LoginAuthFailure, "no OutgoingUser"},
		{"our challenge comes back", testAccounts, func(c *chapClient) { c.mutual, c.edit = "x", reflect }, pdu.LoginAuthFailure, "our own challenge"},
		{"one secret for both ways", same, func(c *chapClient) { c.mutual = "x" }, pdu.LoginAuthFailure, "the same secret"},
		{"a malformed response", testAccounts, func(c *chapClient) { c.edit = func(string, string) string { return "CHAP_N=alice\nCHAP_R=zz" } }, pdu.LoginInitiatorError, "CHAP_R is neither"},
		{"another method's key", testAccounts, func(c *chapClient) { c.edit = func(r, _ string) string { return r + "\nSRP_U=x" } }, pdu.LoginInitiatorError, "CHAP_N and CHAP_R are wanted"},
	}
	for _, tt := range tests {
		for _, session := range []string{names, discoverySession} {
			s, e := newServer(t)
			withAccounts(t, s, tt.accounts)
			c := right
			tt.change(&c)
			c.client, c.session = dial(t, s), session
			if got := c.login(); got != tt.status {
				t.Errorf("%s: status %#04x, want %#04x", tt.name, got, tt.status)
			}
			err := c.result()
			var f *Failure
			if !errors.As(err, &f) || !strings.Contains(err.Error(), tt.why) || f.Initiator != testInitiator || (f.Target == testTarget) != (session == names) {
				t.Errorf("%s: %v (%+v), want %s", tt.name, err, f, tt.why)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, f, f); strings.Contains(text, "secret-of-") {
				t.Errorf("%s: a secret is in %s", tt.name, text)
			}
			if len(e.sessions) != 0 || s.Sessions.Len() != 0 || c.d != nil {
				t.Errorf("%s: there is a session", tt.name)
			}
		}
	}
}

// TestCHAPIsAMust: with accounts nobody comes in without CHAP, whatever he
// leaves out.
func TestCHAPIsAMust(t *testing.T) {
	tests := []struct {
		name   string
		script []ask
	}{
		{"AuthMethod=None", []ask{{csg: 0, nsg: 1, t: true, text: "AuthMethod=None", status: pdu.LoginAuthFailure}}},
		{"no AuthMethod", []ask{{csg: 0, nsg: 1, t: true, status: pdu.LoginAuthFailure}}},
		{"a method that we do not have", []ask{{csg: 0, nsg: 1, t: true, text: "AuthMethod=SRP,KRB5,None", status: pdu.LoginAuthFailure}}},
		{"no security stage", []ask{{csg: 1, nsg: 3, t: true, status: pdu.LoginAuthFailure}}},
		{"no security stage, in two requests", []ask{{csg: 1, status: pdu.LoginAuthFailure}}},
		{"straight to full feature phase", []ask{{csg: 0, nsg: 3, t: true, text: "AuthMethod=None", status: pdu.LoginAuthFailure}}},
		{"CHAP is agreed on and the stage left at once", []ask{
			{csg: 0, nsg: 3, t: true, text: "AuthMethod=CHAP", want: "AuthMethod=CHAP"},
			{csg: 1, nsg: 3, t: true, status: pdu.LoginInitiatorError}}},
		{"the stage is asked to end again and again", []ask{
			{csg: 0, nsg: 3, t: true, text: "AuthMethod=CHAP", want: "AuthMethod=CHAP"},
			{csg: 0, nsg: 3, t: true},
			{csg: 0, nsg: 3, t: true},
			{csg: 0, nsg: 3, t: true, text: "AuthMethod=None", status: pdu.LoginInitiatorError}}},
		{"the response without a challenge", []ask{
			{csg: 0, text: "AuthMethod=CHAP", want: "AuthMethod=CHAP"},
			{csg: 0, nsg: 3, t: true, text: "CHAP_N=alice\nCHAP_R=0x00", status: pdu.LoginInitiatorError}}},
	}
	for _, tt := range tests {
		for _, session := range []string{names, discoverySession} {
			t.Run(tt.name, func(t *testing.T) {
				s, e := newServer(t)
				withAccounts(t, s, testAccounts)
				script := append([]ask(nil), tt.script...)
				first := &script[0]
				first.text = strings.TrimSuffix(session+"\n"+first.text, "\n")
				if session == names && first.want != "" {
					first.want = "TargetPortalGroupTag=1\nTargetAlias=disks\n" + first.want
				}
				c := dial(t, s)
				c.talk(script)
				if err := c.result(); err == nil || c.d != nil || len(e.sessions) != 0 || s.Sessions.Len() != 0 {
					t.Errorf("%v, %d sessions", err, s.Sessions.Len())
				}
			})
		}
	}
}

// TestAccountsApart: accounts of discovery are not those of a target.
func TestAccountsApart(t *testing.T) {
	s, _ := newServer(t)
	withAccounts(t, s, testAccounts)
	if err := s.Targets.Change(func(e *target.Edit) error {
		e.SetDiscovery(target.Accounts{Incoming: []config.Account{{Name: "finder", Secret: "secret-of-finder"}}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		session, user string
		want          pdu.LoginStatus
	}{
		{discoverySession, "finder", pdu.LoginSuccess},
		{discoverySession, "alice", pdu.LoginAuthFailure},
		{names, "alice", pdu.LoginSuccess},
		{names, "finder", pdu.LoginAuthFailure},
	}
	for _, tt := range tests {
		c := chapClient{client: dial(t, s), session: tt.session, offer: "7", user: tt.user, secret: "secret-of-" + tt.user}
		if got := c.login(); got != tt.want {
			t.Errorf("%s as %s: status %#04x, want %#04x", tt.session, tt.user, got, tt.want)
		}
	}
}

// TestAccountsChange: a login goes on with the accounts that it found; the next
// one has the new ones.
func TestAccountsChange(t *testing.T) {
	s, _ := newServer(t)
	withAccounts(t, s, testAccounts)
	c := chapClient{client: dial(t, s), session: names, offer: "7", user: "alice", secret: "secret-of-alice"}
	c.edit = func(reply, _ string) string {
		withAccounts(t, s, target.Accounts{Incoming: []config.Account{{Name: "carol", Secret: "secret-of-carol"}}})
		return reply
	}
	if got := c.login(); got != pdu.LoginSuccess {
		t.Errorf("the login that had begun: status %#04x", got)
	}
	c.client, c.edit = dial(t, s), nil
	if got := c.login(); got != pdu.LoginAuthFailure {
		t.Errorf("the next one: status %#04x", got)
	}
}
