// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
)

// start serves f at a socket of its own.
func start(t *testing.T, f Backend, log *lockedLog) *Server {
	t.Helper()
	s, err := Listen(filepath.Join(t.TempDir(), "s"), f, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// lockedLog is a log that may be read while it is written; nil is none.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	if l == nil {
		return len(p), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func dial(t *testing.T, s *Server) *Client {
	t.Helper()
	c, err := Dial(s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ask is one method of Client, what it must return and what reaches the Backend.
type ask struct {
	method string
	call   func(*Client) (any, error)
	want   any
	did    string
}

// nothing makes a result of a method that has none.
func nothing(err error) (any, error) { return nil, err }

func result[R any](r R, err error) (any, error) { return r, err }

var asks = []ask{
	{"Targets", func(c *Client) (any, error) { return result(c.Targets()) }, []Target{full}, ""},
	{"Target", func(c *Client) (any, error) { return result(c.Target(1)) }, full, ""},
	{"TargetByName", func(c *Client) (any, error) { return result(c.TargetByName("iqn.x")) }, uint32(7), "TargetByName iqn.x"},
	{"NewTarget", func(c *Client) (any, error) { return result(c.NewTarget(3, "iqn.y")) }, uint32(8), "NewTarget 3 iqn.y"},
	{"DeleteTarget", func(c *Client) (any, error) { return nothing(c.DeleteTarget(3, false)) }, nil, "DeleteTarget 3 false"},
	{"DeleteTarget, by force", func(c *Client) (any, error) { return nothing(c.DeleteTarget(3, true)) }, nil, "DeleteTarget 3 true"},
	{"UpdateTarget", func(c *Client) (any, error) { return result(c.UpdateTarget(3, []Param{{"a", "1"}, {"b", ""}})) },
		[]Effect{{"a", "now"}, {"b", "new sessions"}}, "UpdateTarget 3 [{a 1} {b }]"},
	{"Redirect", func(c *Client) (any, error) { return nothing(c.Redirect(3, "192.0.2.1:3260", true)) }, nil, `Redirect 3 "192.0.2.1:3260" true`},
	{"Redirect, to nowhere", func(c *Client) (any, error) { return nothing(c.Redirect(3, "", false)) }, nil, `Redirect 3 "" false`},
	{"NewLun", func(c *Client) (any, error) { return nothing(c.NewLun(0, 0, "Path=/a \"b\"<c>")) }, nil, `NewLun 0 0 Path=/a "b"<c>`},
	{"DeleteLun", func(c *Client) (any, error) { return nothing(c.DeleteLun(4294967295, 65535)) }, nil, "DeleteLun 4294967295 65535"},
	{"UpdateLun", func(c *Client) (any, error) { return result(c.UpdateLun(3, 4, nil)) }, "has grown", "UpdateLun 3 4 []"},
	{"UpdateLun, to something", func(c *Client) (any, error) { return result(c.UpdateLun(3, 4, []Param{{"IOMode", "ro"}})) }, "has grown", "UpdateLun 3 4 [{IOMode ro}]"},
	{"CloseConnection", func(c *Client) (any, error) { return nothing(c.CloseConnection(3, 1<<64-1, 9)) }, nil, "CloseConnection 3 18446744073709551615 9"},
	{"CloseSession", func(c *Client) (any, error) { return nothing(c.CloseSession(3, 1<<53+1)) }, nil, "CloseSession 3 9007199254740993"},
	{"Accounts", func(c *Client) (any, error) { return result(c.Accounts(0)) }, []Account{{false, "joe"}, {true, "disk"}}, "Accounts 0"},
	{"Secret", func(c *Client) (any, error) { return result(c.Secret(3, Account{true, "disk"})) }, "xyzzy", "Secret 3 {true disk}"},
	{"NewAccount", func(c *Client) (any, error) { return nothing(c.NewAccount(3, Account{false, "joe"}, "plugh")) }, nil, "NewAccount 3 {false joe} plugh"},
	{"DeleteAccount", func(c *Client) (any, error) { return nothing(c.DeleteAccount(3, Account{true, "disk"})) }, nil, "DeleteAccount 3 {true disk}"},
	{"Reload", func(c *Client) (any, error) { return result(c.Reload(false)) }, []string{"line 1", "line 2"}, "Reload false"},
	{"Reload, dry", func(c *Client) (any, error) { return result(c.Reload(true)) }, []string{"line 1", "line 2"}, "Reload true"},
	{"Dump", func(c *Client) (any, error) { return result(c.Dump()) }, []byte("# \xff\x00\n"), "Dump"},
	{"StopAll", func(c *Client) (any, error) { return nothing(c.StopAll()) }, nil, "StopAll"},
}

func TestEveryOperation(t *testing.T) {
	f := &fake{targets: []Target{full}}
	log := new(lockedLog)
	s := start(t, f, log)
	s.Serve()
	c := dial(t, s)
	seen := make(map[string]bool)
	for _, a := range asks {
		got, err := a.call(c)
		if err != nil || !reflect.DeepEqual(got, a.want) {
			t.Errorf("%s: %+v, %v; want %+v", a.method, got, err, a.want)
		}
		if did := strings.Join(f.take(), "; "); did != a.did {
			t.Errorf("%s: did %q, want %q", a.method, did, a.did)
		}
		word, _, _ := strings.Cut(a.method, ",")
		seen[word] = true
	}
	methods := reflect.TypeFor[Backend]()
	for i := range methods.NumMethod() {
		if name := methods.Method(i).Name; !seen[name] {
			t.Errorf("Backend's %s has no operation", name)
		}
	}
	for _, secret := range []string{"xyzzy", "plugh"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has a secret:\n%s", log)
		}
	}
	if !strings.Contains(log.String(), `"op":"new-account","message":"administration"`) {
		t.Errorf("the log does not tell of a change:\n%s", log)
	}
}

func TestEveryError(t *testing.T) {
	f := &fake{err: errBusy}
	s := start(t, f, nil)
	s.Serve()
	c := dial(t, s)
	for _, a := range asks[2:] {
		_, err := a.call(c)
		var e *Error
		if !errors.As(err, &e) || *e != *errBusy {
			t.Errorf("%s: %v", a.method, err)
		}
	}
	if lines, err := c.Reload(false); len(lines) != 2 || err == nil {
		t.Errorf("a reload that fails tells %q, %v", lines, err)
	}
	if _, err := c.Target(1); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a target that is not there: %v", err)
	}
	if list, err := c.Targets(); len(list) != 0 || err != nil {
		t.Errorf("no targets: %v, %v", list, err)
	}
	f.err = fmt.Errorf("disk: %w", syscall.ENOSPC)
	if err := c.StopAll(); !errors.Is(err, syscall.ENOSPC) || err.Error() != "disk: no space left on device" {
		t.Errorf("an error that is not an *Error: %v", err)
	}
}

// TestTables holds that the rows, the types of the requests and the package
// comment list the same fields.
func TestTables(t *testing.T) {
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]any{
		"targets": plainRequest{}, "target": targetRequest{}, "find-target": nameRequest{}, "new-target": newTargetRequest{},
		"delete-target": deleteTargetRequest{}, "update-target": updateTargetRequest{}, "redirect": redirectRequest{},
		"new-lun": newLunRequest{}, "delete-lun": lunRequest{}, "update-lun": updateLunRequest{},
		"close-connection": connectionRequest{}, "close-session": sessionRequest{}, "accounts": targetRequest{},
		"secret": accountRequest{}, "new-account": newAccountRequest{}, "delete-account": accountRequest{},
		"reload": reloadRequest{}, "dump": plainRequest{}, "stop-all": plainRequest{},
	}
	for _, o := range operations {
		var words []string
		for _, f := range o.fields {
			if f.optional {
				f.name = "(" + f.name + ")"
			}
			words = append(words, f.name)
		}
		row := strings.Join(words, " ")
		if tags := "version op" + tagsOf(types[o.name]); row != tags {
			t.Errorf("%s: the row has the fields %s, its type %s", o.name, row, tags)
		}
		own := strings.TrimPrefix(strings.TrimPrefix(row, "version op"), " ")
		if own == "" {
			own = "-"
		}
		if !regexp.MustCompile(`(?m)^//\t` + o.name + `  +` + regexp.QuoteMeta(own) + `  +\S`).Match(comment) {
			t.Errorf("the package comment has no line for %s with the fields %s", o.name, own)
		}
	}
}

// tagsOf lists the fields of a request type but for those of its head.
func tagsOf(request any) string {
	var b strings.Builder
	typ := reflect.TypeOf(request)
	for i := range typ.NumField() {
		tag := typ.Field(i).Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if strings.Contains(options, "omitempty") {
			name = "(" + name + ")"
		}
		if tag != "" {
			b.WriteString(" " + name)
		}
	}
	return b.String()
}
