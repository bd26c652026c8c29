// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/pdu"
)

// An ociProfile is seccomp.json, in the words of the OCI runtime specification.
type ociProfile struct {
	DefaultAction   string     `json:"defaultAction"`
	DefaultErrnoRet uint32     `json:"defaultErrnoRet"`
	Architectures   []string   `json:"architectures"`
	Syscalls        []ociGroup `json:"syscalls"`
}

type ociGroup struct {
	Comment  string   `json:"comment"`
	Names    []string `json:"names"`
	Action   string   `json:"action"`
	ErrnoRet uint32   `json:"errnoRet"`
	Args     []any    `json:"args"`
}

func profile(t *testing.T) ociProfile {
	t.Helper()
	var p ociProfile
	d := json.NewDecoder(strings.NewReader(read(t, "seccomp.json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProfile(t *testing.T) {
	p := profile(t)
	if p.DefaultAction != "SCMP_ACT_ERRNO" || p.DefaultErrnoRet != uint32(unix.EPERM) {
		t.Errorf("what is not named gives %s %d", p.DefaultAction, p.DefaultErrnoRet)
	}
	allowed := make(map[string]bool)
	for _, g := range p.Syscalls {
		for _, name := range g.Names {
			if _, twice := allowed[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			allowed[name] = g.Action == "SCMP_ACT_ALLOW"
		}
	}
	for name, want := range map[string]bool{
		"io_uring_setup": true, "io_uring_enter": true, "io_uring_register": true,
		"clone3": false, "mount": false, "ptrace": false, "bpf": false, "unshare": false, "setns": false,
	} {
		if allowed[name] != want {
			t.Errorf("%s allowed: %v, want %v", name, !want, want)
		}
	}
}

// In the environment, confined makes this test program put the filter in that
// file on itself and become confinedProgram.
const (
	confined        = "IETRING_TEST_CONFINED"
	confinedProgram = "IETRING_TEST_CONFINED_PROGRAM"
)

func TestMain(m *testing.M) {
	if os.Getenv(confined) == "" {
		os.Exit(m.Run())
	}
	program := os.Getenv(confinedProgram)
	err := confine(os.Getenv(confined))
	if err == nil {
		err = syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
	}
	fmt.Fprintln(os.Stderr, "confined:", err)
	os.Exit(3)
}

// confine puts the filter in a file on all threads.
func confine(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	filter := unsafe.Slice((*unix.SockFilter)(unsafe.Pointer(&b[0])), len(b)/int(unsafe.Sizeof(unix.SockFilter{})))
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}

// callNumbers returns the numbers of this machine's system calls.
func callNumbers(t *testing.T) map[string]uint32 {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skip("no go command that tells where the numbers are:", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+runtime.GOARCH+".go"))
	if err != nil {
		t.Fatal(err)
	}
	numbers := make(map[string]uint32)
	for _, m := range regexp.MustCompile(`SYS_([A-Z0-9_]+)\s*= (\d+)`).FindAllSubmatch(text, -1) {
		n, err := strconv.ParseUint(string(m[2]), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		numbers[strings.ToLower(string(m[1]))] = uint32(n)
	}
	return numbers
}

// compile makes a BPF program of the profile. Arguments are not looked at: what
// they forbid, ietd does not do. without leaves one call out.
func compile(t *testing.T, p ociProfile, without string) []byte {
	t.Helper()
	const (
		loadNumber = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		ifEqual    = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		result     = unix.BPF_RET | unix.BPF_K
	)
	numbers := callNumbers(t)
	program := []unix.SockFilter{{Code: loadNumber, K: 0}}
	for _, g := range p.Syscalls {
		action := uint32(unix.SECCOMP_RET_ALLOW)
		if g.Action != "SCMP_ACT_ALLOW" {
			action = unix.SECCOMP_RET_ERRNO | g.ErrnoRet
		}
		for _, name := range g.Names {
			n, here := numbers[name]
			if !here || name == without {
				continue // other architectures have it
			}
			program = append(program, unix.SockFilter{Code: ifEqual, Jf: 1, K: n}, unix.SockFilter{Code: result, K: action})
		}
	}
	program = append(program, unix.SockFilter{Code: result, K: unix.SECCOMP_RET_ERRNO | p.DefaultErrnoRet})
	size := len(program) * int(unsafe.Sizeof(program[0]))
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(&program[0])), size))
}

// startConfined starts ietd under the profile without one call.
func startConfined(t *testing.T, without string) (*daemon.Process, error) {
	t.Helper()
	dir := t.TempDir()
	filter, program := filepath.Join(dir, "filter"), filepath.Join(dir, "ietd")
	if err := os.WriteFile(filter, compile(t, profile(t), without), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := daemon.Build(".", program, false); err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(confined, filter)
	t.Setenv(confinedProgram, program)
	return daemon.StartIetd(os.Args[0], daemon.AnyCPU, "--target", targetName, "--lun", "0 Path="+disk, "--control-socket", "", "--metrics", "127.0.0.1:0")
}

const targetName = "iqn.2026-11.com.example:confined"

// TestServesConfined serves a disk under the profile, from login to the end.
func TestServesConfined(t *testing.T) {
	p, err := startConfined(t, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	s, err := initiator.Dial(initiator.Options{Address: p.Addr, Target: targetName, ISID: pdu.ISID{0x80, 0, 0, 0, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	lun, blocks := initiator.LUN(0), initiator.Range{LBA: 8, Blocks: 8}
	if err := s.Ready(lun); err != nil {
		t.Fatal(err)
	}
	wrote, got := bytes.Repeat([]byte("confined"), 512), make([]byte, 4096)
	if err := s.WriteBlocks(lun, blocks, wrote); err != nil {
		t.Fatal(err)
	}
	if err := s.ReadBlocks(lun, blocks, got); err != nil || !bytes.Equal(got, wrote) {
		t.Errorf("%v, or what was read is not what was written", err)
	}
	if text := scrape(t, p.Metrics()); !strings.Contains(text, "ietd_loop_commands_total{loop=\"0\",op=\"write\"}") || !strings.Contains(text, "\nietd_sessions 1\n") {
		t.Errorf("metrics:\n%s", text)
	}
	if _, err := s.Logout(); err != nil {
		t.Error(err)
	}
	if code, err := p.Stop(); code != 0 || err != nil {
		t.Errorf("exit code %d, %v\n%s", code, err, p.Log())
	}
}

// scrape asks for the metrics as a scraper does.
func scrape(t *testing.T, addr string) string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, text)
	}
	return string(text)
}

// TestConfinementHolds sees that the filter is there: without io_uring_setup
// ietd says what is in its way.
func TestConfinementHolds(t *testing.T) {
	_, err := startConfined(t, "io_uring_setup")
	if err == nil || !strings.Contains(err.Error(), "io_uring") {
		t.Errorf("%v", err)
	}
}
