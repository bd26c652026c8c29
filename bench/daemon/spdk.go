// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
)

// A SPDKUnit is one bdev of SPDK: a null device of Size bytes when Path is
// empty, else a file or block device past the page cache through io_uring, or
// through libaio where the build has no bdev_uring.
type SPDKUnit struct {
	Path string
	Size int64
}

// StartSPDK starts iscsi_tgt of the SPDK build in dir with one reactor on a CPU
// and one target whose units are numbered from 0. It polls: whoever measures
// others beside it stops it with SIGSTOP meanwhile. files is a folder for its
// control socket.
func StartSPDK(dir string, pin int, files, target string, units ...SPDKUnit) (*Process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	rpc := spdkRPC{script: filepath.Join(dir, "scripts", "rpc.py"), socket: filepath.Join(files, "spdk.sock")}
	p, err := start(pin, filepath.Join(dir, "build", "bin", "iscsi_tgt"), spdkArgs(pin, rpc.socket)...)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := p.waitFor(func() (string, bool) { return addr, rpc.run("framework_wait_init") == nil }); err != nil {
		return nil, err
	}
	for _, call := range spdkCalls(target, port, units) {
		err := rpc.run(call...)
		if err != nil && call[0] == "bdev_uring_create" {
			err = rpc.run(append([]string{"bdev_aio_create"}, call[1:]...)...)
		}
		if err != nil {
			_, stopErr := p.Stop()
			return nil, errors.Join(err, stopErr)
		}
	}
	return p, nil
}

// spdkArgs are the words of iscsi_tgt: one reactor, ordinary pages.
func spdkArgs(pin int, socket string) []string {
	const memory = "1024" // MiB
	core := max(pin, 0)
	return []string{"-m", fmt.Sprintf("[%d]", core), "-r", socket, "--no-huge", "-s", memory}
}

// spdkBlockLen is the logical block length of its units, in bytes.
const spdkBlockLen = 512

// spdkCalls are the calls that make the target.
func spdkCalls(target string, port int, units []SPDKUnit) [][]string {
	var calls [][]string
	luns := ""
	for i, u := range units {
		name := "disk" + strconv.Itoa(i)
		if u.Path == "" {
			calls = append(calls, []string{"bdev_null_create", name, strconv.FormatInt(u.Size>>20, 10), strconv.Itoa(spdkBlockLen)})
		} else {
			calls = append(calls, []string{"bdev_uring_create", u.Path, name, strconv.Itoa(spdkBlockLen)})
		}
		if i > 0 {
			luns += " "
		}
		luns += name + ":" + strconv.Itoa(i)
	}
	const tag, queueDepth = "1", "128"
	return append(calls,
		[]string{"iscsi_create_portal_group", tag, "127.0.0.1:" + strconv.Itoa(port)},
		[]string{"iscsi_create_initiator_group", tag, "ANY", "127.0.0.1/32"},
		[]string{"iscsi_create_target_node", target, "bench", luns, tag + ":" + tag, queueDepth, "-d"})
}

// spdkRPC is SPDK's control script on one socket.
type spdkRPC struct{ script, socket string }

func (r spdkRPC) run(call ...string) error {
	args := append([]string{"-s", r.socket}, call...)
	if out, err := exec.Command(r.script, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("rpc.py %s: %w: %s", call[0], err, out)
	}
	return nil
}
