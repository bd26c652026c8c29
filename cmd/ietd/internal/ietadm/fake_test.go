// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"ietring/cmd/ietd/internal/admin"
)

// fake is a Backend with two targets that nothing changes. It writes down what it
// is asked to do.
type fake struct {
	mu    sync.Mutex
	calls []string
}

// did writes a call down.
func (f *fake) did(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

// take returns what was asked since the last take.
func (f *fake) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := strings.Join(f.calls, "; ")
	f.calls = nil
	return s
}

const (
	diskName = "iqn.2026-11.com.example:disk"
	tapeName = "iqn.2026-11.com.example:tape"
)

// keyText are the 19 session keys, as a show prints them.
const keyText = `InitialR2T=Yes
ImmediateData=Yes
MaxConnections=1
MaxRecvDataSegmentLength=8192
MaxXmitDataSegmentLength=8192
MaxBurstLength=262144
FirstBurstLength=65536
DefaultTime2Wait=2
DefaultTime2Retain=20
MaxOutstandingR2T=1
DataPDUInOrder=Yes
DataSequenceInOrder=Yes
ErrorRecoveryLevel=0
HeaderDigest=None
DataDigest=None
OFMarker=No
IFMarker=No
OFMarkInt=Reject
IFMarkInt=Reject
`

func keysOf(text string) (list []admin.Param) {
	for l := range strings.Lines(text) {
		k, v, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "=")
		list = append(list, admin.Param{Key: k, Value: v})
	}
	return list
}

// agreed is keyText as one session has it.
var agreed = strings.Replace(keyText, "HeaderDigest=None", "HeaderDigest=CRC32C", 1)

func (f *fake) Targets() []admin.Target {
	return []admin.Target{
		{
			TID: 1, Name: diskName, Wthreads: 8, Queued: 32, NOPInterval: 30, NOPTimeout: 10, Keys: keysOf(keyText),
			Luns: []admin.Lun{
				{Number: 3, Ready: true, IOType: "fileio", IOMode: "wt", Blocks: 2048, BlockSize: 512, Path: "/srv/a <b>.img"},
				{Number: 0, State: 1, IOType: "nullio", IOMode: "wt", Blocks: 1 << 40, BlockSize: 4096, Reservations: &admin.Reservations{
					Type: "Write Exclusive", Persist: true, Reserve: "somebody",
					Registrations: []admin.Registration{{Key: "0x01", Nexus: "iqn.x:a with iqn.x:t"}, {Key: "0x02", Nexus: "iqn.x:b with iqn.x:t", Holder: true}},
				}},
			},
			Sessions: []admin.Session{
				{SID: 562949990973952, Initiator: "iqn.1993-08.org.debian:01:abc", Since: time.Unix(1790000000, 0).UTC(), Keys: keysOf(agreed), Conns: []admin.Conn{
					{CID: 0, IP: "192.0.2.7", Remote: "192.0.2.7:40000", State: "active", HeaderDigest: "crc32c", DataDigest: "none"},
					{CID: 1, IP: "[2001:0db8:0000:0000:0000:0000:0000:0001]", Remote: "[2001:db8::1]:40001", State: "closing", HeaderDigest: "none", DataDigest: "crc32c"},
				}},
				{SID: 18446744073709551615, Initiator: "iqn.x:newer"},
			},
		},
		{TID: 2, Name: tapeName, Wthreads: 8, Queued: 32, PortGroup: 2, AccessState: "standby"},
	}
}

func (f *fake) Target(tid uint32) (admin.Target, error) {
	for _, t := range f.Targets() {
		if t.TID == tid {
			return t, nil
		}
	}
	return admin.Target{}, refuse(syscall.ENOENT, "there is no target %d", tid)
}

func refuse(errno syscall.Errno, format string, args ...any) error {
	return &admin.Error{Errno: errno, Text: fmt.Sprintf(format, args...)}
}

// known is the error for a target that the fake does not have.
func known(tid uint32) error {
	if tid == 1 || tid == 2 {
		return nil
	}
	return refuse(syscall.ENOENT, "there is no target %d", tid)
}

func (f *fake) TargetByName(name string) (uint32, error) {
	for _, t := range f.Targets() {
		if strings.EqualFold(t.Name, name) {
			return t.TID, nil
		}
	}
	return 0, refuse(syscall.ENOENT, "there is no target %s", name)
}

func (f *fake) NewTarget(tid uint32, name string) (uint32, error) {
	f.did("new target %d %q", tid, name)
	if known(tid) == nil || name == diskName {
		return 0, refuse(syscall.EEXIST, "there is a target %d %s", tid, name)
	}
	if tid == 0 {
		tid = 3
	}
	return tid, nil
}

func (f *fake) DeleteTarget(tid uint32, force bool) error {
	f.did("delete target %d force=%v", tid, force)
	if tid == 1 && !force {
		return refuse(syscall.EBUSY, "target 1 has 2 sessions")
	}
	return known(tid)
}

func (f *fake) UpdateTarget(tid uint32, params []admin.Param) ([]admin.Effect, error) {
	f.did("update target %d %v", tid, params)
	var effects []admin.Effect
	for _, p := range params {
		switch p.Key {
		case "x":
			return nil, refuse(syscall.EINVAL, "Unknown parameter %q.", p.Key)
		case "QueuedCommands", "NOPInterval":
			effects = append(effects, admin.Effect{Key: p.Key, When: "now"})
		default:
			effects = append(effects, admin.Effect{Key: p.Key, When: "new sessions"})
		}
	}
	return effects, known(tid)
}

func (f *fake) Redirect(tid uint32, to string, permanent bool) error {
	f.did("redirect %d %q permanent=%v", tid, to, permanent)
	return known(tid)
}

// lunErrors are what the fake answers for LUNs that are there for that.
var lunErrors = map[uint16]syscall.Errno{
	1: syscall.EPERM, 5: syscall.EIO, 12: syscall.ENOMEM, 14: syscall.EFAULT, 17: syscall.EEXIST,
}

func (f *fake) NewLun(tid uint32, lun uint16, params string) error {
	f.did("new lun %d %d %q", tid, lun, params)
	if errno, bad := lunErrors[lun]; bad {
		return refuse(errno, "LUN %d", lun)
	}
	return known(tid)
}

func (f *fake) DeleteLun(tid uint32, lun uint16) error {
	f.did("delete lun %d %d", tid, lun)
	if lun != 0 && lun != 3 {
		return refuse(syscall.ENOENT, "target %d has no LUN %d", tid, lun)
	}
	return known(tid)
}

func (f *fake) UpdateLun(tid uint32, lun uint16, params []admin.Param) (string, error) {
	f.did("update lun %d %d %v", tid, lun, params)
	return "LUN 3 has grown from 2048 to 4096 blocks", known(tid)
}

func (f *fake) CloseConnection(tid uint32, sid uint64, cid uint16) error {
	f.did("close connection %d %d %d", tid, sid, cid)
	return known(tid)
}

func (f *fake) CloseSession(tid uint32, sid uint64) error {
	f.did("close session %d %d", tid, sid)
	return known(tid)
}

func (f *fake) Accounts(tid uint32) ([]admin.Account, error) {
	if tid == 0 {
		return []admin.Account{{Name: "finder"}}, nil
	}
	if tid == 2 {
		return nil, nil
	}
	return []admin.Account{{Name: "joe"}, {Name: "ann"}, {Outgoing: true, Name: "disk"}}, known(tid)
}

func (f *fake) Secret(tid uint32, a admin.Account) (string, error) {
	list, err := f.Accounts(tid)
	if err != nil {
		return "", err
	}
	for _, have := range list {
		if have == a {
			return "secret of " + a.Name, nil
		}
	}
	return "", refuse(syscall.ENOENT, "there is no account %s", a.Name)
}

func (f *fake) NewAccount(tid uint32, a admin.Account, secret string) error {
	f.did("new account %d %v %q", tid, a, secret)
	return nil
}

func (f *fake) DeleteAccount(tid uint32, a admin.Account) error {
	f.did("delete account %d %v", tid, a)
	return nil
}

func (f *fake) Reload(dryRun bool) ([]string, error) {
	f.did("reload dry=%v", dryRun)
	return []string{"target 2: removed", "target 3: added"}, nil
}

func (f *fake) Dump() ([]byte, error) { return []byte("# \xff\nTarget " + diskName + "\n"), nil }

func (f *fake) StopAll() error {
	f.did("stop all")
	return nil
}
