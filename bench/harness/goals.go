// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
)

// A goal is a ratio that ietd has to reach.
type goal struct {
	what  string
	most  float64 // the ratio may be at most this; 0: see least
	least float64 // the ratio must be at least this
	of    func(r *Results) (s spread, ok bool)
	// moot says why the goal means nothing on this machine, or "" when it does;
	// nil: it does.
	moot func(r *Results) string
	// hindrance says what, in the same run, keeps any server from a goal that is
	// missed, or "" when nothing is known to; nil: nothing is.
	hindrance func(r *Results) string
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
	g := goal{what: fmt.Sprintf("%v, %s: ietd / %s", w, name, other), most: most, least: least,
		of: func(r *Results) (spread, bool) { return r.ratio(at("ietd", w), at(other, w), f) }}
	if other != "floor" {
		g.hindrance = func(r *Results) string { return r.floorMisses(&g, at(other, w), f) }
	}
	return g
}

// floorMisses says so when the floor, in the place of ietd, misses a goal too, or
// when the load had no CPU left to show more.
func (r *Results) floorMisses(g *goal, other place, f figure) string {
	floor := place{other.backing, "floor", other.workload}
	if s, ok := r.ratio(floor, other, f); ok && !g.reached(s) {
		return fmt.Sprintf("the floor itself is %.2f", s.median)
	}
	ietd := place{other.backing, "ietd", other.workload}
	if full := r.over(ietd, loadShare).median; g.least > 0 && full >= loadIsFull {
		return fmt.Sprintf("the load takes %.0f %% of its CPU", full)
	}
	return ""
}

// loadIsFull is from how much of its CPU on the load is what limits a row.
const loadIsFull = 95

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
	add(cacheGoals()...)
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
		const enough = 0.95
		list = append(list,
			goal{what: fmt.Sprintf("%s %v, IOPS: ietd / fio on the device", b, w), least: enough,
				of:   func(r *Results) (spread, bool) { return r.ratio(ietd, fio, iops) },
				moot: func(r *Results) string { return r.notTheDevice(fio, w, enough) }},
			goal{what: fmt.Sprintf("%s %v, CPU for each I/O: ietd / (fio + ietd on nullio)", b, w), most: 1.15,
				of: func(r *Results) (spread, bool) { return r.shareOfSum(ietd, fio, at("ietd", w)) }})
	}
	return list
}

// notTheDevice says what limits w instead of the device, or "" when it is the
// device. At depth 1 the times of the device and of the network add up. Deeper they
// overlap, but the CPU has to do both.
func (r *Results) notTheDevice(fio place, w workload, enough float64) string {
	device := r.over(fio, iops).median
	if w.Depth == 1 {
		alone := r.over(at("ietd", w), iops).median
		if part := alone / (alone + device); part < enough {
			return fmt.Sprintf("at depth 1 its time and the network's add up to %.2f", part)
		}
		return ""
	}
	if part := r.cpuLeaves(fio, w) / device; part < enough {
		return fmt.Sprintf("the CPU is the limit: both take it all at %.2f", part)
	}
	return ""
}

// cpuLeaves returns how many commands a second one CPU has time for when each takes
// what fio takes on a device and what ietd takes on nullio.
func (r *Results) cpuLeaves(fio place, w workload) float64 {
	return 1e6 / (r.over(fio, cpu).median + r.over(at("ietd", w), cpu).median)
}

// cacheGoals are about a file in the page cache.
func cacheGoals() []goal {
	var list []goal
	for _, w := range []workload{rw(4*kib, 0, 32), rw(4*kib, 100, 32)} {
		cached := func(target string) place { return place{onCachedFile.String(), target, w.String()} }
		const enough = 0.8
		list = append(list, goal{what: fmt.Sprintf("%v, IOPS: fileio in the page cache / nullio", w), least: enough,
			of: func(r *Results) (spread, bool) { return r.ratio(cached("ietd"), at("ietd", w), iops) },
			hindrance: func(r *Results) string {
				part := r.cpuLeaves(cached("fio"), w) / r.over(at("ietd", w), iops).median
				if part >= enough {
					return ""
				}
				return fmt.Sprintf("fio on the file and ietd on nullio take all of the CPU at %.2f", part)
			}})
	}
	return list
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
