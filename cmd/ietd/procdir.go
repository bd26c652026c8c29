// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/admin"
)

// procPause is how long changes are gathered before the files are written anew.
const procPause = 100 * time.Millisecond

// procTexts are the files of --proc-dir: those of IET's /proc/net/iet.
var procTexts = []struct {
	name string
	text func([]admin.Target) []byte
}{
	{"volume", admin.VolumeText},
	{"session", admin.SessionText},
}

// procDir keeps the files of --proc-dir as what runs is. One goroutine writes.
type procDir struct {
	dir     string
	targets func() []admin.Target
	log     zerolog.Logger
	changed chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

// openProcDir writes the files for the first time and keeps them from then on.
func openProcDir(dir string, targets func() []admin.Target, log zerolog.Logger) (*procDir, error) {
	p := &procDir{dir: dir, targets: targets, log: log, changed: make(chan struct{}, 1), done: make(chan struct{})}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("--proc-dir: %w", err)
	}
	if err := p.write(); err != nil {
		return nil, fmt.Errorf("--proc-dir: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go p.run(ctx)
	return p, nil
}

// tell says that what runs is different. It does not wait.
func (p *procDir) tell() {
	select {
	case p.changed <- struct{}{}:
	default: // it will be written
	}
}

// close ends the writing and removes the files: nothing runs any more.
func (p *procDir) close() error {
	p.stop()
	<-p.done
	var all error
	for _, f := range procTexts {
		if err := os.Remove(filepath.Join(p.dir, f.name)); !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

func (p *procDir) run(ctx context.Context) {
	defer close(p.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.changed:
		}
		if err := p.write(); err != nil {
			p.log.Error().Err(err).Msg("a file of --proc-dir is not as what runs is")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(procPause):
		}
	}
}

// write replaces the files, so that a reader sees each whole.
func (p *procDir) write() error {
	targets := p.targets()
	for _, f := range procTexts {
		if err := replaceFile(filepath.Join(p.dir, f.name), f.text(targets)); err != nil {
			return err
		}
	}
	return nil
}

func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
