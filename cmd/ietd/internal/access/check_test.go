// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name, file, text string
		want             []string // after the path
	}{
		{"nothing wrong", "initiators.allow", "# x\n" + disk + " 10.0.0.1, [::1], iqn.*\nALL ALL\n", nil},
		{"host bits", "initiators.allow", "\nALL 10.0.0.1/24\n",
			[]string{`:2: error: "10.0.0.1/24" has bits beyond its prefix; write 10.0.0.0/24 for the network, or the address without "/24"; until then it matches nobody`}},
		{"host bits of IPv6", "initiators.allow", "ALL [2001:db8::1]/64\n",
			[]string{`:1: error: "[2001:db8::1]/64" has bits beyond its prefix; write [2001:db8::]/64 for the network, or the address without "/64"; until then it matches nobody`}},
		{"prefix length", "initiators.allow", "ALL 10.0.0.0/33\n",
			[]string{`:1: error: "10.0.0.0/33" has no prefix length from 0 to 32 after the slash; until then it matches nobody`}},
		{"not an address", "initiators.allow", "ALL 10.0.0.256\n",
			[]string{`:1: error: "10.0.0.256" is not an IP address; write a.b.c.d, a.b.c.d/p, [ipv6] or [ipv6]/p; until then it matches nobody`}},
		{"no brackets", "initiators.allow", "ALL 2001:db8::1\n",
			[]string{`:1: error: "2001:db8::1" is an IPv6 address without brackets; write [2001:db8::1]; until then it matches nobody`}},
		{"a zone", "initiators.allow", "ALL [fe80::1%eth0]\n",
			[]string{`:1: error: "[fe80::1%eth0]" names an interface, which cannot be compared; write [fe80::1]; until then it matches nobody`}},
		{"IPv4 in IPv6", "initiators.allow", "ALL [::ffff:10.0.0.1]\n",
			[]string{`:1: error: "[::ffff:10.0.0.1]" is an IPv4 address in IPv6's form; write it as 10.0.0.1; until then it matches nobody`}},
		{"a blank for a comma", "initiators.allow", "ALL 10.0.0.1 10.0.0.2\n",
			[]string{`:1: error: "10.0.0.1 10.0.0.2" has a blank inside; items are separated by commas; until then it matches nobody`}},
		{"a back-reference", "initiators.allow", "ALL \\(a\\)\\1\n",
			[]string{`:1: error: "\\(a\\)\\1" is no address and no POSIX basic regular expression: the back-reference \1 is not supported; write out what it repeats; until then it matches nobody`}},
		{"an interval with a comma", "initiators.allow", "ALL a\\{1,2\\}\n",
			[]string{`:1: error: "a\\{1" is no address and no POSIX basic regular expression: \{ without \} (a comma ends an item, so \{m,n\} cannot be written here: repeat the atom, as in aa*); until then it matches nobody`,
				`:1: error: "2\\}" is no address and no POSIX basic regular expression: "\\}" has no meaning; until then it matches nobody`}},
		{"no items", "initiators.allow", "ALL\n",
			[]string{`:1: error: the line has no items; write "<target> ALL", or a list of addresses and name patterns; until then it matches nobody`}},
		{"a name where addresses go", "targets.allow", "ALL iqn.x\n",
			[]string{`:1: error: "iqn.x" is not an address; this file has ALL, a.b.c.d, a.b.c.d/p, [ipv6] and [ipv6]/p only; until then it matches nobody`}},
		{"no newline", "initiators.allow", "ALL ALL",
			[]string{":1: note: the last line has no newline: it counts here, and IET skipped it"}},
		{"a long line", "initiators.allow", "ALL ALL" + strings.Repeat(" ", 4088) + "\n",
			[]string{":1: note: the line is longer than 4095 bytes: it counts here, and IET skipped it"}},
		{"the longest that IET read", "initiators.allow", "ALL ALL" + strings.Repeat(" ", 4087) + "\n", nil},
		{"/32", "initiators.allow", "ALL 10.0.0.1/32\n",
			[]string{`:1: note: IET did not accept "10.0.0.1/32"; without the prefix length it means the same to both`}},
		{"a shell pattern", "initiators.allow", "ALL 10.0.0.*\n",
			[]string{`:1: warning: "10.0.0.*" is a pattern of initiator names, and those begin with iqn., eui. or naa.; write a network as a.b.c.d/p`}},
		{"all as a target", "initiators.allow", "all ALL\n",
			[]string{`:1: warning: "all" is the name of a target; write ALL for all of them`}},
		{"all as an item", "initiators.allow", "ALL all\n",
			[]string{`:1: warning: "all" is a pattern that no initiator name matches; write ALL for everybody`}},
		{"never used", "initiators.allow", "iqn.a ALL\nALL ALL\niqn.b ALL\niqn.A ALL\n",
			[]string{":3: warning: this line is never used: line 2 decides about iqn.b",
				":4: warning: this line is never used: line 1 decides about iqn.A"}},
		{"deny", "initiators.deny", "ALL [\n",
			[]string{`:1: error: "[" is no address and no POSIX basic regular expression: [ without ]; until then it denies everybody`,
				": note: IET declared this file obsolete; initiators.allow alone says who may come"}},
		{"deny without lines", "initiators.deny", "#\n",
			[]string{": warning: it has no lines: nobody is denied, and initiators.allow has no effect while this file exists; remove it",
				": note: IET declared this file obsolete; initiators.allow alone says who may come"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, row.file)
		write(t, path, row.text)
		var got, want []string
		for _, f := range Check(dir) {
			got = append(got, f.String())
		}
		for _, w := range row.want {
			want = append(want, path+w)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %s\nwant %s", row.name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

func TestCheckIsBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "initiators.allow"), strings.Repeat("ALL [\n", 10_000))
	if n := len(Check(dir)); n != maxFindings+1 {
		t.Errorf("%d findings", n)
	}
}
