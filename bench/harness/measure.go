// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// harness is one run.
type harness struct {
	*options
	plan   plan
	client string // iscsi-load, which is the load and the floor
	dir    string // of everything that goes away
	r      *Results
}

// buildClient builds iscsi-load into dir.
func buildClient(o *options, dir string) (path string, err error) {
	path = filepath.Join(dir, "iscsi-load")
	build := exec.Command("go", "build", "-o", path, "./bench/iscsi-load")
	build.Dir = o.root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build iscsi-load: %w\n%s", err, out)
	}
	return path, nil
}

// measure runs a plan. What cannot run is noted and is no error.
func measure(ctx context.Context, o *options, p plan) (r *Results, err error) {
	dir, err := os.MkdirTemp(o.dir, "harness-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h := &harness{options: o, plan: p, dir: dir}
	if h.client, err = buildClient(o, dir); err != nil {
		return nil, err
	}
	if h.r, err = newResults(o, p); err != nil {
		return nil, err
	}
	for i := range p.stages {
		if err := h.stage(ctx, &p.stages[i]); err != nil {
			return nil, err
		}
	}
	if p.crowd {
		if h.r.Crowd, err = h.crowd(ctx, crowdSize, crowdSettle, crowdWatch); err != nil {
			h.r.failed(onNull.String(), "ietd", crowdRow, err)
		} else {
			fmt.Fprintf(os.Stderr, "%s: %+v, %.0f bytes each\n", crowdRow, *h.r.Crowd, h.r.Crowd.PerSession())
		}
	}
	if p.guest {
		h.guests(ctx)
	}
	return h.r, errors.Join(h.r.judge(), ctx.Err())
}

// stage measures one backing.
func (h *harness) stage(ctx context.Context, st *stage) error {
	if len(st.rows) == 0 {
		return nil
	}
	var list []*contender
	defer func() {
		for _, c := range list {
			if err := errors.Join(c.resume(), c.end()); err != nil {
				h.r.failed(st.on.String(), c.name, "its end", err)
			}
		}
	}()
	for _, name := range st.peers {
		c, err := starters[name](h, st)
		if err != nil {
			h.r.failed(st.on.String(), name, "", err)
			continue
		}
		c.name = name
		list = append(list, c)
	}
	if err := h.rounds(ctx, st, list); err != nil {
		return err
	}
	if !st.scale && !h.plan.rowsOnly {
		h.profile(ctx, st.on, list)
	}
	if st.on.kind == kindNull && !st.scale && !h.plan.rowsOnly {
		h.idle(list)
		h.countCalls(ctx, list)
		h.opinions(ctx, list)
	}
	return nil
}

// rounds measures A B A B: in each round every workload, with every contender
// in turn; who begins changes from round to round.
func (h *harness) rounds(ctx context.Context, st *stage, list []*contender) error {
	skip := map[string]bool{}
	for round := range h.plan.rounds {
		for _, w := range st.rows {
			for i := range list {
				c := list[(i+round)%len(list)]
				key := c.name + " " + w.String()
				if c.dead || skip[key] || !c.can(w) {
					continue
				}
				if err := h.once(ctx, st, c, w, round); err != nil {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					skip[key] = true
					h.r.failed(st.on.String(), c.name, w.String(), err)
					c.look()
				}
			}
			if err := h.beside(ctx, st, list, w, round); err != nil {
				return err
			}
		}
	}
	return nil
}

// can reports whether a workload makes sense for c: the floor has no digests and
// no units, fio has no sessions, and two loops share no session.
func (c *contender) can(w workload) bool {
	switch {
	case c.crowded:
		return w.Sessions > 1
	case c.floor:
		return !w.Digests && w.LUNs == 1
	case c.proc == nil:
		return !w.Digests && w.LUNs == 1 && w.Sessions == 1
	}
	return true
}

// look sees whether the server has died.
func (c *contender) look() {
	if c.proc == nil {
		return
	}
	select {
	case <-c.proc.Exited():
		c.dead = true
	default:
	}
}

// once takes one sample and keeps it.
func (h *harness) once(ctx context.Context, st *stage, c *contender, w workload, round int) error {
	t := timing{h.plan.warmup, h.plan.duration}
	var s *Sample
	var err error
	if c.proc == nil {
		s, err = h.fio(ctx, st.on, c, w, t)
	} else {
		s, err = h.sample(ctx, c, w, t)
	}
	if err != nil {
		return err
	}
	h.keep(s, st, round)
	return nil
}

func (h *harness) keep(s *Sample, st *stage, round int) {
	s.Backing, s.Round = st.on.String(), round
	h.r.Samples = append(h.r.Samples, *s)
	fmt.Fprintf(os.Stderr, "round %d  %-18s %-22s %-10s %9.0f IOPS  %7.2f CPU µs/IO\n",
		round+1, s.Backing, s.Workload, s.Target, s.Load.IOPS, s.CPUPerIO)
}

// idleTime is how long servers are watched while nothing is asked of them: ietd
// looks every 10 s whether the file systems of thin disks are full.
const idleTime = 10 * time.Second

// idle reads what every server takes meanwhile, all at the same time.
func (h *harness) idle(list []*contender) {
	begun := map[*contender]time.Duration{}
	for _, c := range list {
		if c.proc == nil || c.dead {
			continue
		}
		cpu, err := c.proc.CPU()
		if err = errors.Join(err, c.resume()); err != nil {
			h.r.failed(onNull.String(), c.name, "idle", err)
			continue
		}
		begun[c] = cpu
	}
	time.Sleep(idleTime)
	for _, c := range list {
		begin, ok := begun[c]
		if !ok {
			continue
		}
		use, err := c.proc.Usage()
		if err = errors.Join(err, c.pause()); err != nil {
			h.r.failed(onNull.String(), c.name, "idle", err)
			continue
		}
		h.r.Idle = append(h.r.Idle, Idle{c.name, (use.CPU - begin).Seconds() * 1e3 / idleTime.Seconds(), use.RSS})
	}
}

// find returns the living contender with a name, or nil.
func find(list []*contender, name string) *contender {
	i := slices.IndexFunc(list, func(c *contender) bool { return c.name == name && !c.dead && c.proc != nil })
	if i < 0 {
		return nil
	}
	return list[i]
}

// besideRow is the workload that is measured again while ietd is administered.
var besideRow = rw(4*kib, 0, 32)

// besideName is ietd under administration, as results have it.
const besideName = "ietd+admin"

// beside measures ietd while an administrator and a scraper look at it again and
// again.
func (h *harness) beside(ctx context.Context, st *stage, list []*contender, w workload, round int) error {
	c := find(list, "ietd")
	if st.on.kind != kindNull || w != besideRow || c == nil {
		return nil
	}
	stop := h.administer(ctx, c)
	s, err := h.sample(ctx, c, w, timing{h.plan.warmup, h.plan.duration})
	if err = errors.Join(err, stop()); err != nil {
		h.r.failed(st.on.String(), besideName, w.String(), err)
		return ctx.Err()
	}
	s.Target = besideName
	s.OthersPct = 0 // the administrator is not a disturbance but the subject
	h.keep(s, st, round)
	return nil
}

// administer runs ietadm and scrapes the metrics until stop is called.
func (h *harness) administer(ctx context.Context, c *contender) (stop func() error) {
	const pause = 100 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			what := []string{"--volume", "--session"}[i%2]
			_, err := command(h.ietd, "adm", "--control-socket", c.admin, "--op", "show", what)
			if err == nil {
				_, err = scrape(c.metrics)
			}
			if err != nil || ctx.Err() != nil {
				done <- err
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}()
	return func() error { cancel(); return <-done }
}
