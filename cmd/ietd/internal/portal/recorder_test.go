// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/cmd/ietd/internal/config"
	"ietring/cmd/ietd/internal/target"
	"ietring/pdu"
	"ietring/pdu/flow"
)

// A flowRow says how a flow is made: by which initiator, on which target.
type flowRow struct {
	name  string
	who   string
	setup func(t *testing.T, s *served)
	// run has the initiator do its work at a portal, on one connection.
	run func(portal string) error
}

var flows = []flowRow{
	{"discovery", "iscsi-ls of libiscsi 1.19: SendTargets, logout", nil, tool("iscsi-ls", "iscsi://PORTAL")},
	{"discovery-chap", "iscsi-ls of libiscsi 1.19 with CHAP", withCHAP, tool("iscsi-ls", "iscsi://alice%secret-of-alice@PORTAL")},
	{"inquiry", "iscsi-inq of libiscsi 1.19", nil, tool("iscsi-inq", "iscsi://PORTAL/"+servedTarget+"/0")},
	{"inquiry-chap-mutual", "iscsi-inq of libiscsi 1.19 with CHAP both ways", withCHAP,
		tool("iscsi-inq", "iscsi://alice%secret-of-alice@PORTAL/"+servedTarget+"/0?target_user=disks&target_password=secret-of-disks")},
	{"inquiry-digest", "iscsi-inq of libiscsi 1.19 with header digest", nil, tool("iscsi-inq", "iscsi://PORTAL/"+servedTarget+"/0?header_digest=crc32c")},
	{"cmdsn-too-high", "iscsi-test-cu of libiscsi 1.19, iSCSICmdSnTooHigh", nil, testCU("iSCSIcmdsn.iSCSICmdSnTooHigh")},
	{"cmdsn-too-low", "iscsi-test-cu of libiscsi 1.19, iSCSICmdSnTooLow", nil, testCU("iSCSIcmdsn.iSCSICmdSnTooLow")},
	{"datasn", "iscsi-test-cu of libiscsi 1.19, iSCSIDataSnInvalid", nil, testCU("iSCSIdatasn.iSCSIDataSnInvalid")},
	{"abort-task", "iscsi-test-cu of libiscsi 1.19, AbortTaskSimpleAsync", nil, testCU("iSCSITMF.AbortTaskSimpleAsync")},
	{"open-iscsi", "Linux 6.1 and open-iscsi 2.1.8: a disk appears, is read and written", nil, linux(nil)},
	{"open-iscsi-chap", "Linux 6.1 and open-iscsi 2.1.8 with CHAP both ways", withCHAP, linux(map[string]string{
		"node.session.auth.authmethod":  "CHAP",
		"node.session.auth.username":    "alice",
		"node.session.auth.password":    "secret-of-alice",
		"node.session.auth.username_in": "disks",
		"node.session.auth.password_in": "secret-of-disks",
	})},
	{"open-iscsi-digests", "Linux 6.1 and open-iscsi 2.1.8 with both digests", nil, linux(map[string]string{
		"node.conn[0].iscsi.HeaderDigest": "CRC32C",
		"node.conn[0].iscsi.DataDigest":   "CRC32C",
	})},
	{"qemu-img", "qemu-img info of QEMU 7.2: READ CAPACITY, mode pages, reads", nil, tool("qemu-img", "info", "-f", "raw", "iscsi://PORTAL/"+servedTarget+"/0")},
	{"refused", "iscsi-inq of libiscsi 1.19 at a target that is not there", nil, refusedTool("iscsi-inq", "iscsi://PORTAL/iqn.2026-11.com.example:none/0")},
	{"text", "bench/initiator: text in full feature phase, logout", nil, askByText},
	{"write-digests", "bench/initiator: both digests, R2T, read, reset, abort, ping, logout", nil, writeAndAbort},
}

// withCHAP gives the target, and discovery, accounts.
func withCHAP(t *testing.T, s *served) {
	t.Helper()
	accounts := target.Accounts{
		Incoming: []config.Account{{Name: "alice", Secret: "secret-of-alice"}},
		Outgoing: &config.Account{Name: "disks", Secret: "secret-of-disks"},
	}
	s.change(t, func(x *target.Target) { x.Accounts = accounts })
	if err := s.catalog.Change(func(e *target.Edit) error { e.SetDiscovery(accounts); return nil }); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program; PORTAL in its arguments is where.
func tool(name string, args ...string) func(string) error {
	return func(portal string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, name)
		for _, a := range args {
			cmd.Args = append(cmd.Args, string(bytes.ReplaceAll([]byte(a), []byte("PORTAL"), []byte(portal))))
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.New(string(out) + err.Error())
		}
		return nil
	}
}

// refusedTool is tool for one that is not let in.
func refusedTool(name string, args ...string) func(string) error {
	return func(portal string) error {
		if tool(name, args...)(portal) == nil {
			return errors.New("it got in")
		}
		return nil
	}
}

// testCU runs one test of iscsi-test-cu.
func testCU(name string) func(string) error {
	return tool("iscsi-test-cu", "-d", "-t", "iSCSI."+name, "iscsi://PORTAL/"+servedTarget+"/0")
}

// writeAndAbort uses what the tools leave out.
func writeAndAbort(portal string) error {
	offer := initiator.Defaults()
	offer.HeaderDigest, offer.DataDigest, offer.InitialR2T = true, true, true
	offer.FirstBurstLength, offer.MaxBurstLength, offer.MaxOutstandingR2T = 512, 1024, 1
	s, err := initiator.Dial(initiator.Options{Address: portal, Target: servedTarget, Offer: &offer, ISID: pdu.ISID{0x80, 1, 2, 3, 4, 5}})
	if err != nil {
		return err
	}
	defer s.Close()
	data := bytes.Repeat([]byte("golden! "), 320)
	one := func(c initiator.Command) error { _ = s.Do(&c); return nil }
	for _, c := range []initiator.Command{
		{CDB: initiator.TestUnitReady()}, // finds the unit attention
		{CDB: initiator.ReportLUNs(64), In: make([]byte, 64)},
		{CDB: initiator.Write10(initiator.Range{LBA: 8, Blocks: 5}, true), Out: data},
		{CDB: initiator.Read10(initiator.Range{LBA: 8, Blocks: 2}), In: make([]byte, 1024)},
		{CDB: initiator.Read10(initiator.Range{LBA: 5000, Blocks: 1}), In: make([]byte, 512)}, // beyond the end
		{CDB: initiator.SynchronizeCache10()},
	} {
		if err := one(c); err != nil {
			return err
		}
	}
	done := &initiator.Command{CDB: initiator.TestUnitReady()}
	_ = s.Do(done)
	for _, f := range []pdu.TaskFunction{pdu.AbortTask, pdu.LogicalUnitReset, pdu.TaskReassign} {
		if _, err := s.TaskManagement(f, initiator.LUN(0), done); err != nil {
			return err
		}
	}
	if err := s.Ping([]byte("are you there")); err != nil {
		return err
	}
	_, err = s.Logout()
	return err
}

// askByText sends what a Text Request of a normal session may hold, and what not.
func askByText(portal string) error {
	s, err := initiator.Dial(initiator.Options{Address: portal, Target: servedTarget, ISID: pdu.ISID{0x80, 1, 2, 3, 4, 6}})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, text := range []string{
		"SendTargets=\x00",
		"SendTargets=All\x00",
		"SendTargets=iqn.2026-11.com.example:none\x00",
		"X-com.example.colour=blue\x00InitiatorAlias=host\x00",
		"MaxRecvDataSegmentLength=4096\x00",
		"MaxBurstLength=4096\x00", // of the login only
		"no key",                  // rejected
	} {
		p := &pdu.PDU{Data: []byte(text)}
		p.SetOpcode(pdu.OpText)
		p.SetFinal()
		p.TextRequest().SetTTT(pdu.NoTag)
		if _, err := s.Request(p); err != nil && !errors.As(err, new(*initiator.RejectError)) {
			return err
		}
	}
	_, err = s.Logout()
	return err
}

// recordFlow runs the initiator through a tap and writes what it saw on its
// last connection.
func recordFlow(t *testing.T, s *served, row flowRow) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var f *flow.Flow
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the initiator has done its work
			}
			f = &flow.Flow{About: row.who + ". Recorded " + time.Now().Format(time.DateOnly) + "."}
			tap(f, client, s.portal)
		}
	})
	if err := row.run(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ended.Wait()
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(flowPath(row.name), f.Format(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tap passes PDUs on both ways, one at a time, and notes them in order.
func tap(f *flow.Flow, client net.Conn, portal string) {
	defer client.Close()
	server, err := net.Dial("tcp", portal)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	var parts framer
	pass := func(from, to net.Conn, target bool) {
		for {
			wire, err := parts.read(from)
			if err != nil {
				_ = to.(*net.TCPConn).CloseWrite()
				return
			}
			if target {
				parts.learn(wire)
			}
			mu.Lock()
			f.Steps = append(f.Steps, flow.Step{Target: target, Wire: masked(wire)})
			mu.Unlock()
			if _, err := to.Write(wire); err != nil {
				return
			}
		}
	}
	var both sync.WaitGroup
	both.Go(func() { pass(client, server, false) })
	both.Go(func() { pass(server, client, true) })
	both.Wait()
}
