// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A model is persistent reservations written down slowly: what SPC-4 says, a
// sentence at a time, for the nexuses of a cluster by number.
type model struct {
	keys       []uint64 // 0 is not registered
	kind       ReservationType
	holder     int // of kinds with one holder
	generation uint32
	told       []attention
}

func (m *model) registrants(f func(i int)) {
	for i, key := range m.keys {
		if key != 0 {
			f(i)
		}
	}
}

func (m *model) anyRegistered() (any bool) {
	m.registrants(func(int) { any = true })
	return any
}

func (m *model) all() bool {
	return m.kind == WriteExclusiveAllRegs || m.kind == ExclusiveAccessAllRegs
}

func (m *model) isHolder(i int) bool {
	return m.keys[i] != 0 && (m.all() || m.kind != 0 && m.holder == i)
}

func (m *model) tell(i, by int, kind attention) {
	if i != by {
		m.told[i] |= kind
	}
}

// leave ends the registration of i, which by asked for.
func (m *model) leave(i, by int) {
	if m.keys[i] == 0 {
		return
	}
	held := m.isHolder(i) && !m.all()
	m.keys[i] = 0
	if held {
		if m.kind == WriteExclusiveRegOnly || m.kind == ExclusiveAccessRegOnly {
			m.registrants(func(j int) { m.tell(j, by, attPRReleased) })
		}
		m.kind = 0
	}
	if m.all() && !m.anyRegistered() {
		m.kind = 0
	}
}

// do is one PERSISTENT RESERVE OUT without SPEC_I_PT, ALL_TG_PT and moves.
func (m *model) do(by int, o persistOut) answer {
	kind := ReservationType(o.scopeType)
	registered := m.keys[by] != 0
	switch o.action {
	case persistRegister, persistRegisterIgnore:
		if o.action == persistRegister && m.keys[by] != o.key {
			return conflict
		}
		if !registered && o.newKey == 0 {
			return good
		}
		m.generation++
		if o.newKey == 0 {
			m.leave(by, by)
		} else {
			m.keys[by] = o.newKey
		}
		return good
	}
	if !registered || m.keys[by] != o.key {
		return conflict
	}
	switch o.action {
	case persistReserve:
		if !kind.Valid() {
			return refused(InvalidFieldInCDB)
		}
		if m.kind == 0 {
			m.kind, m.holder = kind, by
			return good
		}
		if m.isHolder(by) && m.kind == kind {
			return good
		}
		return conflict
	case persistRelease:
		if !m.isHolder(by) {
			return good
		}
		if m.kind != kind {
			return refused(InvalidRelease)
		}
		if m.kind != WriteExclusive && m.kind != ExclusiveAccess {
			m.registrants(func(i int) { m.tell(i, by, attPRReleased) })
		}
		m.kind = 0
		return good
	case persistClear:
		m.registrants(func(i int) { m.tell(i, by, attPRCleared) })
		clear(m.keys)
		m.kind = 0
		m.generation++
		return good
	}
	return m.preempt(by, o, kind)
}

func (m *model) preempt(by int, o persistOut, kind ReservationType) answer {
	ofHolder := m.kind != 0 && !m.all() && m.keys[m.holder] == o.newKey
	switch {
	case o.newKey == 0 && !m.all():
		return refused(InvalidFieldInParams)
	case o.newKey == 0 || ofHolder:
		if !kind.Valid() {
			return refused(InvalidFieldInCDB)
		}
		other := kind != m.kind
		for i := range m.keys {
			if i != by && m.keys[i] != 0 && (o.newKey == 0 || m.keys[i] == o.newKey) {
				m.tell(i, by, attPRPreempted)
				m.keys[i] = 0
			}
		}
		if m.kind, m.holder = kind, by; other {
			m.registrants(func(i int) { m.tell(i, by, attPRReleased) })
		}
	default:
		found := false
		for i := range m.keys {
			if m.keys[i] == o.newKey {
				found = true
				m.tell(i, by, attPRPreempted)
				m.keys[i] = 0
			}
		}
		if !found {
			return conflict
		}
		if m.all() && !m.anyRegistered() {
			m.kind = 0
		}
	}
	m.generation++
	return good
}

// may reports what nexus i may do.
func (m *model) may(i int) (read, write bool) {
	switch m.kind {
	case 0:
		return true, true
	case WriteExclusive:
		return true, m.isHolder(i)
	case ExclusiveAccess:
		return m.isHolder(i), m.isHolder(i)
	case WriteExclusiveRegOnly, WriteExclusiveAllRegs:
		return true, m.keys[i] != 0
	}
	return m.keys[i] != 0, m.keys[i] != 0
}

// TestAgainstModel lets random commands run on a cluster and on the model, and
// compares what each nexus sees after each.
func TestAgainstModel(t *testing.T) {
	const runs, length = 60, 120
	actions := []byte{persistRegister, persistRegister, persistRegisterIgnore, persistReserve, persistReserve, persistRelease, persistClear, persistPreempt, persistPreempt, persistPreemptAbort}
	kinds := []byte{1, 3, 5, 6, 7, 8, 1, 3, 5, 6, 7, 8, 0, 2}
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := newCluster(t, 3)
		m := &model{keys: make([]uint64, len(c.nexuses)), told: make([]attention, len(c.nexuses))}
		for i := range length {
			by := r.IntN(len(c.nexuses))
			o := persistOut{action: actions[r.IntN(len(actions))], scopeType: kinds[r.IntN(len(kinds))], key: uint64(r.IntN(4)), newKey: uint64(r.IntN(4))}
			if r.IntN(3) > 0 {
				o.key = m.keys[by] // else most commands conflict
			}
			if o.action == persistClear && r.IntN(4) > 0 {
				continue
			}
			before := append([]uint64(nil), m.keys...)
			want := m.do(by, o)
			got, preempted := o.do(t, c.nexuses[by])
			if got != want {
				t.Fatalf("seed %d, command %d: nexus %d %+v: %v %v, want %v %v", seed, i, by, o, got.status, got.sense, want.status, want.sense)
			}
			m.compare(t, c)
			if o.action == persistPreemptAbort && want == good {
				for j := range before {
					lost := j != by && before[j] != 0 && m.keys[j] == 0
					if has(preempted, c.nexuses[j]) != lost {
						t.Errorf("seed %d, command %d: the tasks of nexus %d are aborted: %v, want %v", seed, i, j, !lost, lost)
					}
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d, command %d: after nexus %d %+v", seed, i, by, o)
			}
		}
	}
}

func has(list []*Nexus, n *Nexus) bool {
	for _, o := range list {
		if o == n {
			return true
		}
	}
	return false
}

// compare looks at the cluster through each nexus.
func (m *model) compare(t *testing.T, c *cluster) {
	t.Helper()
	var p Plan
	for i, n := range c.nexuses {
		a := n.attentionsOf(c.targets[i%2].Lookup(lunField(0)))
		if got := attention(a.bits.Load()); got != m.told[i] {
			t.Errorf("nexus %d finds %x pending, want %x", i, got, m.told[i])
		}
		a.clear(^attention(0))
		m.told[i] = 0
		read, write := m.may(i)
		for _, op := range []struct {
			cdb string
			may bool
		}{{goodCDB["READ(10)"], read}, {goodCDB["WRITE(10)"], write}, {goodCDB["TEST UNIT READY"], true}} {
			if a := do(t, n, &p, cdbOf(t, op.cdb), nil); (a == good) != op.may || a != good && a != conflict {
				t.Errorf("nexus %d, CDB %s: %v %v, may it: %v", i, op.cdb, a.status, a.sense, op.may)
			}
		}
	}
	d := reply(t, c.nexuses[0], "5e 03 0000000000 ffff")
	if g := binary.BigEndian.Uint32(d); g != m.generation {
		t.Errorf("generation %d, want %d", g, m.generation)
	}
	count := 0
	for d = d[persistHeaderLen:]; len(d) > 0; count++ {
		idLen := int(binary.BigEndian.Uint32(d[statusOffIDLen:]))
		id := d[persistStatusLen : persistStatusLen+idLen]
		for i, n := range c.nexuses {
			if string(appendTransportID(nil, n.id)) != string(id) || uint16(i%2+1) != binary.BigEndian.Uint16(d[statusOffPort:]) {
				continue
			}
			if key := binary.BigEndian.Uint64(d); key != m.keys[i] || m.isHolder(i) != (d[statusOffHolder] == statusHolder) {
				t.Errorf("nexus %d has the key %d, want %d, or holds what it should not: % x", i, key, m.keys[i], d[:persistStatusLen])
			}
		}
		d = d[persistStatusLen+idLen:]
	}
	m.registrants(func(int) { count-- })
	if count != 0 {
		t.Errorf("%d registrations too many", count)
	}
}

// TestReserveAndRelease is SPC-2's reservation and SPC-4's exceptions from it.
func TestReserveAndRelease(t *testing.T) {
	const reserve, release, write = "16", "17", "2a 00 00000001 00 0001"
	type turn struct {
		by   int
		cdb  string
		want answer
	}
	holds := func(kind ReservationType) []step {
		return append(registered(2), step{0, persistOut{action: persistReserve, scopeType: byte(kind), key: 1}, good})
	}
	for _, tc := range []struct {
		name   string
		before []step
		then   func(c *cluster)
		turns  []turn
	}{
		{name: "one has it, through either form", turns: []turn{{0, reserve, good}, {0, "56", good}, {0, write, good}, {1, write, conflict}, {1, reserve, conflict}, {1, "56", conflict}}},
		{name: "RELEASE of another does nothing", turns: []turn{{0, reserve, good}, {1, release, good}, {1, write, conflict}, {0, "57", good}, {1, write, good}}},
		{name: "it shuts out PERSISTENT RESERVE IN of its holder too", turns: []turn{{0, reserve, good}, {0, "5e 00 0000000000 00ff", conflict}, {0, "5f 00 00 0000 00000018", conflict}}},
		{name: "it ends with its nexus", turns: []turn{{0, reserve, good}, {1, write, conflict}}, then: func(c *cluster) { c.nexuses[0].Detach() }},
		{name: "it ends with LOGICAL UNIT RESET through any target", turns: []turn{{0, reserve, good}, {1, write, conflict}}, then: func(c *cluster) { c.targets[1].ResetLUN(c.targets[1].Lookup(lunField(0))) }},
		{name: "it ends with a target reset", turns: []turn{{0, reserve, good}, {1, write, conflict}}, then: func(c *cluster) { c.targets[0].Reset() }},
		{name: "who is registered alone cannot reserve", before: registered(1), turns: []turn{{0, reserve, conflict}, {0, release, conflict}, {1, reserve, conflict}}},
		{name: "for a holder they do nothing", before: holds(WriteExclusive), turns: []turn{{0, reserve, good}, {0, release, good}, {1, write, conflict}, {1, reserve, conflict}, {1, release, conflict}}},
		{name: "for a registrant with access they do nothing", before: holds(WriteExclusiveRegOnly), turns: []turn{{1, reserve, good}, {1, release, good}, {2, reserve, conflict}, {2, release, conflict}}},
		{name: "for all registrants they do nothing", before: holds(ExclusiveAccessAllRegs), turns: []turn{{1, reserve, good}, {2, reserve, conflict}}},
		{name: "third party reservation", turns: []turn{{0, "16 10", refused(InvalidFieldInCDB)}, {0, "56 10", refused(InvalidFieldInCDB)}}},
		{name: "extents", turns: []turn{{0, "16 01", refused(InvalidFieldInCDB)}, {0, "16 00 00 00 08", refused(InvalidFieldInCDB)}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 2)
			c.t = t
			c.run(tc.before)
			var p Plan
			for i, turn := range tc.turns {
				if got := do(t, c.nexuses[turn.by], &p, cdbOf(t, turn.cdb), make([]byte, 24)); got != turn.want {
					t.Errorf("command %d: %v %v, want %v %v", i, got.status, got.sense, turn.want.status, turn.want.sense)
				}
			}
			if tc.then == nil {
				return
			}
			tc.then(c)
			quiet(c.nexuses[1])
			for _, cdb := range []string{write, "5e 00 0000000000 00ff", reserve} {
				if got := do(t, c.nexuses[1], &p, cdbOf(t, cdb), nil); got != good {
					t.Errorf("afterwards %s: %v %v", cdb, got.status, got.sense)
				}
			}
		})
	}
}
