// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/state"
	"ietring/cmd/ietd/internal/systemd"
)

// backend is the running state as ietadm sees it. A reload is told to the
// service manager and to the log, whoever asked for it.
type backend struct {
	*state.Manager
	notify *systemd.Notifier
	log    zerolog.Logger
}

// Reload reads the configuration again and applies what differs.
func (b *backend) Reload(dryRun bool) ([]string, error) {
	if dryRun {
		return b.Manager.Reload(true)
	}
	tell(b.log, b.notify.Reloading())
	lines, err := b.Manager.Reload(false)
	tell(b.log, b.notify.Ready())
	for _, line := range lines {
		b.log.Info().Msg("reload: " + line)
	}
	switch {
	case err != nil:
		b.log.Error().Err(err).Msg("reload refused")
	case len(lines) == 0:
		b.log.Info().Msg("reloaded: nothing is different")
	default:
		b.log.Info().Int("differences", len(lines)).Msg("reloaded")
	}
	return lines, err
}

// tell logs that the service manager could not be told something. It may then
// do what it does with a daemon that says nothing; there is no other remedy.
func tell(log zerolog.Logger, err error) {
	if err != nil {
		log.Warn().Err(err).Msg("the service manager was not told")
	}
}

// logReport logs what was found in ietd.conf.
func logReport(log zerolog.Logger, report config.Report) {
	for _, f := range report {
		event := log.Info()
		if f.Severity != config.Note {
			event = log.Warn()
		}
		event.Msg(f.String())
	}
}
