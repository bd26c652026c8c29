// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"ietring/backing"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/demo"
	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
	"ietring/cmd/ietd/internal/portal"
	"ietring/cmd/ietd/internal/process"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/target"
	"ietring/ring"
	"ietring/scsi"
)

const (
	// shutdownTime is how long commands in flight may take at the end.
	shutdownTime = 10 * time.Second
	// reinstateTime is how long a login waits for the initiator's old session.
	reinstateTime = 5 * time.Second
)

// server is the program while it runs. Fields are set from top to bottom by
// start, and stop goes back up.
type server struct {
	cfg     *config.Config
	log     zerolog.Logger
	demoDir string

	disks   [][]*backing.Disk // by target and LUN, as in cfg.Targets
	pidFile *process.PIDFile
	engine  *ring.Engine
	portal  *portal.Server
}

// serve runs the program until a signal ends it.
func serve(cfg *config.Config, log zerolog.Logger, stdout io.Writer) error {
	// Signals are caught from the first moment: what start has made is taken
	// down in order.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	s := &server{cfg: cfg, log: log}
	if err := s.start(); err != nil {
		return errors.Join(err, s.stop())
	}
	if cfg.Demo {
		if err := demo.Explain(stdout, s.demoDir, s.portal.Portals()); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	first := <-signals
	log.Info().Stringer("signal", first).Dur("most_ms", shutdownTime).Msg("ending: commands in flight finish; a second signal ends at once")
	go func() {
		second := <-signals
		log.Warn().Stringer("signal", second).Msg("ended at once")
		os.Exit(exitFailed)
	}()
	return s.stop()
}

// start brings everything up. What it has made when it fails, stop takes down.
func (s *server) start() error {
	if err := s.openDisks(); err != nil {
		return &refusedError{err}
	}
	if err := ring.Probe(); err != nil {
		return err
	}
	if s.cfg.PIDFile != "" {
		var err error
		if s.pidFile, err = process.OpenPIDFile(s.cfg.PIDFile); err != nil {
			return err
		}
	}
	if err := s.startEngine(); err != nil {
		return err
	}
	if err := process.Drop(s.cfg.UID, s.cfg.GID); err != nil {
		return err
	}
	s.portal.Serve()
	return nil
}

// openDisks opens the backing of every LUN, the demo's too.
func (s *server) openDisks() error {
	if s.cfg.Demo {
		if err := s.addDemo(); err != nil {
			return err
		}
	}
	s.disks = make([][]*backing.Disk, len(s.cfg.Targets))
	for i, t := range s.cfg.Targets {
		for _, l := range t.Luns {
			d, err := backing.Open(l.Backing)
			if err != nil {
				return fmt.Errorf("LUN %d of %s: %w", l.Number, t.Name, err)
			}
			s.disks[i] = append(s.disks[i], d)
			for _, note := range d.Notes() {
				s.log.Warn().Str("target", t.Name).Uint16("lun", l.Number).Msg(note)
			}
		}
	}
	return nil
}

func (s *server) addDemo() error {
	dir, err := demo.Dir()
	if err != nil {
		return err
	}
	for i := range s.cfg.Targets {
		if s.cfg.Targets[i].Name == demo.TargetName {
			return fmt.Errorf("--demo: %s is there already; give --target another name", demo.TargetName)
		}
	}
	t, err := demo.Prepare(dir, s.cfg.Keys)
	if err != nil {
		return err
	}
	s.demoDir = dir
	s.cfg.Targets = append(s.cfg.Targets, t)
	return nil
}

// startEngine starts the loops, gives them the units, and binds the addresses.
func (s *server) startEngine() error {
	catalog := new(target.Catalog)
	sessions := session.NewRegistry(reinstateTime)
	directory := &discovery.Directory{Targets: catalog, Portals: func() []netip.AddrPort { return s.portal.Portals() }}
	var err error
	s.engine, err = ring.Start(ring.Config{
		Threads: s.cfg.Threads, RingEntries: s.cfg.RingEntries, Workers: s.cfg.Workers,
		CPUs: s.cfg.CPUs, BufferMemory: s.cfg.BufferMemory,
		Control: &control{directory, sessions, s.log}, Log: s.log,
	})
	if err != nil {
		return err
	}
	for i := range s.cfg.Targets {
		if err := s.addTarget(catalog, &s.cfg.Targets[i], s.disks[i]); err != nil {
			return err
		}
	}
	s.portal, err = portal.Listen(portal.Config{
		Addrs: s.cfg.Portals, Port: s.cfg.Port,
		Login:     &login.Server{Targets: catalog, Sessions: sessions, Engine: engine{s.engine}},
		Directory: directory, Log: s.log,
	})
	return err
}

// addTarget makes the units of one target and puts it into the catalog.
func (s *server) addTarget(catalog *target.Catalog, t *config.Target, disks []*backing.Disk) error {
	st := scsi.NewTarget(t.Name)
	for i, l := range t.Luns {
		unit, err := s.engine.AddUnit(disks[i], scsi.UnitConfig{ScsiID: l.ScsiID, ScsiSN: l.ScsiSN, MaxTransfer: ring.MaxTransfer})
		if err == nil {
			err = st.Add(l.Number, unit)
		}
		if err != nil {
			return fmt.Errorf("LUN %d of %s: %w", l.Number, t.Name, err)
		}
	}
	return catalog.Add(&target.Target{Name: t.Name, SCSI: st, Keys: t.Keys, QueueDepth: s.cfg.QueueDepth})
}

// stop takes down what start has made: no new connections, no new commands,
// those in flight finish, and what was written is made durable.
func (s *server) stop() error {
	var all error
	if s.portal != nil {
		all = errors.Join(all, s.portal.Close())
	}
	if s.engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		all = errors.Join(all, s.engine.Shutdown(ctx))
		cancel()
	}
	for _, disks := range s.disks {
		for _, d := range disks {
			if err := errors.Join(d.Sync(), d.Close()); err != nil {
				all = errors.Join(all, fmt.Errorf("%s: %w", d.Path(), err))
			}
		}
	}
	if s.pidFile != nil {
		if err := s.pidFile.Remove(); err != nil {
			// A process that gave up root cannot always remove it; the lock is
			// free all the same.
			s.log.Warn().Err(err).Msg("the pid file stays")
		}
	}
	if all == nil && s.portal != nil {
		s.log.Info().Msg("ended: everything is flushed and closed")
	}
	return all
}
