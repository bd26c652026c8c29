// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// StartIstgt starts Debian's istgt with one target, a name with one colon, and
// one unit, LUN 0: a file of size bytes, through the page cache, with a write
// cache. istgt has no null unit. dir is a folder for its files.
func StartIstgt(pin int, target, dir, path string, size int64) (*Process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	control, err := freePort()
	if err != nil {
		return nil, err
	}
	text, err := istgtConfig(target, dir, path, size, port, control)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "istgt.conf")
	for name, content := range map[string]string{config: text, filepath.Join(dir, "auth.conf"): ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	p, err := start(pin, "istgt", "-D", "-c", config)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return p, p.waitFor(func() (string, bool) { return addr, answers(addr) })
}

// istgtConfig writes istgt.conf.
func istgtConfig(target, dir, path string, size int64, port, control int) (string, error) {
	base, name, ok := strings.Cut(target, ":")
	if !ok || strings.ContainsAny(target+dir+path, " \t\n\"") {
		return "", fmt.Errorf("istgt.conf cannot hold target %q on %q in %q", target, path, dir)
	}
	return fmt.Sprintf(`[Global]
  NodeBase "%[1]s"
  PidFile %[3]s/istgt.pid
  AuthFile %[3]s/auth.conf
  MediaDirectory %[3]s
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod None
  MaxSessions 128
  MaxConnections 1
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  AuthGroup None
  Portal UC1 127.0.0.1:%[7]d
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 127.0.0.1:%[6]d
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.0/8
[LogicalUnit1]
  TargetName %[2]s
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod None
  UseDigest Auto
  UnitType Disk
  QueueDepth 128
  LUN0 Storage %[4]s %[5]dMB
`, base, name, dir, path, size>>20, port, control), nil
}

// answers reports whether somebody listens at addr.
func answers(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
