// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strings"
)

// A goal is a ratio that ietd has to reach.
type goal struct {
	what  string
	most  float64 // the ratio may be at most this; 0: see least
	least float64 // the ratio must be at least this
	of    func(r *Results) (s spread, ok bool)
	// applies reports whether the goal means anything; nil: it does.
	applies func(r *Results) bool
}

// reached reports whether the median is good enough.
func (g *goal) reached(s spread) bool {
	if g.most > 0 {
		return s.median <= g.most
	}
	return s.median >= g.least
}

// bound is the goal's side of the table.
func (g *goal) bound() string {
	if g.most > 0 {
		return fmt.Sprintf("at most %.3g", g.most)
	}
	return fmt.Sprintf("at least %.3g", g.least)
}

// ratioGoal is about a figure of ietd and of another on nullio.
func ratioGoal(w workload, f figure, name, other string, most, least float64) goal {
	return goal{what: fmt.Sprintf("%v, %s: ietd / %s", w, name, other), most: most, least: least,
		of: func(r *Results) (spread, bool) { return r.ratio(at("ietd", w), at(other, w), f) }}
}

// goals are what is to be reached, in the order of the page.
func goals(r *Results) []goal {
	var list []goal
	add := func(g ...goal) { list = append(list, g...) }
	for _, depth := range []int{32, 128} {
		read, write := rw(4*kib, 0, depth), rw(4*kib, 100, depth)
		add(ratioGoal(read, cpu, "CPU for each I/O", "floor", 1.6, 0),
			ratioGoal(read, iops, "IOPS", "floor", 0, 0.6),
			ratioGoal(read, cpu, "CPU for each I/O", "tgt", 1.0/8, 0),
			ratioGoal(write, cpu, "CPU for each I/O", "floor", 1.8, 0),
			ratioGoal(write, cpu, "CPU for each I/O", "tgt", 1.0/8, 0))
	}
	add(ratioGoal(rw(4*kib, 0, 1), p50, "p50", "floor", 1.15, 0),
		ratioGoal(rw(4*kib, 0, 1), cpu, "CPU for each I/O", "floor", 1.2, 0))
	for _, blockLen := range []int{128 * kib, mib} {
		for _, writePct := range []int{0, 100} {
			w := rw(blockLen, writePct, 8).sequential()
			add(ratioGoal(w, mbps, "MB/s", "floor", 0, 0.85), ratioGoal(w, mbps, "MB/s", "tgt", 0, 3))
		}
	}
	many := rw(4*kib, 0, 1).over(64)
	add(ratioGoal(many, cpu, "CPU for each I/O", "floor", 1.4, 0), ratioGoal(many, p99, "p99", "floor", 1.5, 0))
	for _, w := range []workload{rw(4*kib, 0, 32), rw(128*kib, 0, 8).sequential()} {
		add(goal{what: fmt.Sprintf("%v, CPU for each I/O: digests on / off", w), most: 1.15,
			of: func(r *Results) (spread, bool) { return r.ratio(at("ietd", w.digested()), at("ietd", w), cpu) }})
	}
	for _, b := range []backing{onFile, onLoop, onZRAM} {
		add(deviceGoals(b)...)
	}
	for _, w := range []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)} {
		add(goal{what: fmt.Sprintf("%v, IOPS: fileio in the page cache / nullio", w), least: 0.8, of: func(r *Results) (spread, bool) {
			return r.ratio(place{onCachedFile.String(), "ietd", w.String()}, at("ietd", w), iops)
		}})
	}
	add(spdkGoals(r)...)
	for _, w := range []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)} {
		add(goal{what: fmt.Sprintf("%v, system calls for each I/O of ietd", w), most: 0.2, of: func(r *Results) (spread, bool) { return r.calls("ietd", w) }},
			goal{what: fmt.Sprintf("%v, allocations for each I/O of ietd", w), most: 0.01, of: func(r *Results) (spread, bool) { return r.allocs("ietd", w) }})
	}
	add(goal{what: "read_4k_qd32, p99.9: while ietadm and a scraper look at ietd / quiet", most: 1.5, of: func(r *Results) (spread, bool) {
		return r.ratio(at(besideName, besideRow), at("ietd", besideRow), p999)
	}}, goal{what: "idle, CPU of ietd in ms a second", most: 1, of: (*Results).idleCPU},
		goal{what: fmt.Sprintf("%d idle sessions, CPU of ietd in ms a second", crowdSize), most: 1, of: (*Results).crowdCPU})
	add(scaleGoals()...)
	return list
}

// deviceGoals hold a device through ietd against fio on the device.
func deviceGoals(b backing) []goal {
	var list []goal
	for _, w := range deviceRows {
		ietd, fio := place{b.String(), "ietd", w.String()}, place{b.String(), "fio", w.String()}
		list = append(list,
			goal{what: fmt.Sprintf("%s %v, IOPS: ietd / fio on the device", b, w), least: 0.95,
				of:      func(r *Results) (spread, bool) { return r.ratio(ietd, fio, iops) },
				applies: func(r *Results) bool { return r.deviceLimits(fio, w) }},
			goal{what: fmt.Sprintf("%s %v, CPU for each I/O: ietd / (fio + ietd on nullio)", b, w), most: 1.15,
				of: func(r *Results) (spread, bool) { return r.shareOfSum(ietd, fio, at("ietd", w)) }})
	}
	return list
}

// deviceLimits reports whether the device and not the network is what limits w:
// at depth 1, where the two times add up, the device must take 20 times what
// ietd takes without it for a ratio of 0.95 to be possible; deeper, where they
// overlap, ietd must be able to do one and a half times as much without it.
func (r *Results) deviceLimits(fio place, w workload) bool {
	alone, device := r.over(at("ietd", w), iops).median, r.over(fio, iops).median
	if w.Depth == 1 {
		return alone >= 20*device
	}
	return alone >= 1.5*device
}

// shareOfSum returns CPU time at a divided by that at b and c together. The
// rounds of c were at another time: its median counts.
func (r *Results) shareOfSum(a, b, c place) (spread, bool) {
	alone := r.over(c, cpu).median
	var v []float64
	for _, x := range r.samples(a) {
		for _, y := range r.samples(b) {
			if x.Round == y.Round && alone > 0 {
				v = append(v, cpu(x)/(cpu(y)+alone))
			}
		}
	}
	return spreadOf(v), len(v) > 0
}

// spdkGoals are one for each row that SPDK ran.
func spdkGoals(r *Results) []goal {
	var list []goal
	seen := map[place]bool{}
	for i := range r.Samples {
		s := &r.Samples[i]
		spdk := place{s.Backing, "spdk", s.Workload}
		if s.Target != "spdk" || seen[spdk] {
			continue
		}
		seen[spdk] = true
		ietd := place{s.Backing, "ietd", s.Workload}
		list = append(list, goal{what: fmt.Sprintf("%s %s, IOPS: ietd / spdk", s.Backing, s.Workload), least: math.Nextafter(1, 2),
			of: func(r *Results) (spread, bool) { return r.ratio(ietd, spdk, iops) }})
	}
	return list
}

// scaleGoals are about what may cost no more when there is more of it. Two loops
// that serve 1.8 times what one does, each on a CPU, take 2/1.8 of its CPU time.
func scaleGoals() []goal {
	one, many, units := rw(4*kib, 0, 32), rw(4*kib, 0, 32).over(64), rw(4*kib, 0, 32).on(scaleLUNs)
	between := func(what string, a, b place, most float64) goal {
		return goal{what: what, most: most, of: func(r *Results) (spread, bool) { return r.ratio(a, b, cpu) }}
	}
	return []goal{
		between(fmt.Sprintf("read_4k_qd32, CPU for each I/O of ietd: over %d LUNs / on 1", scaleLUNs), at(manyUnits, units), at(manyUnits, one), 1.1),
		between("read_4k_qd32, CPU for each I/O of ietd: 64 sessions on one loop / 1", at(manyUnits, many), at(manyUnits, one), 1.1),
		between(many.String()+", CPU for each I/O of ietd: two loops / one", at(twoLoops, many), at(manyUnits, many), 2/1.8),
	}
}

// calls returns the system calls for each I/O of a target on nullio, as others
// count them.
func (r *Results) calls(target string, w workload) (spread, bool) {
	var v []float64
	for _, c := range r.Calls {
		if c.Target == target && c.Workload == w.String() && c.Tool != ownCounters {
			v = append(v, c.PerIO)
		}
	}
	return spreadOf(v), len(v) > 0
}

// allocs returns the allocations for each I/O of a target on nullio.
func (r *Results) allocs(target string, w workload) (spread, bool) {
	var v []float64
	for _, c := range r.Calls {
		if c.Target == target && c.Workload == w.String() && c.Allocs != nil {
			v = append(v, *c.Allocs)
		}
	}
	return spreadOf(v), len(v) > 0
}

// crowdCPU returns what ietd takes for sessions that ask for nothing.
func (r *Results) crowdCPU() (spread, bool) {
	if r.Crowd == nil {
		return spread{}, false
	}
	return spreadOf([]float64{r.Crowd.CPUms / r.Crowd.Seconds}), true
}

// idleCPU returns what ietd takes when nothing is asked of it.
func (r *Results) idleCPU() (spread, bool) {
	var v []float64
	for _, i := range r.Idle {
		if i.Target == "ietd" {
			v = append(v, i.MsPerS)
		}
	}
	return spreadOf(v), len(v) > 0
}

// goalTable checks every goal.
func (r *Results) goalTable(b *strings.Builder) {
	list := goals(r)
	met, missed, beside := 0, 0, 0
	var rows strings.Builder
	for i := range list {
		g := &list[i]
		s, ok := g.of(r)
		verdict := "not measured"
		value := ""
		switch {
		case !ok:
		case g.applies != nil && !g.applies(r):
			beside++
			value, verdict = s.ratio(), "the device is not the limit"
		case g.reached(s):
			met++
			value, verdict = s.ratio(), "yes"
		default:
			missed++
			value, verdict = s.ratio(), "**no**"
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", g.what, g.bound(), value, verdict)
	}
	fmt.Fprintf(b, "## Goals\n\nOf %d goals, %d are reached and %d are not; %d do not apply on this machine, and %d were not measured in this run. A ratio is taken round by round; median (least–most).\n\n",
		len(list), met, missed, beside, len(list)-met-missed-beside)
	fmt.Fprint(b, "| goal | must be | is | reached |\n|---|---|---|---|\n", rows.String(), "\n")
}
