// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ietring/.ci/serve"
)

// A stage is what stands on this side while a pass runs.
type stage struct {
	folder  string
	target  *serve.Target // nil with -portal
	portals []string      // of the guest
	proxies []*proxy
	guest   *guest
}

// run does one pass: on a fresh ietd, or on what is at portal.
func (p *pass) run(portal, iqn string) (err error) {
	folder, err := serve.Folder("guest")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s := &stage{folder: folder, portals: []string{portal}}
	if portal != "" {
		return p.play(s, iqn)
	}
	if err := p.serve(s); err != nil {
		return err
	}
	err = p.proxy(s)
	if err == nil {
		err = p.play(s, serve.IQN)
	}
	for _, x := range s.proxies {
		err = errors.Join(err, x.stop())
	}
	if err := errors.Join(err, s.target.Stop()); err != nil || p.after == nil {
		return err
	}
	return p.after(folder)
}

// serve starts an ietd for the pass.
func (p *pass) serve(s *stage) error {
	luns, err := newFiles(s.folder, p.luns, diskSize)
	if err != nil {
		return err
	}
	if p.conf == "" {
		s.target, err = serve.Start(s.folder, luns, p.flags...)
	} else {
		conf := p.conf
		for i, l := range luns {
			conf += fmt.Sprintf("Lun %d %s\n", i, l)
		}
		s.target, err = serve.StartConf(s.folder, conf)
	}
	if err == nil {
		s.portals = []string{s.target.Portal}
	}
	return err
}

// proxy puts the pass's proxies before the target.
func (p *pass) proxy(s *stage) error {
	for i := range p.proxies {
		if i == 0 {
			s.portals = nil
		}
		x, err := newProxy(s.target.Portal)
		if err != nil {
			return err
		}
		s.proxies, s.portals = append(s.proxies, x), append(s.portals, x.portal)
	}
	return nil
}

// play runs the guest, and beside it what the pass does on this side.
func (p *pass) play(s *stage, iqn string) error {
	var ports []string
	for _, portal := range s.portals {
		port, err := portOf(portal)
		if err != nil {
			return err
		}
		ports = append(ports, port)
	}
	settings := map[string]string{
		"PORTS": strings.Join(ports, " "), "IQN": iqn, "LUNS": strconv.Itoa(len(p.luns)), "DIGEST": p.digest,
	}
	for name, value := range p.settings {
		settings[name] = value
	}
	var err error
	if s.guest, err = newGuest(s.folder, filepath.Join(scriptFolder, p.work), settings); err != nil {
		return err
	}
	if p.beside == nil {
		return s.guest.pass()
	}
	ctx, cancel := context.WithCancel(context.Background())
	beside := make(chan error, 1)
	go func() { beside <- p.beside(ctx, s) }()
	err = s.guest.pass()
	cancel()
	return errors.Join(err, <-beside)
}
