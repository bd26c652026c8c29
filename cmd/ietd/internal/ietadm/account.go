// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"strings"

	"ietring/cmd/ietd/internal/admin"
)

// accountParams are what --params says of an account.
type accountParams struct {
	admin.Account
	secret    string
	hasSecret bool
}

// parseAccount reads IncomingUser=NAME or OutgoingUser=NAME, and Password=SECRET,
// in any case, as in IET. No error quotes a value.
func parseAccount(s string) (a accountParams, err error) {
	list, err := parseParams(s)
	if err != nil {
		return a, err
	}
	named := false
	for _, p := range list {
		switch key := strings.ToLower(p.Key); key {
		case "incominguser", "outgoinguser":
			if named {
				return a, invalid("--params names two accounts; give one of them")
			}
			named = true
			a.Account = admin.Account{Outgoing: key == "outgoinguser", Name: p.Value}
		case "password":
			if a.hasSecret {
				return a, invalid("--params has two passwords; give one of them")
			}
			a.secret, a.hasSecret = p.Value, true
		default:
			return a, invalid("an account has the parameters IncomingUser or OutgoingUser, and Password")
		}
	}
	if !named {
		return a, invalid("--params names no account; give IncomingUser=NAME or OutgoingUser=NAME")
	}
	return a, nil
}

func newAccount(d *dialog) error {
	a, err := parseAccount(d.params)
	if err != nil {
		return err
	}
	if !a.hasSecret {
		return invalid("a new account needs Password=SECRET too")
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.NewAccount(tid, a.Account, a.secret)
}

// deleteAccount passes a password over, as IET did.
func deleteAccount(d *dialog) error {
	a, err := parseAccount(d.params)
	if err != nil {
		return err
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	return d.client.DeleteAccount(tid, a.Account)
}

// showAccount lists names, or prints one account with its secret.
func showAccount(d *dialog) error {
	if d.given("params") {
		return showSecret(d)
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	list, err := d.client.Accounts(tid)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range list {
		b.WriteString(accountWord(a) + " " + a.Name + "\n")
	}
	return d.show(struct {
		Accounts []admin.Account `json:"accounts"`
	}{orEmpty(list)}, b.String())
}

func showSecret(d *dialog) error {
	a, err := parseAccount(d.params)
	if err != nil {
		return err
	}
	tid, err := d.connectTarget()
	if err != nil {
		return err
	}
	secret, err := d.client.Secret(tid, a.Account)
	if err != nil {
		return err
	}
	return d.show(struct {
		admin.Account
		Secret string `json:"secret"`
	}{a.Account, secret}, accountWord(a.Account)+" "+a.Name+" "+secret+"\n")
}

// accountWord is the directive of ietd.conf for an account.
func accountWord(a admin.Account) string {
	if a.Outgoing {
		return "OutgoingUser"
	}
	return "IncomingUser"
}
