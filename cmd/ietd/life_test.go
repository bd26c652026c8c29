// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ietring/pdu"
	"ietring/ring"
)

// TestMain lets the test binary be the program, so that its life can be tested
// from outside.
func TestMain(m *testing.M) {
	if os.Getenv("IETD_TEST_BE_IETD") == "1" {
		os.Exit(run(os.Args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// ietd is a running program.
type ietd struct {
	*exec.Cmd
	addr netip.AddrPort
	log  *bufio.Scanner
}

// startIetd starts the program on a free port of loopback and waits until it
// listens.
func startIetd(t *testing.T, args ...string) *ietd {
	t.Helper()
	if err := ring.Probe(); err != nil {
		t.Skipf("the data plane cannot run here: %v", err)
	}
	args = append([]string{"-a", "127.0.0.1", "-p", "0", "--threads", "1", "--log-format", "json"}, args...)
	p := &ietd{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(os.Environ(), "IETD_TEST_BE_IETD=1")
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	p.log = bufio.NewScanner(stderr)
	for p.log.Scan() {
		var line struct{ Message, Address string }
		if json.Unmarshal(p.log.Bytes(), &line) == nil && line.Message == "listening" {
			p.addr = netip.MustParseAddrPort(line.Address)
			return p
		}
		t.Logf("ietd: %s", p.log.Text())
	}
	t.Fatal("ietd did not listen")
	return nil
}

// end sends a signal and returns the exit code.
func (p *ietd) end(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(15*time.Second, func() { p.Process.Kill() })
	defer kill.Stop()
	for p.log.Scan() {
		t.Logf("ietd: %s", p.log.Text())
	}
	p.Wait()
	return p.ProcessState.ExitCode()
}

func TestLife(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "ietd.pid")
	p := startIetd(t, "--target", testName, "--lun", "0 Type=nullio", "--pid-file", pid)
	if got, err := os.ReadFile(pid); err != nil || len(strings.TrimSpace(string(got))) == 0 {
		t.Errorf("pid file: %q, %v", got, err)
	}
	c, err := net.Dial("tcp", p.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	logIn(t, c)

	// SendTargets in a normal session comes back from the control plane.
	got := ask(t, c, pdu.OpText, 2, "SendTargets=All\x00")
	want := "TargetName=" + testName + "\x00TargetAddress=" + p.addr.String() + ",1\x00"
	if string(got.Data) != want {
		t.Errorf("SendTargets: %q, want %q", got.Data, want)
	}

	if code := p.end(t, syscall.SIGTERM); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(pid); !os.IsNotExist(err) {
		t.Errorf("the pid file after the end: %v", err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed in order: %v", err)
	}
}

func TestTwoOfThem(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "ietd.pid")
	p := startIetd(t, "--target", testName, "--lun", "0 Type=nullio", "--pid-file", pid)
	second := exec.Command(os.Args[0], "-a", "127.0.0.1", "-p", "0", "--target", testName, "--lun", "0 Type=nullio", "--pid-file", pid)
	second.Env = append(os.Environ(), "IETD_TEST_BE_IETD=1")
	out, _ := second.CombinedOutput()
	if second.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "holds its lock") {
		t.Errorf("exit code %d: %s", second.ProcessState.ExitCode(), out)
	}
	if code := p.end(t, syscall.SIGINT); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}

var wire = pdu.Framing{MaxDataLen: 1 << 20}

// ask sends one PDU and returns the answer.
func ask(t *testing.T, c net.Conn, op pdu.Opcode, itt uint32, text string) *pdu.PDU {
	t.Helper()
	p := new(pdu.PDU)
	p.SetOpcode(op)
	p.SetImmediate()
	p.SetFinal()
	p.SetITT(itt)
	p.SetCmdSN(1)
	switch op {
	case pdu.OpLogin:
		p.LoginRequest().SetStage(pdu.StageOperational, pdu.StageFullFeature, true, false)
		p.LoginRequest().SetISID(pdu.ISID{0x80, 0, 0, 0, 0, 1})
	case pdu.OpText:
		p.TextRequest().SetTTT(pdu.NoTag)
	}
	p.Data = []byte(text)
	if _, err := c.Write(wire.Append(nil, p)); err != nil {
		t.Fatal(err)
	}
	answer := new(pdu.PDU)
	if err := wire.Read(c, answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func logIn(t *testing.T, c net.Conn) {
	t.Helper()
	p := ask(t, c, pdu.OpLogin, 1, "InitiatorName=iqn.2026-11.com.example:host\x00TargetName="+testName+"\x00")
	if s := p.LoginResponse().Status(); s != pdu.LoginSuccess {
		t.Fatalf("login status %#04x", s)
	}
}
