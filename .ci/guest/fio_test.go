// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestParseFio(t *testing.T) {
	for _, row := range []struct {
		sentence string
		text     string
		want     figure // zero: refused
	}{
		{"a report of one group", `{"jobs":[{"mixed":{"iops":1250.5,"bw_bytes":5122048,
			"clat_ns":{"percentile":{"50.000000":640000,"99.000000":2500500}}}}]}`,
			figure{IOPS: 1250.5, P50us: 640, P99us: 2500.5, BWMBps: 5.122048}},
		{"a report of two groups", `{"jobs":[{"mixed":{"iops":1}},{"mixed":{"iops":2}}]}`, figure{}},
		{"a report without I/O", `{"jobs":[{"mixed":{"iops":0}}]}`, figure{}},
		{"no report", `fio: engine libaio not loadable`, figure{}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			got, err := parseFio([]byte(row.text))
			switch {
			case err != nil && row.want != figure{}:
				t.Error(err)
			case err == nil && *got != row.want:
				t.Errorf("%+v, want %+v", *got, row.want)
			}
		})
	}
}
