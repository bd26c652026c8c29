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

	"ietring/cmd/ietd/internal/access"
	"ietring/cmd/ietd/internal/admin"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/demo"
	"ietring/cmd/ietd/internal/discovery"
	"ietring/cmd/ietd/internal/login"
	"ietring/cmd/ietd/internal/metrics"
	"ietring/cmd/ietd/internal/portal"
	"ietring/cmd/ietd/internal/process"
	"ietring/cmd/ietd/internal/session"
	"ietring/cmd/ietd/internal/state"
	"ietring/cmd/ietd/internal/systemd"
	"ietring/cmd/ietd/internal/target"
	"ietring/ring"
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
	cfg *config.Config
	log zerolog.Logger

	demoDir  string
	demo     config.Target
	notify   *systemd.Notifier
	catalog  target.Catalog
	sessions *session.Registry
	state    *state.Manager
	admit    target.Admissions
	isns     *announcer // nil without an iSNS server
	pidFile  *process.PIDFile
	engine   *ring.Engine
	metrics  *metrics.Server // nil without --metrics
	portal   *portal.Server
	proc     *procDir // nil without --proc-dir
	admin    *admin.Server
	watched  context.CancelFunc
}

// serve runs the program until a signal ends it. flush writes the log out.
func serve(s *server, stdout io.Writer, flush func()) error {
	// Signals are caught from the first moment: what start has made is taken
	// down in order.
	ends, reloads := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(ends)
	signal.Notify(reloads, syscall.SIGHUP)
	defer signal.Stop(reloads)

	if err := s.start(); err != nil {
		return errors.Join(err, s.stop())
	}
	if s.cfg.Demo {
		if err := demo.Explain(stdout, s.demoDir, s.portal.Portals()); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	go func() {
		for range reloads {
			// backend logs what comes of it.
			_, _ = s.backend().Reload(false)
		}
	}()
	first := <-ends
	s.log.Info().Stringer("signal", first).Dur("most_ms", shutdownTime).Msg("ending: commands in flight finish; a second signal ends at once")
	go func() {
		second := <-ends
		s.log.Warn().Stringer("signal", second).Msg("ended at once")
		flush()
		os.Exit(exitFailed)
	}()
	return s.stop()
}

// start brings everything up. What it has made when it fails, stop takes down.
func (s *server) start() error {
	logReport(s.log, s.cfg.Report)
	var err error
	if s.notify, err = systemd.NewNotifier(); err != nil {
		return err
	}
	if err := s.openState(); err != nil {
		return &refusedError{err}
	}
	if err := ring.Probe(); err != nil {
		return err
	}
	if s.cfg.PIDFile != "" {
		if s.pidFile, err = process.OpenPIDFile(s.cfg.PIDFile); err != nil {
			return err
		}
	}
	if err := s.startEngine(); err != nil {
		return err
	}
	if err := s.openDoors(); err != nil {
		return err
	}
	if err := process.Drop(s.cfg.UID, s.cfg.GID); err != nil {
		return err
	}
	if s.metrics != nil {
		s.metrics.Serve()
	}
	s.portal.Serve()
	if s.admin != nil {
		s.admin.Serve()
	}
	if s.isns != nil {
		s.isns.start()
	}
	tell(s.log, s.notify.Ready())
	var ctx context.Context
	ctx, s.watched = context.WithCancel(context.Background())
	go s.notify.Watch(ctx, s.healthy, func(err error) { s.log.Error().Err(err).Msg("the watchdog of the service manager") })
	return nil
}

// openState opens the disk of every LUN, the demo's too.
func (s *server) openState() error {
	if s.cfg.Demo {
		if err := s.addDemo(); err != nil {
			return err
		}
	}
	s.sessions = session.NewRegistry(reinstateTime)
	s.admit = target.Admissions{accessFiles{access.New(s.cfg.AccessDir, s.log)}}
	if s.cfg.ISNSServer != "" {
		var err error
		if s.isns, err = newAnnouncer(s.cfg, &s.catalog, s.portals, s.log); err != nil {
			return err
		}
		s.admit = append(s.admit, s.isns)
	}
	s.state = state.New(state.Options{
		Catalog: &s.catalog, Sessions: s.sessions, Log: s.log,
		Read: s.read, Changed: s.changed, StopAll: s.deregister,
	})
	return s.state.Open(s.cfg, s.mustOpen)
}

// mustOpen reports whether a backing of the target that is missing refuses the
// start: always for what flags name, since whoever typed them is there to hear
// it, and with --strict for what ietd.conf names.
func (s *server) mustOpen(name string) bool {
	if s.cfg.Strict || name == demo.TargetName {
		return true
	}
	for i := range s.cfg.Targets {
		if t := &s.cfg.Targets[i]; t.Name == name {
			return t.ByFlags
		}
	}
	return false
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
	s.demoDir, s.demo = dir, t
	s.cfg.Targets = append(s.cfg.Targets, t)
	return nil
}

// read makes the configuration anew, for a reload.
func (s *server) read() (*config.Config, error) {
	next, err := s.cfg.Reload()
	if err == nil && next.Demo {
		next.Targets = append(next.Targets, s.demo)
	}
	return next, err
}

// changed tells those who show what runs that it is different.
func (s *server) changed() {
	if s.proc != nil {
		s.proc.tell()
	}
	if s.isns != nil {
		s.isns.TargetsChanged()
	}
}

// sessionChanged is changed for who shows sessions.
func (s *server) sessionChanged() {
	if s.proc != nil {
		s.proc.tell()
	}
}

// deregister is IET's delete without an object.
func (s *server) deregister() error {
	if s.isns != nil {
		s.isns.end()
	}
	return nil
}

// portals returns where we listen.
func (s *server) portals() []netip.AddrPort { return s.portal.Portals() }

// backend returns what ietadm and SIGHUP work with.
func (s *server) backend() *backend { return &backend{s.state, s.notify, s.log} }

// healthy returns nil while every loop turns.
func (s *server) healthy() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.notify.Watchdog()/4)
	defer cancel()
	return s.engine.Alive(ctx)
}

// startEngine starts the loops and gives them the units.
func (s *server) startEngine() error {
	if s.cfg.ProcDir != "" {
		var err error
		if s.proc, err = openProcDir(s.cfg.ProcDir, s.state.Targets, s.log); err != nil {
			return err
		}
	}
	directory := s.directory()
	var err error
	s.engine, err = ring.Start(ring.Config{
		Threads: s.cfg.Threads, RingEntries: s.cfg.RingEntries, Workers: s.cfg.Workers,
		CPUs: s.cfg.CPUs, BufferMemory: s.cfg.BufferMemory, BusyPoll: s.cfg.BusyPoll,
		Control: &control{directory, s.sessions, s.state, s.sessionChanged, s.log}, Log: s.log,
	})
	if err != nil {
		return err
	}
	return s.state.Start(s.engine)
}

func (s *server) directory() *discovery.Directory {
	return &discovery.Directory{Targets: &s.catalog, Portals: s.portals, Groups: s.cfg.Groups, Admissions: s.admit}
}

// openDoors binds what others come in by: the portals, the control socket and the
// address of --metrics.
func (s *server) openDoors() error {
	given, err := systemd.Listeners()
	if err != nil {
		return err
	}
	if s.cfg.Metrics.IsValid() {
		s.metrics, err = metrics.Listen(s.cfg.Metrics, metrics.Source{
			Loops: s.cfg.Threads, Counters: s.engine.Counters, Sessions: s.sessions.Len,
		}, s.log)
		if err != nil {
			return err
		}
	}
	s.portal, err = portal.Listen(portal.Config{
		Listeners: given, Addrs: s.cfg.Portals, Port: s.cfg.Port,
		Login: &login.Server{
			Targets: &s.catalog, Sessions: s.sessions, Admissions: s.admit, Groups: s.cfg.Groups,
			Engine: engine{s.engine, s.state, s.sessionChanged},
		},
		Directory: s.directory(), Log: s.log,
	})
	if err != nil || s.cfg.ControlSocket == "" {
		return err
	}
	s.admin, err = admin.Listen(s.cfg.ControlSocket, s.backend(), s.log)
	if err != nil && s.cfg.ControlSocket == config.DefaultControlSocket() {
		// Nobody asked for it: several of us may run on one machine.
		s.log.Warn().Err(err).Msg("ietadm cannot reach this ietd; give it another --control-socket")
		return nil
	}
	return err
}

// stop takes down what start has made: no new connections, no new commands,
// those in flight finish, and what was written is made durable.
func (s *server) stop() error {
	var all error
	if s.watched != nil {
		tell(s.log, s.notify.Stopping())
		s.watched()
	}
	if s.admin != nil {
		all = errors.Join(all, s.admin.Close())
	}
	if s.metrics != nil {
		all = errors.Join(all, s.metrics.Close())
	}
	if s.isns != nil {
		s.isns.end()
	}
	if s.portal != nil {
		all = errors.Join(all, s.portal.Close())
	}
	if s.engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		all = errors.Join(all, s.engine.Shutdown(ctx))
		cancel()
	}
	if s.state != nil {
		all = errors.Join(all, s.state.Close())
	}
	if s.proc != nil {
		all = errors.Join(all, s.proc.close())
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
