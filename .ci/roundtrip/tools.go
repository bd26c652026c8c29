// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"ietring/.ci/serve"
)

// askTools runs libiscsi's tools on the target and looks for what each must
// say about a disk of imageSize bytes.
func askTools(t *serve.Target, r row) error {
	url := t.URL(0) + r.query()
	for _, ask := range []struct {
		tool []string
		want []string
	}{
		{[]string{"iscsi-ls", "--show-luns", "iscsi://" + t.Portal + r.query()}, []string{
			fmt.Sprintf("Target:%s Portal:%s,1", serve.IQN, t.Portal),
			"Lun:0    Type:DIRECT_ACCESS (Size:",
		}},
		{[]string{"iscsi-inq", url}, []string{
			"Peripheral Qualifier:CONNECTED",
			"Peripheral Device Type:DIRECT_ACCESS",
			"Vendor:IET ",
			"Product:VIRTUAL-DISK",
		}},
		{[]string{"iscsi-inq", "--evpd=1", "--pagecode=128", url}, []string{"Unit Serial Number:["}},
		{[]string{"iscsi-readcapacity16", url}, []string{
			fmt.Sprintf("RETURNED LOGICAL BLOCK ADDRESS:%d\n", imageSize/r.blockSize-1),
			fmt.Sprintf("LOGICAL BLOCK LENGTH IN BYTES:%d\n", r.blockSize),
			fmt.Sprintf("Total size:%d\n", imageSize),
		}},
	} {
		said, err := serve.Run(ask.tool[0], ask.tool[1:]...)
		if err != nil {
			return err
		}
		for _, w := range ask.want {
			if !strings.Contains(said, w) {
				return fmt.Errorf("%s does not say %q but:\n%s", strings.Join(ask.tool, " "), w, said)
			}
		}
	}
	return nil
}
