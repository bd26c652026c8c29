// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// A step is a PERSISTENT RESERVE OUT of one of the nexuses, and how it ends.
type step struct {
	by   int
	out  persistOut
	want answer
}

// idOf returns the TransportID of a nexus's initiator port.
func idOf(c *cluster, n int) []byte { return appendTransportID(nil, c.nexuses[n].id) }

// registered are steps that register the first nexuses by the keys 1, 2, 3…
func registered(count int) (steps []step) {
	for i := range count {
		steps = append(steps, step{i, persistOut{action: persistRegister, newKey: uint64(i + 1)}, good})
	}
	return steps
}

func TestPersistOut(t *testing.T) {
	const we, ea, wero, wear = byte(WriteExclusive), byte(ExclusiveAccess), byte(WriteExclusiveRegOnly), byte(WriteExclusiveAllRegs)
	inParams := refused(InvalidFieldInParams)
	tests := []struct {
		name  string
		steps []step
		keys  string // in the order of registration
		held  string // key and type, "" without reservation
	}{
		{"REGISTER needs the key 0 of who is not registered", []step{{0, persistOut{newKey: 5, key: 4}, conflict}}, "", ""},
		{"REGISTER with no new key of who is not registered does nothing", []step{{0, persistOut{}, good}}, "", ""},
		{"REGISTER by the old key changes the key", append(registered(1), step{0, persistOut{key: 1, newKey: 9}, good}), "9", ""},
		{"REGISTER by a wrong key conflicts", append(registered(1), step{0, persistOut{key: 2, newKey: 9}, conflict}), "1", ""},
		{"REGISTER of the key 0 ends the registration", append(registered(2), step{0, persistOut{key: 1}, good}), "2", ""},
		{"two nexuses may have one key", []step{{0, persistOut{newKey: 5}, good}, {1, persistOut{newKey: 5}, good}}, "5 5", ""},
		{"REGISTER AND IGNORE EXISTING KEY registers", []step{{0, persistOut{action: persistRegisterIgnore, key: 77, newKey: 5}, good}}, "5", ""},
		{"REGISTER AND IGNORE EXISTING KEY changes the key", append(registered(1), step{0, persistOut{action: persistRegisterIgnore, key: 77, newKey: 5}, good}), "5", ""},
		{"REGISTER AND IGNORE EXISTING KEY with SPEC_I_PT is refused", []step{{0, persistOut{action: persistRegisterIgnore, newKey: 5, flags: persistSpecIPT}, refused(ParamListLength)}}, "", ""},
		{"a reserved bit of the flags", []step{{0, persistOut{newKey: 5, flags: 0x80}, inParams}}, "", ""},
		{"ALL_TG_PT registers with both targets", []step{{0, persistOut{newKey: 5, flags: persistAllTgPt}, good}}, "5 5", ""},
		{"ALL_TG_PT ends both registrations", []step{
			{0, persistOut{newKey: 5, flags: persistAllTgPt}, good},
			{1, persistOut{key: 5, flags: persistAllTgPt}, good}}, "", ""},
		{"ALL_TG_PT where the other port has another key conflicts", append(registered(2), step{0, persistOut{key: 1, newKey: 5, flags: persistAllTgPt}, conflict}), "1 2", ""},

		{"RESERVE needs a registration", []step{{0, persistOut{action: persistReserve, scopeType: we}, conflict}}, "", ""},
		{"RESERVE needs the right key", append(registered(1), step{0, persistOut{action: persistReserve, scopeType: we, key: 2}, conflict}), "1", ""},
		{"RESERVE of an unknown type", append(registered(1), step{0, persistOut{action: persistReserve, scopeType: 2, key: 1}, refused(InvalidFieldInCDB)}), "1", ""},
		{"RESERVE of an obsolete scope", append(registered(1), step{0, persistOut{action: persistReserve, scopeType: 0x11, key: 1}, refused(InvalidFieldInCDB)}), "1", ""},
		{"RESERVE twice is no error", append(registered(1),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good}), "1", "1 Write Exclusive"},
		{"RESERVE of another type by the holder conflicts", append(registered(1),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{action: persistReserve, scopeType: ea, key: 1}, conflict}), "1", "1 Write Exclusive"},
		{"RESERVE of another nexus conflicts", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: wero, key: 1}, good},
			step{1, persistOut{action: persistReserve, scopeType: wero, key: 2}, conflict}), "1 2", "1 Write Exclusive - Registrants Only"},
		{"every registrant holds an All Registrants type", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: wear, key: 1}, good},
			step{1, persistOut{action: persistReserve, scopeType: wear, key: 2}, good}), "1 2", "0 Write Exclusive - All Registrants"},
		{"an All Registrants type ends with the last registrant", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: wear, key: 1}, good},
			step{0, persistOut{key: 1}, good},
			step{1, persistOut{key: 2}, good}), "", ""},
		{"a reservation ends with the registration of its holder", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{key: 1}, good}), "2", ""},

		{"RELEASE of what nobody holds", append(registered(1), step{0, persistOut{action: persistRelease, scopeType: we, key: 1}, good}), "1", ""},
		{"RELEASE by who does not hold it does nothing", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{1, persistOut{action: persistRelease, scopeType: we, key: 2}, good}), "1 2", "1 Write Exclusive"},
		{"RELEASE of another type", append(registered(1),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{action: persistRelease, scopeType: ea, key: 1}, refused(InvalidRelease)}), "1", "1 Write Exclusive"},
		{"RELEASE", append(registered(1),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{action: persistRelease, scopeType: we, key: 1}, good}), "1", ""},
		{"CLEAR", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{1, persistOut{action: persistClear, key: 2}, good}), "", ""},
		{"CLEAR by who is not registered", append(registered(1), step{1, persistOut{action: persistClear}, conflict}), "1", ""},

		{"PREEMPT takes a registration away", append(registered(3), step{0, persistOut{action: persistPreempt, key: 1, newKey: 2}, good}), "1 3", ""},
		{"PREEMPT of a key that nobody has", append(registered(2), step{0, persistOut{action: persistPreempt, key: 1, newKey: 7}, conflict}), "1 2", ""},
		{"PREEMPT of the key 0", append(registered(2), step{0, persistOut{action: persistPreempt, key: 1}, inParams}), "1 2", ""},
		{"PREEMPT of the holder takes the reservation over", append(registered(3),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{1, persistOut{action: persistPreempt, scopeType: ea, key: 2, newKey: 1}, good}), "2 3", "2 Exclusive Access"},
		{"PREEMPT of the holder with an unknown type", append(registered(2),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{1, persistOut{action: persistPreempt, scopeType: 4, key: 2, newKey: 1}, refused(InvalidFieldInCDB)}), "1 2", "1 Write Exclusive"},
		{"PREEMPT of somebody else leaves the reservation", append(registered(3),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{1, persistOut{action: persistPreempt, scopeType: ea, key: 2, newKey: 3}, good}), "1 2", "1 Write Exclusive"},
		{"the holder changes its type by PREEMPT of its own key", append(registered(1),
			step{0, persistOut{action: persistReserve, scopeType: we, key: 1}, good},
			step{0, persistOut{action: persistPreempt, scopeType: ea, key: 1, newKey: 1}, good}), "1", "1 Exclusive Access"},
		{"without reservation PREEMPT of the own key ends the own registration", append(registered(2), step{0, persistOut{action: persistPreempt, key: 1, newKey: 1}, good}), "2", ""},
		{"PREEMPT of the key 0 under All Registrants takes all others away", append(registered(3),
			step{0, persistOut{action: persistReserve, scopeType: wear, key: 1}, good},
			step{1, persistOut{action: persistPreempt, scopeType: we, key: 2}, good}), "2", "2 Write Exclusive"},
		{"PREEMPT of a key under All Registrants leaves the reservation", append(registered(3),
			step{0, persistOut{action: persistReserve, scopeType: wear, key: 1}, good},
			step{1, persistOut{action: persistPreempt, scopeType: we, key: 2, newKey: 1}, good}), "2 3", "0 Write Exclusive - All Registrants"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 2)
			c.run(tc.steps)
			c.expect(tc.keys, tc.held)
		})
	}
}

// run carries out steps.
func (c *cluster) run(steps []step) {
	c.t.Helper()
	for i, s := range steps {
		if got, _ := s.out.do(c.t, c.nexuses[s.by]); got != s.want {
			c.t.Errorf("step %d: %v %v, want %v %v", i, got.status, got.sense, s.want.status, s.want.sense)
		}
	}
}

// expect compares what READ KEYS and READ RESERVATION say.
func (c *cluster) expect(keys, held string) {
	c.t.Helper()
	quiet(c.nexuses[0])
	d := reply(c.t, c.nexuses[0], "5e 00 0000000000 ffff")
	var list []string
	for k := d[persistHeaderLen:]; len(k) > 0; k = k[persistKeyLen:] {
		list = append(list, strings.TrimLeft(hex.EncodeToString(k[:persistKeyLen]), "0"))
	}
	if got := strings.Join(list, " "); got != keys || int(binary.BigEndian.Uint32(d[4:])) != len(d)-persistHeaderLen {
		c.t.Errorf("keys %q, want %q", got, keys)
	}
	d = reply(c.t, c.nexuses[0], "5e 01 0000000000 ffff")
	got := ""
	if len(d) > persistHeaderLen {
		got = strconv.FormatUint(binary.BigEndian.Uint64(d[persistHeaderLen:]), 16) + " " + ReservationType(d[21]).String()
	}
	if got != held {
		c.t.Errorf("reservation %q, want %q", got, held)
	}
}

func TestPersistOutLengths(t *testing.T) {
	c := newCluster(t, 1)
	var p Plan
	for _, tc := range []struct {
		name, cdb string
		data      int
	}{
		{"no parameter list", "5f 00 00 0000 00000000", 0},
		{"a list that is too short", "5f 00 00 0000 00000017", 23},
		{"a list that is too long", "5f 03 00 0000 0000001c", 28},
		{"a list that is too long for REGISTER without SPEC_I_PT", "5f 00 00 0000 0000001c", 28},
		{"a list beyond what is taken", "5f 00 00 0000 00010001", 65537},
		{"a list beyond 31 bits", "5f 00 00 0000 ffffffff", 24},
		{"less data than announced", "5f 00 00 0000 00000018", 23},
		{"REGISTER AND MOVE without TransportID length", "5f 07 00 0000 0000001c", 28},
	} {
		if got := do(t, c.nexuses[0], &p, cdbOf(t, tc.cdb), make([]byte, tc.data)); got != refused(ParamListLength) {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
	if s := c.nexuses[0].Plan(&p, lunField(0), cdbOf(t, "5e 04 0000000000 00ff")); s != InvalidFieldInCDB.AtCDB(1, 4) {
		t.Errorf("an unknown service action: %v", s)
	}
}

func TestRegisterOthers(t *testing.T) {
	inParams := refused(InvalidFieldInParams)
	node := func(name string) []byte {
		d := append([]byte{transportIDNode | transportIDISCSI, 0, 0, 0}, name...)
		d = append(d, 0)
		for len(d)%4 != 0 || len(d) < 24 {
			d = append(d, 0)
		}
		d[3] = byte(len(d) - 4)
		return d
	}
	c := newCluster(t, 3)
	spec := func(by int, ids ...[]byte) step {
		return step{by, persistOut{newKey: 5, flags: persistSpecIPT, ids: bytes.Join(ids, nil)}, good}
	}
	fails := func(s step, want answer) step {
		s.want = want
		return s
	}
	for _, tc := range []struct {
		name  string
		steps []step
		keys  string
	}{
		{"SPEC_I_PT registers itself and the ports", []step{spec(0, idOf(c, 2), idOf(c, 4))}, "5 5 5"},
		{"no TransportIDs at all", []step{spec(0)}, "5"},
		{"itself named too", []step{spec(0, idOf(c, 0))}, "5"},
		{"all ports of a node that are there", []step{spec(0, node("iqn.2001-04.com.example:H1"))}, "5 5"},
		{"a node that is not there", []step{fails(spec(0, node("iqn.2001-04.com.example:h9")), inParams)}, ""},
		{"one that is registered already", []step{{2, persistOut{newKey: 3}, good}, fails(spec(0, idOf(c, 2)), conflict)}, "3"},
		{"of who is registered already", []step{{0, persistOut{newKey: 3}, good}, {0, persistOut{key: 3, newKey: 5, flags: persistSpecIPT}, inParams}}, "3"},
		{"a TransportID that is cut off", []step{fails(spec(0, idOf(c, 2)[:32]), refused(ParamListLength))}, ""},
		{"a header that is cut off", []step{fails(spec(0, []byte{0x45, 0}), refused(ParamListLength))}, ""},
		{"another protocol", []step{fails(spec(0, append([]byte{0x46}, idOf(c, 2)[1:]...)), inParams)}, ""},
		{"an unknown format", []step{fails(spec(0, append([]byte{0x85}, idOf(c, 2)[1:]...)), inParams)}, ""},
		{"reserved bits", []step{fails(spec(0, append([]byte{0x55}, idOf(c, 2)[1:]...)), inParams)}, ""},
		{"no ISID", []step{fails(spec(0, append([]byte{0x45}, node("iqn.x:y")[1:]...)), inParams)}, ""},
		{"no name", []step{fails(spec(0, node("")), inParams)}, ""},
		{"a name with a blank", []step{fails(spec(0, node("iqn.x y")), inParams)}, ""},
		{"no zero byte at the end", []step{fails(spec(0, append([]byte{0x05, 0, 0, 20}, "iqn.2001-04.com.exam"...)), inParams)}, ""},
		{"shorter than there can be", []step{fails(spec(0, []byte{0x05, 0, 0, 16, 'i', 'q', 'n', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), inParams)}, ""},
		{"with ALL_TG_PT through both targets", []step{{0, persistOut{newKey: 5, flags: persistSpecIPT | persistAllTgPt, ids: idOf(c, 2)}, good}}, "5 5 5 5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 3)
			c.run(tc.steps)
			c.expect(tc.keys, "")
		})
	}
}

func TestRegistrationsAreBounded(t *testing.T) {
	c := newCluster(t, 1)
	names := func(count int) (ids []byte) {
		for i := range count {
			ids = appendTransportID(ids, NexusID{Initiator: "iqn.x:y", ISID: ISID{byte(i >> 8), byte(i)}})
		}
		return ids
	}
	full := refused(RegistrationsFull)
	c.run([]step{
		{0, persistOut{newKey: 5, flags: persistSpecIPT, ids: names(maxRegistrations)}, full},
		{0, persistOut{newKey: 5, flags: persistSpecIPT, ids: names(maxRegistrations - 1)}, good},
		{1, persistOut{newKey: 5}, full},
		{1, persistOut{action: persistRegisterIgnore, newKey: 5}, full},
		{0, persistOut{key: 5, newKey: 6}, good},
	})
	if n := len(reply(t, c.nexuses[0], "5e 03 0000000000 ffff")); n > MaxReplyLen || n < maxRegistrations*(persistStatusLen+24) {
		t.Errorf("READ FULL STATUS has %d bytes", n)
	}
	most := maxRegistrations * (persistStatusLen + maxTransportIDLen)
	if most > MaxReplyLen {
		t.Errorf("READ FULL STATUS can have %d bytes", most)
	}
}

func TestRegisterAndMove(t *testing.T) {
	inParams := refused(InvalidFieldInParams)
	c := newCluster(t, 2)
	held := func(kind ReservationType) []step {
		return append(registered(1), step{0, persistOut{action: persistReserve, scopeType: byte(kind), key: 1}, good})
	}
	move := persistOut{action: persistMove, key: 1, newKey: 8, port: 2, ids: idOf(c, 2)}
	with := func(f func(o *persistOut)) persistOut {
		o := move
		f(&o)
		return o
	}
	for _, tc := range []struct {
		name       string
		steps      []step
		keys, held string
	}{
		{"to a port that was not registered", append(held(WriteExclusive), step{0, move, good}), "1 8", "8 Write Exclusive"},
		{"with UNREG", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.flags = moveUnreg }), good}), "8", "8 Write Exclusive"},
		{"to a port that was registered, whose key changes", append(held(WriteExclusive), step{3, persistOut{newKey: 4}, good}, step{0, move, good}), "1 8", "8 Write Exclusive"},
		{"without reservation", append(registered(1), step{0, move, refused(InvalidFieldInCDB)}), "1", ""},
		{"by who does not hold it", append(held(WriteExclusive), step{1, persistOut{newKey: 2}, good}, step{1, with(func(o *persistOut) { o.key = 2 }), conflict}), "1 2", "1 Write Exclusive"},
		{"of a reservation of all registrants", append(held(WriteExclusiveAllRegs), step{0, move, conflict}), "1", "0 Write Exclusive - All Registrants"},
		{"by a wrong key", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.key = 3 }), conflict}), "1", "1 Write Exclusive"},
		{"without a new key", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.newKey = 0 }), inParams}), "1", "1 Write Exclusive"},
		{"to a target port that is not there", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.port = 9 }), inParams}), "1", "1 Write Exclusive"},
		{"to itself", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.port, o.ids = 1, idOf(c, 0) }), inParams}), "1", "1 Write Exclusive"},
		{"without TransportID", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.ids = nil }), inParams}), "1", "1 Write Exclusive"},
		{"with two TransportIDs", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.ids = append(idOf(c, 2), idOf(c, 0)...) }), inParams}), "1", "1 Write Exclusive"},
		{"a reserved bit", append(held(WriteExclusive), step{0, with(func(o *persistOut) { o.flags = 0x04 }), inParams}), "1", "1 Write Exclusive"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 2)
			c.run(tc.steps)
			c.expect(tc.keys, tc.held)
		})
	}
}

func TestFullStatus(t *testing.T) {
	c := newCluster(t, 1)
	c.run(append(registered(2), step{1, persistOut{action: persistReserve, scopeType: byte(ExclusiveAccess), key: 2}, good}))
	d := reply(t, c.nexuses[0], "5e 03 0000000000 ffff")
	name := hex.EncodeToString([]byte("iqn.2001-04.com.example:h0,i,0x000000000000"))
	want := bytesOf(t, "00000002 00000090"+
		"0000000000000001 00000000 0000 00000000 0001 00000030 4500002c"+name+"00"+
		"0000000000000002 00000000 0103 00000000 0002 00000030 4500002c"+name+"00")
	if !bytes.Equal(d, want) {
		t.Errorf("% x, want\n% x", d, want)
	}
	c.targets[1].Remove(0)
	if d = reply(t, c.nexuses[0], "5e 03 0000000000 ffff"); !bytes.Equal(d[8+72+18:8+72+20], []byte{0, 0}) {
		t.Errorf("the port of a target that is gone: % x", d[8+72:])
	}
}

func TestCapabilities(t *testing.T) {
	c := newCluster(t, 1)
	for _, tc := range []struct {
		name, want string
		before     func()
	}{
		{"nothing registered", "0008 1d90 ea01 0000", func() {}},
		{"APTPL is on", "0008 1d91 ea01 0000", func() { c.run([]step{{0, persistOut{newKey: 1, flags: persistAPTPL}, good}}) }},
		{"there is no place for it", "0008 1c90 ea01 0000", func() {
			c = newCluster(t, 1)
			c.medium.reservations.keep = nil
		}},
	} {
		tc.before()
		if d := reply(t, c.nexuses[0], "5e 02 0000000000 00ff"); !bytes.Equal(d, bytesOf(t, tc.want)) {
			t.Errorf("%s: % x, want %s", tc.name, d, tc.want)
		}
	}
	c.run([]step{{0, persistOut{newKey: 1, flags: persistAPTPL}, refused(InvalidFieldInParams)}})
}

func TestPowerLoss(t *testing.T) {
	c := newCluster(t, 1)
	ptpl := persistOut{newKey: 1, flags: persistAPTPL}
	c.run([]step{{1, persistOut{newKey: 2}, good}})
	if c.kept != nil {
		t.Error("without APTPL something is kept")
	}
	c.run([]step{{0, ptpl, good}, {0, persistOut{action: persistReserve, scopeType: byte(WriteExclusive), key: 1}, good}})
	after := newCluster(t, 1)
	if err := after.medium.RestoreReservations(*c.kept); err != nil {
		t.Fatal(err)
	}
	after.expect("2 1", "1 Write Exclusive")
	var p Plan
	if got := do(t, after.nexuses[1], &p, cdbOf(t, goodCDB["WRITE(10)"]), nil); got != conflict {
		t.Errorf("a write under a restored reservation: %v", got)
	}
	if err := after.medium.RestoreReservations(*c.kept); err == nil {
		t.Error("restored twice")
	}
	c.keepErr = errors.New("the disk is full")
	c.run([]step{{0, persistOut{action: persistRelease, scopeType: byte(WriteExclusive), key: 1}, refused(InternalTargetFailure)}})
	c.expect("2 1", "1 Write Exclusive")
	c.keepErr = nil
	c.run([]step{{0, persistOut{key: 1, newKey: 3}, good}})
	if c.kept != nil {
		t.Error("kept though APTPL is off")
	}
}

func TestRestoreRefuses(t *testing.T) {
	a, b := NexusID{"a", ISID{}, "t", 1}, NexusID{"b", ISID{}, "t", 1}
	for name, r := range map[string]Reservations{
		"the key 0":                         {Registrations: []Registration{{a, 0}}},
		"registered twice":                  {Registrations: []Registration{{a, 1}, {a, 2}}},
		"an unknown type":                   {Registrations: []Registration{{a, 1}}, Type: 2, Holder: a},
		"held by who is not registered":     {Registrations: []Registration{{a, 1}}, Type: WriteExclusive, Holder: b},
		"held by nobody":                    {Registrations: []Registration{{a, 1}}, Type: WriteExclusive},
		"a holder without reservation":      {Registrations: []Registration{{a, 1}}, Holder: a},
		"all registrants with one holder":   {Registrations: []Registration{{a, 1}}, Type: WriteExclusiveAllRegs, Holder: a},
		"all registrants without any":       {Type: WriteExclusiveAllRegs},
		"more registrations than there can": {Registrations: make([]Registration, maxRegistrations+1)},
	} {
		if NewMedium("m").RestoreReservations(r) == nil {
			t.Errorf("%s is restored", name)
		}
	}
}
