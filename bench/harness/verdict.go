// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// A verdict is what became of a goal.
type verdict uint8

const (
	notMeasured verdict = iota
	moot                // it means nothing on this machine
	reached
	missed
	hindered // missed, and something else keeps any server from it
)

// judge checks a goal: what it is, and why where there is more to say than that.
func (g *goal) judge(r *Results) (v verdict, s spread, why string) {
	s, ok := g.of(r)
	if !ok {
		return notMeasured, s, ""
	}
	if g.reached(s) {
		return reached, s, ""
	}
	if g.moot != nil {
		if why := g.moot(r); why != "" {
			return moot, s, why
		}
	}
	if g.hindrance != nil {
		if why := g.hindrance(r); why != "" {
			return hindered, s, why
		}
	}
	return missed, s, ""
}

// goalTable checks every goal.
func (r *Results) goalTable(b *strings.Builder) {
	list := goals(r)
	count := map[verdict]int{}
	var rows strings.Builder
	for i := range list {
		g := &list[i]
		v, s, why := g.judge(r)
		count[v]++
		value, word := s.ratio(), ""
		switch v {
		case notMeasured:
			value, word = "", "not measured"
		case moot:
			word = why
		case reached:
			word = "yes"
		case missed:
			word = "**no**"
		case hindered:
			word = "**no**: " + why
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", g.what, g.bound(), value, word)
	}
	fmt.Fprintf(b, "## Goals\n\nOf %d goals, %d are reached and %d are not, %d of which something else in the same run keeps any server from; %d do not apply on this machine, and %d were not measured in this run. A ratio is taken round by round; median (least–most).\n\n",
		len(list), count[reached], count[missed]+count[hindered], count[hindered], count[moot], count[notMeasured])
	fmt.Fprint(b, "| goal | must be | is | reached |\n|---|---|---|---|\n", rows.String(), "\n")
}
