// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The names of ietd's metrics that are read here.
const (
	metricEnters   = "ietd_loop_enters_total"
	metricAllocs   = "go_gc_heap_allocs_objects_total"
	metricCommands = "ietd_loop_commands_total"
)

// ownTime is how long ietd counts at least. The Go runtime counts allocations of
// one size by the hundred, when a processor takes more room for them: what login
// and the two questions left behind shows as up to a thousand, which is to be
// little for each I/O.
const ownTime = 2 * time.Second

// ownCounters is the name of the tool that counts by ietd's metrics.
const ownCounters = "its own counters"

// scraper does not keep connections, which ietd closes anyway.
var scraper = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// scrape asks an ietd for its metrics and returns their sums by name.
func scrape(addr string) (sums map[string]float64, err error) {
	resp, err := scraper.Get("http://" + addr + "/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", addr, resp.Status)
	}
	return sumMetrics(resp.Body)
}

// sumMetrics reads the text format of Prometheus and adds up what has the same
// name.
func sumMetrics(r io.Reader) (map[string]float64, error) {
	sums := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if at < 0 || err != nil {
			return nil, fmt.Errorf("metrics: what is %q?", line)
		}
		name, _, _ := strings.Cut(line[:at], "{")
		sums[name] += v
	}
	return sums, lines.Err()
}

// countOwn has ietd count what it does itself over the measured part of a run.
func (h *harness) countOwn(ctx context.Context, c *contender, w workload, d time.Duration) (*Calls, error) {
	var begin, end map[string]float64
	var errs error
	_, err := h.runLoad(ctx, c, w, timing{h.plan.warmup, d}, func(isBegin bool) {
		sums, err := scrape(c.metrics)
		errs = errors.Join(errs, err)
		if isBegin {
			begin = sums
		} else {
			end = sums
		}
	})
	if err = errors.Join(err, errs); err != nil {
		return nil, err
	}
	return perCommand(begin, end)
}

// perCommand divides by the commands that ietd has counted between the same two
// moments.
func perCommand(begin, end map[string]float64) (*Calls, error) {
	commands := end[metricCommands] - begin[metricCommands]
	if commands <= 0 {
		return nil, errors.New("ietd has counted no command")
	}
	allocs := (end[metricAllocs] - begin[metricAllocs]) / commands
	return &Calls{PerIO: (end[metricEnters] - begin[metricEnters]) / commands, Allocs: &allocs, Tool: ownCounters}, nil
}
