// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import "strings"

// StartFloor starts the server without SCSI that the file path, bench/iscsi-load,
// holds, on a port of the kernel's choice, on one CPU or AnyCPU.
func StartFloor(path string, pin int) (*Process, error) {
	p, err := start(pin, path, "floor", "--address", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := p.waitFor(func() (string, bool) { return floorAddress(p.Log()) }); err != nil {
		return nil, err
	}
	return p, nil
}

// floorAddress finds the line that tells the address.
func floorAddress(log string) (addr string, ok bool) {
	line, _, whole := strings.Cut(log, "\n")
	addr, ok = strings.CutPrefix(line, "listening ")
	return addr, ok && whole
}
