// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package scsi

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Fields of REPORT TARGET PORT GROUPS. See SPC-4.
const (
	groupsFormat         = 0xe0 // byte 1 of the CDB: PARAMETER DATA FORMAT
	groupsFormatLength   = 0x00 // only the length before the descriptors
	groupsFormatExtended = 0x20 // a header with the implicit transition time

	groupsExtended = 0x10 // byte 4 of the extended header: its format type

	groupPREF = 0x80 // byte 0 of a descriptor: the preferred group
)

// A portGroup is what a report tells of a group: the ports of it through which
// a medium is reached.
type portGroup struct {
	*PortGroup
	ports []uint16 // relative target port identifiers
}

// portGroups returns the groups through which the medium is reached, by number.
func (m *Medium) portGroups() []portGroup {
	var groups []portGroup
	for _, u := range m.unitList() {
		g := u.target.Group()
		i := slices.IndexFunc(groups, func(o portGroup) bool { return o.PortGroup == g })
		if i < 0 {
			i = len(groups)
			groups = append(groups, portGroup{PortGroup: g})
		}
		for _, port := range u.target.Ports() {
			if !slices.Contains(groups[i].ports, port) {
				groups[i].ports = append(groups[i].ports, port)
			}
		}
	}
	for i := range groups {
		slices.Sort(groups[i].ports)
	}
	slices.SortFunc(groups, func(a, b portGroup) int { return cmp.Compare(a.id, b.id) })
	return groups
}

// planReportPortGroups is REPORT TARGET PORT GROUPS of SPC-4.
func planReportPortGroups(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	var header [4]byte
	p.Reply = append(p.Reply, header[:]...)
	switch cdb[1] & groupsFormat {
	case groupsFormatLength:
	case groupsFormatExtended:
		p.Reply = append(p.Reply, groupsExtended, 0, 0, 0)
	default:
		return InvalidFieldInCDB.AtCDB(1, 7)
	}
	for _, g := range p.Unit.medium.portGroups() {
		p.Reply = g.append(p.Reply)
	}
	binary.BigEndian.PutUint32(p.Reply, uint32(len(p.Reply)-len(header)))
	return p.cut(binary.BigEndian.Uint32(cdb[6:]))
}

// append adds the target port group descriptor of g to dst.
func (g *portGroup) append(dst []byte) []byte {
	var supported byte
	for i := range accessStates {
		supported |= accessStates[i].bit
	}
	state := g.State()
	first := byte(state)
	if state == ActiveOptimized {
		first |= groupPREF
	}
	dst = append(dst, first, supported)
	dst = binary.BigEndian.AppendUint16(dst, g.id)
	dst = append(dst, 0, byte(g.reason.Load()), 0, byte(len(g.ports)))
	for _, port := range g.ports {
		dst = binary.BigEndian.AppendUint32(dst, uint32(port)) // two bytes are reserved
	}
	return dst
}

// setGroupsHeaderLen is the reserved header of SET TARGET PORT GROUPS;
// setGroupLen is one descriptor.
const (
	setGroupsHeaderLen = 4
	setGroupLen        = 4
)

// hasExplicitGroup reports whether initiators may change the state of a group
// of u. TPGS of INQUIRY says so too.
func hasExplicitGroup(u *unitState) bool {
	return slices.ContainsFunc(u.Medium.unitList(), func(o *Unit) bool { return o.target.Group().explicit.Load() })
}

// planSetPortGroups is SET TARGET PORT GROUPS of SPC-4.
func planSetPortGroups(_ *Nexus, p *Plan, cdb *[16]byte) Sense {
	listLen := binary.BigEndian.Uint32(cdb[6:])
	if listLen > maxModeList {
		return ParamListLength
	}
	return p.collectParams(cdb, int(listLen))
}

// collectSetPortGroups takes the parameter list of SET TARGET PORT GROUPS. All
// of it is looked at before anything changes.
func collectSetPortGroups(n *Nexus, p *Plan, data []byte) Sense {
	if len(data) < p.OutLen || len(data) < setGroupsHeaderLen || (len(data)-setGroupsHeaderLen)%setGroupLen != 0 {
		return ParamListLength
	}
	groups := p.Unit.medium.portGroups()
	find := func(d []byte) int {
		id := binary.BigEndian.Uint16(d[2:])
		return slices.IndexFunc(groups, func(g portGroup) bool { return g.id == id && g.explicit.Load() })
	}
	for off := setGroupsHeaderLen; off < len(data); off += setGroupLen {
		d := data[off:]
		if row := AccessState(d[0]).row(); row == nil || row.state == Transitioning {
			return InvalidFieldInParams.AtParam(off, 3)
		}
		if d[1] != 0 {
			return InvalidFieldInParams.AtParam(off+1, topBit(d[1]))
		}
		if find(d) < 0 {
			return InvalidFieldInParams.AtParam(off+2, 7)
		}
	}
	for off := setGroupsHeaderLen; off < len(data); off += setGroupLen {
		d := data[off:]
		groups[find(d)].change(AccessState(d[0]), changedExplicit, n)
	}
	return Good
}
