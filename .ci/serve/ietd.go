// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// IQN is the name of the target that Start serves.
const IQN = "iqn.2026-11.com.example:check"

const (
	startLimit = 20 * time.Second // from exec to "listening"
	stopLimit  = 20 * time.Second // from SIGTERM to exit; ietd flushes here
)

// Binary is where the Makefile puts ietd, seen from the top of the repository.
const Binary = "./ietd"

// A Target is a running ietd with one target, IQN.
type Target struct {
	Portal string // host:port that it listens on

	command *exec.Cmd
	args    []string
	exited  chan error
	logPath string
}

// Start runs ietd with a target that has the given LUNs, LUN number i from
// luns[i], written as after "Lun <n>" in ietd.conf. The flags are added as they
// are, say "--session", "HeaderDigest=CRC32C". The log goes to ietd.log in
// folder. An error holds the end of the log.
func Start(folder string, luns []string, flags ...string) (*Target, error) {
	args := []string{"--target", IQN}
	for i, l := range luns {
		args = append(args, "--lun", fmt.Sprintf("%d %s", i, l))
	}
	return start(folder, append(args, flags...))
}

// StartConf runs ietd with the text of an ietd.conf, which becomes ietd.conf in
// folder, and with the flags as they are.
func StartConf(folder, conf string, flags ...string) (*Target, error) {
	path := filepath.Join(folder, "ietd.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return nil, err
	}
	return start(folder, append([]string{"--config", path}, flags...))
}

// start runs ietd on a free port of the loopback address, out of reach of what
// this machine has in /etc and /run.
func start(folder string, args []string) (*Target, error) {
	t := &Target{
		args: append([]string{"--address", "127.0.0.1", "--log-format", "json",
			"--control-socket", "", "--access-dir", folder, "--state-dir", folder}, args...),
		logPath: filepath.Join(folder, "ietd.log"),
	}
	if err := t.launch("0"); err != nil {
		return nil, err
	}
	return t, nil
}

// launch starts the process and waits until it listens on the port. The log is
// appended to.
func (t *Target) launch(port string) error {
	t.command = exec.Command(Binary, append(t.args, "--port", port)...)
	t.exited = make(chan error, 1)
	log, err := os.OpenFile(t.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	// The process writes its log through a pipe, so that a record is seen the
	// moment it is written; the copy on disk is for the reader of a failure.
	stderr, err := t.command.StderrPipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	t.command.Stdout = log
	if err := t.command.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	address := make(chan string, 1)
	go func(command *exec.Cmd, exited chan<- error) {
		watchLog(io.TeeReader(stderr, log), address)
		err := command.Wait()
		exited <- errors.Join(err, log.Close())
	}(t.command, t.exited)
	select {
	case t.Portal = <-address:
		return nil
	case err := <-t.exited:
		t.exited <- err // Stop sees it, too
		return fmt.Errorf("ietd ended before it listened (%v):\n%s", err, t.logEnd())
	case <-time.After(startLimit):
		return errors.Join(fmt.Errorf("ietd does not listen after %v:\n%s", startLimit, t.logEnd()), t.Kill())
	}
}

// Restart ends ietd as a crash would, and starts it again on the same port.
func (t *Target) Restart() error {
	_, port, err := net.SplitHostPort(t.Portal)
	if err != nil {
		return err
	}
	if err := t.Kill(); err != nil {
		return err
	}
	return t.launch(port)
}

// watchLog reads JSON records until the end of the log, and gives the address
// of the first "listening" record to address.
func watchLog(log io.Reader, address chan<- string) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	seen := false
	for lines.Scan() {
		var record struct{ Message, Address string }
		if seen || json.Unmarshal(lines.Bytes(), &record) != nil || record.Message != "listening" {
			continue // other records, and lines that are none, are only copied
		}
		seen = true
		address <- record.Address
	}
	// After a line too long for the scanner the rest is read all the same:
	// ietd must not block on a full pipe. What fails here is the log's copy,
	// and its reader sees that it ends early.
	io.Copy(io.Discard, log)
}

// URL is the libiscsi address of a LUN.
func (t *Target) URL(lun int) string {
	return fmt.Sprintf("iscsi://%s/%s/%d", t.Portal, IQN, lun)
}

// Stop ends ietd as an administrator would, with SIGTERM, and waits. An exit
// code other than 0 is an error, and so is an ietd that had ended before.
func (t *Target) Stop() error {
	select {
	case err := <-t.exited:
		return fmt.Errorf("ietd had ended by itself (%v):\n%s", err, t.logEnd())
	default:
	}
	if err := t.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-t.exited:
		if err != nil {
			return fmt.Errorf("ietd after SIGTERM: %v:\n%s", err, t.logEnd())
		}
		return nil
	case <-time.After(stopLimit):
		return errors.Join(fmt.Errorf("ietd still runs %v after SIGTERM:\n%s", stopLimit, t.logEnd()), t.Kill())
	}
}

// Kill ends ietd as a crash would, and waits for it.
func (t *Target) Kill() error {
	if err := t.command.Process.Kill(); err != nil {
		return err
	}
	<-t.exited // says "signal: killed", which is what was wanted
	return nil
}

// logEnd is the last part of the log, for a message.
func (t *Target) logEnd() string {
	const most = 4000
	b, err := os.ReadFile(t.logPath)
	if err != nil {
		return err.Error()
	}
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(b)
}
