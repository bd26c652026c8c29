// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"ietring/bench/daemon"
	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

// TestHostilePeers has peers be wrong in every way we know, beside a session
// that verifies its data; in the end nothing of them is left in the target.
func TestHostilePeers(t *testing.T) {
	p := serve(t, "--threads", "1", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1))) // what is made once is there now
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)
	for _, row := range beforeLogin {
		t.Run("before login "+row.sentence, func(t *testing.T) { row.run(t, p) })
	}
	for _, row := range afterLogin {
		t.Run("after login "+row.sentence, func(t *testing.T) { row.run(t, p) })
	}
	neighbour()
	nothingLeft(t, p, before)
	must(t, life(lifeOptions(login(p), 1)))
}

func (row *hostileRow) run(t *testing.T, d *daemon.Process) {
	conn, err := net.Dial("tcp", d.Addr)
	must(t, err)
	defer conn.Close()
	p := &peer{t: t, conn: conn, f: pdu.Framing{MaxDataLen: 8192}}
	if row.login {
		o := login(d)
		offer := initiator.Defaults()
		if row.offer != nil {
			row.offer(&offer)
		}
		o.Offer, o.ISID = &offer, load.SessionISID(50)
		p.n, err = initiator.Login(conn, &o)
		must(t, err)
		p.f = p.n.Framing()
		p.clearAttention()
	}
	row.act(p)
	row.judge(p)
}

// judge reads what the target does and holds it against the row.
func (row *hostileRow) judge(p *peer) {
	if row.want == whatever || p.refused && row.want != ignores {
		return
	}
	for {
		q, err := p.read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.t.Error("the target does nothing about it")
			return
		case err != nil:
			if row.want == ignores {
				p.t.Errorf("the connection ended: %v", err)
			}
			if !errors.Is(err, io.EOF) {
				p.t.Logf("closed: %v", err)
			}
			return
		case q.Opcode() == pdu.OpNopIn && q.ITT() == 6 && (row.want == ignores || row.want == either):
			return
		case row.want == ignores:
			p.t.Errorf("%v instead of the answer to a ping: the command was to be ignored", q.Opcode())
			return
		case row.want != closes && refuses(p.t, q):
			return
		}
	}
}

// refuses reports whether a PDU says that something was wrong.
func refuses(t *testing.T, q *pdu.PDU) bool {
	switch q.Opcode() {
	case pdu.OpReject:
		t.Logf("Reject: %v", q.Reject().Reason())
		return true
	case pdu.OpSCSIResponse:
		t.Logf("status %#02x", q.SCSIResponse().Status())
		return q.SCSIResponse().Status() != initiator.StatusGood
	case pdu.OpLogoutResponse, pdu.OpAsync:
		return true
	}
	return false
}
