// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// version is that of the protocol. It changes when a program that knows the old
// one would be misled; new operations and new fields of a result change nothing.
const version = 1

// head begins every request.
type head struct {
	Version int    `json:"version"`
	Op      string `json:"op"`
}

// headOf is the head of a request for op.
func headOf(op string) head { return head{version, op} }

// Requests, one type for each set of fields. A field without omitempty must be
// there: a request that forgot its lun must not mean LUN 0. The rows of
// operations say the same in words.
type (
	plainRequest  struct{ head }
	targetRequest struct {
		head
		TID uint32 `json:"tid"`
	}
	nameRequest struct {
		head
		Name string `json:"name"`
	}
	newTargetRequest struct {
		head
		TID  uint32 `json:"tid"`
		Name string `json:"name"`
	}
	deleteTargetRequest struct {
		head
		TID   uint32 `json:"tid"`
		Force bool   `json:"force,omitempty"`
	}
	updateTargetRequest struct {
		head
		TID    uint32  `json:"tid"`
		Params []Param `json:"params"`
	}
	redirectRequest struct {
		head
		TID       uint32 `json:"tid"`
		To        string `json:"to"`
		Permanent bool   `json:"permanent,omitempty"`
	}
	lunRequest struct {
		head
		TID uint32 `json:"tid"`
		Lun uint16 `json:"lun"`
	}
	newLunRequest struct {
		head
		TID    uint32 `json:"tid"`
		Lun    uint16 `json:"lun"`
		Params string `json:"params"`
	}
	updateLunRequest struct {
		head
		TID    uint32  `json:"tid"`
		Lun    uint16  `json:"lun"`
		Params []Param `json:"params,omitempty"`
	}
	sessionRequest struct {
		head
		TID uint32 `json:"tid"`
		SID uint64 `json:"sid,string"`
	}
	connectionRequest struct {
		head
		TID uint32 `json:"tid"`
		SID uint64 `json:"sid,string"`
		CID uint16 `json:"cid"`
	}
	accountRequest struct {
		head
		TID      uint32 `json:"tid"`
		Outgoing bool   `json:"outgoing,omitempty"`
		Name     string `json:"name"`
	}
	newAccountRequest struct {
		head
		TID      uint32 `json:"tid"`
		Outgoing bool   `json:"outgoing,omitempty"`
		Name     string `json:"name"`
		Secret   string `json:"secret"`
	}
	reloadRequest struct {
		head
		DryRun bool `json:"dry_run,omitempty"`
	}
)

func (r *accountRequest) account() Account    { return Account{r.Outgoing, r.Name} }
func (r *newAccountRequest) account() Account { return Account{r.Outgoing, r.Name} }

// invalid is what a request gets that is not one. The text must not quote values:
// one of them may be a secret.
func invalid(format string, args ...any) *Error {
	return &Error{syscall.EINVAL, fmt.Sprintf(format, args...)}
}

// parseRequest looks at everything in a line that is the same for all operations,
// and finds the operation. The error is an EINVAL.
func parseRequest(line []byte) (*operation, error) {
	if !utf8.Valid(line) {
		return nil, invalid("the request is not UTF-8")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil || fields == nil {
		return nil, notAnObject(err)
	}
	var h head
	if json.Unmarshal(fields["version"], &h.Version) != nil || h.Version != version {
		return nil, invalid("the version of the request is not known; this ietd speaks version %d", version)
	}
	if json.Unmarshal(fields["op"], &h.Op) != nil {
		return nil, invalid("the request has no op; known are %s", operationNames())
	}
	o := findOperation(h.Op)
	if o == nil {
		return nil, invalid("op %.40q is not known; known are %s", h.Op, operationNames())
	}
	return o, o.checkFields(fields)
}

// notAnObject says where a line stops being a JSON object.
func notAnObject(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return invalid("the request is not a JSON object on one line: it breaks at byte %d", syntax.Offset)
	}
	return invalid("the request is not a JSON object")
}

// A field is one that an operation has.
type field struct {
	name     string
	optional bool
}

// fieldsOf reads a list of fields, those that may be left out in parentheses.
func fieldsOf(text string) []field {
	var list []field
	for _, word := range strings.Fields(text) {
		name := strings.Trim(word, "()")
		list = append(list, field{name, name != word})
	}
	return list
}

// checkFields holds that exactly the fields are there that the operation has.
func (o *operation) checkFields(given map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(o.fields, func(f field) bool { return f.name == name }) {
			return invalid("op %s has no field %.40q", o.name, name)
		}
		if string(given[name]) == "null" {
			return invalid("field %s is null; leave it out or give it a value", name)
		}
	}
	for _, f := range o.fields {
		if _, there := given[f.name]; !there && !f.optional {
			return invalid("op %s needs the field %s", o.name, f.name)
		}
	}
	return nil
}

// decode fills in a request from a line that parseRequest took.
func decode(line []byte, request any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields() // in the elements of params
	err := d.Decode(request)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return invalid("field %s does not take that: it is a %s", wrong.Field, wrong.Type)
	}
	return invalid("a field does not have its form: a sid is a string of digits, and params is a list of objects with key and value")
}
