// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// sample is a program with a flag of each kind, and all names of the tables.
func sample() Source {
	ietd := pflag.NewFlagSet("ietd", pflag.ContinueOnError)
	ietd.SortFlags = false
	ietd.StringP("config", "c", "", "read this `PATH` (default: none); example: -c /etc/iet/ietd.conf")
	ietd.String("log-level", "info", "log what is at least this `WORD`; example: --log-level debug")
	ietd.String("session", "", "set a session key: `KEY=VALUE`")
	ietd.IntP("threads", "", 7, "loops (the default is this machine's [CPUs]); example: --threads 4")
	ietd.String("lun", "", "give the last target a `LINE`; example: --lun '0 Path=/srv/disk.img'")
	ietd.String("target", "", "begin a target with this `NAME`")
	ietd.BoolP("help", "h", false, "print this")
	for _, name := range []string{"check", "demo", "address", "port", "workers", "uid", "gid"} {
		ietd.Bool(name, false, "what the pages speak of")
	}
	ietd.String("print-manual", "", "not for people")
	if err := ietd.MarkHidden("print-manual"); err != nil {
		panic("manual: the sample has no such flag")
	}
	ietadm := pflag.NewFlagSet("ietadm", pflag.ContinueOnError)
	ietadm.SortFlags = false
	ietadm.StringP("op", "o", "", "what is to be done: `WORD`")
	ietadm.Uint32P("tid", "t", 0, "the target's `ID`")
	ietadm.String("target", "", "the target's `NAME`")
	ietadm.StringP("params", "p", "", "`KEY=VALUE,...` of the object")
	ietadm.Bool("session", false, "list the sessions")
	ietadm.BoolP("user", "u", false, "the object is an account")
	ietadm.String("control-socket", "/run/ietd/ietd.sock", "ietd's `PATH`")
	for _, name := range []string{"sid", "cid", "lun", "redirect", "volume", "json", "force", "dry-run"} {
		ietadm.Bool(name, false, "what the pages speak of")
	}
	rows := func(table []meaning) []Row {
		var list []Row
		for _, m := range table {
			list = append(list, Row{Name: m.name, Value: "a value \\ of " + m.name, Default: "its-default"})
		}
		return list
	}
	return Source{
		Version: "v1.2.3", Date: "2026-11-22", Ietd: ietd, Ietadm: ietadm,
		Words: map[string][]string{
			"log-level": {"debug", "info"},
			"op":        {"new", "delete", "update", "show"},
		},
		Directives: rows(directiveMeanings), SessionKeys: rows(sessionKeyMeanings), LunParams: rows(lunParamMeanings),
	}
}

func page(t *testing.T, name string, s Source) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, name, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// rendered is the page as a reader sees it, with groff.
func rendered(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.Command(tool(t, "groff"), "-ww", "-man", "-Tascii", "-P-c", "-rLL=72n")
	cmd.Stdin = strings.NewReader(text)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("groff: %v\n%s", err, complaints.String())
	}
	// Bold and underline are overstruck with backspaces.
	var b strings.Builder
	for i, c := range []byte(out.String()) {
		if c == '\b' || i+1 < out.Len() && out.Bytes()[i+1] == '\b' {
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name, "is not installed")
	}
	return path
}

func TestPagesRender(t *testing.T) {
	for _, name := range Pages {
		t.Run("groff "+name, func(t *testing.T) {
			text := rendered(t, page(t, name, sample()))
			for _, want := range []string{"NAME\n", "SEE ALSO\n", "ietd v1.2.3", "2026-11-22"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in the page:\n%s", want, text)
				}
			}
		})
		t.Run("mandoc "+name, func(t *testing.T) {
			cmd := exec.Command(tool(t, "mandoc"), "-Tlint", "-Wwarning")
			cmd.Stdin = strings.NewReader(page(t, name, sample()))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestFlagsAreThere(t *testing.T) {
	text := rendered(t, page(t, "ietd.8", sample()))
	for _, row := range []struct {
		name, want string
		there      bool
	}{
		{"a flag with a short form and an argument", "-c, --config PATH", true},
		{"what it does, as a sentence", "Read this PATH (default: none).", true},
		{"an example can be copied, with its hyphens", "Example: --lun '0 Path=/srv/disk.img'", true},
		{"a default", "Default: info", true},
		{"a default that is this machine's is left to the text", "Default: 7", false},
		{"no default of a flag without", "Default: false", false},
		{"a hidden flag stays hidden", "print-manual", false},
		{"a flag of the other program is in the other page", "-t, --tid", false},
	} {
		if strings.Contains(text, row.want) != row.there {
			t.Errorf("%s: %q there is %v\n%s", row.name, row.want, !row.there, text)
		}
	}
	if text := rendered(t, page(t, "ietadm.8", sample())); !strings.Contains(text, "-t, --tid ID") {
		t.Errorf("ietadm has no --tid:\n%s", text)
	}
}

func TestTablesAreThere(t *testing.T) {
	s := sample()
	text := rendered(t, page(t, "ietd.conf.5", s))
	for _, rows := range [][]Row{s.Directives, s.SessionKeys, s.LunParams} {
		for _, r := range rows {
			if !strings.Contains(text, "\n       "+r.Name) {
				t.Errorf("%s is not explained", r.Name)
			}
			if !strings.Contains(text, "Value: "+r.Value) {
				t.Errorf("the value of %s, with a backslash, is not there", r.Name)
			}
		}
	}
	if strings.Contains(text, "*iqn.*") || !strings.Contains(text, "iqn., eui. or naa.") {
		t.Error("marks were not taken as marks")
	}
	if !strings.Contains(strings.Join(strings.Fields(text), " "), "with * and ? as wildcards") {
		t.Error("a star that is meant is not there")
	}
}

// TestTablesDiffer changes the program under the tables.
func TestTablesDiffer(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Source)
		want   string
	}{
		{"a directive that nobody explained", func(s *Source) { s.Directives = append(s.Directives, Row{Name: "Colour"}) },
			"the directive Colour is explained nowhere"},
		{"a session key that is gone", func(s *Source) { s.SessionKeys = s.SessionKeys[1:] },
			"explains the session key InitialR2T, which the program does not know"},
		{"a LUN parameter twice", func(s *Source) { s.LunParams = append(s.LunParams, s.LunParams[0]) },
			"the LUN parameter Path is there twice"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sample()
			row.change(&s)
			for what, err := range map[string]error{
				"a page":       Write(new(bytes.Buffer), "ietd.8", s),
				"a completion": Completion(new(bytes.Buffer), "bash", s),
			} {
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("%s: %v, want %q", what, err, row.want)
				}
			}
		})
	}
}

// TestFlagGone takes a flag away that a page speaks of.
func TestFlagGone(t *testing.T) {
	s := sample()
	s.Ietadm = pflag.NewFlagSet("ietadm", pflag.ContinueOnError)
	s.Ietadm.Bool("op", false, "all that is left")
	err := Write(new(bytes.Buffer), "ietadm.8", s)
	if err == nil || !strings.Contains(err.Error(), "ietadm.8 speaks of --json, which neither ietd nor ietadm has") {
		t.Errorf("%v", err)
	}
}

func TestUnknown(t *testing.T) {
	if err := Write(new(bytes.Buffer), "ietd.9", sample()); err == nil || !strings.Contains(err.Error(), "ietd.conf.5") {
		t.Errorf("a page that there is not: %v", err)
	}
	if err := Completion(new(bytes.Buffer), "csh", sample()); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
		t.Errorf("a shell that there is not: %v", err)
	}
}

func TestNoDate(t *testing.T) {
	s := sample()
	s.Date = "yesterday"
	if err := Write(new(bytes.Buffer), "ietd.8", s); err == nil || !strings.Contains(err.Error(), "yesterday") {
		t.Errorf("%v", err)
	}
	s.Date = ""
	if text := rendered(t, page(t, "ietd.8", s)); strings.Contains(text, "2026-11-22") || !strings.Contains(text, "ietd v1.2.3") {
		t.Errorf("without a date:\n%s", text)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("the pipe is broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterFails(t *testing.T) {
	if err := Write(brokenWriter{}, "ietd.8", sample()); !errors.Is(err, errBroken) {
		t.Errorf("Write: %v", err)
	}
	if err := Completion(brokenWriter{}, "bash", sample()); !errors.Is(err, errBroken) {
		t.Errorf("Completion: %v", err)
	}
}

// shellFiles writes the completion and a fake ietadm, and returns the former's
// path and an environment.
func shellFiles(t *testing.T, shell string) (script string, env []string) {
	t.Helper()
	dir := t.TempDir()
	script = filepath.Join(dir, "_ietd")
	var b bytes.Buffer
	if err := Completion(&b, shell, sample()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	fake := "#!/bin/sh\nprintf 'tid:7 name:iqn.2026-11.com.example:disk\\n\\tlun:0 state:0\\ntid:12 name:iqn.2026-11.com.example:tape\\n'\n"
	if err := os.WriteFile(filepath.Join(dir, "ietadm"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "disk.img"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return script, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
}

func runIn(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Env, cmd.Dir = env, dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestBash(t *testing.T) {
	script, env := shellFiles(t, "bash")
	const drive = `source "$0"; COMP_LINE=$1 COMP_POINT=${#1}; _ietd; printf '%s|' "${COMPREPLY[@]}"`
	for _, row := range []struct{ name, line, want string }{
		{"a flag by its beginning", "ietd --log", "--log-level|"},
		{"words of a flag", "ietd --log-level ", "debug|info|"},
		{"words after =", "ietd --log-level=d", "debug|"},
		{"a file", "ietd -c disk", "disk.img|"},
		{"a session key", "ietd --session Max", "MaxConnections=|MaxRecvDataSegmentLength=|MaxXmitDataSegmentLength=|MaxBurstLength=|MaxOutstandingR2T=|"},
		{"the value of a session key: what follows = only", "ietd --session InitialR2T=", "Yes|No|"},
		{"a new target has a new name", "ietd --target iqn", "|"},
		{"the program by a path", "/usr/sbin/ietadm --op n", "new|"},
		{"ietadm's flags by ietd adm", "ietd adm --ti", "--tid|"},
		{"ietd's flags by ietd", "ietd --ti", "|"},
		{"target ids that there are", "ietadm --op show --tid ", "7|12|"},
		{"a target's name, which has a colon", "ietadm --target iqn.2026-11.com.example:t", "tape|"},
		{"a parameter after another", "ietadm --params Path=/x,Ty", "/x,Type=|"},
		{"the value of a parameter", "ietadm --params Path=/x,Type=b", "blockio|"},
		{"ietadm's --session takes nothing", "ietadm --session --us", "--user|"},
	} {
		if got := runIn(t, filepath.Dir(script), env, "bash", "--norc", "-c", drive, script, row.line); got != row.want {
			t.Errorf("%s: %q gives %q, want %q", row.name, row.line, got, row.want)
		}
	}
}

func TestFish(t *testing.T) {
	script, env := shellFiles(t, "fish")
	for _, row := range []struct{ name, line, want string }{
		{"a flag by its beginning", "ietd --log", "--log-level"},
		{"words of a flag", "ietd --log-level ", "debug"},
		{"a file", "ietd -c disk", "disk.img"},
		{"a session key", "ietd --session MaxCon", "MaxConnections="},
		{"ietadm's flags by ietd adm", "ietd adm --ti", "--tid"},
		{"target ids that there are", "ietadm --op show --tid ", "12"},
		{"a target's name", "ietadm --target ", "iqn.2026-11.com.example:tape"},
		{"a parameter after another", "ietadm --params Path=/x,Ty", "Path=/x,Type=blockio"},
		{"a file of a LUN", "ietadm --params Path=dis", "Path=disk.img"},
		{"an operation", "ietadm rel", "reload"},
	} {
		got := runIn(t, filepath.Dir(script), env, "fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, row.line)
		if !strings.Contains("\n"+strings.ReplaceAll(got, "\t", "\n"), "\n"+row.want+"\n") {
			t.Errorf("%s: %q gives %q, want %q in it", row.name, row.line, got, row.want)
		}
	}
}

// zshDrive runs the completion as zsh would, with functions in the place of
// zsh's own that say what they were asked for.
const zshDrive = `
_arguments() { print -rl -- "$@" }
_values() { print -rl -- "$@" }
_describe() { print -rl -- "${(@P)2}" }
compadd() { print -rl -- "${(@P)2}" }
words=(${(z)2}) service=$words[1] CURRENT=$#words
if [[ -n $3 ]]; then _ietd() { : }; source $1; $3; else source $1; fi
`

func TestZsh(t *testing.T) {
	script, env := shellFiles(t, "zsh")
	runIn(t, filepath.Dir(script), env, "zsh", "-fn", script)
	for _, row := range []struct{ name, line, function, want string }{
		{"a file", "ietd --", "", "*--config=[read this PATH]:PATH:_files"},
		{"its short form", "ietd --", "", "*-c[read this PATH]:PATH:_files"},
		{"brackets in a text", "ietd --", "", "*--threads=[loops]:int: "},
		{"words of a flag", "ietd --", "", "*--log-level=[log what is at least this WORD]:WORD:(debug info)"},
		{"ietadm by its name", "ietadm --", "", "*--tid=[the target's ID]:ID:_ietd_tids"},
		{"ietadm by ietd adm", "ietd adm --", "", "*--tid=[the target's ID]:ID:_ietd_tids"},
		{"target ids that there are", "ietadm --", "_ietd_tids", "7:iqn.2026-11.com.example:disk"},
		{"targets that there are", "ietadm --", "_ietd_targets", "iqn.2026-11.com.example:tape"},
		{"a parameter that is a file", "ietadm --", "_ietd_params", "Path:file:_files"},
		{"a session key", "ietd --", "_ietd_keys", "InitialR2T:value:(Yes No)"},
	} {
		got := runIn(t, filepath.Dir(script), env, "zsh", "-fc", zshDrive, "zsh", script, row.line, row.function)
		if !strings.Contains("\n"+got, "\n"+row.want+"\n") {
			t.Errorf("%s: %q gives %q, want %q in it", row.name, row.line, got, row.want)
		}
	}
}
