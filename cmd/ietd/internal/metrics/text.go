// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bytes"
	"fmt"
	"strconv"

	"ietring/ring"
)

// The types of the format that there are.
const (
	counter = "counter" // it only grows, and begins anew with the process
	gauge   = "gauge"
)

// A loopRow is a number that every loop has. A name can have several rows, one
// after another, with a label that tells them apart.
type loopRow struct {
	name, kind, help string
	label            string // such as op="read"; "": none
	of               func(c *ring.Counters) uint64
}

var loopRows = []loopRow{
	{"ietd_loop_turns_total", counter, "Turns of the event loop.", "", func(c *ring.Counters) uint64 { return c.Turns }},
	{"ietd_loop_enters_total", counter, "System calls io_uring_enter.", "", func(c *ring.Counters) uint64 { return c.Enters }},
	{"ietd_loop_sleeps_total", counter, "Enters that waited for work.", "", func(c *ring.Counters) uint64 { return c.Sleeps }},
	{"ietd_loop_spins_total", counter, "Looks for work before sleeping (--busy-poll), by whether some came.", `paid="yes"`, func(c *ring.Counters) uint64 { return c.SpinsPaid }},
	{"ietd_loop_spins_total", counter, "", `paid="no"`, func(c *ring.Counters) uint64 { return c.SpinsVain }},
	{"ietd_loop_receives_total", counter, "Completed receives.", "", func(c *ring.Counters) uint64 { return c.Receives }},
	{"ietd_loop_sends_total", counter, "Completed sends, each of many PDUs.", "", func(c *ring.Counters) uint64 { return c.Sends }},
	{"ietd_loop_received_bytes_total", counter, "Bytes from initiators, after login.", "", func(c *ring.Counters) uint64 { return c.BytesIn }},
	{"ietd_loop_sent_bytes_total", counter, "Bytes to initiators, after login.", "", func(c *ring.Counters) uint64 { return c.BytesOut }},
	{"ietd_loop_received_pdus_total", counter, "iSCSI PDUs from initiators, after login.", "", func(c *ring.Counters) uint64 { return c.PDUsIn }},
	{"ietd_loop_sent_pdus_total", counter, "iSCSI PDUs to initiators, after login.", "", func(c *ring.Counters) uint64 { return c.PDUsOut }},
	{"ietd_loop_commands_total", counter, "SCSI commands; refused ones are others.", `op="read"`, func(c *ring.Counters) uint64 { return c.Reads }},
	{"ietd_loop_commands_total", counter, "", `op="write"`, func(c *ring.Counters) uint64 { return c.Writes }},
	{"ietd_loop_commands_total", counter, "", `op="other"`, func(c *ring.Counters) uint64 { return c.Others }},
	{"ietd_loop_worker_jobs_total", counter, "Pieces of work given to the workers (--workers).", "", func(c *ring.Counters) uint64 { return c.Jobs }},
	{"ietd_loop_memory_waits_total", counter, "Commands that waited for buffer memory (--buffer-memory).", "", func(c *ring.Counters) uint64 { return c.Starvations }},
	{"ietd_loop_buffer_used_bytes", gauge, "Buffer memory that commands hold.", "", func(c *ring.Counters) uint64 { return uint64(c.BufferUsed) }},
	{"ietd_loop_buffer_mapped_bytes", gauge, "Buffer memory that the loop has.", "", func(c *ring.Counters) uint64 { return uint64(c.BufferMapped) }},
	{"ietd_loop_connections", gauge, "Connections, after login.", "", func(c *ring.Counters) uint64 { return uint64(c.Connections) }},
	{"ietd_loop_open_tasks", gauge, "Requests that are not answered yet.", "", func(c *ring.Counters) uint64 { return uint64(c.Tasks) }},
}

// A processRow is a number of the program. Those that any program has are named
// as elsewhere.
type processRow struct {
	name, kind, help string
	of               func(sessions int, p *process) float64
}

var processRows = []processRow{
	{"ietd_sessions", gauge, "Sessions, in login too.", func(n int, _ *process) float64 { return float64(n) }},
	{"process_cpu_seconds_total", counter, "CPU time, user and system, of all threads.", func(_ int, p *process) float64 { return p.cpu }},
	{"process_resident_memory_bytes", gauge, "Resident memory.", func(_ int, p *process) float64 { return float64(p.rss) }},
	{"go_gc_heap_allocs_objects_total", counter, "Objects that were allocated on the Go heap.", func(_ int, p *process) float64 { return float64(p.allocObjects) }},
	{"go_gc_heap_allocs_bytes_total", counter, "Bytes that were allocated on the Go heap.", func(_ int, p *process) float64 { return float64(p.allocBytes) }},
	{"go_gc_cycles_total", counter, "Garbage collections.", func(_ int, p *process) float64 { return float64(p.collections) }},
	{"go_memory_heap_objects_bytes", gauge, "Bytes of objects on the Go heap, dead ones too.", func(_ int, p *process) float64 { return float64(p.heap) }},
	{"go_goroutines", gauge, "Goroutines.", func(_ int, p *process) float64 { return float64(p.goroutines) }},
}

// render writes everything: loops is how many there are, list what those told
// that answered.
func render(loops int, list []ring.Counters, sessions int, p process) []byte {
	var b bytes.Buffer
	head(&b, "ietd_loop_up", gauge, "1 when the event loop has answered.")
	for i := range loops {
		up := 0
		for j := range list {
			if list[j].Loop == i {
				up = 1
			}
		}
		fmt.Fprintf(&b, "ietd_loop_up{loop=\"%d\"} %d\n", i, up)
	}
	for i := range loopRows {
		r := &loopRows[i]
		if r.help != "" {
			head(&b, r.name, r.kind, r.help)
		}
		label := ""
		if r.label != "" {
			label = "," + r.label
		}
		for j := range list {
			fmt.Fprintf(&b, "%s{loop=\"%d\"%s} %d\n", r.name, list[j].Loop, label, r.of(&list[j]))
		}
	}
	for _, r := range processRows {
		head(&b, r.name, r.kind, r.help)
		fmt.Fprintf(&b, "%s %s\n", r.name, strconv.FormatFloat(r.of(sessions, &p), 'f', -1, 64))
	}
	return b.Bytes()
}

// head writes the two lines before the values of a name.
func head(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}
