// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"syscall"
	"time"
)

// An Error is why an operation was refused: the errno that ietadm's exit code is
// made of (IET: the negative errno as a byte), and a sentence for people.
type Error struct {
	Errno syscall.Errno
	Text  string
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the errno.
func (e *Error) Unwrap() error { return e.Errno }

// A Param is one key=value of ietadm's --params, in the order in which they
// were given. Keys are as the operator wrote them.
type Param struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// An Effect says what became of a change: which key, and whether it holds now or
// for sessions that begin from now on.
type Effect struct {
	Key  string `json:"key"`
	When string `json:"when"` // "now" or "new sessions"
}

// A Target is what is shown of a target.
type Target struct {
	TID         uint32    `json:"tid"`
	Name        string    `json:"name"`
	Alias       string    `json:"alias,omitempty"`
	Made        uint64    `json:"made,omitempty"` // counts targets as they are made, from 1; 0: not known, then TID stands for it
	Wthreads    int       `json:"wthreads"`
	Type        int       `json:"type"`                   // 0: disk
	Queued      int       `json:"queued_commands"`        // QueuedCommands
	NOPInterval int       `json:"nop_interval_s"`         // seconds
	NOPTimeout  int       `json:"nop_timeout_s"`          // seconds
	MaxSessions int       `json:"max_sessions"`           // 0: any number
	Redirect    string    `json:"redirect,omitempty"`     // ip[:port]; "": none
	PortGroup   uint16    `json:"port_group,omitempty"`   // 0: in none
	AccessState string    `json:"access_state,omitempty"` // of the port group now, in the words of ietd.conf
	Keys        []Param   `json:"keys,omitempty"`         // the 15 session keys and OFMarker, IFMarker, OFMarkInt, IFMarkInt in ietadm's order
	Luns        []Lun     `json:"luns,omitempty"`         // in the order in which they were made
	Sessions    []Session `json:"sessions,omitempty"`     // oldest first
}

// A Lun is what is shown of a logical unit.
type Lun struct {
	Number    uint16 `json:"lun"`
	State     int    `json:"state"`            // 0: active, 1: being deleted
	Ready     bool   `json:"ready"`            // false: its backing is missing or has failed
	Why       string `json:"why,omitempty"`    // of a unit that is not ready
	IOType    string `json:"iotype"`           // fileio, blockio, nullio
	IOMode    string `json:"iomode"`           // ro, wb, wt
	Blocks    uint64 `json:"blocks"`           // of BlockSize
	BlockSize uint32 `json:"block_size_bytes"` // bytes
	Path      string `json:"path,omitempty"`   // "" for nullio

	Reservations *Reservations `json:"reservations,omitempty"` // nil: nobody has registered or reserved anything
}

// Reservations are who has registered and reserved what with the blocks behind a
// LUN, through whatever LUN.
type Reservations struct {
	Type          string         `json:"type,omitempty"`          // in SPC-4's words; "": there is no persistent reservation
	Persist       bool           `json:"persist"`                 // they outlive a loss of power
	Registrations []Registration `json:"registrations,omitempty"` // the oldest first
	Reserve       string         `json:"reserve,omitempty"`       // the nexus that RESERVE of SPC-2 is by; "": none
}

// A Registration is a reservation key and whose it is.
type Registration struct {
	Key    string `json:"key"`    // in hexadecimal
	Nexus  string `json:"nexus"`  // initiator port and target port, as RFC 7143 writes them
	Holder bool   `json:"holder"` // of the persistent reservation
}

// A Session is what is shown of a session.
type Session struct {
	SID       uint64    `json:"sid,string"` // ISID(48)+TSIH(16), as IET
	Initiator string    `json:"initiator"`
	Since     time.Time `json:"since"`
	Keys      []Param   `json:"keys,omitempty"`        // negotiated, as Target.Keys
	Conns     []Conn    `json:"connections,omitempty"` // oldest first
}

// A Conn is what is shown of a connection.
type Conn struct {
	CID          uint16 `json:"cid"`
	IP           string `json:"ip"`            // as IET prints it: v4 dotted, v6 full and in brackets
	Remote       string `json:"remote"`        // address and port
	State        string `json:"state"`         // active, closing
	HeaderDigest string `json:"header_digest"` // none, crc32c
	DataDigest   string `json:"data_digest"`   // none, crc32c
}

// An Account is what is shown of a CHAP account: never its secret.
type Account struct {
	Outgoing bool   `json:"outgoing"`
	Name     string `json:"name"`
}

// A Backend answers and changes what runs. Every method may be called from any
// goroutine. Errors are *Error; their text goes to whoever asked and to the log,
// so that it must not hold a secret.
type Backend interface {
	// Targets returns everything, by TID in ascending order; sessions and
	// connections oldest first, LUNs in the order in which they were made.
	Targets() []Target
	// Target returns one of them. ENOENT.
	Target(tid uint32) (Target, error)
	// TargetByName returns the TID of a name, compared without case.
	TargetByName(name string) (tid uint32, err error)

	// NewTarget makes an empty target. tid 0 is the next free one. EEXIST.
	NewTarget(tid uint32, name string) (uint32, error)
	// DeleteTarget: EBUSY with sessions, unless force: then they are asked to
	// log out and closed.
	DeleteTarget(tid uint32, force bool) error
	// UpdateTarget sets target and session keys; all or nothing. EINVAL names
	// the key; of one that nobody knows it says, in IET's words,
	// Unknown parameter "x".
	UpdateTarget(tid uint32, params []Param) ([]Effect, error)
	// Redirect sends logins elsewhere: "ip[:port]", "" clears.
	Redirect(tid uint32, to string, permanent bool) error

	// NewLun takes what follows the number in a Lun line.
	NewLun(tid uint32, lun uint16, params string) error
	// DeleteLun answers when the last command of the LUN has ended.
	DeleteLun(tid uint32, lun uint16) error
	// UpdateLun without params looks whether the backing has grown; with
	// params it changes IOMode (ro, wt, wb) or Path. It returns what happened.
	UpdateLun(tid uint32, lun uint16, params []Param) (string, error)

	// CloseConnection asks for the end of one connection; it does not wait.
	CloseConnection(tid uint32, sid uint64, cid uint16) error
	// CloseSession asks for the end of a session; it does not wait.
	CloseSession(tid uint32, sid uint64) error

	// Accounts of a target; tid 0 means discovery.
	Accounts(tid uint32) ([]Account, error)
	// Secret returns the secret of an account, for the one command of IET's
	// that shows it.
	Secret(tid uint32, a Account) (string, error)
	NewAccount(tid uint32, a Account, secret string) error
	DeleteAccount(tid uint32, a Account) error

	// Reload reads the configuration again and applies what differs as one
	// transaction. dryRun only tells. The lines are for people; beside an
	// error they say what is wrong with the file.
	Reload(dryRun bool) (lines []string, err error)
	// Dump returns what runs as an ietd.conf that reproduces it, secrets too.
	Dump() ([]byte, error)
	// StopAll is IET's "delete" without an object: it de-registers from iSNS.
	StopAll() error
}
