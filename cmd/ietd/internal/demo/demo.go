// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"ietring/cmd/ietd/internal/config"
)

// TargetName is the demo's target.
const TargetName = "iqn.2026-11.com.example:demo"

const (
	fileName = "disk0.img"
	fileSize = 1 << 30
)

// Dir returns the folder of the demo's disk: /var/lib/ietd/demo for root, else
// one in the user's state folder (XDG Base Directory Specification).
func Dir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/ietd/demo", nil
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "ietd", "demo"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("--demo: there is no place for its disk: %w", err)
	}
	return filepath.Join(home, ".local", "state", "ietd", "demo"), nil
}

// Prepare makes the disk file in dir, unless it is there with its data, and
// returns the target, whose sessions agree on keys.
func Prepare(dir string, keys config.SessionKeys) (config.Target, error) {
	t := config.Target{Name: TargetName, Keys: keys}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return t, fmt.Errorf("--demo: %w", err)
	}
	path := filepath.Join(dir, fileName)
	if err := makeFile(path); err != nil {
		return t, fmt.Errorf("--demo: %w", err)
	}
	for _, line := range []string{"0 Path=" + path + ",Type=fileio", "1 Type=nullio"} {
		lun, err := config.ParseLun(t.Name, line)
		if err != nil {
			return t, fmt.Errorf("--demo: LUN %s: %w", line, err)
		}
		t.Luns = append(t.Luns, lun)
	}
	return t, nil
}

// makeFile makes a sparse file at path. One that is there is left alone.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Truncate(fileSize); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	return f.Close()
}

// Explain writes what to type to use the demo, which listens on portals and
// keeps its disk in dir.
func Explain(w io.Writer, dir string, portals []netip.AddrPort) error {
	at := reachable(portals)
	url := fmt.Sprintf("iscsi://%s/%s", at, TargetName)
	_, err := fmt.Fprintf(w, `
ietd serves %[1]s on %[2]s
  LUN 0  a disk of 1 GiB in %[3]s (it survives a restart; delete the folder to start anew)
  LUN 1  nullio: reads zeros, forgets writes

Linux:
  iscsiadm -m discovery -t sendtargets -p %[2]s
  iscsiadm -m node -T %[1]s -p %[2]s --login
QEMU:
  qemu-img info %[4]s/0
  qemu-system-x86_64 -drive file=%[4]s/0,format=raw
libiscsi:
  iscsi-ls -s iscsi://%[2]s
  iscsi-inq %[4]s/0

Ctrl-C ends it.
`, TargetName, at, filepath.Join(dir, fileName), url)
	return err
}

// reachable returns an address that a person on this machine can type for the
// first portal: a wildcard becomes loopback.
func reachable(portals []netip.AddrPort) netip.AddrPort {
	p := portals[0]
	if !p.Addr().IsUnspecified() {
		return p
	}
	if p.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), p.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), p.Port())
}
