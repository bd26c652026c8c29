// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ietring/cmd/ietd/internal/config"
	"ietring/pdu"
)

var (
	users = []config.Account{
		{Name: "alice", Secret: "secret of alice"},
		{Name: "bob", Secret: "0123456789ab"},
		{Name: "0xbeef", Secret: "secret of a number"},
	}
	us = &config.Account{Name: "disks", Secret: "the other secret"}
)

// pairs turns "NAME=value" words into keys.
func pairs(words string) (list []pdu.Key) {
	for w := range strings.FieldsSeq(words) {
		name, value, _ := strings.Cut(w, "=")
		list = append(list, pdu.Key{Name: name, Value: value})
	}
	return list
}

func words(list []pdu.Key) string {
	var all []string
	for _, k := range list {
		all = append(all, k.Name+"="+k.Value)
	}
	return strings.Join(all, " ")
}

// challenged returns an exchange that waits for the answer to a challenge that
// is known: identifier 0x5a, bytes 0 to 15.
func challenged(t *testing.T, offer string, outgoing *config.Account) *Exchange {
	t.Helper()
	x := New(users, outgoing)
	if _, done, err := x.Step(pairs("CHAP_A=" + offer)); done || err != nil {
		t.Fatalf("CHAP_A=%s: %v, %v", offer, done, err)
	}
	x.id, x.challenge = 0x5a, make([]byte, 16)
	for i := range x.challenge {
		x.challenge[i] = byte(i)
	}
	return x
}

// Responses of bob to that challenge, and ours to identifier 200, challenge
// ff00ee11; see TestKnownAnswers.
var known = map[string][2]string{
	"5": {"cafc08cb503e4d23b523af334d1009a3", "5321c1abf02c1b6b658a06ae50562f2e"},
	"6": {"64cd9d21be9ee8e39b8fa75a59f45743ac6a84af", "44c7e968bf60e8e5e0561dc105fcb2e2284cf4c4"},
	"7": {"c8c3e1a888620d1fa0fd1e55a0ee90a7eb69cfe179e47aa4f4ef1560607282b9", "ff086e646f4e00b98538fba13e666b5a4eaf58234c0438b9834af05ebb53566e"},
	"8": {"87339a29780f862dc8b7b6c8e64da492555cd7fc2044d5b1b266cac743aec80e", "ce4fba2ce45518d41b996b59c384629ecef4600baeece3e3f4bda910ee109814"},
}

func TestBothWays(t *testing.T) {
	for number, r := range known {
		raw, err := hex.DecodeString(r[0])
		if err != nil {
			t.Fatal(err)
		}
		proof := map[string]string{
			"hexadecimal":             "0x" + r[0],
			"hexadecimal in capitals": "0X" + strings.ToUpper(r[0]),
			"base64":                  "0b" + base64.StdEncoding.EncodeToString(raw),
		}
		for form, p := range proof {
			x := challenged(t, number, us)
			answer, done, err := x.Step(pairs("CHAP_N=bob CHAP_R=" + p))
			if !done || err != nil || answer != nil {
				t.Errorf("algorithm %s, one way, %s: %v, %v, %v", number, form, answer, done, err)
			}
			x = challenged(t, number, us)
			answer, done, err = x.Step(pairs("CHAP_N=bob CHAP_R=" + p + " CHAP_I=200 CHAP_C=0xff00ee11"))
			if want := "CHAP_N=disks CHAP_R=0x" + r[1]; !done || err != nil || words(answer) != want {
				t.Errorf("algorithm %s, mutual, %s: %s, %v, %v, want %s", number, form, words(answer), done, err, want)
			}
		}
	}
}

func TestChallenge(t *testing.T) {
	seen := make(map[string]bool)
	ids := make(map[string]bool)
	for range 64 {
		answer, done, err := New(users, nil).Step(pairs("CHAP_A=8,7,6,5"))
		if err != nil || done || len(answer) != 3 {
			t.Fatalf("%v, %v, %v", answer, done, err)
		}
		if answer[0] != (pdu.Key{Name: "CHAP_A", Value: "8"}) || answer[1].Name != "CHAP_I" || answer[2].Name != "CHAP_C" {
			t.Fatal(words(answer))
		}
		c, err := decode(answer[2].Value)
		if err != nil || len(c) < 32 || seen[string(c)] {
			t.Errorf("challenge of %d bytes, %v, seen before: %v", len(c), err, seen[string(c)])
		}
		seen[string(c)], ids[answer[1].Value] = true, true
	}
	if len(ids) < 2 {
		t.Error("the identifier is always the same")
	}
}

// TestNames: each of several users gets in with a secret of its own, and only
// with that.
func TestNames(t *testing.T) {
	for i, u := range users {
		for j, other := range users {
			x := challenged(t, "7", nil)
			r := x.algorithm.response(x.id, other.Secret, x.challenge)
			_, done, err := x.Step(pairs("CHAP_N=" + u.Name + " CHAP_R=" + encode(r)))
			if done != (i == j) || (err == nil) != (i == j) {
				t.Errorf("%s with the secret of %s: %v, %v", u.Name, other.Name, done, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	md5 := "0x" + known["5"][0]
	right := "CHAP_N=bob CHAP_R=" + md5
	tests := []struct {
		name      string
		outgoing  *config.Account
		steps     string // requests with | between them; the last one fails
		malformed bool
		why       string
	}{
		{"no algorithm in common", us, "CHAP_A=1,2", false, `no algorithm of CHAP_A="1,2" is known`},
		{"an empty offer", us, "CHAP_A=", false, `no algorithm of CHAP_A="" is known`},
		{"the response before the offer", us, right, true, "CHAP_A, and nothing else, is wanted first"},
		{"offer and response at once", us, "CHAP_A=5 " + right, true, "CHAP_A, and nothing else, is wanted first"},
		{"the offer twice in one request", us, "CHAP_A=5 CHAP_A=5", true, "CHAP_A is sent twice"},
		{"the offer again", us, "CHAP_A=5|CHAP_A=5", true, "CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both"},
		{"a name without a response", us, "CHAP_A=5|CHAP_N=bob", true, "CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both"},
		{"a response without a name", us, "CHAP_A=5|CHAP_R=" + md5, true, "CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both"},
		{"half of a challenge", us, "CHAP_A=5|" + right + " CHAP_I=1", true, "CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both"},
		{"a key that CHAP does not have", us, "CHAP_A=5|" + right + " CHAP_X=1", true, "CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both"},
		{"an unknown user", us, "CHAP_A=5|CHAP_N=eve CHAP_R=" + md5, false, `there is no IncomingUser "eve"`},
		{"a wrong secret", us, "CHAP_A=5|CHAP_N=alice CHAP_R=" + md5, false, `wrong secret for IncomingUser "alice", by MD5`},
		{"names have a case", us, "CHAP_A=5|CHAP_N=Bob CHAP_R=" + md5, false, `there is no IncomingUser "Bob"`},
		{"a response of another algorithm's length", us, "CHAP_A=6|" + right, false, `wrong secret for IncomingUser "bob", by SHA-1`},
		{"a response that is cut", us, "CHAP_A=5|CHAP_N=bob CHAP_R=" + md5[:32], false, `wrong secret for IncomingUser "bob", by MD5`},
		{"a response that goes on", us, "CHAP_A=5|CHAP_N=bob CHAP_R=" + md5 + "00", false, `wrong secret for IncomingUser "bob", by MD5`},
		{"a name of 256 bytes", us, "CHAP_A=5|CHAP_N=" + strings.Repeat("b", 256) + " CHAP_R=" + md5, true, "CHAP_N is longer than 255 bytes"},
		{"a response without its prefix", us, "CHAP_A=5|CHAP_N=bob CHAP_R=" + md5[2:], true, "CHAP_R is neither hexadecimal nor base64"},
		{"a response above 1024 bytes", us, "CHAP_A=5|CHAP_N=bob CHAP_R=0x" + strings.Repeat("00", 1025), true, "CHAP_R is longer than 1024 bytes"},
		{"a challenge above 1024 bytes", us, "CHAP_A=5|" + right + " CHAP_I=1 CHAP_C=0x" + strings.Repeat("00", 1025), true, "CHAP_C is longer than 1024 bytes"},
		{"an empty challenge", us, "CHAP_A=5|" + right + " CHAP_I=1 CHAP_C=0x", true, "CHAP_C is empty"},
		{"an identifier above a byte", us, "CHAP_A=5|" + right + " CHAP_I=256 CHAP_C=0xff", true, `CHAP_I: "256" is not a number from 0 to 255`},
		{"mutual CHAP without an OutgoingUser", nil, "CHAP_A=5|" + right + " CHAP_I=1 CHAP_C=0xff", false, "the initiator wants mutual CHAP and there is no OutgoingUser"},
		{"our own challenge comes back", us, "CHAP_A=5|" + right + " CHAP_I=90 CHAP_C=0x000102030405060708090a0b0c0d0e0f", false, "the initiator sends our own challenge back"},
		{"our own challenge in base64, with another identifier", us, "CHAP_A=5|" + right + " CHAP_I=1 CHAP_C=0bAAECAwQFBgcICQoLDA0ODw==", false, "the initiator sends our own challenge back"},
		{"one secret for both ways", &config.Account{Name: "disks", Secret: "0123456789ab"}, "CHAP_A=5|" + right + " CHAP_I=1 CHAP_C=0xff", false, `IncomingUser "bob" and the OutgoingUser have the same secret`},
		{"our challenge is not answered, but a stranger wants proof", us, "CHAP_A=5|CHAP_N=eve CHAP_R=0x00 CHAP_I=1 CHAP_C=0xff", false, `there is no IncomingUser "eve"`},
		{"more after the end", us, "CHAP_A=5|" + right + "|" + right, true, "CHAP_N after the exchange has ended"},
		{"another try after a failure", us, "CHAP_A=5|CHAP_N=bob CHAP_R=0x00|" + right, true, "CHAP_N after the exchange has ended"},
	}
	for _, tt := range tests {
		var x *Exchange
		steps := strings.Split(tt.steps, "|")
		if offer, ok := strings.CutPrefix(steps[0], "CHAP_A="); ok && len(steps) > 1 {
			x, steps = challenged(t, offer, tt.outgoing), steps[1:]
		} else {
			x = New(users, tt.outgoing)
		}
		var answer []pdu.Key
		var done bool
		var err error
		for _, s := range steps {
			answer, done, err = x.Step(pairs(s))
		}
		var e *Error
		switch {
		case !errors.As(err, &e) || done || answer != nil:
			t.Errorf("%s: %v, %v, %v", tt.name, answer, done, err)
		case e.Malformed != tt.malformed || err.Error() != "CHAP: "+tt.why:
			t.Errorf("%s: malformed %v, %v, want %v, %s", tt.name, e.Malformed, err, tt.malformed, tt.why)
		}
		if _, done, _ := x.Step(nil); done {
			t.Errorf("%s: done afterwards", tt.name)
		}
	}
}

// TestEmptyRequests: a request without CHAP keys moves nothing.
func TestEmptyRequests(t *testing.T) {
	x := New(users, nil)
	empty := func(want bool) {
		t.Helper()
		if answer, done, err := x.Step(nil); answer != nil || done != want || err != nil {
			t.Fatalf("%v, %v, %v", answer, done, err)
		}
	}
	empty(false)
	if _, _, err := x.Step(pairs("CHAP_A=5")); err != nil {
		t.Fatal(err)
	}
	empty(false)
	r := x.algorithm.response(x.id, "0123456789ab", x.challenge)
	if _, done, err := x.Step(pairs("CHAP_N=bob CHAP_R=" + encode(r))); !done || err != nil {
		t.Fatal(err)
	}
	empty(true)
}

// TestSecretsStayHidden: no error of a failed exchange has a secret in it, and
// printing an exchange's accounts has not either.
func TestSecretsStayHidden(t *testing.T) {
	x := challenged(t, "5", us)
	_, _, err := x.Step(pairs("CHAP_N=alice CHAP_R=0x00"))
	text := fmt.Sprintf("%v %+v %#v %v %+v %#v", err, err, err, users, us, users)
	for _, s := range []string{"secret of alice", "the other secret"} {
		if strings.Contains(text, s) {
			t.Errorf("%q is in %s", s, text)
		}
	}
}

func FuzzExchange(f *testing.F) {
	f.Add([]byte("CHAP_A=8,5\x00"), []byte("CHAP_N=bob\x00CHAP_R=0x00\x00CHAP_I=1\x00CHAP_C=0bAA==\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		x := New(users, us)
		for _, text := range [][]byte{first, second} {
			keys, err := pdu.ParseKeys(text, 16)
			if err != nil {
				return
			}
			answer, done, err := x.Step(keys)
			if done {
				t.Fatal("proven without the secret")
			}
			if err != nil && answer != nil {
				t.Fatal("an answer beside an error")
			}
			if bytes.Contains([]byte(words(answer)), []byte("CHAP_N")) {
				t.Fatal("we prove who we are to a stranger")
			}
		}
	})
}
