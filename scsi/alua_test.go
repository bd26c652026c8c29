// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"bytes"
	"testing"
)

// twoPorts returns nexuses with a disk through two targets: port 1 in group 1,
// optimized, and port 2 in group 2 in a state.
func twoPorts(t *testing.T, s AccessState, explicit bool) (first, second *Nexus) {
	t.Helper()
	m := NewMedium("m")
	shared := func(c *UnitConfig) { c.Medium = m }
	var nexuses [2]*Nexus
	for i, name := range []string{"iqn.2026-11.com.example:a", "iqn.2026-11.com.example:b"} {
		tg := NewTarget(name)
		tg.SetPorts(Ports{1: uint16(i + 1)})
		if err := tg.Add(0, newUnit(t, shared)); err != nil {
			t.Fatal(err)
		}
		nexuses[i] = tg.Attach("iqn.2026-11.com.example:host", ISID{}, 1)
	}
	nexuses[1].target.JoinGroup(NewPortGroup(2, s, explicit))
	quiet(nexuses[0])
	quiet(nexuses[1])
	return nexuses[0], nexuses[1]
}

// settable puts the target of n into a group that initiators may change.
func settable(n *Nexus) *Nexus {
	n.target.JoinGroup(NewPortGroup(2, ActiveOptimized, true))
	quiet(n)
	return n
}

func TestReportPortGroups(t *testing.T) {
	n, _ := twoPorts(t, Standby, true)
	const groups = "808f 0001 0000 0001 00000001" + "028f 0002 0000 0001 00000002"
	for _, tc := range []struct{ name, cdb, want string }{
		{"the plain form", "a3 0a 00000000 000000ff", "00000018" + groups},
		{"the extended form", "a3 2a 00000000 000000ff", "0000001c 10000000" + groups},
		{"cut", "a3 0a 00000000 00000006", "00000018 808f"},
	} {
		if got, want := reply(t, n, tc.cdb), bytesOf(t, tc.want); !bytes.Equal(got, want) {
			t.Errorf("%s: got  % x\nwant % x", tc.name, got, want)
		}
	}
	var p Plan
	if s := n.Plan(&p, lunField(0), cdbOf(t, "a3 4a 00000000 000000ff")); s != InvalidFieldInCDB.AtCDB(1, 7) {
		t.Errorf("a parameter data format that is reserved: %v", s)
	}
}

func TestAccessStates(t *testing.T) {
	const tur, read, modeSense, inquiry, groups, sense = "00", "28 00 00000000 00 0001", "1a 00 3f 00 ff",
		"12 00 00 00 ff", "a3 0a 00000000 000000ff", "03 00 00 00 ff"
	tests := []struct {
		name string
		cdb  string
		// the sense in standby, unavailable and transitioning
		standby, unavailable, transitioning Sense
	}{
		{"TEST UNIT READY tells the state", tur, PortStandby, PortUnavailable, PortTransition},
		{"READ needs an active port", read, PortStandby, PortUnavailable, PortTransition},
		{"MODE SENSE is for standby too", modeSense, Good, PortUnavailable, PortTransition},
		{"LOG SENSE is", goodCDB["LOG SENSE"], Good, PortUnavailable, PortTransition},
		{"SEND DIAGNOSTIC is", goodCDB["SEND DIAGNOSTIC"], Good, PortUnavailable, PortTransition},
		{"PERSISTENT RESERVE IN is", goodCDB["PERSISTENT RESERVE IN, READ KEYS"], Good, PortUnavailable, PortTransition},
		{"PERSISTENT RESERVE OUT is", goodCDB["PERSISTENT RESERVE OUT, REGISTER"], Good, PortUnavailable, PortTransition},
		{"INQUIRY is for all", inquiry, Good, Good, Good},
		{"REPORT TARGET PORT GROUPS is for all", groups, Good, Good, Good},
		{"REQUEST SENSE is for all", sense, Good, Good, Good},
		{"what is not there is not there in any state", "42", InvalidOpcode, InvalidOpcode, InvalidOpcode},
	}
	_, n := twoPorts(t, ActiveNonOptimized, false)
	for _, tc := range tests {
		for state, want := range map[AccessState]Sense{ActiveOptimized: Good, ActiveNonOptimized: Good,
			Standby: tc.standby, Unavailable: tc.unavailable, Transitioning: tc.transitioning} {
			n.target.Group().SetState(state)
			quiet(n)
			if want == Good && tc.standby == InvalidOpcode {
				want = InvalidOpcode
			}
			var p Plan
			if s := n.Plan(&p, lunField(0), cdbOf(t, tc.cdb)); s != want {
				t.Errorf("%s: %v in state %v, want %v", tc.name, s, state, want)
			}
		}
	}
}

// TestAccessStateChanged: who reaches a disk of the group by any port is told,
// once, and not the one who did it.
func TestAccessStateChanged(t *testing.T) {
	first, second := twoPorts(t, Standby, true)
	third := second.target.Attach("other", ISID{}, 1)
	quiet(third)
	var p Plan
	group := second.target.Group()
	collect := func(params string) Sense {
		data := bytesOf(t, params)
		cdb := cdbOf(t, "a4 0a 00000000 00000000")
		cdb[9] = byte(len(data))
		if s := second.Plan(&p, lunField(0), cdb); s != Good || p.Action != ActionCollect {
			t.Fatalf("SET TARGET PORT GROUPS: %v, action %d", s, p.Action)
		}
		return second.Collected(&p, data)
	}
	changed := Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x06}
	if s := collect("00000000 00000002"); s != Good || group.State() != ActiveOptimized {
		t.Fatalf("sense %v, state %v", s, group.State())
	}
	for _, tc := range []struct {
		name string
		n    *Nexus
		want Sense
	}{
		{"a nexus of the other port", first, changed}, {"another nexus of the port", third, changed},
		{"who did it", second, Good}, {"once", first, Good},
	} {
		if s := tc.n.Plan(&p, lunField(0), cdbOf(t, "00")); s != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, s, tc.want)
		}
	}
	if d := reply(t, first, "a3 0a 00000000 000000ff"); d[4+12+5] != changedExplicit {
		t.Errorf("status code %d after a change by an initiator", d[4+12+5])
	}
	for _, tc := range []struct {
		name, params string
		want         Sense
	}{
		{"a state that is none", "00000000 04000002", InvalidFieldInParams.AtParam(4, 3)},
		{"transitioning is no state to set", "00000000 0f000002", InvalidFieldInParams.AtParam(4, 3)},
		{"a reserved byte", "00000000 00010002", InvalidFieldInParams.AtParam(5, 0)},
		{"a group that is not there", "00000000 00000003", InvalidFieldInParams.AtParam(6, 7)},
		{"a group that only the operator changes", "00000000 00000001", InvalidFieldInParams.AtParam(6, 7)},
		{"a cut descriptor", "00000000 000000", ParamListLength},
		{"a good descriptor before a bad one changes nothing", "00000000 02000002 00000003", InvalidFieldInParams.AtParam(10, 7)},
	} {
		if s := collect(tc.params); s != tc.want || group.State() != ActiveOptimized {
			t.Errorf("%s: %v, state %v; want %v", tc.name, s, group.State(), tc.want)
		}
	}
}

func TestTPGS(t *testing.T) {
	var p Plan
	for _, tc := range []struct {
		name     string
		explicit bool
		bits     byte
		set      Sense
	}{{"implicit", false, inquiryImplicit | inquiry3PC, InvalidOpcode}, {"explicit", true, inquiryBoth | inquiry3PC, Good}} {
		first, second := twoPorts(t, ActiveOptimized, tc.explicit)
		if d := reply(t, first, "12 00 00 00 ff"); d[5] != tc.bits || d[6] != inquiryMultiPort {
			t.Errorf("%s: INQUIRY bytes 5 and 6 are %02x %02x", tc.name, d[5], d[6])
		}
		if s := second.Plan(&p, lunField(0), cdbOf(t, "a4 0a 00000000 00000008")); s != tc.set {
			t.Errorf("%s: SET TARGET PORT GROUPS %v, want %v", tc.name, s, tc.set)
		}
	}
}

func TestParseAccessState(t *testing.T) {
	for _, word := range AccessStateNames() {
		if s, ok := ParseAccessState(word); !ok || s.String() != word {
			t.Errorf("%q is %v", word, s)
		}
	}
	if _, ok := ParseAccessState("offline"); ok {
		t.Error("offline is a state")
	}
}

func TestPortDesignators(t *testing.T) {
	first, second := twoPorts(t, ActiveOptimized, false)
	name := func(s string) string { return string(append([]byte(s), make([]byte, 4-len(s)%4)...)) }
	port := func(id byte, iqn string) string {
		return "\x51\x94\x00\x04\x00\x00\x00" + string(id) + "\x51\x95\x00\x04\x00\x00\x00" + string(id) +
			"\x53\x98\x00\x24" + name(iqn+",t,0x0001") + "\x53\xa8\x00\x1c" + name(iqn)
	}
	const a, b = "iqn.2026-11.com.example:a", "iqn.2026-11.com.example:b"
	for n, want := range map[*Nexus]string{first: port(1, a), second: port(2, b)} {
		if d := reply(t, n, "12 01 83 00ff"); string(d[4+28:]) != want {
			t.Errorf("VPD 83h after IET's designator\n% x, want\n% x", d[4+28:], want)
		}
		d := reply(t, n, "12 01 88 00ff")
		want := "\x00\x88\x00\x68" +
			"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x28\x53\x98\x00\x24" + name(a+",t,0x0001") +
			"\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x28\x53\x98\x00\x24" + name(b+",t,0x0001")
		if string(d) != want {
			t.Errorf("VPD 88h\n% x, want\n% x", d, want)
		}
	}
}

func TestNAA(t *testing.T) {
	n, _ := newNexus(t, func(c *UnitConfig) { c.NAA = true })
	d := reply(t, n, "12 01 83 00ff")[4+28:]
	if !bytes.Equal(d[:4], bytesOf(t, "01 03 00 08")) || d[4]>>4 != 3 {
		t.Errorf("NAA designator % x", d[:12])
	}
	other, _ := newNexus(t, func(c *UnitConfig) { c.NAA, c.ScsiID = true, [16]byte{1} })
	if o := reply(t, other, "12 01 83 00ff")[4+28:]; bytes.Equal(o[4:12], d[4:12]) {
		t.Error("two units have one NAA designator")
	}
}
