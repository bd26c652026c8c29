// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package chap

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"strconv"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/pdu"
)

const (
	// challengeLen is the bytes of our challenges: the longest of our hashes,
	// below which a challenge would be the weakest part (RFC 1994, Section
	// 4.1).
	challengeLen = 32
	// maxNameLen is the most bytes of CHAP_N (RFC 7143, Section 12.1.3).
	maxNameLen = 255
	// maxIdentifier is the highest CHAP_I: it is one byte.
	maxIdentifier = 255
)

// state is where an exchange stands. It only goes forward.
type state uint8

const (
	wantAlgorithm state = iota // of the initiator's offer, CHAP_A
	wantResponse               // our challenge is out
	proven                     // the initiator is who it says
	broken                     // an error was returned
)

// An Exchange is one authentication. Make one with New.
type Exchange struct {
	incoming []config.Account
	outgoing *config.Account
	state    state

	// Of our challenge, from wantResponse on.
	algorithm *algorithm
	id        byte
	challenge []byte
}

// New returns an exchange with an initiator that must be one of incoming. When
// it wants a proof from us too it gets that of outgoing; nil is a refusal.
func New(incoming []config.Account, outgoing *config.Account) *Exchange {
	return &Exchange{incoming: incoming, outgoing: outgoing}
}

// Step takes the CHAP keys of one Login Request and returns those of the answer.
// A request without any changes nothing. done is true exactly when the initiator
// has proven who it is. The error is an *Error and ends the exchange.
func (x *Exchange) Step(keys []pdu.Key) (answer []pdu.Key, done bool, err error) {
	if len(keys) > 0 {
		answer, err = x.take(keys)
	}
	if err != nil {
		x.state = broken
		return nil, false, err
	}
	return answer, x.state == proven, nil
}

// take makes the step that a request with CHAP keys asks for.
func (x *Exchange) take(keys []pdu.Key) ([]pdu.Key, error) {
	said := make(map[string]string, len(keys))
	for _, k := range keys {
		if _, twice := said[k.Name]; twice {
			return nil, malformed("%s is sent twice", k.Name)
		}
		said[k.Name] = k.Value
	}
	switch x.state {
	case wantAlgorithm:
		return x.begin(said)
	case wantResponse:
		return x.prove(said)
	}
	return nil, malformed("%s after the exchange has ended", keys[0].Name)
}

// begin answers the offer of algorithms with a challenge.
func (x *Exchange) begin(said map[string]string) ([]pdu.Key, error) {
	offer, ok := said["CHAP_A"]
	if !ok || len(said) != 1 {
		return nil, malformed("CHAP_A, and nothing else, is wanted first")
	}
	if x.algorithm = choose(offer); x.algorithm == nil {
		return nil, failed("no algorithm of CHAP_A=%.40q is known", offer)
	}
	fresh := make([]byte, 1+challengeLen)
	rand.Read(fresh) // never fails: crypto/rand ends the process instead
	x.id, x.challenge = fresh[0], fresh[1:]
	x.state = wantResponse
	return []pdu.Key{
		{Name: "CHAP_A", Value: strconv.Itoa(x.algorithm.number)},
		{Name: "CHAP_I", Value: strconv.Itoa(int(x.id))},
		{Name: "CHAP_C", Value: encode(x.challenge)},
	}, nil
}

// A reply is the initiator's answer to our challenge.
type reply struct {
	name     string
	response []byte

	// Its own challenge: mutual CHAP.
	mutual    bool
	id        byte
	challenge []byte
}

// prove looks at the initiator's response and answers its challenge, if it has
// one.
func (x *Exchange) prove(said map[string]string) ([]pdu.Key, error) {
	r, err := readReply(said)
	if err != nil {
		return nil, err
	}
	if err := x.verify(&r); err != nil {
		return nil, err
	}
	var answer []pdu.Key
	if r.mutual {
		if answer, err = x.answer(&r); err != nil {
			return nil, err
		}
	}
	x.state = proven
	return answer, nil
}

// readReply takes the keys of a reply apart. A name that looks like a number is
// text all the same.
func readReply(said map[string]string) (r reply, err error) {
	var ok [4]bool
	var response, id, challenge string
	r.name, ok[0] = said["CHAP_N"]
	response, ok[1] = said["CHAP_R"]
	id, ok[2] = said["CHAP_I"]
	challenge, ok[3] = said["CHAP_C"]
	r.mutual = ok[2] && ok[3]
	switch {
	case !ok[0] || !ok[1] || ok[2] != ok[3] || len(said) != 2 && !r.mutual || len(said) > 4:
		return r, malformed("CHAP_N and CHAP_R are wanted, with CHAP_I and CHAP_C or without both")
	case len(r.name) > maxNameLen:
		return r, malformed("CHAP_N is longer than %d bytes", maxNameLen)
	}
	if r.response, err = decode(response); err != nil {
		return r, malformed("CHAP_R is %v", err)
	}
	if !r.mutual {
		return r, nil
	}
	n, err := textkey.Number(id, 0, maxIdentifier)
	if err != nil {
		return r, malformed("CHAP_I: %v", err)
	}
	r.id = byte(n)
	if r.challenge, err = decode(challenge); err != nil {
		return r, malformed("CHAP_C is %v", err)
	}
	return r, nil
}

// verify compares the response of r with that of the account of its name. A name
// that nobody has costs the same work and gets the same answer; only the log
// knows the difference.
func (x *Exchange) verify(r *reply) error {
	secret, known := config.Secret(rand.Text()), false
	for i := range x.incoming {
		if subtle.ConstantTimeCompare([]byte(x.incoming[i].Name), []byte(r.name)) == 1 {
			secret, known = x.incoming[i].Secret, true
		}
	}
	right := subtle.ConstantTimeCompare(x.algorithm.response(x.id, secret, x.challenge), r.response) == 1
	switch {
	case !known:
		return failed("there is no IncomingUser %.80q", r.name)
	case !right:
		return failed("wrong secret for IncomingUser %.80q, by %s", r.name, x.algorithm.name)
	}
	return nil
}

// answer proves to the initiator who we are. RFC 7143, Section 9.2.1 forbids
// challenges that come back and one secret for both ways.
func (x *Exchange) answer(r *reply) ([]pdu.Key, error) {
	if x.outgoing == nil {
		return nil, failed("the initiator wants mutual CHAP and there is no OutgoingUser")
	}
	if bytes.Equal(r.challenge, x.challenge) {
		return nil, failed("the initiator sends our own challenge back")
	}
	ours := x.algorithm.response(x.id, x.outgoing.Secret, x.challenge)
	if subtle.ConstantTimeCompare(ours, r.response) == 1 {
		return nil, failed("IncomingUser %.80q and the OutgoingUser have the same secret", r.name)
	}
	return []pdu.Key{
		{Name: "CHAP_N", Value: x.outgoing.Name},
		{Name: "CHAP_R", Value: encode(x.algorithm.response(r.id, x.outgoing.Secret, r.challenge))},
	}, nil
}
