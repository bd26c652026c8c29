// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ietring/scsi"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// TestCorpus holds, for each file of testdata, its report, and behind a line of
// dashes what Write makes of it when there is no error.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no files")
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			c, report := ParseFile(filepath.Base(path), text)
			if err := report.Print(&got); err != nil {
				t.Fatal(err)
			}
			if bad := strings.HasPrefix(filepath.Base(path), "errors"); bad != (c == nil) {
				t.Errorf("refused: %v", c == nil)
			}
			if c != nil {
				got.WriteString("----\n")
				if err := Write(&got, c); err != nil {
					t.Error(err)
				}
			}
			if strings.Contains(path, "errors") && strings.Contains(got.String(), "THESECRET") {
				t.Error("the report shows a secret")
			}
			golden := strings.TrimSuffix(path, ".conf") + ".report"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
}

// TestCorpusIsWhole holds that the corpus has a line of each directive that is
// taken, and for each number one that is refused.
func TestCorpusIsWhole(t *testing.T) {
	good, err := os.ReadFile("testdata/directives.conf")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range directives {
		names = append(names, d.name)
	}
	for i := range sessionKeys {
		names = append(names, sessionKeys[i].name)
	}
	for i := range lunParams {
		if lunParams[i].name != "Sectors" { // it is Blocks
			names = append(names, lunParams[i].name+"=")
		}
	}
	for _, name := range names {
		if !strings.Contains(strings.ToLower(string(good)), strings.ToLower(name)) {
			t.Errorf("directives.conf has no %s", name)
		}
	}
	bad, err := os.ReadFile("testdata/errors-numbers.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range targetNumbers {
		if !strings.Contains(string(bad), row.name) {
			t.Errorf("errors-numbers.conf has no %s", row.name)
		}
	}
	for i := range sessionKeys {
		if k := &sessionKeys[i]; k.kind == number && k.min != k.max && !strings.Contains(string(bad), k.name) {
			t.Errorf("errors-numbers.conf has no %s", k.name)
		}
	}
	if c, report := ParseFile("directives.conf", good); c == nil || report.Count(Warning) > 0 {
		t.Errorf("directives.conf: %v", report)
	}
}

// TestIETKeys holds that each session key has a row of IET's, with the kind that
// it has here.
func TestIETKeys(t *testing.T) {
	for i := range sessionKeys {
		k := &sessionKeys[i]
		row := &ietKeys[i]
		if row.name != k.name {
			t.Fatalf("row %d is %s, want %s", i, row.name, k.name)
		}
		if (k.kind == number) != (row.max > 0) {
			t.Errorf("%s: IET's row says otherwise whether it is a number", k.name)
		}
		if _, err := k.parse(row.def); err != nil {
			t.Errorf("%s: IET's default: %v", k.name, err)
		}
	}
}

// TestLines holds what lines may look like, where a file of testdata would be
// hard to read.
func TestLines(t *testing.T) {
	const good = "Target iqn.2026-11.com.example:disk\n\tLun 0 Type=nullio\n"
	tests := []struct {
		name, text string
		want       string // the report
	}{
		{"nothing wrong", good, ""},
		{"no line end at the end", strings.TrimSuffix(good, "\n"), ""},
		{"every white space of C", "\v\f\r Target\v\f\r iqn.2026-11.com.example:disk\n\tLun\v0\fType=nullio\r\n", ""},
		{"a line of 4095 bytes", good + "\tAlias" + strings.Repeat(" ", 4095-8) + "aa\n", "f:3: note: Alias is sent to initiators as TargetAlias; IET read it and never sent it (IET ran with no alias)\n"},
		{"a line of 4096 bytes", good + "\tAlias" + strings.Repeat(" ", 4096-8) + "aa\n", "f:3: error: the line has 4096 bytes; at most 4095 are allowed (IET ran with the rest of it as lines of their own)\n"},
		{"a comment of 4096 bytes", good + "#" + strings.Repeat("a", 4095) + "\n", "f:3: warning: the comment has 4096 bytes; at most 4095 are allowed (IET ran with the rest of it as lines of their own)\n"},
		{"a zero byte", good + "\tAlias a\x00b\n", "f:3: error: there is a zero byte in the line; this is not a text file (IET ran with the line up to that byte)\n"},
		{"a byte order mark", "\ufeff" + good, "f:1: warning: the file begins with a byte order mark; save it without (IET ran with nothing of this line)\n"},
	}
	for _, tt := range tests {
		var got bytes.Buffer
		_, report := ParseFile("f", []byte(tt.text))
		if err := report.Print(&got); err != nil || got.String() != tt.want {
			t.Errorf("%s: %v\n%swant\n%s", tt.name, err, got.String(), tt.want)
		}
	}
}

// TestIdentity holds that a disk's identity comes from its target's name as it is
// spelled.
func TestIdentity(t *testing.T) {
	id := func(name string) [16]byte {
		c, report := ParseFile("f", []byte("Target "+name+"\nLun 3 Type=nullio\n"))
		if c == nil {
			t.Fatal(report)
		}
		return c.Targets[0].Luns[0].ScsiID
	}
	for _, name := range []string{"iqn.2026-11.com.example:Disk", "iqn.2026-11.com.example:disk", "iqn.2026-11.com.example:a_b"} {
		if id(name) != scsi.DefaultScsiID(name, 3) {
			t.Errorf("%s: the identity is not IET's", name)
		}
	}
}

func TestCNumber(t *testing.T) {
	tests := []struct {
		in    string
		n     int64
		whole bool
		octal bool
	}{
		{"0", 0, true, false}, {"32", 32, true, false}, {"+32", 32, true, false}, {"-1", -1, true, false},
		{"0x20", 32, true, false}, {"0XfF", 255, true, false}, {"040", 32, true, true},
		{"", 0, false, false}, {"-", 0, false, false}, {"x", 0, false, false}, {"32k", 32, false, false},
		{"0x", 0, false, true}, {"09", 0, false, true}, {"0xg", 0, false, true},
		{"9223372036854775807", 1<<63 - 1, true, false}, {"9223372036854775808", 1<<63 - 1, true, false}, {"-99999999999999999999", -(1<<63 - 1), true, false},
	}
	for _, tt := range tests {
		if n, whole, octal := cNumber(tt.in); n != tt.n || whole != tt.whole || octal != tt.octal {
			t.Errorf("%q: %d %v %v", tt.in, n, whole, octal)
		}
	}
}

func TestNear(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"IncommingUser", "IncomingUser", true}, {"incomminguser", "IncomingUser", true}, {"QueuedCommand", "QueuedCommands", true},
		{"Targets", "Target", true}, {"Alais", "Alias", false}, {"Run", "Lun", false}, {"Wthread", "Wthreads", true}, {"Gadget", "Target", false},
		{"OutgoingUser", "IncomingUser", false}, {"", "Lun", false},
	}
	for _, tt := range tests {
		if near(tt.a, tt.b) != tt.want {
			t.Errorf("%s, %s: %v", tt.a, tt.b, !tt.want)
		}
	}
}

// FuzzParseFile holds that no file stops the parser, and that a file that is
// taken can be written and read again.
func FuzzParseFile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, report := ParseFile("f", text)
		if (c == nil) != (report.Err() != nil) {
			t.Fatalf("Config %v with report %v", c, report)
		}
		if c == nil || len(text) > maxLine { // Write may need a byte or two more for a line
			return
		}
		if err := Write(&bytes.Buffer{}, c); err != nil {
			t.Error(err)
		}
	})
}
