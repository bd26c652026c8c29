// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ietadm

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"ietring/cmd/ietd/internal/admin"
)

// start serves a fake at a socket and returns its path.
func start(t *testing.T, f admin.Backend) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	s, err := admin.Listen(path, f, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s.Serve()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return path
}

// golden is one command: what it prints, its exit code, and what it made ietd do.
type golden struct {
	sentence string
	args     []string
	stdout   string
	stderr   string
	code     int
	calls    string
}

// try runs the rows against one fake.
func try(t *testing.T, rows []golden) {
	t.Helper()
	f := new(fake)
	socket := start(t, f)
	for _, r := range rows {
		var stdout, stderr strings.Builder
		code := Main(append([]string{"--control-socket", socket}, r.args...), &stdout, &stderr)
		if stdout.String() != r.stdout || stderr.String() != r.stderr || code != r.code {
			t.Errorf("%s: %q\nstdout %q\n  want %q\nstderr %q\n  want %q\nexit %d, want %d", r.sentence, r.args,
				stdout.String(), r.stdout, stderr.String(), r.stderr, code, r.code)
		}
		if calls := f.take(); calls != r.calls {
			t.Errorf("%s: %q\ndid  %s\nwant %s", r.sentence, r.args, calls, r.calls)
		}
	}
}

func words(s string) []string { return strings.Fields(s) }

const help = "Try `ietadm --help' for more information.\n"

// What an EINVAL and the like begin with.
const (
	einval = "Invalid argument.\nietadm: "
	enoent = "No such file or directory.\nietadm: "
)

func TestTargets(t *testing.T) {
	try(t, []golden{
		{"a target is added", words("--op new --tid=7 --params Name=iqn.x:new"), "", "", 0, `new target 7 "iqn.x:new"`},
		{"number 0 is the next free one", words("--op new --tid=0 --params Name=iqn.x:new"), "", "", 0, `new target 0 "iqn.x:new"`},
		{"a program learns the number", words("--op new --tid=0 --params Name=iqn.x:new --json"), "{\n  \"tid\": 3\n}\n", "", 0, `new target 0 "iqn.x:new"`},
		{"--target is the name of a new target", words("--op new --target iqn.x:new"), "", "", 0, `new target 0 "iqn.x:new"`},
		{"--target and --tid are name and number of a new target", words("--op new --tid 7 --target iqn.x:new"), "", "", 0, `new target 7 "iqn.x:new"`},
		{"what follows Name= is the name, commas too", words("--op new --tid=7 --params Name=a,b=c"), "", "", 0, `new target 7 "a,b=c"`},
		{"a number that is there already", words("--op new --tid=1 --params Name=iqn.x:new"), "", "File exists.\nietadm: there is a target 1 iqn.x:new\n", 239, `new target 1 "iqn.x:new"`},
		{"a name that is there already", words("--op new --tid=7 --params Name=" + diskName), "", "File exists.\nietadm: there is a target 7 " + diskName + "\n", 239, `new target 7 "` + diskName + `"`},
		{"the case of Name counts", words("--op new --tid=7 --params name=iqn.x:new"), "", einval + "a new target takes one parameter, Name=NAME\n", 234, ""},
		{"a new target without a name", words("--op new --tid=7"), "", einval + "a new target needs a name: give --params Name=NAME, or --target NAME\n", 234, ""},
		{"a new target with two names", words("--op new --target a --params Name=b"), "", einval + "a new target needs a name: give --params Name=NAME, or --target NAME\n", 234, ""},

		{"a target is removed", words("--op delete --tid=2"), "", "", 0, "delete target 2 force=false"},
		{"one with sessions is busy", words("--op delete --tid=1"), "", "Device or resource busy.\nietadm: target 1 has 2 sessions\n", 240, "delete target 1 force=false"},
		{"unless by force", words("--op delete --tid=1 --force"), "", "", 0, "delete target 1 force=true"},
		{"one that is not there", words("--op delete --tid=9"), "", enoent + "there is no target 9\n", 254, "delete target 9 force=false"},
		{"by its name, in any case", words("--op delete --target IQN.2026-11.com.example:TAPE"), "", "", 0, "delete target 2 force=false"},
		{"by a name that is not there", words("--op delete --target iqn.y"), "", enoent + "there is no target iqn.y\n", 254, ""},

		{"keys are set, and when they hold is said", words("--op update --tid=1 --params=QueuedCommands=64,MaxBurstLength=65536"),
			"QueuedCommands holds now\nMaxBurstLength holds for new sessions\n", "", 0, "update target 1 [{QueuedCommands 64} {MaxBurstLength 65536}]"},
		{"also to programs", words("--op update --tid=1 --params=QueuedCommands=64 --json"),
			"{\n  \"effects\": [\n    {\n      \"key\": \"QueuedCommands\",\n      \"when\": \"now\"\n    }\n  ]\n}\n", "", 0, "update target 1 [{QueuedCommands 64}]"},
		{"a digest takes a list", words("--op update --tid=1 --params=HeaderDigest=CRC32C,None,DataDigest=None,CRC32C"),
			"HeaderDigest holds for new sessions\nDataDigest holds for new sessions\n", "", 0, "update target 1 [{HeaderDigest CRC32C,None} {DataDigest None,CRC32C}]"},
		{"empty parts are passed over", words("--op update --tid=1 --params=,NOPInterval=5,"), "NOPInterval holds now\n", "", 0, "update target 1 [{NOPInterval 5}]"},
		{"an unknown key", words("--op update --tid=1 --params=x=1"), "", einval + "Unknown parameter \"x\".\n", 234, "update target 1 [{x 1}]"},
		{"a key without a value", words("--op update --tid=1 --params=InitialR2T,x=1"), "", einval + "a part of --params has no value; write KEY=VALUE,KEY=VALUE\n", 234, ""},
		{"an update of nothing", words("--op update --tid=1"), "", einval + "give --params KEY=VALUE,KEY=VALUE\n", 234, ""},
		{"an update of a target that is not there", words("--op update --tid=9 --params=NOPInterval=5"), "", enoent + "there is no target 9\n", 254, "update target 9 [{NOPInterval 5}]"},

		{"a redirect", words("--op update --tid=1 --redirect=192.0.2.2:3261"), "", "", 0, `redirect 1 "192.0.2.2:3261" permanent=false`},
		{"its short option", words("-o update -t 1 -r [2001:db8::1]"), "", "", 0, `redirect 1 "[2001:db8::1]" permanent=false`},
		{"a permanent one", words("--op update --tid=1 --redirect=192.0.2.2 --permanent"), "", "", 0, `redirect 1 "192.0.2.2" permanent=true`},
		{"an empty one ends it", []string{"--op", "update", "--tid=1", "--redirect", ""}, "", "", 0, `redirect 1 "" permanent=false`},
		{"so does one with nothing after =", words("--op update --tid=1 --redirect="), "", "", 0, `redirect 1 "" permanent=false`},
		{"redirect and keys are two changes", words("--op update --tid=1 --redirect=192.0.2.2 --params=NOPInterval=5"), "", einval + "--params and --redirect are two changes; make one after the other\n", 234, ""},
		{"permanent keys are not", words("--op update --tid=1 --permanent --params=NOPInterval=5"), "", "ietadm: --permanent means nothing without --redirect\n" + help, 255, ""},

		{"five lines of a target are shown", words("--op show --tid=1"), "Wthreads=8\nType=0\nQueuedCommands=32\nNOPInterval=30\nNOPTimeout=10\n", "", 0, ""},
		{"by name, with its port group", words("--op show --target " + tapeName), "Wthreads=8\nType=0\nQueuedCommands=32\nNOPInterval=0\nNOPTimeout=0\nPortGroup=2 standby\n", "", 0, ""},
		{"a show of one that is not there", words("--op show --tid=9"), "", enoent + "there is no target 9\n", 254, ""},
		{"a target as JSON", words("--op show --tid=2 --json"), "{\n  \"tid\": 2,\n  \"name\": \"" + tapeName + "\",\n  \"wthreads\": 8,\n  \"type\": 0,\n  \"queued_commands\": 32,\n  \"nop_interval_s\": 0,\n  \"nop_timeout_s\": 0,\n  \"max_sessions\": 0,\n  \"port_group\": 2,\n  \"access_state\": \"standby\"\n}\n", "", 0, ""},
	})
}

func TestLuns(t *testing.T) {
	try(t, []golden{
		{"a LUN is added", words("--op new --tid=1 --lun=4 --params Path=/srv/b,Type=fileio"), "", "", 0, `new lun 1 4 "Path=/srv/b,Type=fileio"`},
		{"by the target's name", words("--op new --target " + tapeName + " --lun=4 --params Path=/srv/b"), "", "", 0, `new lun 2 4 "Path=/srv/b"`},
		{"one that is there already", words("--op new --tid=1 --lun=17 --params Path=/x"), "", "File exists.\nietadm: LUN 17\n", 239, `new lun 1 17 "Path=/x"`},
		{"what is not permitted", words("--op new --tid=1 --lun=1 --params Path=/x"), "", "Operation not permitted.\nietadm: LUN 1\n", 255, `new lun 1 1 "Path=/x"`},
		{"an I/O error", words("--op new --tid=1 --lun=5 --params Path=/x"), "", "Input/output error.\nietadm: LUN 5\n", 251, `new lun 1 5 "Path=/x"`},
		{"no memory", words("--op new --tid=1 --lun=12 --params Path=/x"), "", "Cannot allocate memory.\nietadm: LUN 12\n", 244, `new lun 1 12 "Path=/x"`},
		{"a bad address", words("--op new --tid=1 --lun=14 --params Path=/x"), "", "Bad address.\nietadm: LUN 14\n", 242, `new lun 1 14 "Path=/x"`},
		{"a new LUN without parameters", words("--op new --tid=1 --lun=4"), "", einval + "a new LUN needs --params, as in Path=/srv/disk.img,Type=fileio\n", 234, ""},
		{"a LUN without a target", words("--op new --lun=4 --params Path=/x"), "", einval + "a LUN belongs to a target: give --tid or --target\n", 234, ""},
		{"a LUN is removed", words("--op delete --tid=1 --lun=3"), "", "", 0, "delete lun 1 3"},
		{"one that is not there", words("--op delete --tid=1 --lun=9"), "", enoent + "target 1 has no LUN 9\n", 254, "delete lun 1 9"},
		{"a LUN has grown (IET: Unsupported)", words("--op update --tid=1 --lun=3"), "LUN 3 has grown from 2048 to 4096 blocks\n", "", 0, "update lun 1 3 []"},
		{"a LUN is changed (IET: Unsupported)", words("--op update --tid=1 --lun=3 --params IOMode=ro"), "LUN 3 has grown from 2048 to 4096 blocks\n", "", 0, "update lun 1 3 [{IOMode ro}]"},
		{"a change as JSON", words("--op update --tid=1 --lun=3 --json"), "{\n  \"text\": \"LUN 3 has grown from 2048 to 4096 blocks\"\n}\n", "", 0, "update lun 1 3 []"},
		{"a change to nothing", words("--op update --tid=1 --lun=3 --params IOMode"), "", einval + "a part of --params has no value; write KEY=VALUE,KEY=VALUE\n", 234, ""},
		{"a show prints nothing", words("--op show --tid=1 --lun=3"), "", "", 0, ""},
		{"even of one that is not there", words("--op show --tid=1 --lun=9"), "", "", 0, ""},
		{"but for who has registered and reserved", words("--op show --tid=1 --lun=0"), "RESERVE by somebody\nWrite Exclusive\nkey 0x01 of iqn.x:a with iqn.x:t\nkey 0x02 of iqn.x:b with iqn.x:t, holds the reservation\nkept through a loss of power (APTPL)\n", "", 0, ""},
		{"and for programs", words("--op show --tid=1 --lun=3 --json"), "{\n  \"lun\": 3,\n  \"state\": 0,\n  \"ready\": true,\n  \"iotype\": \"fileio\",\n  \"iomode\": \"wt\",\n  \"blocks\": 2048,\n  \"block_size_bytes\": 512,\n  \"path\": \"/srv/a <b>.img\"\n}\n", "", 0, ""},
		{"which learn that there is none", words("--op show --tid=1 --lun=9 --json"), "", enoent + "target 1 has no LUN 9\n", 254, ""},
	})
}

func TestSessions(t *testing.T) {
	try(t, []golden{
		{"the 19 keys of a session", words("--op show --tid=1 --sid=562949990973952"), agreed, "", 0, ""},
		{"session 0 is what is configured", words("--op show --tid=1 --sid=0"), keyText, "", 0, ""},
		{"a session that is not there", words("--op show --tid=1 --sid=5"), "", enoent + "target 1 has no session 5\n", 254, ""},
		{"a session of a target that is not there", words("--op show --tid=9 --sid=0"), "", enoent + "there is no target 9\n", 254, ""},
		{"a session without a target", words("--op show --sid=5"), "", einval + "a session belongs to a target: give --tid or --target\n", 234, ""},
		{"a session as JSON", words("--op show --tid=1 --sid=18446744073709551615 --json"), "{\n  \"sid\": \"18446744073709551615\",\n  \"initiator\": \"iqn.x:newer\",\n  \"since\": \"0001-01-01T00:00:00Z\"\n}\n", "", 0, ""},
		{"what is configured as JSON", words("--op show --tid=2 --sid=0 --json"), "{\n  \"keys\": []\n}\n", "", 0, ""},
		{"a session is closed (IET: EINVAL)", words("--op delete --tid=1 --sid=562949990973952"), "", "", 0, "close session 1 562949990973952"},
		{"a new session", words("--op new --tid=1 --sid=5"), "", "Unsupported.\n" + einval + "a session begins when an initiator logs in\n", 234, ""},
		{"another session", words("--op update --tid=1 --sid=5 --params InitialR2T=No"), "", "Unsupported.\n" + einval + "a session keeps what was agreed on at login; change the target, for new sessions\n", 234, ""},

		{"a connection is closed", words("--op delete --tid=1 --sid=5 --cid=1"), "", "", 0, "close connection 1 5 1"},
		{"by short options", words("-o delete -t1 -s5 -c1"), "", "", 0, "close connection 1 5 1"},
		{"a connection without a session", words("--op delete --tid=1 --cid=1"), "", einval + "a connection belongs to a session: give --sid\n", 234, ""},
		{"a connection without a target", words("--op delete --sid=1 --cid=1"), "", einval + "a connection belongs to a target: give --tid or --target\n", 234, ""},
		{"a show prints nothing", words("--op show --tid=1 --sid=5 --cid=1"), "", "", 0, ""},
		{"but for programs", words("--op show --tid=1 --sid=562949990973952 --cid=0 --json"), "{\n  \"cid\": 0,\n  \"ip\": \"192.0.2.7\",\n  \"remote\": \"192.0.2.7:40000\",\n  \"state\": \"active\",\n  \"header_digest\": \"crc32c\",\n  \"data_digest\": \"none\"\n}\n", "", 0, ""},
		{"which learn that there is none", words("--op show --tid=1 --sid=562949990973952 --cid=7 --json"), "", enoent + "session 562949990973952 has no connection 7\n", 254, ""},
		{"a new connection", words("--op new --tid=1 --sid=5 --cid=1"), "", "Unsupported.\n" + einval + "a connection begins when an initiator logs in\n", 234, ""},
		{"another connection", words("--op update --tid=1 --sid=5 --cid=1"), "", "Unsupported.\n" + einval + "nothing of a connection can be changed; --op delete closes it\n", 234, ""},
	})
}

func TestAccounts(t *testing.T) {
	const params = einval + "an account has the parameters IncomingUser or OutgoingUser, and Password\n"
	try(t, []golden{
		{"accounts of a target", words("--op show --user --tid=1"), "IncomingUser joe\nIncomingUser ann\nOutgoingUser disk\n", "", 0, ""},
		{"accounts of discovery", words("--op show --user"), "IncomingUser finder\n", "", 0, ""},
		{"number 0 is discovery too", words("--op show --user --tid=0"), "IncomingUser finder\n", "", 0, ""},
		{"none", words("--op show -u -t 2"), "", "", 0, ""},
		{"none as JSON", words("--op show -u -t 2 --json"), "{\n  \"accounts\": []\n}\n", "", 0, ""},
		{"accounts of a target that is not there", words("--op show --user --tid=9"), "", enoent + "there is no target 9\n", 254, ""},
		{"accounts as JSON", words("--op show --user --json"), "{\n  \"accounts\": [\n    {\n      \"outgoing\": false,\n      \"name\": \"finder\"\n    }\n  ]\n}\n", "", 0, ""},
		{"one account with its secret", words("--op show --user --tid=1 --params=IncomingUser=joe"), "IncomingUser joe secret of joe\n", "", 0, ""},
		{"an outgoing one, in any case", words("--op show --user --tid=1 --params=outgoinguser=disk"), "OutgoingUser disk secret of disk\n", "", 0, ""},
		{"one account as JSON", words("--op show --user --params=IncomingUser=finder --json"), "{\n  \"outgoing\": false,\n  \"name\": \"finder\",\n  \"secret\": \"secret of finder\"\n}\n", "", 0, ""},
		{"one that is not there", words("--op show --user --params=IncomingUser=joe"), "", enoent + "there is no account joe\n", 254, ""},

		{"an account is added", words("--op new --user --tid=1 --params=IncomingUser=eve,Password=xyzzy"), "", "", 0, `new account 1 {false eve} "xyzzy"`},
		{"to discovery", words("--op new --user --params=Password=xyz=zy,OutgoingUser=eve"), "", "", 0, `new account 0 {true eve} "xyz=zy"`},
		{"one without a password", words("--op new --user --params=IncomingUser=eve"), "", einval + "a new account needs Password=SECRET too\n", 234, ""},
		{"one without a name", words("--op new --user --params=Password=xyzzy"), "", einval + "--params names no account; give IncomingUser=NAME or OutgoingUser=NAME\n", 234, ""},
		{"one with two names", words("--op new --user --params=IncomingUser=a,OutgoingUser=b,Password=xyzzy"), "", einval + "--params names two accounts; give one of them\n", 234, ""},
		{"one with two passwords", words("--op new --user --params=IncomingUser=a,Password=xyzzy,Password=plugh"), "", einval + "--params has two passwords; give one of them\n", 234, ""},
		{"a secret with a comma is refused, and not shown", words("--op new --user --params=IncomingUser=a,Password=xy,zzy"), "", einval + "a part of --params has no value; write KEY=VALUE,KEY=VALUE\n", 234, ""},
		{"an unknown parameter is refused, and not shown", words("--op new --user --params=IncomingUser=a,Passwort=xyzzy"), "", params, 234, ""},

		{"an account is removed", words("--op delete --user --tid=1 --params=IncomingUser=joe"), "", "", 0, "delete account 1 {false joe}"},
		{"a password that comes with it does not matter", words("--op delete --user --params=IncomingUser=joe,Password=x"), "", "", 0, "delete account 0 {false joe}"},
		{"a removal without a name", words("--op delete --user --tid=1"), "", einval + "give --params KEY=VALUE,KEY=VALUE\n", 234, ""},
		{"an account is changed", words("--op update --user --tid=1 --params=IncomingUser=joe,Password=x"), "", "Unsupported.\n" + einval + "delete the account and make it anew\n", 234, ""},
		{"an account of a LUN", words("--op show --user --tid=1 --lun=0"), "", einval + "an account belongs to a target or to discovery: leave --lun, --cid and --sid out\n", 234, ""},
	})
}

const sessionProc = "tid:2 name:" + tapeName + "\ntid:1 name:" + diskName + "\n" +
	"\tsid:18446744073709551615 initiator:iqn.x:newer\n" +
	"\tsid:562949990973952 initiator:iqn.1993-08.org.debian:01:abc\n" +
	"\t\tcid:1 ip:[2001:0db8:0000:0000:0000:0000:0000:0001] state:closing hd:none dd:crc32c\n" +
	"\t\tcid:0 ip:192.0.2.7 state:active hd:crc32c dd:none\n"

const volumeProc = "tid:2 name:" + tapeName + "\ntid:1 name:" + diskName + "\n" +
	"\tlun:3 state:0 iotype:fileio iomode:wt blocks:2048 blocksize:512 path:/srv/a <b>.img\n" +
	"\tlun:0 state:1 iotype:nullio iomode:wt blocks:1099511627776 blocksize:4096\n"

func TestDaemon(t *testing.T) {
	const object = einval + "no object: give --tid or --target, and --lun, --sid, --cid or --user where one of those is meant\n"
	tape := func(rest string) string {
		return "{\n  \"targets\": [\n    {\n      \"tid\": 2,\n      \"name\": \"" + tapeName + "\",\n      \"wthreads\": 8,\n      \"type\": 0,\n      \"queued_commands\": 32,\n      \"nop_interval_s\": 0,\n      \"nop_timeout_s\": 0,\n      \"max_sessions\": 0,\n      \"port_group\": 2,\n      \"access_state\": \"standby\"\n    }\n  ]\n}\n" + rest
	}
	try(t, []golden{
		{"delete of nothing leaves iSNS", words("--op delete"), "", "", 0, "stop all"},
		{"show of nothing", words("--op show"), "", object, 234, ""},
		{"new of nothing", words("--op new --params Name=x"), "", object, 234, ""},
		{"update of nothing", words("--op update"), "", object, 234, ""},
		{"reload", words("--op reload"), "target 2: removed\ntarget 3: added\n", "", 0, "reload dry=false"},
		{"reload as a word", words("reload --dry-run"), "target 2: removed\ntarget 3: added\n", "", 0, "reload dry=true"},
		{"reload as JSON", words("reload --json"), "{\n  \"lines\": [\n    \"target 2: removed\",\n    \"target 3: added\"\n  ]\n}\n", "", 0, "reload dry=false"},
		{"reload of a target", words("reload --tid 1"), "", einval + "--op reload does not know a target\n", 234, ""},
		{"dump", words("dump"), "# \xff\nTarget " + diskName + "\n", "", 0, ""},
		{"dump as JSON", words("--op dump --json"), "{\n  \"conf\": \"IyD/ClRhcmdldCBpcW4uMjAyNi0xMS5jb20uZXhhbXBsZTpkaXNrCg==\"\n}\n", "", 0, ""},
		{"the text of volume", words("--op show --volume"), volumeProc, "", 0, ""},
		{"the text of session", words("show --session"), sessionProc, "", 0, ""},
		{"of one target", words("show --session --tid 2"), "tid:2 name:" + tapeName + "\n", "", 0, ""},
		{"of one that is not there", words("show --volume --tid 9"), "", enoent + "there is no target 9\n", 254, ""},
		{"as JSON", words("show --volume --tid 2 --json"), tape(""), "", 0, ""},
		{"both texts", words("show --session --volume"), "", "ietadm: --volume and --session are two questions; ask one of them\n" + help, 255, ""},
		{"volume is only shown", words("delete --volume"), "", einval + "--op delete does not know --volume\n", 234, ""},
	})
}

func TestArguments(t *testing.T) {
	const op = "no operation: give --op with one of new, delete, update, show, reload, dump\n"
	try(t, []golden{
		{"no argument at all", nil, "", einval + op, 234, ""},
		{"no --op", words("--tid=1"), "", einval + op, 234, ""},
		{"an operation that is none", words("--op list --tid=1"), "", einval + op, 234, ""},
		{"a word that is none", words("list"), "", einval + op, 234, ""},
		{"a word too many", words("--op show --tid=2 all of it"), "", "ietadm: unrecognized: all of it\n" + help, 255, ""},
		{"an unknown option", words("--op show --color"), "", "ietadm: unknown flag: --color\n" + help, 255, ""},
		{"an unknown short option", words("--op show -x"), "", "ietadm: unknown shorthand flag: 'x' in -x\n" + help, 255, ""},
		{"an option without its argument", words("--op"), "", "ietadm: flag needs an argument: --op\n" + help, 255, ""},
		{"--user takes no argument", words("--op show --user joe"), "", "ietadm: unrecognized: joe\n" + help, 255, ""},
		{"a number that is none", words("--op delete --tid=x"), "", "ietadm: invalid argument \"x\" for \"-t, --tid\" flag: \"x\" is not a number from 0 to 4294967295\n" + help, 255, ""},
		{"a number below", words("--op delete --tid=-1"), "", "ietadm: invalid argument \"-1\" for \"-t, --tid\" flag: \"-1\" is not a number from 0 to 4294967295\n" + help, 255, ""},
		{"a number above", words("--op delete --tid=1 --lun 65536"), "", "ietadm: invalid argument \"65536\" for \"-l, --lun\" flag: \"65536\" is not a number from 0 to 65535\n" + help, 255, ""},
		{"numbers are in base 10", words("--op delete --tid=010"), "", enoent + "there is no target 10\n", 254, "delete target 10 force=false"},
		{"long options with and without =", words("--op=delete --tid 2"), "", "", 0, "delete target 2 force=false"},
		{"short options with and without a blank", words("-odelete -t 2"), "", "", 0, "delete target 2 force=false"},
		{"an abbreviation of a long option", words("--o=new --t 7 --par Name=x"), "", "", 0, `new target 7 "x"`},
		{"one that an option of ours begins like", words("--op show --s 0 --tid 1"), keyText, "", 0, ""},
		{"of options of ours there is none", words("--op delete --tid 1 --forc"), "", "ietadm: unknown flag: --forc\n" + help, 255, ""},
		{"the last of two counts", words("--op delete --tid 1 --tid 2"), "", "", 0, "delete target 2 force=false"},
		{"number and name", words("--op delete --tid 1 --target x"), "", "ietadm: --tid and --target both name the target; give one of them\n" + help, 255, ""},
		{"force of what needs none", words("--op show --tid 1 --force"), "", "ietadm: --force means nothing for --op show of a target\n" + help, 255, ""},
		{"a dry run of what has none", words("--op delete --tid 1 --dry-run"), "", "ietadm: --dry-run means nothing for --op delete of a target\n" + help, 255, ""},
		{"bytes that are no text", []string{"--op", "new", "--tid=1", "--lun=4", "--params", "Path=/\xff"}, "", einval + "--params is not UTF-8\n", 234, ""},
		{"the version", words("--version"), "ietadm version " + version() + "\n", "", 0, ""},
		{"the version wins over the rest", words("-v --op show"), "ietadm version " + version() + "\n", "", 0, ""},
	})
}

func TestHelp(t *testing.T) {
	var stdout, stderr strings.Builder
	if code := Main([]string{"--help"}, &stdout, &stderr); code != 0 || stderr.Len() != 0 {
		t.Errorf("exit %d, %q", code, stderr.String())
	}
	for _, want := range []string{"--op new --tid N", "-t, --tid N", "--dry-run", "145 ietd does not run"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, stdout.String())
		}
	}
}

func TestNoDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	const refused = "Connection refused.\nietadm: "
	for _, row := range []struct {
		sentence, socket, stderr string
		code                     int
	}{
		{"ietd does not run", path, refused + "ietd does not run, or has another control socket: nobody answers at " + path + "\n", 145},
		{"no place for a socket", "", "ietadm: there is no usual place for the control socket; give --control-socket PATH\n" + help, 255},
	} {
		for _, args := range [][]string{words("--op show --tid=1"), words("--op show --tid=1 --lun=1"), words("--op delete"), words("reload"), words("show --volume")} {
			var stdout, stderr strings.Builder
			code := Main(append(args, "--control-socket="+row.socket), &stdout, &stderr)
			if code != row.code || stdout.Len() > 0 || stderr.String() != row.stderr {
				t.Errorf("%s: %q: exit %d, %q, %q", row.sentence, args, code, stdout.String(), stderr.String())
			}
		}
	}
}

// badFile is a Backend whose file has an error.
type badFile struct{ fake }

func (b *badFile) Reload(bool) ([]string, error) {
	return []string{"ietd.conf:3: no"}, refuse(22, "the file has an error; nothing was changed")
}

func TestReloadOfABadFile(t *testing.T) {
	var stdout, stderr strings.Builder
	code := Main([]string{"reload", "--control-socket", start(t, new(badFile))}, &stdout, &stderr)
	if code != 234 || stdout.String() != "ietd.conf:3: no\n" || stderr.String() != einval+"the file has an error; nothing was changed\n" {
		t.Errorf("exit %d, %q, %q", code, stdout.String(), stderr.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr strings.Builder
	code := Main([]string{"--version"}, fullDisk{}, &stderr)
	if want := "Input/output error.\nietadm: cannot write the answer: disk full\n"; code != 251 || stderr.String() != want {
		t.Errorf("exit %d, %q", code, stderr.String())
	}
}

// TestTables holds that every operation of IET has a row for every object, and
// that every flag says something of itself.
func TestTables(t *testing.T) {
	for _, op := range []string{"new", "delete", "update", "show"} {
		for _, about := range []object{daemon, target, session, connection, lun, account} {
			rows := 0
			for _, a := range actions {
				if a.op == op && a.object == about {
					rows++
				}
			}
			if rows != 1 {
				t.Errorf("--op %s of %s has %d rows", op, about, rows)
			}
		}
	}
	for _, a := range actions {
		if !slices.Contains(operations, a.op) {
			t.Errorf("--op %s has rows, but is no operation", a.op)
		}
	}
	f := Flags()
	for _, long := range append(slices.Clone(abbreviated), ours...) {
		if flag := f.Lookup(long); flag == nil || !strings.Contains(flag.Usage, "example: ") {
			t.Errorf("--%s: no such flag, or no example", long)
		}
	}
}
