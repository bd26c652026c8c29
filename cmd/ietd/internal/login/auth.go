// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"strings"

	"ietring/cmd/ietd/internal/chap"
	"ietring/cmd/ietd/internal/target"
	"ietring/cmd/ietd/internal/textkey"
	"ietring/pdu"
)

// An authenticator carries out one authentication method in the security stage
// (RFC 7143, Section 12). It belongs to one login.
type authenticator interface {
	// step takes the keys of one request that are the method's and returns the
	// keys of the answer. done is true exactly when the initiator is known
	// to be who it says. An error is a refusal.
	step(keys []pdu.Key) (answer []pdu.Key, done bool, err error)
}

// methodCHAP is the value of AuthMethod for CHAP.
const methodCHAP = "CHAP"

// newAuthenticator begins method, one of allowedMethods.
func newAuthenticator(method string, accounts target.Accounts) authenticator {
	if method == methodCHAP {
		return chapAuth{chap.New(accounts.Incoming, accounts.Outgoing)}
	}
	return noAuth{}
}

// chapAuth is AuthMethod=CHAP.
type chapAuth struct{ *chap.Exchange }

func (c chapAuth) step(keys []pdu.Key) ([]pdu.Key, bool, error) {
	answer, done, err := c.Step(keys)
	var e *chap.Error
	if errors.As(err, &e) && e.Malformed {
		return nil, false, broken("%v", err)
	}
	if err != nil {
		return nil, false, refuse(pdu.LoginAuthFailure, "%v", err)
	}
	return answer, done, nil
}

// noAuth is AuthMethod=None.
type noAuth struct{}

func (noAuth) step(keys []pdu.Key) ([]pdu.Key, bool, error) {
	if len(keys) > 0 {
		return nil, false, broken("%s without an authentication method that has it", keys[0].Name)
	}
	return nil, true, nil
}

// allowedMethods returns the AuthMethod list that a login may choose from. As in
// IET it is one method: where there are accounts CHAP is a must, and where there
// are none an initiator that insists on it is refused.
func allowedMethods(accounts target.Accounts) string {
	if len(accounts.Incoming) > 0 {
		return methodCHAP
	}
	return pdu.ValueNone
}

// isAuthKey reports whether a key belongs to an authentication method: those of
// RFC 7143, Section 12.1 begin with the name of theirs.
func isAuthKey(name string) bool {
	return strings.HasPrefix(name, "CHAP_") || strings.HasPrefix(name, "SRP_") || strings.HasPrefix(name, "KRB_")
}

// security is the security stage: requests are answered until the authenticator
// is content and the initiator wants to leave the stage.
func (n *negotiation) security() error {
	allowed := allowedMethods(n.accounts)
	if n.req.csg != pdu.StageSecurity {
		// The initiator passes the stage over.
		if _, ok := textkey.Lookup("AuthMethod").Result(pdu.ValueNone, allowed); !ok {
			return refuse(pdu.LoginAuthFailure, "the security stage is left out, and %s is wanted", allowed)
		}
		return nil
	}
	for {
		own, err := n.takeKeys()
		if err != nil {
			return err
		}
		done, err := n.authenticate(own, allowed)
		if err != nil {
			return err
		}
		if done && n.req.transit {
			if n.req.nsg == pdu.StageFullFeature {
				return nil // finish sends the answer
			}
			if err := n.respond(true); err != nil {
				return err
			}
			return n.receive(pdu.StageOperational)
		}
		if err := n.respond(false); err != nil {
			return err
		}
		if err := n.receive(pdu.StageSecurity); err != nil {
			return err
		}
	}
}

// authenticate lets the method that was agreed on make its next step. own are
// the keys of the request that belong to methods.
func (n *negotiation) authenticate(own []pdu.Key, allowed string) (bool, error) {
	if n.auth == nil {
		method, chosen := n.keys.value["AuthMethod"]
		if !chosen {
			// No AuthMethod is the offer of None (RFC 7143, Section 6.3.2).
			var ok bool
			method, ok = textkey.Lookup("AuthMethod").Result(pdu.ValueNone, allowed)
			if !ok {
				return false, refuse(pdu.LoginAuthFailure, "the initiator offers no AuthMethod, and %s is wanted", allowed)
			}
		}
		n.auth = newAuthenticator(method, n.accounts)
	}
	answer, done, err := n.auth.step(own)
	for _, k := range answer {
		n.answer = pdu.AppendKey(n.answer, k.Name, k.Value)
	}
	return done, err
}
