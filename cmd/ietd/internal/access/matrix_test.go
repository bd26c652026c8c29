// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// absent is the content of a file that does not exist.
const absent = "\x00"

// newRules writes the three files, as far as they exist, and returns their rules.
func newRules(t *testing.T, allow, deny, local string) *Rules {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"initiators.allow": allow, "initiators.deny": deny, "targets.allow": local} {
		if text != absent {
			write(t, filepath.Join(dir, name), text)
		}
	}
	return New(dir, zerolog.Nop())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The peer of the tests, and the target that it wants.
const (
	disk = "iqn.2026-11.com.example:disk"
	host = "iqn.1993-08.org.debian:01:abc"
	peer = "192.0.2.17"
)

func TestWhichFiles(t *testing.T) {
	const yes, no = "ALL " + peer + "\n", "ALL 203.0.113.1\n"
	for _, row := range []struct {
		name        string
		allow, deny string
		want        bool
	}{
		{"no file: everybody", absent, absent, true},
		{"allow matches", yes, absent, true},
		{"allow does not match", no, absent, false},
		{"allow is empty: nobody", "", absent, false},
		{"allow has other targets only: nobody", "iqn.x ALL\n", absent, false},
		{"deny matches", absent, yes, false},
		{"deny does not match", absent, no, true},
		{"deny is empty: everybody", absent, "", true},
		{"deny has other targets only", absent, "iqn.x ALL\n", true},
		{"both match: allow wins", yes, yes, true},
		{"deny matches, allow does not", no, yes, false},
		{"deny matches, allow is empty", "", yes, false},
		{"allow does not match, deny does not either", no, no, true},
		{"allow matches, deny does not", yes, no, true},
		{"an empty deny makes allow idle", no, "", true},
	} {
		r := newRules(t, row.allow, row.deny, absent)
		if got := r.Initiator(disk, host, netip.MustParseAddr(peer)); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestWhichLine(t *testing.T) {
	const other = "iqn.2026-11.com.example:other"
	for _, row := range []struct {
		name  string
		allow string
		want  bool
	}{
		{"the target's own line", disk + " ALL\n", true},
		{"the name is compared without case", strings.ToUpper(disk) + " ALL\n", true},
		{"another target's line", other + " ALL\n", false},
		{"a name that begins alike", disk + "2 ALL\n", false},
		{"the first line decides, it does not match", disk + " 10.0.0.1\n" + disk + " ALL\n", false},
		{"the first line decides, it matches", disk + " ALL\n" + disk + " 10.0.0.1\n", true},
		{"ALL first: the target's own is not looked at", "ALL 10.0.0.1\n" + disk + " ALL\n", false},
		{"the target's own first: ALL is not looked at", disk + " 10.0.0.1\nALL ALL\n", false},
		{"another target's line, then ALL", other + " 10.0.0.1\nALL ALL\n", true},
		{"a target is not called all", "all ALL\n", false},
		{"comments and empty lines", "# ALL 10.0.0.1\n\n  \nALL ALL\n", true},
		{"tabs, blanks before, carriage return", "\t ALL\t ALL \r\n", true},
		{"no newline at the end", "ALL ALL", true},
		{"a line of 5000 bytes", "ALL " + strings.Repeat("10.0.0.1, ", 500) + peer + "\n", true},
	} {
		r := newRules(t, row.allow, absent, absent)
		if got := r.Initiator(disk, host, netip.MustParseAddr(peer)); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

// itemRows are items of initiators.allow, and whether one matches the peer.
var itemRows = []struct {
	name, item, peer string
	want             bool
}{
	{"ALL", "ALL", peer, true},
	{"ALL has capitals", "all", peer, false},
	{"the address", "192.0.2.17", peer, true},
	{"another address", "192.0.2.18", peer, false},
	{"/32", "192.0.2.17/32", peer, true},
	{"/32 of another address", "192.0.2.16/32", peer, false},
	{"/31", "192.0.2.16/31", peer, true},
	{"the network beside it", "192.0.2.18/31", peer, false},
	{"/24", "192.0.2.0/24", peer, true},
	{"/0", "0.0.0.0/0", peer, true},
	{"/0 of the other family", "[::]/0", peer, false},
	{"host bits", "192.0.2.17/24", peer, false},
	{"a prefix that is too long", "192.0.2.0/33", peer, false},
	{"three numbers", "192.0.2/24", peer, false},
	{"IPv6", "[2001:db8::17]", "2001:db8::17", true},
	{"IPv6 written long", "[2001:0DB8:0::0017]", "2001:db8::17", true},
	{"another IPv6", "[2001:db8::18]", "2001:db8::17", false},
	{"/128", "[2001:db8::17]/128", "2001:db8::17", true},
	{"/127", "[2001:db8::16]/127", "2001:db8::17", true},
	{"/64", "[2001:db8::]/64", "2001:db8::17", true},
	{"/0 of IPv6", "[::]/0", "2001:db8::17", true},
	{"host bits of IPv6", "[2001:db8::17]/64", "2001:db8::17", false},
	{"/129", "[2001:db8::]/129", "2001:db8::17", false},
	{"IPv6 without brackets", "2001:db8::17", "2001:db8::17", false},
	{"an IPv4 peer of an IPv6 socket", "192.0.2.0/24", "::ffff:192.0.2.17", true},
	{"a link-local peer has a zone", "[fe80::]/64", "fe80::1%lo", true},
	{"the whole name", host, peer, true},
	{"a pattern", `iqn\.1993-08\.org\.debian:.*`, peer, true},
	{"a pattern that has anchors", `^iqn.*abc$`, peer, true},
	{"a pattern of a part is anchored", "debian", peer, false},
	{"a pattern of the beginning", "iqn.1993-08", peer, false},
	{"a pattern in capitals", "IQN.1993.*", peer, true},
	{"a pattern that begins with a class", "[i]qn.*", peer, true},
	{"+ is a character in a basic expression", "iqn.+", peer, false},
	{"a back-reference", `\(.\).*\1`, peer, false},
	{"second of a list", "10.0.0.1, 192.0.2.17", peer, true},
	{"last of a list without blanks", "10.0.0.1,10.0.0.2,iqn.*", peer, true},
	{"empty items mean nothing", ",,", peer, false},
	{"a wrong item and a right one", "10.0.0.0.1, 192.0.2.17", peer, true},
	{"items without a comma", "10.0.0.1 192.0.2.17", peer, false},
	{"no items", "", peer, false},
}

func TestItems(t *testing.T) {
	for _, row := range itemRows {
		r := newRules(t, "ALL "+row.item+"\n", absent, absent)
		if got := r.Initiator(disk, host, netip.MustParseAddr(row.peer)); got != row.want {
			t.Errorf("%s (%s): %v", row.name, row.item, got)
		}
	}
}

// What is not understood in a file that denies, denies.
func TestWrongItemsDeny(t *testing.T) {
	for _, item := range []string{"10.0.0.1/24", "[2001:db8::17]/64", "2001:db8::1", `\(.\).*\1`, "[a", "a b", ""} {
		r := newRules(t, absent, "ALL "+item+"\n", absent)
		if r.Initiator(disk, host, netip.MustParseAddr(peer)) {
			t.Errorf("%q in initiators.deny lets in", item)
		}
	}
}

// A wrong line decides: a later, wider one does not take its place.
func TestWrongLineDecides(t *testing.T) {
	r := newRules(t, disk+" 10.0.0.1/24\nALL ALL\n", absent, absent)
	if r.Initiator(disk, host, netip.MustParseAddr(peer)) {
		t.Error("the line after a wrong one decides")
	}
}

func TestLocal(t *testing.T) {
	for _, row := range []struct {
		name, text, local string
		want              bool
	}{
		{"no file", absent, peer, true},
		{"an empty file", "", peer, false},
		{"ALL", "ALL ALL\n", peer, true},
		{"the address", disk + " 10.0.0.1, 192.0.2.17\n", peer, true},
		{"another address", disk + " 10.0.0.1\n", peer, false},
		{"a network", "ALL 192.0.2.0/24\n", peer, true},
		{"IPv6", "ALL [2001:db8::]/32\n", "2001:db8::1", true},
		{"an IPv4 address of an IPv6 socket", "ALL 192.0.2.17\n", "::ffff:192.0.2.17", true},
		{"no names here", "ALL .*\n", peer, false},
		{"another target's line", "iqn.x ALL\n", peer, false},
		{"the first line decides", disk + " 10.0.0.1\nALL ALL\n", peer, false},
	} {
		r := newRules(t, absent, absent, row.text)
		if got := r.Local(disk, netip.MustParseAddr(row.local)); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}
