// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ietring/bench/engine"
)

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		sentence string
		v        []float64
		want     spread
	}{
		{"an odd number of rounds", []float64{30, 10, 20}, spread{10, 20, 30}},
		{"an even number of rounds", []float64{40, 10, 20, 30}, spread{10, 25, 40}},
		{"no round", nil, spread{}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			if got := spreadOf(row.v); got != row.want {
				t.Errorf("%+v, want %+v", got, row.want)
			}
		})
	}
}

// made are results with samples of IOPS by target and round; CPU time for each
// I/O is a thousandth of them.
func made(w workload, rounds map[string][]float64) *Results {
	r := &Results{}
	for target, list := range rounds {
		for i, v := range list {
			r.Samples = append(r.Samples, Sample{Backing: "null", Target: target, Workload: w.String(), Round: i,
				CPUPerIO: v / 1000, Load: engine.Report{IOPS: v}})
		}
	}
	return r
}

func TestRatio(t *testing.T) {
	w := rw(4*kib, 0, 32)
	for _, row := range []struct {
		sentence string
		rounds   map[string][]float64
		want     spread
		ok       bool
	}{
		{"each round by itself", map[string][]float64{"ietd": {10, 40, 90}, "tgt": {10, 20, 30}}, spread{1, 2, 3}, true},
		{"a round that the other lacks", map[string][]float64{"ietd": {10, 40, 90}, "tgt": {10}}, spread{1, 1, 1}, true},
		{"a round of zero", map[string][]float64{"ietd": {10, 40}, "tgt": {0, 20}}, spread{2, 2, 2}, true},
		{"the other was not measured", map[string][]float64{"ietd": {10}}, spread{}, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			got, ok := made(w, row.rounds).ratio(at("ietd", w), at("tgt", w), iops)
			if got != row.want || ok != row.ok {
				t.Errorf("%+v, %v", got, ok)
			}
		})
	}
}

func TestGoal(t *testing.T) {
	for _, row := range []struct {
		sentence    string
		most, least float64
		median      float64
		reached     bool
	}{
		{"below the most", 1.6, 0, 1.5, true},
		{"above the most", 1.6, 0, 1.61, false},
		{"above the least", 0, 0.6, 0.7, true},
		{"below the least", 0, 0.6, 0.59, false},
		{"equal is not ahead", 0, math.Nextafter(1, 2), 1, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			g := goal{most: row.most, least: row.least}
			if got := g.reached(spread{median: row.median}); got != row.reached {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestGoals has every goal find what the plans measure: no goal may name a row
// that nobody runs.
func TestGoals(t *testing.T) {
	for _, p := range []plan{quick(), full()} {
		r := &Results{Idle: []Idle{{Target: "ietd"}}}
		if p.crowd {
			r.Crowd = &Crowd{Sessions: crowdSize, Seconds: 1}
		}
		for _, w := range callRows {
			r.Calls = append(r.Calls, Calls{Target: "ietd", Workload: w.String()}, Calls{Target: "ietd", Workload: w.String(), Tool: ownCounters, Allocs: new(float64)})
		}
		for _, st := range p.stages {
			for _, w := range st.rows {
				for _, target := range append(slices.Clone(st.peers), besideName) {
					r.Samples = append(r.Samples, Sample{Backing: st.on.String(), Target: target, Workload: w.String(), CPUPerIO: 1,
						Load: engine.Report{IOPS: 1, MBps: 1, P50: 1, P99: 1, P999: 1}})
				}
			}
		}
		for _, g := range goals(r) {
			if _, ok := g.of(r); !ok {
				t.Errorf("%s: nothing measures %q", p.kind, g.what)
			}
		}
	}
}

// TestNotTheDevice has a CPU that serves 1e6 / (fio's + ietd's time) commands.
func TestNotTheDevice(t *testing.T) {
	for _, row := range []struct {
		sentence    string
		depth       int
		alone, fio  float64 // IOPS
		aloneC, fcC float64 // CPU time for each I/O
		want        string
	}{
		{"a disk at depth 1", 1, 20000, 1000, 30, 30, ""},
		{"memory at depth 1", 1, 20000, 130000, 30, 5, "at depth 1 its time and the network's add up to 0.13"},
		{"a disk at depth 32", 32, 400000, 60000, 2, 4, ""},
		{"memory at depth 32", 32, 400000, 250000, 2, 3, "the CPU is the limit: both take it all at 0.80"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := rw(4*kib, 0, row.depth)
			r := &Results{Samples: []Sample{
				{Backing: "null", Target: "ietd", Workload: w.String(), CPUPerIO: row.aloneC, Load: engine.Report{IOPS: row.alone}},
				{Backing: "zram_wb", Target: "fio", Workload: w.String(), CPUPerIO: row.fcC, Load: engine.Report{IOPS: row.fio}}}}
			if got := r.notTheDevice(place{"zram_wb", "fio", w.String()}, w, 0.95); got != row.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	w := rw(4*kib, 0, 32)
	toTgt := ratioGoal(w, cpu, "CPU", "tgt", 0.25, 0)
	rate := ratioGoal(w, iops, "IOPS", "tgt", 0, 3)
	for _, row := range []struct {
		sentence string
		g        goal
		rounds   map[string][]float64
		load     float64 // percent of its CPU
		want     verdict
		why      string
	}{
		{"reached, though the floor misses it", toTgt, map[string][]float64{"ietd": {10}, "floor": {30}, "tgt": {40}}, 0, reached, ""},
		{"missed, and the floor reaches it", toTgt, map[string][]float64{"ietd": {20}, "floor": {10}, "tgt": {40}}, 0, missed, ""},
		{"missed by the floor, too", toTgt, map[string][]float64{"ietd": {30}, "floor": {20}, "tgt": {40}}, 0, hindered, "the floor itself is 0.50"},
		{"no more load", rate, map[string][]float64{"ietd": {80}, "floor": {120}, "tgt": {40}}, 99, hindered, "the load takes 99 % of its CPU"},
		{"load enough", rate, map[string][]float64{"ietd": {80}, "floor": {120}, "tgt": {40}}, 50, missed, ""},
		{"not measured", toTgt, map[string][]float64{"ietd": {30}}, 0, notMeasured, ""},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			r := made(w, row.rounds)
			for i := range r.Samples {
				r.Samples[i].Load.CPUShare = row.load
			}
			if v, _, why := row.g.judge(r); v != row.want || why != row.why {
				t.Errorf("verdict %d, %q", v, why)
			}
		})
	}
}

func TestParseProfile(t *testing.T) {
	p, err := parseProfile("\n 20.50|iou-wrk-4711|[k] copy_page\n  7.00|ietd        |[.] ietring/ring.(*loop).spin\n")
	want := []Symbol{{20.5, "io_uring's worker", "copy_page", true}, {7, "ietd", "ietring/ring.(*loop).spin", false}}
	if err != nil || !slices.Equal(p.Symbols, want) {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := parseProfile("no samples\n"); err == nil {
		t.Error("a profile of nothing is taken")
	}
}

func TestWorkloadNames(t *testing.T) {
	for _, row := range []struct {
		w    workload
		name string
		args string // some of them
	}{
		{rw(4*kib, 0, 32), "read_4k_qd32", "--depth 32 --block-size 4096 --write-percent 0 --pattern random --luns 1"},
		{rw(mib, 100, 8).sequential(), "seqwrite_1m_qd8", "--pattern sequential"},
		{rw(512, 100, 4), "write_512_qd4", "--block-size 512"},
		{rw(4*kib, 30, 1).over(64).digested(), "mix70_4k_qd1_s64_crc", "--digests"},
		{rw(4*kib, 0, 2).on(3), "read_4k_qd2_l3", "--luns 1,2,3"},
	} {
		if got := row.w.String(); got != row.name {
			t.Errorf("%s, want %s", got, row.name)
		}
		if got := strings.Join(row.w.args(1), " "); !strings.Contains(got, row.args) {
			t.Errorf("%s: %s", row.name, got)
		}
	}
}

func TestSelected(t *testing.T) {
	all := []workload{rw(4*kib, 0, 1), rw(4*kib, 100, 32), rw(mib, 0, 8)}
	for _, row := range []struct {
		pattern string
		n       int
		bad     bool
	}{{"", 3, false}, {"*_4k_*", 2, false}, {"read_*", 2, false}, {"none", 0, false}, {"[", 0, true}} {
		if got, err := selected(all, row.pattern); len(got) != row.n || (err != nil) != row.bad {
			t.Errorf("%q: %v, %v", row.pattern, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, row := range []struct {
		sentence string
		args     []string
		words    int
		bad      bool
	}{
		{"nothing", nil, 0, false},
		{"two builds with a flag between", []string{"-ab", "old", "-rows", "read*", "new"}, 2, false},
		{"one build", []string{"--ab", "old"}, 1, true},
		{"a word that nobody wants", []string{"fast"}, 1, true},
		{"too few rounds", []string{"--rounds", "2"}, 0, true},
		{"an unknown flag", []string{"--fast"}, 0, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			_, words, err := parse(row.args)
			if (err != nil) != row.bad || len(words) != row.words {
				t.Errorf("%q, %v", words, err)
			}
		})
	}
}

// TestLines holds what servers are told against their backing.
func TestLines(t *testing.T) {
	for _, row := range []struct {
		on        backing
		name      string
		ietd      string
		direct    bool // of tgt
		through   bool // of tgt
		fio, lack string
	}{
		{onNull, "null", "0 Type=nullio,BlockSize=512,Blocks=1048576", false, false, "--direct=1", "dsync"},
		{onRAM, "ram_wb", "0 Type=fileio,Path=/x,IOMode=wb,Direct=no", false, false, "io_uring", "--direct"},
		{onCachedWT, "file_buffered_wt", "0 Type=fileio,Path=/x,IOMode=wt,Direct=no", false, true, "--sync=dsync", "--direct"},
		{onCachedFile, "file_buffered_wb", "0 Type=fileio,Path=/x,IOMode=wb,Direct=no", false, false, "--invalidate=0", "--direct"},
		{onFileWT, "file_direct_wt", "0 Type=fileio,Path=/x,IOMode=wt", true, true, "--sync=dsync", "libaio"},
		{onLoop, "loop_wb", "0 Type=blockio,Path=/x,IOMode=wb", true, false, "--direct=1", "dsync"},
		{onNarrow, "narrow_wb", "0 Type=fileio,Path=/x,IOMode=wb,BlockSize=512", true, false, "--direct=1", "dsync"},
		{onZRAMwt, "zram_wt", "0 Type=blockio,Path=/x,IOMode=wt", true, true, "--direct=1", "libaio"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.on.String(); got != row.name {
				t.Errorf("name %s", got)
			}
			if got := ietdLun(0, row.on, "/x"); got != row.ietd {
				t.Errorf("ietd: %s", got)
			}
			if row.on == onNull {
				return
			}
			if u := tgtUnit(row.on, "/x"); u.Direct != row.direct || u.WriteThrough != row.through {
				t.Errorf("tgt: %+v", u)
			}
			args := strings.Join(fioArgs(row.on, "/x", rw(4*kib, 100, 8), timing{time.Second, time.Second}), " ")
			if !strings.Contains(args, row.fio) || strings.Contains(args, row.lack) || !strings.Contains(args, "--rw=randwrite") {
				t.Errorf("fio: %s", args)
			}
		})
	}
}

// TestTools reads what tools print.
func TestTools(t *testing.T) {
	for _, row := range []struct {
		tool string
		read func(string) (float64, error)
		out  string
		want float64
	}{
		{"perf", perfCount, "4711,,raw_syscalls:sys_enter,100000,100.00,,\n", 4711},
		{"strace", straceCount, "% time     seconds  usecs/call     calls    errors syscall\n------ ----\n 99.00    0.100000           1      1200           io_uring_enter\n100.00    0.100000           1      1234         3 total\n", 1234},
		{"iscsi-perf", iscsiPerfRate, "\riops average 90 (1 MB/s)  \riops average 120 (1 MB/s)\n", 120},
		{"qemu-img", qemuSeconds, "Sending 100 read requests\nRun completed in 0.250 seconds.\n", 0.25},
	} {
		t.Run(row.tool, func(t *testing.T) {
			if got, err := row.read(row.out); got != row.want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
			if _, err := row.read("permission denied\n"); err == nil {
				t.Error("what is no figure is read as one")
			}
		})
	}
}

// TestWatchCPU has a process that sleeps most of its time.
func TestWatchCPU(t *testing.T) {
	cmd := exec.Command("sleep", "0.3")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if rate, err := watchCPU(cmd); err != nil || rate > 0.5 {
		t.Errorf("a sleeper takes %v of a CPU, %v", rate, err)
	}
	cmd = exec.Command("false")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := watchCPU(cmd); err == nil {
		t.Error("a failure is none")
	}
}

func TestParseFio(t *testing.T) {
	s, err := parseFio([]byte(`{"jobs":[{"mixed":{"iops":50000,"bw_bytes":204800000,"total_ios":25000,"runtime":500,
		"clat_ns":{"percentile":{"50.000000":20000,"99.000000":90000,"99.900000":100000}}}}]}`), rw(4*kib, 0, 1), 0.5)
	if err != nil || s.CPUPerIO != 10 || s.Load.P99 != 90 || s.Load.Seconds != 0.5 || s.Load.MBps != 204.8 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := parseFio([]byte(`{"jobs":[]}`), rw(4*kib, 0, 1), 0.5); err == nil {
		t.Error("a report of nothing is taken")
	}
}

// TestRender makes a page from two files: the newest is shown, with its
// warnings, and the older, from before there were backings, has its line.
func TestRender(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, resultsDir)
	for day, commit := range []string{"oldcommit", "newcommit"} {
		r := made(headRow, map[string][]float64{"ietd": {float64(111000 + day)}, "floor": {222000}})
		r.Date, r.Commit, r.Warnings = time.Date(2026, 11, 1+day, 0, 0, 0, 0, time.UTC), commit, []string{commit + " was busy"}
		r.failed("null", "spdk", "", errors.New("no build | of it"))
		allocs := 0.0012
		r.Calls = []Calls{{Target: "ietd", Workload: headRow.String(), PerIO: 0.04, Tool: "perf stat"},
			{Target: "ietd", Workload: headRow.String(), PerIO: 0.5, Tool: ownCounters, Allocs: &allocs}}
		r.Crowd = &Crowd{Sessions: 100, Seconds: 10, CPUms: 5, RSSBefore: 10 * mib, RSS: 20 * mib, LoginPerS: 2000, LoginCPUms: 0.25}
		if day == 0 {
			for i := range r.Samples {
				r.Samples[i].Backing = ""
			}
		}
		if _, err := r.save(dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := render(root); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, "BENCHMARKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"**111001 IOPS** (floor: 222000)", "newcommit was busy", "| 20261101T000000Z-oldcommit.json | 111000 |",
		"read_4k_qd32, CPU for each I/O: ietd / floor | at most 1.6 | 0.50 (0.50–0.50) | yes |", "| no build / of it |",
		"| read_4k_qd32 | ietd | 0.040 |  | perf stat |", "| read_4k_qd32 | ietd | 0.500 | 0.0012 | its own counters |",
		"read_4k_qd32, system calls for each I/O of ietd | at most 0.2 | 0.04 (0.04–0.04) | yes |", "read_4k_qd32, allocations for each I/O of ietd | at most 0.01 | 0.00 (0.00–0.00) | yes |",
		"| 100 | 10 s | 0.50 | 20 | 102.4 | 2000 | 0.25 |", "5000 idle sessions, CPU of ietd in ms a second | at most 1 | 0.50",
		"not measured", "(bench/results/iops_4k.svg)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "oldcommit was busy") {
		t.Error("the page has the warning of an older run")
	}
	for _, p := range plots {
		checkSVG(t, filepath.Join(dir, p.file))
	}
}

// checkSVG reads a plot as XML.
func checkSVG(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := xml.NewDecoder(f); ; {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

// TestAccount checks the arithmetic of one sample.
func TestAccount(t *testing.T) {
	s := Sample{Load: engine.Report{Seconds: 2, IOs: 100000, CPUPerIO: 5}}
	begin := moment{target: time.Second, stat: cpuStat{busy: 10 * time.Second}}
	end := moment{target: 2 * time.Second, stat: cpuStat{busy: 11700 * time.Millisecond, steal: 20 * time.Millisecond}}
	s.account(begin, end)
	// 1 s of 100,000 I/Os; 1.7 s busy are 1 s target, 0.5 s load, 0.2 s others.
	if s.CPUPerIO != 10 || s.CPUShare != 50 || s.StealPct != 1 || s.OthersPct < 9.99 || s.OthersPct > 10.01 {
		b, err := json.Marshal(s)
		t.Errorf("%s, %v", b, err)
	}
}

// TestSettingTable: a flag stands beside the defaults of its own rounds.
func TestSettingTable(t *testing.T) {
	r := made(tunings[0].rows[0], map[string][]float64{"ietd-defaults": {100, 200}, "ietd-busy-poll-0": {50, 100}})
	var b strings.Builder
	r.settingTable(&b)
	if want := "| `--busy-poll 0` | a loop sleeps as soon as it has nothing to do | null | read_4k_qd1 | 0.50 (0.50–0.50) |"; !strings.Contains(b.String(), want) {
		t.Errorf("%s\nlacks %s", b.String(), want)
	}
	var none strings.Builder
	new(Results).settingTable(&none)
	if none.Len() > 0 {
		t.Errorf("a table of nothing: %s", none.String())
	}
}
