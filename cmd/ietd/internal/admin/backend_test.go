// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

// fake is a Backend that writes down what it is asked, and answers what is in it.
type fake struct {
	targets []Target
	err     error // of every method that has one

	mu    sync.Mutex
	calls []string

	entered, leave chan struct{} // StopAll passes through them when they are there
}

func (f *fake) did(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func (f *fake) Targets() []Target { return f.targets }

func (f *fake) Target(tid uint32) (Target, error) {
	for _, t := range f.targets {
		if t.TID == tid {
			return t, nil
		}
	}
	return Target{}, &Error{Errno: syscall.ENOENT, Text: fmt.Sprintf("there is no target %d", tid)}
}

func (f *fake) TargetByName(name string) (uint32, error) {
	return 7, f.did("TargetByName %s", name)
}

func (f *fake) NewTarget(tid uint32, name string) (uint32, error) {
	return 8, f.did("NewTarget %d %s", tid, name)
}

func (f *fake) DeleteTarget(tid uint32, force bool) error {
	return f.did("DeleteTarget %d %v", tid, force)
}

func (f *fake) UpdateTarget(tid uint32, params []Param) ([]Effect, error) {
	return []Effect{{"a", "now"}, {"b", "new sessions"}}, f.did("UpdateTarget %d %v", tid, params)
}

func (f *fake) Redirect(tid uint32, to string, permanent bool) error {
	return f.did("Redirect %d %q %v", tid, to, permanent)
}

func (f *fake) NewLun(tid uint32, lun uint16, params string) error {
	return f.did("NewLun %d %d %s", tid, lun, params)
}

func (f *fake) DeleteLun(tid uint32, lun uint16) error { return f.did("DeleteLun %d %d", tid, lun) }

func (f *fake) UpdateLun(tid uint32, lun uint16, params []Param) (string, error) {
	return "has grown", f.did("UpdateLun %d %d %v", tid, lun, params)
}

func (f *fake) CloseConnection(tid uint32, sid uint64, cid uint16) error {
	return f.did("CloseConnection %d %d %d", tid, sid, cid)
}

func (f *fake) CloseSession(tid uint32, sid uint64) error {
	return f.did("CloseSession %d %d", tid, sid)
}

func (f *fake) Accounts(tid uint32) ([]Account, error) {
	return []Account{{false, "joe"}, {true, "disk"}}, f.did("Accounts %d", tid)
}

func (f *fake) Secret(tid uint32, a Account) (string, error) {
	return "xyzzy", f.did("Secret %d %v", tid, a)
}

func (f *fake) NewAccount(tid uint32, a Account, secret string) error {
	return f.did("NewAccount %d %v %s", tid, a, secret)
}

func (f *fake) DeleteAccount(tid uint32, a Account) error {
	return f.did("DeleteAccount %d %v", tid, a)
}

func (f *fake) Reload(dryRun bool) ([]string, error) {
	return []string{"line 1", "line 2"}, f.did("Reload %v", dryRun)
}

func (f *fake) Dump() ([]byte, error) { return []byte("# \xff\x00\n"), f.did("Dump") }

func (f *fake) StopAll() error {
	if f.entered != nil {
		f.entered <- struct{}{}
		<-f.leave
	}
	return f.did("StopAll")
}

// full is a target with everything that there is to show.
var full = Target{
	TID: 1, Name: "iqn.x:a", Alias: "a disk", Made: 4, Wthreads: 8, Queued: 32, NOPInterval: 30, NOPTimeout: 5,
	MaxSessions: 2, Redirect: "192.0.2.9:3260", PortGroup: 2, AccessState: "standby", Keys: []Param{{"InitialR2T", "No"}},
	Luns: []Lun{
		{Number: 16383, State: 1, Ready: true, IOType: "nullio", IOMode: "wt", Blocks: 1<<64 - 1, BlockSize: 4096},
		{Number: 0, Why: "no such file", IOType: "fileio", IOMode: "ro", Blocks: 8, BlockSize: 512, Path: "/srv/a"},
	},
	Sessions: []Session{
		{SID: 1<<64 - 1, Initiator: "iqn.x:old", Since: time.Unix(1790000000, 5).UTC(), Keys: []Param{{"InitialR2T", "Yes"}}, Conns: []Conn{
			{0, "192.0.2.7", "192.0.2.7:4000", "active", "none", "crc32c"},
			{1, "[2001:0db8:0000:0000:0000:0000:0000:0001]", "[2001:db8::1]:4001", "closing", "crc32c", "none"},
		}},
		{SID: 5, Initiator: "iqn.x:new"},
	},
}

var errBusy = &Error{syscall.EBUSY, "target 1 has 2 sessions"}
