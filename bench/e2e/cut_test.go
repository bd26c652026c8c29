// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ietring/bench/initiator"
	"ietring/bench/load"
	"ietring/pdu"
)

var errCut = errors.New("the test cut the connection here")

// cutConn is a connection that ends after a number of sent bytes: in order
// (FIN) or with a reset.
type cutConn struct {
	net.Conn
	left  int64 // bytes until the cut
	sent  *atomic.Int64
	reset bool
}

// Write sends what is left and then cuts.
func (c *cutConn) Write(b []byte) (int, error) {
	n := min(int64(len(b)), c.left)
	c.left -= n
	sent, err := c.Conn.Write(b[:n])
	c.sent.Add(int64(sent))
	if err != nil || c.left > 0 {
		return sent, err
	}
	if c.reset {
		err = c.Conn.(*net.TCPConn).SetLinger(0)
	}
	return sent, errors.Join(errCut, err, c.Conn.Close())
}

// life is a short session with one of everything: login through both stages,
// inquiry, capacity, reads, writes with immediate, unsolicited and solicited
// data, ping, text, task management, logout.
func life(o initiator.Options) error {
	s, err := initiator.Dial(o)
	if err != nil {
		return err
	}
	defer s.Close()
	lun := initiator.LUN(0)
	if err := s.Ready(lun); err != nil {
		return err
	}
	r := initiator.Range{LBA: farLBA, Blocks: 3}
	b := make([]byte, 3*blockLen)
	for _, c := range []*initiator.Command{
		{LUN: lun, CDB: initiator.Inquiry(255), In: make([]byte, 255)},
		{LUN: lun, CDB: initiator.Read16(r), In: b},
		{LUN: lun, CDB: initiator.Write16(r, false), Out: b},
		{LUN: lun, CDB: initiator.Write10(r, true), Out: b, NoUnsolicited: true},
		{LUN: lun, CDB: initiator.SynchronizeCache10()},
	} {
		if err := s.Do(c); err != nil {
			return err
		}
		if err := c.OK(); err != nil {
			return err
		}
	}
	if err := s.Ping([]byte("hello")); err != nil {
		return err
	}
	if _, err := s.SendTargets(""); err != nil {
		return err
	}
	if _, err := s.TaskManagement(pdu.AbortTaskSet, lun, nil); err != nil {
		return err
	}
	_, err = s.Logout()
	return err
}

// lifeOptions makes a life use immediate, unsolicited and solicited data with
// few bytes, and both digests.
func lifeOptions(o initiator.Options, isid int) initiator.Options {
	offer := initiator.Defaults()
	offer.FirstBurstLength, offer.MaxBurstLength, offer.MaxRecvDataSegmentLength = 1024, 1024, 512
	offer.HeaderDigest, offer.DataDigest = true, true
	o.Offer, o.Security, o.ISID = &offer, true, load.SessionISID(isid)
	return o
}

// TestCutAtEveryByte ends a session's life after each number of sent bytes, now
// in order and now by a reset, while another session verifies its data.
func TestCutAtEveryByte(t *testing.T) {
	p := serve(t, "--threads", "2", "--session", "MaxRecvDataSegmentLength=512",
		fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	o := login(p)
	var total atomic.Int64
	must(t, life(cutAfter(lifeOptions(o, 1), 1<<40, false, &total)))
	n := total.Load()
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)

	const atOnce = 8
	var wg sync.WaitGroup
	next := atomic.Int64{}
	for w := range atOnce {
		wg.Go(func() {
			for cut := next.Add(1); cut < n; cut = next.Add(1) {
				for mode := range modes() {
					var sent atomic.Int64
					reset := mode == 1 || !long && cut%2 == 1
					cutLife(t, cutAfter(lifeOptions(o, 1+w), cut, reset, &sent), cut)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("cut at each of %d bytes", n)
	neighbour()
	nothingLeft(t, p, before)
}

// modes returns how many kinds of cut are made at each byte: the long test
// makes both, the short one every second byte each.
func modes() int {
	if long {
		return 2
	}
	return 1
}

func cutAfter(o initiator.Options, n int64, reset bool, sent *atomic.Int64) initiator.Options {
	o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		return &cutConn{Conn: conn, left: n, sent: sent, reset: reset}, nil
	}
	return o
}

// cutLife runs a life that must be cut, and nothing else must be wrong with it.
func cutLife(t *testing.T, o initiator.Options, cut int64) {
	begin := time.Now()
	err := life(o)
	var v *initiator.Violation
	var refused *initiator.LoginError
	switch {
	case err == nil && cut == 0:
		t.Error("a session without a byte went well")
	case errors.As(err, &v), errors.As(err, &refused):
		t.Errorf("cut after %d bytes: %v", cut, err)
	case time.Since(begin) > patience(5*time.Second):
		t.Errorf("cut after %d bytes: took %v", cut, time.Since(begin))
	}
}
