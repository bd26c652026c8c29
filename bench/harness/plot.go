// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// A plot is a bar chart of one figure, made of the newest results.
type plot struct {
	file, title string
	of          figure
	format      string // of a number
	rows        []workload
}

var plots = []plot{
	{"iops_4k.svg", "4 KiB without storage: IOPS, more is better", iops, "%.0f",
		[]workload{rw(4*kib, 0, 1), rw(4*kib, 0, 32), rw(4*kib, 0, 128), rw(4*kib, 100, 32), rw(4*kib, 100, 128), rw(4*kib, 0, 1).over(64)}},
	{"cpu_4k.svg", "4 KiB without storage: CPU µs of the target for each I/O, less is better", cpu, "%.2f",
		[]workload{rw(4*kib, 0, 1), rw(4*kib, 0, 32), rw(4*kib, 0, 128), rw(4*kib, 100, 32), rw(4*kib, 100, 128), rw(4*kib, 0, 1).over(64)}},
	{"throughput.svg", "Sequential without storage: MB/s, more is better", mbps, "%.0f",
		[]workload{rw(128*kib, 0, 8).sequential(), rw(128*kib, 100, 8).sequential(), rw(mib, 0, 8).sequential(), rw(mib, 100, 8).sequential()}},
}

// Measures of a plot, in its own units.
const (
	plotWidth  = 760
	labelWidth = 190
	valueWidth = 170
	barHeight  = 14
	barGap     = 3
	groupGap   = 12
	titleSpace = 34
)

// colours of the servers, one each, to be told apart in grey too.
var colours = []struct{ server, fill string }{
	{"floor", "#bbbbbb"}, {"ietd", "#1f5fa8"}, {"tgt", "#d9822b"}, {"spdk", "#5a9a4b"},
}

// draw returns the plot as SVG; a row that was not measured is left out.
func (p *plot) draw(r *Results) string {
	var bars strings.Builder
	most := 0.0
	for _, w := range p.rows {
		for _, c := range colours {
			most = max(most, r.over(at(c.server, w), p.of).most)
		}
	}
	y := titleSpace
	for _, w := range p.rows {
		first := true
		for _, c := range colours {
			s := r.over(at(c.server, w), p.of)
			if s.median == 0 {
				continue
			}
			if first {
				fmt.Fprintf(&bars, "<text x=\"4\" y=\"%d\">%s</text>\n", y+barHeight-3, escaped(w.String()))
				first = false
			}
			p.bar(&bars, y, c.server, c.fill, s, most)
			y += barHeight + barGap
		}
		if !first {
			y += groupGap
		}
	}
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"4\" y=\"18\" font-size=\"14\">%s</text>\n%s</svg>\n",
		plotWidth, y, escaped(p.title), bars.String())
}

// bar draws the median as a bar and the spread as a line on it.
func (p *plot) bar(b *strings.Builder, y int, server, fill string, s spread, most float64) {
	x := func(v float64) float64 { return labelWidth + v/most*(plotWidth-labelWidth-valueWidth) }
	middle := y + barHeight/2
	fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", labelWidth, y, x(s.median)-labelWidth, barHeight, fill)
	fmt.Fprintf(b, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"black\"/>\n", x(s.least), middle, x(s.most), middle)
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\">%s %s</text>\n", x(s.most)+5, y+barHeight-3, escaped(server), fmt.Sprintf(p.format, s.median))
}

// escaped makes text fit for XML.
func escaped(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("harness: a builder does not fail")
	}
	return b.String()
}
