// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// topFolder is the top of the repository, where .ci/guest is run.
const topFolder = "../../../.."

// logIn is what the guest does for a flow: no discovery, which would be another
// connection; one command at a time, for the order of what overtakes each other
// is not the same in each run; and no pings, for they come by the clock.
const logIn = `. /out/login.sh
IQN=%s SESSIONS=1 PORTALS=1
node -p 10.0.2.2:%s,1 -o new > /dev/null
set_to() { node -o update -n "$1" -v "$2"; }
set_to node.session.queue_depth 1
set_to node.conn[0].timeo.noop_out_interval 0
%snode --login > /dev/null
find_disks 1
dd if=$DISK0 of=/dev/null bs=4k count=2 iflag=direct status=none
dd if=/dev/zero of=$DISK0 bs=4k count=2 oflag=direct conv=fsync status=none
node --logout > /dev/null
`

// linux has the Linux kernel of .ci/guest log in, with settings of its node
// record, and use the disk that appears.
func linux(settings map[string]string) func(string) error {
	return func(portal string) error {
		_, port, err := net.SplitHostPort(portal)
		if err != nil {
			return err
		}
		var set string
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			set += fmt.Sprintf("set_to %s %s\n", name, settings[name])
		}
		script, err := os.CreateTemp("", "guest-flow")
		if err != nil {
			return err
		}
		defer os.Remove(script.Name())
		if _, err := fmt.Fprintf(script, logIn, servedTarget, port, set); err != nil {
			return err
		}
		if err := script.Close(); err != nil {
			return err
		}
		cmd := exec.Command("go", "run", "./.ci/guest", "-script", script.Name())
		cmd.Dir = filepath.FromSlash(topFolder)
		if out, err := cmd.CombinedOutput(); err != nil {
			return errors.New(string(bytes.TrimSpace(out)) + ": " + err.Error())
		}
		return nil
	}
}
