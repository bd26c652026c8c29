// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"strings"

	"ietring/cmd/ietd/internal/admin"
)

// parseParams takes --params apart at its commas. The digest keys take lists, as
// in HeaderDigest=CRC32C,None: what follows one of them without a key of its own
// belongs to it. Empty parts are passed over, as in IET.
func parseParams(s string) ([]admin.Param, error) {
	var list []admin.Param
	for part := range strings.SplitSeq(s, ",") {
		key, value, found := strings.Cut(part, "=")
		switch {
		case part == "":
		case found:
			list = append(list, admin.Param{Key: key, Value: value})
		case len(list) > 0 && isDigest(list[len(list)-1].Key):
			list[len(list)-1].Value += "," + part
		default:
			return nil, invalid("a part of --params has no value; write KEY=VALUE,KEY=VALUE")
		}
	}
	if len(list) == 0 {
		return nil, invalid("give --params KEY=VALUE,KEY=VALUE")
	}
	return list, nil
}

func isDigest(key string) bool {
	return strings.EqualFold(key, "HeaderDigest") || strings.EqualFold(key, "DataDigest")
}
