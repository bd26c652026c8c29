// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"testing"

	"ietring/backing"
	"ietring/backing/backingtest"
	"ietring/scsi"
)

// When the data plane has ended, so has its hold on the devices: whoever starts next,
// a new ietd after a restart, opens them for himself alone. The kernel ends a ring
// some time after it is closed, and a file in its table is open until then.
func TestDevicesAreFree(t *testing.T) {
	params := backing.Params{Type: "blockio", Path: backingtest.LoopDevice(t, 512, 2<<20)}
	for range 20 {
		p := newPlane(t, 2)
		d, err := backing.Open(params)
		if err != nil {
			t.Fatal(err)
		}
		p.show(2, d, scsi.UnitConfig{ScsiSN: "test"})
		i := p.connect(defaults)
		i.do(2, []byte{0, 0, 0, 0, 0, 0}, 0, nil) // the unit attention of a new unit
		if r := i.do(2, write10(0, 8), 0, pattern(4096, 1)); r.status != scsi.StatusGood {
			t.Fatalf("%+v", r)
		}
		p.end()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
