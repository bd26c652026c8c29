// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package state

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/session"
	"ietring/scsi"
)

// ietWthreads is IET's default.
const ietWthreads = 8

// sessionKeys are the session keys in ietadm's order; markerKeys follow.
var sessionKeys = []string{
	"InitialR2T", "ImmediateData", "MaxConnections", "MaxRecvDataSegmentLength", "MaxXmitDataSegmentLength",
	"MaxBurstLength", "FirstBurstLength", "DefaultTime2Wait", "DefaultTime2Retain", "MaxOutstandingR2T",
	"DataPDUInOrder", "DataSequenceInOrder", "ErrorRecoveryLevel", "HeaderDigest", "DataDigest",
}

// Targets returns everything that runs, by TID.
func (m *Manager) Targets() []admin.Target {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := make([]admin.Target, 0, len(m.targets))
	for _, h := range m.targets {
		list = append(list, m.show(h))
	}
	slices.SortFunc(list, func(a, b admin.Target) int { return int(int64(a.TID) - int64(b.TID)) })
	return list
}

// Target returns one target that runs. ENOENT.
func (m *Manager) Target(tid uint32) (admin.Target, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h, err := m.hostedBy(tid)
	if err != nil {
		return admin.Target{}, err
	}
	return m.show(h), nil
}

// show returns what is shown of h. The caller holds m.mu.
func (m *Manager) show(h *hosted) admin.Target {
	c := &h.cfg
	t := admin.Target{
		TID: h.tid, Name: h.name, Alias: c.Alias, Made: h.made, Wthreads: c.Wthreads, Queued: c.QueuedCommands,
		NOPInterval: c.NOPInterval, NOPTimeout: c.NOPTimeout, MaxSessions: c.MaxSessions,
	}
	if t.Wthreads == 0 {
		t.Wthreads = ietWthreads
	}
	if t.Queued == 0 {
		t.Queued = m.cfg.QueueDepth
	}
	if h.cfg.Redirect != nil {
		t.Redirect = h.cfg.Redirect.Address()
	}
	if c.Group.Number != 0 {
		g := h.scsi.Group() // an initiator may have changed its state
		t.PortGroup, t.AccessState = g.ID(), g.State().String()
	}
	for _, name := range sessionKeys {
		t.Keys = append(t.Keys, admin.Param{Key: name, Value: c.Keys.Get(name)})
	}
	t.Keys = append(t.Keys, markerKeys...)
	for _, l := range h.luns {
		t.Luns = append(t.Luns, l.show(0))
	}
	for _, l := range h.leaving {
		t.Luns = append(t.Luns, l.show(1))
	}
	for _, s := range m.Sessions.List(h.name) {
		t.Sessions = append(t.Sessions, showSession(&s))
	}
	return t
}

// show returns what is shown of l. The caller holds Manager.mu.
func (l *lun) show(state int) admin.Lun {
	c := l.unit.Config()
	s := admin.Lun{
		Number: l.number, State: state, Ready: !c.NotReady, Why: l.why,
		IOType: ioType(l.cfg.Backing), IOMode: ioMode(l.cfg.Backing), Path: l.cfg.Backing.Path,
		Blocks: c.Blocks, BlockSize: c.BlockSize,
	}
	s.Reservations = l.medium.show()
	if c.NotReady && l.disk == nil {
		s.Blocks = 0 // nobody has seen it yet: the unit's geometry is a guess
	}
	return s
}

// show returns who has registered and reserved what, nil for nobody.
func (m *medium) show() *admin.Reservations {
	r := m.Reservations()
	by, held := m.Holder()
	if len(r.Registrations) == 0 && !held {
		return nil
	}
	s := &admin.Reservations{Persist: r.Persist}
	if r.Type != scsi.NoReservation {
		s.Type = r.Type.String()
	}
	if held {
		s.Reserve = by.String()
	}
	for _, g := range r.Registrations {
		s.Registrations = append(s.Registrations, admin.Registration{
			Key: fmt.Sprintf("0x%016x", g.Key), Nexus: g.Nexus.String(), Holder: r.Holds(g.Nexus),
		})
	}
	return s
}

func showSession(s *session.Info) admin.Session {
	digest := func(on bool) string {
		if on {
			return "crc32c"
		}
		return "none"
	}
	shown := admin.Session{SID: s.SID, Initiator: s.Initiator, Since: s.Since, Keys: negotiated(s)}
	for i := range s.Conns {
		c := &s.Conns[i]
		shown.Conns = append(shown.Conns, admin.Conn{
			CID: c.CID, IP: ietAddress(c.Remote.Addr()), Remote: c.Remote.String(), State: "active",
			HeaderDigest: digest(c.Params.HeaderDigest), DataDigest: digest(c.Params.DataDigest),
		})
	}
	return shown
}

// ietAddress returns an address as /proc/net/iet/session had it.
func ietAddress(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		return "[" + a.WithZone("").StringExpanded() + "]"
	}
	return a.String()
}

// negotiated returns what a session agreed on, in ietadm's order.
func negotiated(s *session.Info) []admin.Param {
	yes := func(b bool) string {
		if b {
			return "Yes"
		}
		return "No"
	}
	digest := func(on bool) string {
		if on {
			return "CRC32C"
		}
		return "None"
	}
	p := &s.Params
	values := map[string]string{
		"InitialR2T": yes(p.InitialR2T), "ImmediateData": yes(p.ImmediateData),
		"MaxConnections":           strconv.Itoa(s.MaxConnections),
		"MaxRecvDataSegmentLength": strconv.Itoa(p.MaxRecvDataSegmentLength),
		"MaxXmitDataSegmentLength": strconv.Itoa(p.MaxXmitDataSegmentLength),
		"MaxBurstLength":           strconv.Itoa(p.MaxBurstLength), "FirstBurstLength": strconv.Itoa(p.FirstBurstLength),
		"DefaultTime2Wait": strconv.Itoa(s.DefaultTime2Wait), "DefaultTime2Retain": strconv.Itoa(s.DefaultTime2Retain),
		"MaxOutstandingR2T": strconv.Itoa(p.MaxOutstandingR2T),
		"HeaderDigest":      digest(p.HeaderDigest), "DataDigest": digest(p.DataDigest),
	}
	var only config.SessionKeys // what has one value has its default
	list := make([]admin.Param, 0, len(sessionKeys)+len(markerKeys))
	for _, name := range sessionKeys {
		v, found := values[name]
		if !found {
			v = only.Get(name)
		}
		list = append(list, admin.Param{Key: name, Value: v})
	}
	return append(list, markerKeys...)
}

// CloseConnection asks for the end of one connection and does not wait.
func (m *Manager) CloseConnection(tid uint32, sid uint64, cid uint16) error {
	return m.closeOf(tid, sid, func(name string) error { return m.Sessions.CloseConnection(name, sid, cid) })
}

// CloseSession asks for the end of a session and does not wait.
func (m *Manager) CloseSession(tid uint32, sid uint64) error {
	return m.closeOf(tid, sid, func(name string) error { return m.Sessions.Close(name, sid) })
}

func (m *Manager) closeOf(tid uint32, sid uint64, end func(name string) error) error {
	m.mu.RLock()
	h, err := m.hostedBy(tid)
	m.mu.RUnlock()
	if err != nil {
		return err
	}
	if err := end(h.name); err != nil {
		return refuse(errNoEntry, "tid %d, sid %d: %v", tid, sid, err)
	}
	return nil
}
