// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

// A cluster is a medium behind LUN 0 of two targets, and the nexuses of hosts
// with both. APTPL is kept in memory.
type cluster struct {
	t       testing.TB
	medium  *Medium
	targets []*Target
	nexuses []*Nexus // host 0 at target 0, host 0 at target 1, host 1 at target 0…
	kept    *Reservations
	keepErr error
}

func newCluster(t testing.TB, hosts int) *cluster {
	t.Helper()
	c := &cluster{t: t, medium: NewMedium("m")}
	c.medium.KeepReservations(func(r Reservations) error {
		if c.keepErr != nil {
			return c.keepErr
		}
		if c.kept = nil; r.Persist {
			c.kept = &r
		}
		return nil
	})
	for i := range 2 {
		tg := NewTarget(fmt.Sprintf("iqn.2001-04.com.example:t%d", i))
		tg.SetPorts(Ports{1: uint16(i + 1)})
		if err := tg.Add(0, newUnit(t, func(u *UnitConfig) { everything(u); u.Medium = c.medium })); err != nil {
			t.Fatal(err)
		}
		c.targets = append(c.targets, tg)
	}
	for i := range hosts {
		for _, tg := range c.targets {
			n := tg.Attach(fmt.Sprintf("iqn.2001-04.com.example:h%d", i), ISID{5: byte(i)}, 1)
			quiet(n)
			c.nexuses = append(c.nexuses, n)
		}
	}
	return c
}

// A persistOut is a PERSISTENT RESERVE OUT of a test.
type persistOut struct {
	action      byte
	scopeType   byte
	key, newKey uint64
	flags       byte // of byte 20, or of byte 17 for REGISTER AND MOVE
	port        uint16
	ids         []byte
}

// list returns the parameter list.
func (o persistOut) list() []byte {
	d := make([]byte, persistListLen)
	binary.BigEndian.PutUint64(d[persistOffKey:], o.key)
	binary.BigEndian.PutUint64(d[persistOffNew:], o.newKey)
	switch {
	case o.action == persistMove:
		d[moveOffFlags] = o.flags
		binary.BigEndian.PutUint16(d[moveOffPort:], o.port)
		binary.BigEndian.PutUint32(d[moveOffIDLen:], uint32(len(o.ids)))
		return append(d, o.ids...)
	case o.flags&persistSpecIPT != 0:
		d[persistOffFlags] = o.flags
		d = binary.BigEndian.AppendUint32(d, uint32(len(o.ids)))
		return append(d, o.ids...)
	}
	d[persistOffFlags] = o.flags
	return d
}

// answer is how a command of a test ended.
type answer struct {
	status Status
	sense  Sense // without details
}

// do carries out cdb with data as ring does.
func do(t testing.TB, n *Nexus, p *Plan, cdb *[16]byte, data []byte) answer {
	t.Helper()
	s := n.Plan(p, lunField(0), cdb)
	if s == Good && p.Status == StatusGood && p.Action == ActionCollect {
		s = n.Collected(p, data)
	}
	return answer{p.Status, Sense{Key: s.Key, ASC: s.ASC, ASCQ: s.ASCQ}}
}

func (o persistOut) do(t testing.TB, n *Nexus) (answer, []*Nexus) {
	t.Helper()
	list := o.list()
	cdb := [16]byte{0: 0x5f, 1: o.action, 2: o.scopeType}
	binary.BigEndian.PutUint32(cdb[5:], uint32(len(list)))
	var p Plan
	a := do(t, n, &p, &cdb, list)
	return a, p.Preempted
}

var (
	good     = answer{}
	conflict = answer{status: StatusReservationConflict}
)

func refused(s Sense) answer { return answer{sense: s} }

// TestConflictMatrix holds that every reservation, role and class stands in one
// row, and once in it.
func TestConflictMatrix(t *testing.T) {
	seen := map[[3]int]int{}
	for _, row := range conflictRows {
		for _, r := range row.roles {
			for _, c := range slices.Concat(row.passes, row.conflicts) {
				seen[[3]int{int(row.reservation), int(r), int(c)}]++
			}
		}
	}
	for kind := range ReservationType(numReservationTypes) {
		if !kind.Valid() && kind != NoReservation && kind != reservedByReserve {
			continue
		}
		for r := range numRoles {
			for c := accessAlways; c < numAccess; c++ {
				at := [3]int{int(kind), int(r), int(c)}
				if seen[at] != 1 {
					t.Errorf("%s, role %d, class %d stands in the matrix %d times", kind, r, c, seen[at])
				}
				delete(seen, at)
			}
		}
	}
	if len(seen) > 0 {
		t.Errorf("the matrix has what cannot be: %v", seen)
	}
}

// TestCommandsUnderReservations compares every row with the tables of SPC-4 and
// SBC-3: what a nexus that is not registered may do under a Write Exclusive and
// under an Exclusive Access reservation, and under RESERVE of another.
func TestCommandsUnderReservations(t *testing.T) {
	const always, ready, read, never, persist = "yyy", "yyn", "ynn", "nnn", "yyn"
	want := map[string]string{
		"INQUIRY": always, "REPORT LUNS": always, "REQUEST SENSE": always,
		"RELEASE(6)": "nny", "RELEASE(10)": "nny", // under a RESERVE they are GOOD and do nothing
		"TEST UNIT READY": ready, "READ CAPACITY(10)": ready, "READ CAPACITY(16)": ready,
		"START STOP UNIT":              ready, // with START
		"PREVENT ALLOW MEDIUM REMOVAL": ready, // that it allows
		"READ(6)":                      read, "READ(10)": read, "READ(12)": read, "READ(16)": read,
		"VERIFY(10)": read, "VERIFY(12)": read, "VERIFY(16)": read,
		"GET LBA STATUS": read, "LOG SENSE": ready, "READ DEFECT DATA(10)": read, "READ DEFECT DATA(12)": read, "PRE-FETCH(10)": read, "PRE-FETCH(16)": read,
		"POPULATE TOKEN": read, "RECEIVE ROD TOKEN INFORMATION": read,
		"MODE SENSE(6)": read, "MODE SENSE(10)": read,
		"REPORT SUPPORTED OPERATION CODES": read, "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS": read,
		"PERSISTENT RESERVE IN, READ KEYS": persist, "PERSISTENT RESERVE IN, READ RESERVATION": persist,
		"PERSISTENT RESERVE IN, REPORT CAPABILITIES": persist, "PERSISTENT RESERVE IN, READ FULL STATUS": persist,
		"PERSISTENT RESERVE OUT, REGISTER AND MOVE": persist, // its list, all zero, is looked at first
		"PERSISTENT RESERVE OUT, REGISTER":          persist, "PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY": persist,
	}
	outcome := func(row *command, set func(c *cluster)) byte {
		c := newCluster(t, 2)
		settable(c.nexuses[2])
		for _, n := range c.nexuses {
			quiet(n)
		}
		set(c)
		var p Plan
		if a := do(t, c.nexuses[2], &p, cdbOf(t, goodCDB[row.name]), make([]byte, 64)); a.status == StatusReservationConflict {
			return 'n'
		}
		return 'y'
	}
	hold := func(kind ReservationType) func(c *cluster) {
		return func(c *cluster) {
			persistOut{action: persistRegister, newKey: 7}.do(t, c.nexuses[0])
			persistOut{action: persistReserve, scopeType: byte(kind), key: 7}.do(t, c.nexuses[0])
		}
	}
	rows(func(_ byte, row *command) {
		got := string([]byte{outcome(row, hold(WriteExclusive)), outcome(row, hold(ExclusiveAccess)), outcome(row, func(c *cluster) {
			if c.medium.reserve(c.nexuses[0]) != StatusGood {
				t.Error("RESERVE is refused")
			}
		})})
		expect, named := want[row.name]
		if !named {
			expect = never
			if row.access == accessRead || row.access == accessReady {
				t.Errorf("%s: its class lets it through, and this test does not know it", row.name)
			}
		}
		if row.access == accessAlways && !named {
			return // RESERVE, and what others add: it looks itself
		}
		if got != expect {
			t.Errorf("%s of an unregistered nexus under Write Exclusive, Exclusive Access, RESERVE: %s, want %s", row.name, got, expect)
		}
	})
}

func TestStartUnderReservations(t *testing.T) {
	for _, tc := range []struct {
		name, cdb string
		want      access
	}{
		{"to start", "1b 00 00 00 01", accessReady},
		{"to stop", "1b 00 00 00 00", accessConflict},
		{"a power condition, which START does not matter to", "1b 00 00 00 21", accessConflict},
	} {
		if got := accessStart.of(cdbOf(t, tc.cdb)); got != tc.want {
			t.Errorf("%s: class %d, want %d", tc.name, got, tc.want)
		}
	}
}

// TestReservedDataPath holds that a READ under a reservation costs no memory.
func TestReservedDataPath(t *testing.T) {
	c := newCluster(t, 2)
	for i := range c.nexuses {
		persistOut{action: persistRegister, newKey: uint64(i + 1)}.do(t, c.nexuses[i])
	}
	persistOut{action: persistReserve, scopeType: byte(WriteExclusiveRegOnly), key: 1}.do(t, c.nexuses[0])
	var p Plan
	cdb, lun := cdbOf(t, goodCDB["WRITE(10)"]), lunField(0)
	for _, n := range c.nexuses {
		if got := testing.AllocsPerRun(100, func() { n.Plan(&p, lun, cdb) }); got != 0 || p.Status != StatusGood {
			t.Errorf("%v allocations, %v", got, p.Status)
		}
	}
}
