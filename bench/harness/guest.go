// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// guestRows are what fio does in the guest, in its spelling.
var guestRows = []struct {
	rw    string
	depth int
}{{"randread", 1}, {"randread", 32}, {"randwrite", 32}}

// guests measures by fio over the Linux kernel's initiator, in a guest: ietd and
// tgt here, and the kernel's own target, LIO, inside the guest.
func (h *harness) guests(ctx context.Context) {
	st := &stage{on: onNull, luns: 1}
	for _, name := range []string{"ietd", "tgt", "LIO"} {
		target := []string{"-lio", "nullio"}
		if start := starters[name]; start != nil {
			c, err := start(h, st)
			if err != nil {
				h.r.failed("guest", name, "", err)
				continue
			}
			target = []string{"-portal", c.proc.Addr, "-iqn", targetName}
			h.guest(ctx, name, target)
			if err := c.end(); err != nil {
				h.r.failed("guest", name, "its end", err)
			}
			continue
		}
		h.guest(ctx, name, target)
	}
}

// guest measures one target. What fails once is not tried again: a guest takes
// long to start.
func (h *harness) guest(ctx context.Context, name string, target []string) {
	for _, row := range guestRows {
		g, err := h.guestFio(ctx, slices.Concat(target, []string{"-rw", row.rw, "-depth", strconv.Itoa(row.depth)}))
		if err != nil {
			h.r.failed("guest", name, row.rw, err)
			return
		}
		g.Target, g.Workload = name, fmt.Sprintf("%s_4k_qd%d", row.rw, row.depth)
		h.r.Guest = append(h.r.Guest, *g)
		fmt.Fprintf(os.Stderr, "guest    %-22s %-10s %9.0f IOPS\n", g.Workload, name, g.IOPS)
	}
}

// guestFio runs the guest's fio, which prints one JSON object.
func (h *harness) guestFio(ctx context.Context, args []string) (*Guest, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./.ci/guest", "-fio", "-bs", "4k", "-seconds", "3"}, args...)...)
	cmd.Dir = h.root
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the guest: %w: %s", err, strings.TrimSpace(said.String()))
	}
	g := &Guest{}
	return g, json.Unmarshal(out, g)
}
