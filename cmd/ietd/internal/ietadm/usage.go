// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"bytes"
	"fmt"
)

// printUsage writes the text of --help.
func printUsage(out *bytes.Buffer) {
	fmt.Fprintf(out, `ietadm looks at a running ietd and changes it. What it changes is gone when
ietd ends, unless it goes into ietd.conf too; ietadm dump prints a file that does.

Targets:
  --op new --tid N --params Name=NAME      add a target; 0 is the next free number
  --op update --tid N --params KEY=VALUE,...
                                           change what ietd.conf says of it
  --op update --tid N --redirect ADDRESS[:PORT]
                                           send logins elsewhere; '' ends it
  --op show --tid N                        show its parameters
  --op delete --tid N [--force]            remove it; busy while it has sessions
LUNs:
  --op new --tid N --lun L --params Path=FILE[,KEY=VALUE...]
  --op update --tid N --lun L              see whether the file or device has grown
  --op update --tid N --lun L --params IOMode=ro|wt|wb or Path=FILE
  --op show --tid N --lun L                who has registered and reserved what
  --op delete --tid N --lun L              remove it when its last command has ended
Sessions:
  --op show --tid N --sid S                show its keys; 0: those that are offered
  --op delete --tid N --sid S [--cid C]    close it, or one connection of it
Accounts (of discovery without --tid):
  --op show --user [--tid N]               list them
  --op show --user [--tid N] --params IncomingUser=NAME
                                           show one, with its secret
  --op new --user [--tid N] --params IncomingUser=NAME,Password=SECRET
  --op delete --user [--tid N] --params IncomingUser=NAME
                                           OutgoingUser is what ietd answers with
ietd:
  --op show --volume, --op show --session  the texts of /proc/net/iet
  reload [--dry-run]                       read ietd.conf again
  dump                                     print what runs as an ietd.conf
  --op delete                              leave iSNS

--target NAME stands for --tid N everywhere.

Flags:
%s
Exit codes: 0; else 256 less the errno: 255 not permitted, or arguments that
cannot be, 254 not there, 240 busy, 239 there already, 234 invalid or no --op,
145 ietd does not run.
`, newCommand().fs.FlagUsages())
}
