// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const testName = "iqn.2026-11.com.example:disk"

// TestRefusals holds the sentence for everything that an operator can get wrong.
// Nothing may be bound before it: the row of the missing file has a port that is
// taken, so a program that binds first says something else.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk.img")
	if err := os.WriteFile(file, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := []string{"-a", "127.0.0.1", "-p", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)}
	lun := func(line string) []string { return []string{"--target", testName, "--lun", line} }
	null := lun("0 Type=nullio")
	with := func(more ...string) []string { return append(append([]string{}, null...), more...) }

	tests := []struct {
		name string
		args []string
		want string // after "ietd: "
	}{
		{"nothing to serve", nil, "nothing to serve; write /etc/iet/ietd.conf or give --config FILE, or begin with 'ietd --demo', or with --target NAME --lun '0 Path=FILE' (see ietd --help)"},
		{"an unknown flag", []string{"--bogus"}, "unknown flag: --bogus; see ietd --help"},
		{"a word that is no flag", []string{"start"}, `"start" is not a flag; see ietd --help`},
		{"a flag without its value", []string{"--lun"}, "flag needs an argument: --lun; see ietd --help"},

		{"an empty name", []string{"--target", ""}, "--target: the name is empty; a target is named like iqn.2026-11.com.example:disk"},
		{"a name that is none", []string{"--target", "disk"}, `--target: "disk" is not an iSCSI name; it looks like iqn.2026-11.com.example:disk (letters, digits, '-', '.', ':'), eui.0123456789abcdef or naa.0123456789abcdef`},
		{"a month that does not exist", []string{"--target", "iqn.2026-13.com.example:d"}, `--target: "iqn.2026-13.com.example:d" is not an iSCSI name; it looks like iqn.2026-11.com.example:disk (letters, digits, '-', '.', ':'), eui.0123456789abcdef or naa.0123456789abcdef`},
		{"capital letters", []string{"--target", "iqn.2026-11.com.example:Disk"}, `--target: "iqn.2026-11.com.example:Disk" has capital letters; iSCSI names are in small letters: iqn.2026-11.com.example:disk`},
		{"a name of 224 bytes", []string{"--target", "iqn.2026-11.com.example:" + strings.Repeat("a", 200)}, "--target: the name has 224 bytes; at most 223 are allowed"},
		{"a name twice", with("--target", testName), "--target: " + testName + " is there twice; each target needs its own name"},
		{"a target without a LUN", []string{"--target", testName}, "--target " + testName + ": it has no LUN; give it one, as in --lun '0 Path=/srv/disk.img'"},

		{"a LUN before its target", []string{"--lun", "0 Type=nullio"}, "--lun: there is no target that it could belong to; give --target before --lun"},
		{"an empty LUN", lun(""), "--lun: a LUN is a number and its parameters, as in '0 Path=/srv/disk.img,Type=fileio'"},
		{"a LUN that is no number", lun("a Type=nullio"), `--lun: "a" is not a LUN; it begins with a number from 0 to 16383, as in '0 Path=/srv/disk.img'`},
		{"a LUN above the range", lun("16384 Type=nullio"), `--lun: "16384" is not a LUN; it begins with a number from 0 to 16383, as in '0 Path=/srv/disk.img'`},
		{"a LUN without parameters", lun("0"), "--lun: LUN 0 has no parameters; give at least Path=FILE or Type=nullio"},
		{"a blank after a comma", lun("0 Type=nullio, Blocks=1"), `--lun: "Blocks=1" stands after a blank; parameters are separated by commas without blanks`},
		{"an unknown parameter", lun("0 Typ=nullio"), `--lun: unknown parameter "Typ"; known are Path, Type, ScsiId, ScsiSN, IOMode, BlockSize, PhysicalBlockSize, Blocks, Sectors, Direct, AtomicWrite, Thin, ThinThreshold, WSNZ, EraseRate, NAA, Removable`},
		{"a parameter without a value", lun("0 Type"), "--lun: Type has no value; write Type=fileio, blockio or nullio"},
		{"a parameter twice", lun("0 Type=nullio,type=nullio"), "--lun: Type is there twice"},
		{"a provisioning that does not exist", lun("0 Type=nullio,Thin=maybe"), "--lun: Thin=maybe: it can be yes or no"},
		{"thin, and read-only", lun("0 Path=/x,IOMode=ro,Thin=yes"), "--lun: Thin=yes: nothing can be given back with IOMode=ro"},
		{"an erasure that does not get anywhere", lun("0 Path=/x,EraseRate=1000K"), "--lun: EraseRate=1000K: it must be a size, at least 1MiB (bytes a second)"},
		{"a threshold of everything", lun("0 Path=/x,ThinThreshold=100"), "--lun: ThinThreshold=100: it must be a number from 0 to 99 (percent)"},
		{"a WSNZ that does not exist", lun("0 Type=nullio,WSNZ=1"), "--lun: WSNZ=1: it must be yes or no"},
		{"a LUN twice", with("--lun", "0 Type=nullio"), "--lun: LUN 0 of " + testName + " is there twice; each needs its own number"},
		{"a type that does not exist", lun("0 Type=disk,Path=/x"), "--lun: Type=disk: the types are fileio, blockio and nullio"},
		{"a type in capitals", lun("0 Type=NullIO"), "--lun: Type=NullIO: case matters, use Type=nullio"},
		{"a mode that does not exist", lun("0 Path=/x,IOMode=rw"), "--lun: IOMode=rw: the modes are wt, wb and ro"},
		{"a block size that does not exist", lun("0 Type=nullio,BlockSize=513"), "--lun: BlockSize=513: it can be 512, 1024, 2048 or 4096"},
		{"a block size that is no number", lun("0 Type=nullio,BlockSize=4K"), "--lun: BlockSize=4K: it must be 512, 1024, 2048 or 4096 (bytes)"},
		{"no blocks", lun("0 Type=nullio,Blocks=0"), "--lun: Blocks=0: it must be a number of blocks, at least 1"},
		{"a long ScsiId", lun("0 Type=nullio,ScsiId=12345678901234567"), "--lun: ScsiId=12345678901234567: it must be 1 to 16 bytes"},
		{"a serial number that cannot be printed", lun("0 Type=nullio,ScsiSN=\x01"), "--lun: ScsiSN=\x01: it must be 1 to 32 printable ASCII characters"},
		{"one file for two writers", []string{"--target", testName, "--lun", "0 Path=" + file, "--lun", "1 Path=" + file + ",IOMode=wb"}, "--lun: " + file + " is behind LUN 0 of " + testName + " and LUN 1 of " + testName + "; a path can be behind two LUNs that may write only with the same parameters"},

		{"an address that is none", with("-a", "localhost"), `--address: "localhost" is not an IP address; write it as 192.0.2.1 or 2001:db8::1, the port goes to --port`},
		{"an address twice", with("-a", "::1", "-a", "[::1]"), "--address: ::1 is there twice"},
		{"a port above the range", with("-p", "65536"), `--port: "65536" is not a number from 0 to 65535`},

		{"a session key without a value", with("--session", "ImmediateData"), `--session: "ImmediateData" has no value; write KEY=VALUE, as in MaxBurstLength=1048576`},
		{"an unknown session key", with("--session", "Burst=1"), `--session: unknown key "Burst"; known are InitialR2T, ImmediateData, MaxConnections, MaxRecvDataSegmentLength, MaxXmitDataSegmentLength, MaxBurstLength, FirstBurstLength, DefaultTime2Wait, DefaultTime2Retain, MaxOutstandingR2T, DataPDUInOrder, DataSequenceInOrder, ErrorRecoveryLevel, HeaderDigest, DataDigest`},
		{"a length below the range", with("--session", "MaxBurstLength=511"), "--session: MaxBurstLength=511: it must be a number from 512 to 16777215 bytes"},
		{"a length above the range", with("--session", "MaxBurstLength=16777216"), "--session: MaxBurstLength=16777216: it must be a number from 512 to 16777215 bytes"},
		{"too many connections", with("--session", "MaxConnections=17"), "--session: MaxConnections=17: it must be a number from 1 to 16 connections"},
		{"error recovery", with("--session", "ErrorRecoveryLevel=1"), "--session: ErrorRecoveryLevel=1: it must be 0"},
		{"data out of order", with("--session", "DataPDUInOrder=No"), "--session: DataPDUInOrder=No: it must be Yes"},
		{"neither yes nor no", with("--session", "InitialR2T=yes"), "--session: InitialR2T=yes: it must be Yes or No"},
		{"a digest that does not exist", with("--session", "HeaderDigest=MD5"), "--session: HeaderDigest=MD5: it must be None, CRC32C, or both as in None,CRC32C"},
		{"a first burst above the burst", with("--session", "MaxBurstLength=4096"), "--session: FirstBurstLength=262144 is above MaxBurstLength=4096; it must be at most that (RFC 7143, Section 13.14)"},

		{"a queue depth of 0", with("--queue-depth", "0"), `--queue-depth: "0" is not a number from 1 to 1024`},
		{"no threads", with("--threads", "0"), `--threads: "0" is not a number from 1 to 256`},
		{"no workers", with("--workers", "none"), `--workers: "none" is not a number from 1 to 64`},
		{"a busy poll that would be for ever", with("--busy-poll", "1s"), `--busy-poll: "1s" is not a time from 0 to 1ms, such as 20us`},
		{"metrics without a port", with("--metrics", "127.0.0.1"), `--metrics: "127.0.0.1" is not an address with a port, such as 127.0.0.1:9326 or [::1]:9326`},
		{"ring entries that are no power of two", with("--ring-entries", "1000"), `--ring-entries: "1000" is not a power of two from 64 to 32768`},
		{"a size that is none", with("--buffer-memory", "1GB"), `--buffer-memory: "1GB" is not a size; write a number with KiB, MiB or GiB, as in 256MiB`},
		{"too little memory", with("--buffer-memory", "1MiB", "--threads", "2"), "--buffer-memory: 1048576 bytes are too little for --threads 2; they need at least 80MiB"},
		{"CPUs that are none", with("--cpus", "2-1"), `--cpus: "2-1" is not a list of CPUs; write numbers and ranges, as in 0,2-3`},
		{"a level that does not exist", with("--log-level", "loud"), `--log-level: "loud" is not one of trace, debug, info, warn, error`},
		{"a format that does not exist", with("--log-format", "xml"), `--log-format: "xml" is not one of console, json`},
		{"two debug levels", with("--log-level", "info", "-d", "1"), "--debug and --log-level are both there; give one of them"},
		{"a debug level above the range", with("-d", "3"), `--debug: "3" is not a number from 0 to 2`},
		{"an empty pid file", with("--pid-file", ""), "--pid-file: the path is empty; write it as in /run/ietd.pid"},
		{"a user that is no number", with("-u", "nobody"), `--uid: "nobody" is not a number from 0 to 2147483646`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(append([]string{"ietd"}, tt.args...), &stdout, &stderr)
			if code != exitRefused {
				t.Errorf("exit code %d", code)
			}
			if got, want := stderr.String(), "ietd: "+tt.want+"\n"; got != want {
				t.Errorf("said\n%swant\n%s", got, want)
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output: %s", stdout.String())
			}
		})
	}
	t.Run("a backing that is not there, on a port that is taken", func(t *testing.T) {
		var stderr bytes.Buffer
		path := filepath.Join(dir, "missing")
		code := run(append([]string{"ietd", "--target", testName, "--lun", "0 Path=" + path}, taken...), &stderr, &stderr)
		got := stderr.String()
		if code != exitRefused || !strings.HasPrefix(got, "ietd: LUN 0 of "+testName+": ") || !strings.Contains(got, path) || !strings.Contains(got, "no such file or directory") || strings.Count(got, "\n") != 1 {
			t.Errorf("exit code %d, said %s", code, got)
		}
	})
	t.Run("a port that is taken is a failure, not a refusal", func(t *testing.T) {
		var stderr bytes.Buffer
		code := run(append([]string{"ietd", "--threads", "1", "--log-level", "error", "--target", testName, "--lun", "0 Type=nullio"}, taken...), &stderr, &stderr)
		want := "ietd: cannot listen on " + l.Addr().String() + ": address already in use\n"
		if code != exitFailed || stderr.String() != want {
			t.Errorf("exit code %d, said %s, want %s", code, stderr.String(), want)
		}
	})
}

func TestWords(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.conf"), filepath.Join(t.TempDir(), "bad.conf")
	for path, lines := range map[string]string{good: "Lun 0 Type=nullio\n", bad: "Lun x Type=nullio\nLun 0 Type=nullio\n"} {
		if err := os.WriteFile(path, []byte("Target "+testName+"\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		argv   []string
		code   int
		stdout string // begins with this
		stderr string
	}{
		{"--help is no failure", []string{"ietd", "--help"}, exitGood, "ietd serves files", ""},
		{"-h is --help", []string{"ietd", "-h"}, exitGood, "ietd serves files", ""},
		{"--version", []string{"ietd", "--version"}, exitGood, "ietd version ", ""},
		{"-v is --version", []string{"ietd", "-v"}, exitGood, "ietd version ", ""},
		{"the program under ietadm's name", []string{"/usr/sbin/ietadm", "--version"}, exitGood, "ietadm version ", ""},
		{"the same as an argument", []string{"ietd", "adm", "--version"}, exitGood, "ietadm version ", ""},
		{"ietadm without a daemon", []string{"ietd", "adm", "--control-socket", "/nonexistent/s", "dump"}, 145, "", "Connection refused.\n"},
		{"--check of a good file", []string{"ietd", "--check", "-c", good}, exitGood, good + ": 0 errors, 0 warnings\n", ""},
		{"--check of a bad file", []string{"ietd", "--check", "-c", bad}, exitRefused, bad + ":2: error: Lun: ", "ietd: " + bad + ": 1 errors, 0 warnings\n"},
		{"a bad file is not served", []string{"ietd", "-c", bad}, exitRefused, "", "ietd: " + bad + ":2: error: Lun: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(tt.argv, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.HasPrefix(stdout.String(), tt.stdout) || !strings.HasPrefix(stderr.String(), tt.stderr) {
				t.Errorf("said %q and %q", stdout.String(), stderr.String())
			}
		})
	}
}
