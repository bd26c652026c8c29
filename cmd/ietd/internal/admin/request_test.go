// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// requests are lines and what they are answered with: an error, or "" for none.
var requests = []struct{ sentence, line, want string }{
	{"a request", `{"version":1,"op":"stop-all"}`, ""},
	{"white space does not matter", " { \"op\" : \"stop-all\" , \"version\" : 1 } \r", ""},
	{"a field that may be left out", `{"version":1,"op":"delete-target","tid":1}`, ""},
	{"the same, there", `{"version":1,"op":"delete-target","tid":1,"force":true}`, ""},
	{"an empty line", ``, "is not a JSON object on one line: it breaks at byte 1"},
	{"garbage", "\x00\x01\x02", "is not a JSON object on one line: it breaks at byte 1"},
	{"bytes that are no text", "{\"version\":1,\"op\":\"find-target\",\"name\":\"\xff\"}", "is not UTF-8"},
	{"half an object", `{"version":1,"op":"stop-`, "is not a JSON object on one line: it breaks at byte 25"},
	{"two objects on a line", `{"version":1,"op":"stop-all"}{"version":1,"op":"stop-all"}`, "it breaks at byte 30"},
	{"a list", `[]`, "is not a JSON object"},
	{"null", `null`, "is not a JSON object"},
	{"no version", `{"op":"stop-all"}`, "this ietd speaks version 1"},
	{"another version", `{"version":2,"op":"stop-all"}`, "this ietd speaks version 1"},
	{"a version that is no number", `{"version":"1","op":"stop-all"}`, "this ietd speaks version 1"},
	{"no op", `{"version":1}`, "the request has no op; known are targets, target,"},
	{"an op that is no string", `{"version":1,"op":7}`, "the request has no op"},
	{"an unknown op", `{"version":1,"op":"halt"}`, `op "halt" is not known; known are targets, target,`},
	{"an op in other case", `{"version":1,"op":"Stop-All"}`, `op "Stop-All" is not known`},
	{"an unknown field", `{"version":1,"op":"stop-all","tid":1}`, `op stop-all has no field "tid"`},
	{"a field in other case", `{"version":1,"op":"target","TID":1}`, `op target has no field "TID"`},
	{"a field that is missing", `{"version":1,"op":"delete-lun","tid":1}`, "op delete-lun needs the field lun"},
	{"a field that is null", `{"version":1,"op":"delete-lun","tid":1,"lun":null}`, "field lun is null"},
	{"a number that is a string", `{"version":1,"op":"target","tid":"1"}`, "field tid does not take that: it is a uint32"},
	{"a number below", `{"version":1,"op":"target","tid":-1}`, "field tid does not take that"},
	{"a number above", `{"version":1,"op":"delete-lun","tid":1,"lun":65536}`, "field lun does not take that: it is a uint16"},
	{"a number that is none", `{"version":1,"op":"target","tid":1.5}`, "field tid does not take that"},
	{"a sid that is a number", `{"version":1,"op":"close-session","tid":1,"sid":5}`, "a sid is a string of digits"},
	{"a sid that is no number", `{"version":1,"op":"close-session","tid":1,"sid":"five"}`, "a sid is a string of digits"},
	{"params that are text", `{"version":1,"op":"update-target","tid":1,"params":"a=1"}`, "field params does not take that"},
	{"an unknown field in params", `{"version":1,"op":"update-target","tid":1,"params":[{"key":"a","value":"1","x":1}]}`, "params is a list of objects with key and value"},
	{"a secret that is no text, which nobody sees", `{"version":1,"op":"new-account","tid":1,"name":"a","secret":["xyzzy"]}`, "field secret does not take that: it is a string"},
}

// answerOf sends what is given over c and returns the next line, decoded.
func answerOf(t *testing.T, c *Client, send string) (r response) {
	t.Helper()
	// A server that refuses may close before it has read all.
	_, writing := c.conn.Write([]byte(send))
	if err := c.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	line, err := c.readLine()
	if err != nil {
		t.Fatalf("%.60q: %v", send, errors.Join(writing, err))
	}
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRequests sends all of them over one connection, in which an error of one
// does not harm the next.
func TestRequests(t *testing.T) {
	log := new(lockedLog)
	s := start(t, new(fake), log)
	s.Serve()
	c := dial(t, s)
	for _, row := range requests {
		r := answerOf(t, c, row.line+"\n")
		switch {
		case r.Version != 1:
			t.Errorf("%s: an answer of version %d", row.sentence, r.Version)
		case row.want == "" && r.Error != nil:
			t.Errorf("%s: %+v", row.sentence, r.Error)
		case row.want != "" && (r.Error == nil || r.Error.Errno != int(syscall.EINVAL) || r.Error.Name != "EINVAL" || !strings.Contains(r.Error.Text, row.want)):
			t.Errorf("%s: %+v, want %q", row.sentence, r.Error, row.want)
		case r.Error != nil && (strings.Contains(r.Error.Text, "xyzzy") || r.Result != nil):
			t.Errorf("%s: %+v", row.sentence, r)
		}
	}
	if strings.Contains(log.String(), "xyzzy") {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

// TestLinesThatAreNone shows what is answered, and then ends the connection.
func TestLinesThatAreNone(t *testing.T) {
	s := start(t, new(fake), nil)
	s.Serve()
	const request = `{"version":1,"op":"stop-all"}`
	blank := strings.Repeat(" ", maxRequest-len(request)-1)
	c := dial(t, s)
	if r := answerOf(t, c, blank+request+"\n"); r.Error != nil {
		t.Errorf("a line of the most bytes: %+v", r.Error)
	}
	if r := answerOf(t, c, " "+blank+request+"\n"); r.Error == nil || r.Error.Text != "the request is longer than 65536 bytes" {
		t.Errorf("a line of one byte more: %+v", r.Error)
	}
	if _, err := c.readLine(); err == nil {
		t.Error("the connection goes on after a line that is too long")
	}
	half := dial(t, s)
	if _, err := half.conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if err := half.conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if r := answerOf(t, half, ""); r.Error == nil || r.Error.Text != "the request ends without a line feed" {
		t.Errorf("half a line: %+v", r.Error)
	}
}

// TestSeveralAtOnce sends two requests before it reads the first answer.
func TestSeveralAtOnce(t *testing.T) {
	s := start(t, new(fake), nil)
	s.Serve()
	c := dial(t, s)
	const two = `{"version":1,"op":"find-target","name":"a"}` + "\n" + `{"version":1,"op":"halt"}` + "\n"
	if r := answerOf(t, c, two); r.Error != nil {
		t.Errorf("the first: %+v", r)
	}
	if r := answerOf(t, c, ""); r.Error == nil {
		t.Errorf("the second: %+v", r)
	}
}

// TestLateRequest shows that a connection that sends nothing does not keep its
// place.
func TestLateRequest(t *testing.T) {
	s := start(t, new(fake), nil)
	s.requestTime = 20 * time.Millisecond
	s.Serve()
	c := dial(t, s)
	if _, err := c.conn.Write([]byte(`{"version"`)); err != nil {
		t.Fatal(err)
	}
	if err := c.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if line, err := c.readLine(); err == nil {
		t.Errorf("an answer to half a request: %q", line)
	}
	var timeout net.Error
	if _, err := c.conn.Read(make([]byte, 1)); errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection stays")
	}
}

// FuzzRequest holds that no line makes more of the server than an answer, and
// that what is refused is refused with EINVAL and without what was sent.
func FuzzRequest(f *testing.F) {
	for _, row := range requests {
		f.Add([]byte(row.line))
	}
	const secret = "plugh-xyzzy"
	f.Add([]byte(`{"version":1,"op":"new-account","tid":0,"name":"a","secret":"` + secret + `"}`))
	s := &Server{backend: &fake{targets: []Target{full}}, log: zerolog.Nop()}
	f.Fuzz(func(t *testing.T, line []byte) {
		result, err := s.run(line, s.log)
		var e *Error
		switch {
		case err == nil && result == nil:
			t.Error("neither a result nor an error")
		case err == nil:
			if _, err := json.Marshal(result); err != nil {
				t.Error(err)
			}
		case !errors.As(err, &e) || e.Errno != syscall.EINVAL && e.Errno != syscall.ENOENT:
			t.Errorf("%v", err)
		case len(e.Text) > 600 || strings.ContainsAny(e.Text, "\x00\n"):
			t.Errorf("the error is no line for people: %q", e.Text)
		}
	})
}
