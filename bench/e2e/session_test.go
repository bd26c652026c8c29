// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

const blockLen = 512

// farLBA is a place that no load beside the test touches.
const farLBA = 100000

// serveFile starts ietd with a file of 64 MiB in blocks of 512 as LUN 0.
func serveFile(t *testing.T) initiator.Options {
	t.Helper()
	return login(serve(t, fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512")))
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// alive checks that a session pings, writes and reads.
func alive(t *testing.T, s *initiator.Session) {
	t.Helper()
	must(t, s.Ping([]byte("are you there")))
	must(t, s.Ready(initiator.LUN(0))) // takes the unit attentions
	b, got := bytes.Repeat([]byte{0xa5, 0x5a}, blockLen), make([]byte, 2*blockLen)
	r := initiator.Range{LBA: farLBA, Blocks: 2}
	must(t, s.WriteBlocks(initiator.LUN(0), r, b))
	must(t, s.ReadBlocks(initiator.LUN(0), r, got))
	if !bytes.Equal(b, got) {
		t.Fatal("what was read is not what was written")
	}
}

// ends waits until a session is over and checks that no rule was broken.
func ends(t *testing.T, s *initiator.Session) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(patience(5 * time.Second)):
		t.Fatal("the session does not end")
	}
	var v *initiator.Violation
	if errors.As(s.Err(), &v) {
		t.Fatal(v)
	}
}

// heldWrite starts a write whose R2T is never answered, and returns it once the
// target has taken it in.
func heldWrite(t *testing.T, s *initiator.Session, lba uint64) (c *initiator.Command, done chan struct{}) {
	t.Helper()
	done = make(chan struct{})
	c = &initiator.Command{
		LUN: initiator.LUN(0), CDB: initiator.Write16(initiator.Range{LBA: lba, Blocks: 64}, false),
		Out: make([]byte, 64*blockLen), NoUnsolicited: true,
		Done: func(*initiator.Command) { close(done) },
	}
	s.Start(c)
	must(t, s.Ping(nil)) // behind the command on the same connection
	return c, done
}

// waitFor waits for a command.
func waitFor(t *testing.T, done chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience(5 * time.Second)):
		t.Fatal("the command is not done")
	}
}

// holding is an option set whose R2Ts are not answered while a test runs.
func holding(o initiator.Options, isid int) initiator.Options {
	o.HoldR2T, o.ISID = time.Hour, load.SessionISID(isid)
	return o
}

func TestReinstatement(t *testing.T) {
	o := serveFile(t)
	other := o
	other.ISID = load.SessionISID(7)
	bystander := dial(t, other)
	old := dial(t, holding(o, 0))
	c, done := heldWrite(t, old, 0)
	fresh := dial(t, o) // the same initiator port, TSIH 0: RFC 7143, Section 6.3.5
	ends(t, old)
	waitFor(t, done)
	if c.Err == nil {
		t.Error("the old session's write was answered")
	}
	alive(t, fresh)
	alive(t, bystander)
	if old.TSIH() == fresh.TSIH() {
		t.Errorf("both sessions have TSIH %d", old.TSIH())
	}
}

func TestLoginRefusals(t *testing.T) {
	o := serveFile(t)
	rows := []struct {
		sentence string
		change   func(o *initiator.Options)
		want     pdu.LoginStatus
	}{
		{"a target that does not exist", func(o *initiator.Options) { o.Target = "iqn.2026-11.com.example:nobody" }, pdu.LoginNotFound},
		{"a session that does not exist", func(o *initiator.Options) { o.TSIH = 0x7abc }, pdu.LoginSessionNotFound},
		{"a session type that does not exist", func(o *initiator.Options) {
			o.ExtraKeys = []pdu.Key{{Name: "SessionType", Value: "Wrong"}}
		}, 0},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			changed := o
			row.change(&changed)
			s, err := initiator.Dial(changed)
			if err == nil {
				s.Close()
				t.Fatal("login was let in")
			}
			var refused *initiator.LoginError
			if !errors.As(err, &refused) || row.want != 0 && refused.Status != row.want {
				t.Errorf("%v; want status %#04x", err, uint16(row.want))
			}
		})
	}
}

func TestLogoutWithCommandsInFlight(t *testing.T) {
	o := serveFile(t)
	for range 20 {
		s := dial(t, o)
		const n = 32
		results := make(chan error, n)
		for i := range n {
			c := &initiator.Command{LUN: initiator.LUN(0), Done: func(c *initiator.Command) { results <- c.OK() }}
			r := initiator.Range{LBA: uint64(i) * 2048, Blocks: 1024}
			if i%2 == 0 {
				c.CDB, c.In = initiator.Read16(r), make([]byte, 1024*blockLen)
			} else {
				c.CDB, c.Out = initiator.Write16(r, false), make([]byte, 1024*blockLen)
			}
			s.Start(c)
		}
		result, err := s.Logout()
		must(t, err)
		if result != pdu.LogoutClosed {
			t.Fatalf("logout was answered %d", result)
		}
		ends(t, s)
		for range n {
			if err := <-results; err != nil && !errors.Is(err, initiator.ErrClosed) {
				t.Fatalf("a command in flight ended with %v", err)
			}
		}
	}
	alive(t, dial(t, o))
}

func TestAbortTask(t *testing.T) {
	o := serveFile(t)
	s := dial(t, holding(o, 0))
	var c *initiator.Command
	for range 50 {
		var done chan struct{}
		c, done = heldWrite(t, s, 0)
		got, err := s.TaskManagement(pdu.AbortTask, initiator.LUN(0), c)
		must(t, err)
		if got != pdu.FunctionComplete {
			t.Fatalf("ABORT TASK of an open command was answered %d", got)
		}
		waitFor(t, done)
		if !errors.Is(c.Err, initiator.ErrAborted) {
			t.Fatalf("the command ended with %v", c.Err)
		}
	}
	got, err := s.TaskManagement(pdu.AbortTask, initiator.LUN(0), c)
	must(t, err)
	if got != pdu.TaskDoesNotExist {
		t.Errorf("ABORT TASK of a command that is over was answered %d, want %d", got, pdu.TaskDoesNotExist)
	}
	got, err = s.TaskManagement(pdu.LogicalUnitReset, initiator.LUN(200), nil)
	must(t, err)
	if got != pdu.LUNDoesNotExist {
		t.Errorf("a reset of a LUN that is not there was answered %d, want %d", got, pdu.LUNDoesNotExist)
	}
	alive(t, s)
}

// TestReset has one session reset the unit while two have a write open: both
// writes end, the writes' late data is no reason to close anything, and who did
// not ask for the reset is told by a unit attention (29h).
func TestReset(t *testing.T) {
	for _, row := range []struct {
		sentence string
		function pdu.TaskFunction
	}{
		{"logical unit reset", pdu.LogicalUnitReset},
		{"target warm reset", pdu.TargetWarmReset},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := serveFile(t)
			mine := dial(t, holding(o, 0))
			late := o
			late.HoldR2T, late.ISID = 200*time.Millisecond, load.SessionISID(1)
			theirs := dial(t, late)
			c, done := heldWrite(t, mine, 0)
			victim, _ := heldWrite(t, theirs, 1000)

			got, err := mine.TaskManagement(row.function, initiator.LUN(0), nil)
			must(t, err)
			if got != pdu.FunctionComplete {
				t.Fatalf("answered %d", got)
			}
			waitFor(t, done)
			if !errors.Is(c.Err, initiator.ErrAborted) {
				t.Errorf("own write ended with %v", c.Err)
			}
			tur := initiator.Command{LUN: initiator.LUN(0), CDB: initiator.TestUnitReady()}
			must(t, theirs.Do(&tur))
			if sense := tur.Sense(); tur.Status != initiator.StatusCheckCondition || sense.Key != 6 || sense.ASC != 0x29 {
				t.Errorf("the other session's next command: status %#02x, %v; want unit attention 6/29", tur.Status, sense)
			}
			time.Sleep(2 * late.HoldR2T) // the late data of the dead write arrives
			if _, err := theirs.TaskManagement(pdu.AbortTask, initiator.LUN(0), victim); err != nil {
				t.Fatalf("the other session after its late data: %v", err)
			}
			alive(t, mine)
			alive(t, theirs)
		})
	}
}

func TestDiscovery(t *testing.T) {
	o := serveFile(t)
	d := o
	d.Target = ""
	s, err := initiator.Dial(d)
	must(t, err)
	defer s.Close()
	list, err := s.SendTargets("All")
	must(t, err)
	if len(list) != 1 || list[0].Name != target || len(list[0].Addresses) == 0 || !strings.HasPrefix(list[0].Addresses[0], o.Address+",") {
		t.Errorf("SendTargets=All: %+v; want %s at %s", list, target, o.Address)
	}
	if list, err = s.SendTargets("iqn.2026-11.com.example:nobody"); err != nil || len(list) != 0 {
		t.Errorf("SendTargets of a name that is not there: %+v, %v", list, err)
	}
	result, err := s.Logout()
	must(t, err)
	if result != pdu.LogoutClosed {
		t.Errorf("logout was answered %d", result)
	}
	n := dial(t, o)
	if list, err = n.SendTargets(""); err != nil || len(list) != 1 {
		t.Errorf("SendTargets in a normal session: %+v, %v", list, err)
	}
}

// TestPing sends pings of every length up to what the target takes.
func TestPing(t *testing.T) {
	s := dial(t, serveFile(t))
	data := make([]byte, min(s.Params().MaxXmitDataSegmentLength, s.Params().MaxRecvDataSegmentLength))
	for i := range data {
		data[i] = byte(i * 7)
	}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 511, 4096, 4097, 8192} {
		if err := s.Ping(data[:min(n, len(data))]); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// TestResiduals has commands whose Expected Data Transfer Length is not what
// the CDB says. The initiator checks the arithmetic of each; here the sign.
func TestResiduals(t *testing.T) {
	s := dial(t, serveFile(t))
	one, two := initiator.Range{LBA: 0, Blocks: 1}, initiator.Range{LBA: 0, Blocks: 2}
	for _, row := range []struct {
		sentence string
		cmd      initiator.Command
		want     pdu.Residual
	}{
		{"a read of what is expected", initiator.Command{CDB: initiator.Read16(one), In: make([]byte, blockLen)}, 0},
		{"a read of less than is expected", initiator.Command{CDB: initiator.Read16(one), In: make([]byte, 2*blockLen)}, -blockLen},
		{"a read of more than is expected", initiator.Command{CDB: initiator.Read16(two), In: make([]byte, blockLen)}, blockLen},
		{"a write of what is expected", initiator.Command{CDB: initiator.Write16(one, false), Out: make([]byte, blockLen)}, 0},
		{"a write of less than is expected", initiator.Command{CDB: initiator.Write16(one, false), Out: make([]byte, 2*blockLen)}, -blockLen},
		{"a write of more than is expected", initiator.Command{CDB: initiator.Write16(two, false), Out: make([]byte, blockLen)}, blockLen},
		{"an inquiry with room to spare", initiator.Command{CDB: initiator.Inquiry(255), In: make([]byte, 255)}, -1},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			row.cmd.LUN = initiator.LUN(0)
			must(t, s.Do(&row.cmd))
			got := row.cmd.Residual
			if row.want == -1 {
				got = max(got, -1) // how long the inquiry data is, is not this test's business
			}
			if got != row.want {
				t.Errorf("residual %d, want %d (status %#02x, %v)", row.cmd.Residual, row.want, row.cmd.Status, row.cmd.Sense())
			}
		})
	}
	alive(t, s)
}
