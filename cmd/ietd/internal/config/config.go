// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"ietring/backing"
	"ietring/ring"
)

// A Config is everything that the operator can say.
type Config struct {
	Targets []Target
	Keys    SessionKeys  // --session: every target's, the demo's too
	Portals []netip.Addr // addresses to listen on; none: every address, v4 and v6
	Groups  PortalGroups // portal group tags of these
	Port    int          // TCP port; 0: one that is free
	Demo    bool         // serve the demo target too

	QueueDepth int // commands, the window of each session

	Threads      int           // event loops
	RingEntries  int           // submission queue entries of each loop
	Workers      int           // completion workers
	CPUs         []int         // CPUs that loops are pinned to; none: not pinned
	BufferMemory int64         // bytes, all loops together; 0: loopMemory each
	BusyPoll     time.Duration // for how long a loop looks for work before it sleeps; 0: not at all

	// Of discovery sessions, and global directives of ietd.conf.
	Incoming          []Account // who may discover; none: everybody
	Outgoing          *Account  // what we answer with in mutual CHAP; nil: nothing
	ISNSServer        string    // name or address; "": none
	ISNSAccessControl bool      // admit only initiators that the iSNS server names

	File          string         // ietd.conf that was read; "": none
	Report        Report         // what was found in File
	ControlSocket string         // Unix socket of ietadm; "": none
	Metrics       netip.AddrPort // where scrapers are answered; the zero value: nowhere
	ProcDir       string         // where the two /proc/net/iet texts are kept; "": nowhere
	StateDir      string         // where disks keep what outlives a restart; "": nowhere
	AccessDir     string         // where initiators.allow, initiators.deny, targets.allow are; "": /etc/iet, then /etc
	Strict        bool           // a LUN whose backing fails refuses the start

	LogLevel  string // one of LogLevels
	LogFormat string // "console" or "json"
	PIDFile   string // "": none
	UID, GID  int    // to become after start; 0: stay

	args   []string // what it was made of, for Reload
	around surroundings
}

// A Target is one Target block of ietd.conf, or one --target.
type Target struct {
	Name  string // iSCSI name
	Alias string // TargetAlias; "": none
	Luns  []Lun
	Keys  SessionKeys

	Incoming []Account // who may log in; none: everybody, without CHAP
	Outgoing *Account  // what we answer with in mutual CHAP; nil: nothing

	MaxSessions    int // 0: any number
	QueuedCommands int // command window of each session; 0: Config.QueueDepth
	Wthreads       int // IET's disk threads; a hint, loops and workers are the process's
	NOPInterval    int // seconds of silence before a ping; 0: no pings
	NOPTimeout     int // seconds that the answer may take; 0: NOPInterval

	Redirect *Redirect // where logins are sent instead; nil: they are served

	Group PortGroup // target port group, and its access state

	ByFlags bool // --target and --lun made it: its backings must be there at the start

	Masks []Mask // who sees which LUNs; the first that matches decides; no masks: all see all
}

// An Account is a CHAP name and its secret.
type Account struct {
	Name   string
	Secret Secret
}

// A Secret is a CHAP secret. Formatting or logging one never shows it.
type Secret string

// String hides the secret.
func (Secret) String() string { return hidden }

// Format hides the secret from every verb: a wrong one would print it otherwise.
func (Secret) Format(f fmt.State, _ rune) { hide(f, hidden) }

// Format hides the secret where a wrong verb meets a pointer to an account, for
// fmt asks no method of what is behind it.
func (a Account) Format(f fmt.State, _ rune) { hide(f, a.Name+" "+hidden) }

const hidden = "***"

// hide writes text. When f cannot be written, fmt has nobody to tell either.
func hide(f fmt.State, text string) { _, _ = io.WriteString(f, text) }

// MarshalJSON hides the secret from listings and logs.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// A Mask says which LUNs of a target an initiator sees, and how. It is a
// directive of our own, LunMask; IET's parser passes over it. Names are compared
// without case. Where a target has masks and none matches, no LUN is seen.
type Mask struct {
	Initiator string // pattern of the initiator's name with * and ?, or an address or prefix as netip prints it
	Luns      []LunRange
	ReadOnly  bool // writes are refused for this initiator
}

// A LunRange is the LUNs from First to Last.
type LunRange struct{ First, Last uint16 }

// A Lun is one Lun line of ietd.conf, or one --lun.
type Lun struct {
	Number  uint16 // 0 to MaxLun
	Backing backing.Params
	ScsiID  [16]byte // VPD 83h
	ScsiSN  string   // VPD 80h
	WSNZ    bool     // a WRITE SAME must say how many blocks it writes

	NAA       bool // VPD 83h has an NAA designator, too
	Removable bool // initiators can eject the medium, and load it again

	// ThinThreshold is a part of the disk, in percent: initiators are told when
	// there is less room than that left below it. 0: they are not.
	ThinThreshold int

	// EraseRate is how many bytes a second SANITIZE and FORMAT UNIT erase at
	// most. 0: as many as the disk can.
	EraseRate int64
}

// MaxLun is the highest logical unit number: 14 bits of flat addressing, as in
// IET.
const MaxLun = 16383

// LogLevels are the words of --log-level, the loudest first.
var LogLevels = []string{"trace", "debug", "info", "warn", "error"}

// addTarget begins a target.
func (c *Config) addTarget(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	for i := range c.Targets {
		if strings.EqualFold(c.Targets[i].Name, name) {
			return fmt.Errorf("%s is there twice; each target needs its own name", name)
		}
	}
	c.Targets = append(c.Targets, Target{Name: name, ByFlags: true})
	return nil
}

// addLun gives the last target what line says: a number and parameters.
func (c *Config) addLun(line string) error {
	if len(c.Targets) == 0 {
		return fmt.Errorf("there is no target that it could belong to; give --target before --lun")
	}
	t := &c.Targets[len(c.Targets)-1]
	lun, err := ParseLun(t.Name, line)
	if err != nil {
		return err
	}
	for i := range t.Luns {
		if t.Luns[i].Number == lun.Number {
			return fmt.Errorf("LUN %d of %s is there twice; each needs its own number", lun.Number, t.Name)
		}
	}
	t.Luns = append(t.Luns, lun)
	return nil
}

// loopMemory is the buffer memory of a loop when the operator does not say.
const loopMemory = 64 << 20

// checkFlagTargets refuses a --target without a LUN. The block of a file can have
// none: LUNs can be added while the program runs.
func (c *Config) checkFlagTargets() error {
	for i := range c.Targets {
		if len(c.Targets[i].Luns) == 0 {
			return fmt.Errorf("--target %s: it has no LUN; give it one, as in --lun '0 Path=/srv/disk.img'", c.Targets[i].Name)
		}
	}
	return nil
}

// Check looks at what only the whole can tell, after all flags are read, and
// fills in what depends on other flags.
func (c *Config) Check() error {
	if c.BufferMemory == 0 {
		c.BufferMemory = loopMemory * int64(c.Threads)
	}
	if least := ring.MinBufferMemory * int64(c.Threads); c.BufferMemory < least {
		return fmt.Errorf("--buffer-memory: %d bytes are too little for --threads %d; they need at least %dMiB", c.BufferMemory, c.Threads, (least+1<<20-1)>>20)
	}
	if len(c.Targets) == 0 && !c.Demo && c.File == "" {
		return fmt.Errorf("nothing to serve; write %s or give --config FILE, or begin with 'ietd --demo', or with --target NAME --lun '0 Path=FILE' (see ietd --help)", c.around.files[0])
	}
	for i := range c.Targets {
		// What the file says was checked with it; --session can spoil it.
		if err := c.Targets[i].Keys.Check(); err != nil {
			return fmt.Errorf("--session: %w", err)
		}
	}
	return c.checkPaths()
}

// checkPaths refuses one path behind two LUNs.
func (c *Config) checkPaths() (err error) {
	c.sharedPaths(func(_ int, _ uint16, text string) {
		if err == nil {
			err = fmt.Errorf("--lun: %s", text)
		}
	})
	return err
}

// sharedPaths finds paths that are behind two LUNs that can write, with other
// parameters: the two would not know of each other's writes. With the same ones
// they are one disk, as in IET. It calls found with the index of the later target
// and its LUN.
func (c *Config) sharedPaths(found func(target int, lun uint16, text string)) {
	seen, params := make(map[string]string), make(map[string]backing.Params)
	for i := range c.Targets {
		for _, l := range c.Targets[i].Luns {
			if l.Backing.Path == "" || l.Backing.IOMode == "ro" {
				continue
			}
			if other, twice := params[l.Backing.Path]; twice && other == l.Backing {
				continue // they are one disk
			}
			params[l.Backing.Path] = l.Backing
			here := fmt.Sprintf("LUN %d of %s", l.Number, c.Targets[i].Name)
			if there, twice := seen[l.Backing.Path]; twice {
				found(i, l.Number, fmt.Sprintf("%s is behind %s and %s; a path can be behind two LUNs that may write only with the same parameters", l.Backing.Path, there, here))
				continue
			}
			seen[l.Backing.Path] = here
		}
	}
}
