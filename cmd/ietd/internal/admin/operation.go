// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"strings"
)

// Results, one type for each form. A request that asks for nothing back has the
// empty one.
type (
	noResult      struct{}
	targetsResult struct {
		Targets []Target `json:"targets,omitempty"`
	}
	targetResult struct {
		Target Target `json:"target"`
	}
	tidResult struct {
		TID uint32 `json:"tid"`
	}
	effectsResult struct {
		Effects []Effect `json:"effects,omitempty"`
	}
	textResult struct {
		Text string `json:"text"`
	}
	accountsResult struct {
		Accounts []Account `json:"accounts,omitempty"`
	}
	secretResult struct {
		Secret string `json:"secret"`
	}
	linesResult struct {
		Lines []string `json:"lines,omitempty"`
	}
	confResult struct {
		Conf []byte `json:"conf"` // base64: ietd.conf is bytes, not text
	}
)

// An operation is a row of the protocol.
type operation struct {
	name    string
	changes bool // what runs; it is logged then
	fields  []field
	run     func(b Backend, line []byte) (result any, err error)
}

// row makes an operation of its fields, those that may be left out in
// parentheses, and of what it does with a request of type Q.
func row[Q, R any](name string, changes bool, fields string, do func(b Backend, q *Q) (R, error)) operation {
	run := func(b Backend, line []byte) (any, error) {
		q := new(Q)
		if err := decode(line, q); err != nil {
			return nil, err
		}
		return do(b, q)
	}
	return operation{name, changes, fieldsOf("version op " + fields), run}
}

const looks, changes = false, true

// operations is the protocol, in the order of the package comment.
var operations = []operation{
	row("targets", looks, "", func(b Backend, _ *plainRequest) (targetsResult, error) {
		return targetsResult{b.Targets()}, nil
	}),
	row("target", looks, "tid", func(b Backend, q *targetRequest) (r targetResult, err error) {
		r.Target, err = b.Target(q.TID)
		return r, err
	}),
	row("find-target", looks, "name", func(b Backend, q *nameRequest) (r tidResult, err error) {
		r.TID, err = b.TargetByName(q.Name)
		return r, err
	}),
	row("new-target", changes, "tid name", func(b Backend, q *newTargetRequest) (r tidResult, err error) {
		r.TID, err = b.NewTarget(q.TID, q.Name)
		return r, err
	}),
	row("delete-target", changes, "tid (force)", func(b Backend, q *deleteTargetRequest) (noResult, error) {
		return noResult{}, b.DeleteTarget(q.TID, q.Force)
	}),
	row("update-target", changes, "tid params", func(b Backend, q *updateTargetRequest) (r effectsResult, err error) {
		r.Effects, err = b.UpdateTarget(q.TID, q.Params)
		return r, err
	}),
	row("redirect", changes, "tid to (permanent)", func(b Backend, q *redirectRequest) (noResult, error) {
		return noResult{}, b.Redirect(q.TID, q.To, q.Permanent)
	}),
	row("new-lun", changes, "tid lun params", func(b Backend, q *newLunRequest) (noResult, error) {
		return noResult{}, b.NewLun(q.TID, q.Lun, q.Params)
	}),
	row("delete-lun", changes, "tid lun", func(b Backend, q *lunRequest) (noResult, error) {
		return noResult{}, b.DeleteLun(q.TID, q.Lun)
	}),
	row("update-lun", changes, "tid lun (params)", func(b Backend, q *updateLunRequest) (r textResult, err error) {
		r.Text, err = b.UpdateLun(q.TID, q.Lun, q.Params)
		return r, err
	}),
	row("close-connection", changes, "tid sid cid", func(b Backend, q *connectionRequest) (noResult, error) {
		return noResult{}, b.CloseConnection(q.TID, q.SID, q.CID)
	}),
	row("close-session", changes, "tid sid", func(b Backend, q *sessionRequest) (noResult, error) {
		return noResult{}, b.CloseSession(q.TID, q.SID)
	}),
	row("accounts", looks, "tid", func(b Backend, q *targetRequest) (r accountsResult, err error) {
		r.Accounts, err = b.Accounts(q.TID)
		return r, err
	}),
	row("secret", looks, "tid (outgoing) name", func(b Backend, q *accountRequest) (r secretResult, err error) {
		r.Secret, err = b.Secret(q.TID, q.account())
		return r, err
	}),
	row("new-account", changes, "tid (outgoing) name secret", func(b Backend, q *newAccountRequest) (noResult, error) {
		return noResult{}, b.NewAccount(q.TID, q.account(), q.Secret)
	}),
	row("delete-account", changes, "tid (outgoing) name", func(b Backend, q *accountRequest) (noResult, error) {
		return noResult{}, b.DeleteAccount(q.TID, q.account())
	}),
	row("reload", changes, "(dry_run)", func(b Backend, q *reloadRequest) (r linesResult, err error) {
		r.Lines, err = b.Reload(q.DryRun)
		return r, err
	}),
	row("dump", looks, "", func(b Backend, _ *plainRequest) (r confResult, err error) {
		r.Conf, err = b.Dump()
		return r, err
	}),
	row("stop-all", changes, "", func(b Backend, _ *plainRequest) (noResult, error) {
		return noResult{}, b.StopAll()
	}),
}

func findOperation(name string) *operation {
	for i := range operations {
		if operations[i].name == name {
			return &operations[i]
		}
	}
	return nil
}

func operationNames() string {
	names := make([]string, len(operations))
	for i := range operations {
		names[i] = operations[i].name
	}
	return strings.Join(names, ", ")
}
