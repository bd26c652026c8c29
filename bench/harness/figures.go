// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

// A figure is one number of a sample.
type figure func(s *Sample) float64

func iops(s *Sample) float64      { return s.Load.IOPS }
func mbps(s *Sample) float64      { return s.Load.MBps }
func p50(s *Sample) float64       { return s.Load.P50 }
func p99(s *Sample) float64       { return s.Load.P99 }
func p999(s *Sample) float64      { return s.Load.P999 }
func cpu(s *Sample) float64       { return s.CPUPerIO }
func share(s *Sample) float64     { return s.CPUShare }
func loadShare(s *Sample) float64 { return s.Load.CPUShare }
func rss(s *Sample) float64       { return float64(s.RSS) / mib }

// A place names the samples of one row and server.
type place struct{ backing, target, workload string }

// at names a sample of nullio.
func at(target string, w workload) place { return place{onNull.String(), target, w.String()} }

// samples returns those of a place, by round.
func (r *Results) samples(p place) []*Sample {
	var list []*Sample
	for i := range r.Samples {
		if s := &r.Samples[i]; s.Backing == p.backing && s.Target == p.target && s.Workload == p.workload {
			list = append(list, s)
		}
	}
	return list
}

// over returns the spread of a figure over the rounds; zero when there is none.
func (r *Results) over(p place, f figure) spread {
	var v []float64
	for _, s := range r.samples(p) {
		v = append(v, f(s))
	}
	return spreadOf(v)
}

// ratio returns the spread of the figure at a divided by that at b, round by
// round, so that both had the same disturbances. ok is false when they share no
// round.
func (r *Results) ratio(a, b place, f figure) (s spread, ok bool) {
	var v []float64
	for _, x := range r.samples(a) {
		for _, y := range r.samples(b) {
			if x.Round == y.Round && f(y) != 0 {
				v = append(v, f(x)/f(y))
			}
		}
	}
	return spreadOf(v), len(v) > 0
}
