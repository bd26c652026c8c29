// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import "testing"

// A flowStep is a command of a node in a flow that a cluster is known to send.
type flowStep struct {
	what string
	by   int
	out  persistOut // when cdb is empty
	cdb  string
	want answer
}

func (c *cluster) flow(steps []flowStep) {
	c.t.Helper()
	var p Plan
	for _, s := range steps {
		var got answer
		if s.cdb == "" {
			got, _ = s.out.do(c.t, c.nexuses[s.by])
		} else {
			got = do(c.t, c.nexuses[s.by], &p, cdbOf(c.t, s.cdb), nil)
		}
		if got != s.want {
			c.t.Errorf("%s: %v %v, want %v %v", s.what, got.status, got.sense, s.want.status, s.want.sense)
		}
	}
}

const (
	flowRead  = "28 00 00000000 00 0001"
	flowWrite = "2a 00 00000000 00 0001"
)

// What a node finds pending after another has changed something.
var (
	flowPreempted = refused(Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x05})
	flowReleased  = refused(Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x04})
	flowCleared   = refused(Sense{Key: UnitAttention, ASC: 0x2a, ASCQ: 0x03})
)

// TestFenceFlow is what fence_scsi does: every node registers by a key of its own,
// one reserves Write Exclusive - Registrants Only, and a node that is to be shut out
// is preempted by another.
func TestFenceFlow(t *testing.T) {
	const wero = byte(WriteExclusiveRegOnly)
	c := newCluster(t, 2)
	c.flow([]flowStep{
		{what: "node 0 registers", by: 0, out: persistOut{action: persistRegisterIgnore, newKey: 0xa0, flags: persistAPTPL}},
		{what: "node 0 reserves", by: 0, out: persistOut{action: persistReserve, scopeType: wero, key: 0xa0}},
		{what: "node 1 registers", by: 2, out: persistOut{action: persistRegisterIgnore, newKey: 0xa1, flags: persistAPTPL}},
		{what: "node 1 reserves too, and hears that it is reserved", by: 2, out: persistOut{action: persistReserve, scopeType: wero, key: 0xa1}, want: conflict},
		{what: "node 0 writes", by: 0, cdb: flowWrite},
		{what: "node 1 writes", by: 2, cdb: flowWrite},
		{what: "node 1 fences node 0, which holds the reservation", by: 2, out: persistOut{action: persistPreemptAbort, scopeType: wero, key: 0xa1, newKey: 0xa0}},
		{what: "node 0 hears of it", by: 0, cdb: flowWrite, want: flowPreempted},
		{what: "node 0 writes no more", by: 0, cdb: flowWrite, want: conflict},
		{what: "node 0 may read", by: 0, cdb: flowRead},
		{what: "node 0 cannot fence by its old key", by: 0, out: persistOut{action: persistPreemptAbort, scopeType: wero, key: 0xa0, newKey: 0xa1}, want: conflict},
		{what: "node 1 writes on", by: 2, cdb: flowWrite},
		{what: "node 0 comes back", by: 0, out: persistOut{action: persistRegisterIgnore, newKey: 0xa0, flags: persistAPTPL}},
		{what: "node 0 writes again", by: 0, cdb: flowWrite},
	})
	c.expect("a1 a0", "a1 Write Exclusive - Registrants Only")
	if c.kept == nil || len(c.kept.Registrations) != 2 {
		t.Errorf("kept is %+v", c.kept)
	}
}

// TestWindowsClusterFlow is what the validation of a Windows failover cluster sends:
// registrations by both nodes, a reservation of each type that it uses, an attack on
// it, a preemption that is answered by an immediate new registration, and the end.
func TestWindowsClusterFlow(t *testing.T) {
	const wero = byte(WriteExclusiveRegOnly)
	c := newCluster(t, 2)
	c.flow([]flowStep{
		{what: "node 0 clears what it does not have", by: 0, out: persistOut{action: persistClear, key: 0xa}, want: conflict},
		{what: "node 0 registers over its unknown key", by: 0, out: persistOut{action: persistRegisterIgnore, newKey: 0xa}},
		{what: "node 0 registers again by the same key", by: 0, out: persistOut{action: persistRegister, key: 0xa, newKey: 0xa}},
		{what: "node 1 cannot reserve unregistered", by: 2, out: persistOut{action: persistReserve, scopeType: wero, key: 0xb}, want: conflict},
		{what: "node 0 reserves", by: 0, out: persistOut{action: persistReserve, scopeType: wero, key: 0xa}},
		{what: "node 1 may read", by: 2, cdb: flowRead},
		{what: "node 1 may not write", by: 2, cdb: flowWrite, want: conflict},
		{what: "node 1 sees the reservation", by: 2, cdb: "5e 01 0000000000 0018"},
		{what: "node 1 registers", by: 2, out: persistOut{action: persistRegister, newKey: 0xb}},
		{what: "node 1 writes as a registrant", by: 2, cdb: flowWrite},
		{what: "node 1 may not release what node 0 holds", by: 2, out: persistOut{action: persistRelease, scopeType: wero, key: 0xb}},
		{what: "node 1 may not reserve", by: 2, out: persistOut{action: persistReserve, scopeType: wero, key: 0xb}, want: conflict},
		{what: "node 1 preempts", by: 2, out: persistOut{action: persistPreempt, scopeType: wero, key: 0xb, newKey: 0xa}},
		{what: "node 0 hears of it", by: 0, cdb: flowWrite, want: flowPreempted},
		{what: "node 0 is out", by: 0, cdb: flowWrite, want: conflict},
		{what: "node 0 defends itself: registers", by: 0, out: persistOut{action: persistRegisterIgnore, newKey: 0xc}},
		{what: "and preempts", by: 0, out: persistOut{action: persistPreemptAbort, scopeType: wero, key: 0xc, newKey: 0xb}},
		{what: "node 1 hears of it", by: 2, cdb: "00", want: flowPreempted},
		{what: "node 1 registers again", by: 2, out: persistOut{action: persistRegisterIgnore, newKey: 0xb}},
		{what: "node 0 releases", by: 0, out: persistOut{action: persistRelease, scopeType: wero, key: 0xc}},
		{what: "node 1 hears of it", by: 2, cdb: "00", want: flowReleased},
		{what: "node 1 reserves", by: 2, out: persistOut{action: persistReserve, scopeType: wero, key: 0xb}},
		{what: "node 0 clears", by: 0, out: persistOut{action: persistClear, key: 0xc}},
		{what: "node 1 hears of it", by: 2, cdb: "00", want: flowCleared},
		{what: "everybody writes", by: 2, cdb: flowWrite},
	})
	c.expect("", "")
}
