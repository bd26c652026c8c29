// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

// A LUN is taken away under a session that uses it and others: its open
// commands end, the rest is not touched, and its slot is used again.
func TestRemoveUnit(t *testing.T) {
	p := newPlane(t, 2)
	a, b := p.connect(defaults), p.connect(defaults)
	open := a.scsi(0, write10(0, 8), 0, make([]byte, 4096)) // its data never comes
	a.send(open)
	if r := a.next(); r.Opcode() != pdu.OpR2T {
		t.Fatalf("%v instead of R2T", r.Opcode())
	}
	u := p.target.Remove(0)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := p.eng.RemoveUnit(ctx, u); err != nil {
		t.Fatal(err)
	}
	if r := b.do(0, read10(0, 1), 512, nil); !r.sense.Is(scsi.LUNotSupported) {
		t.Errorf("the LUN that is gone: %+v", r)
	}
	for range 2 { // first the news that the LUNs have changed
		b.do(1, make([]byte, 6), 0, nil)
	}
	if r := b.do(1, read10(0, 1), 512, nil); r.status != scsi.StatusGood {
		t.Errorf("the other LUN: %+v", r)
	}
	p.add(2, backing.Params{Type: "fileio", Path: p.path}, 0)
	if n := p.eng.units.next; n != 2 {
		t.Errorf("%d handles for 2 units", n)
	}
	b.do(2, make([]byte, 6), 0, nil)
	want := pattern(4096, 1)
	b.do(2, write10(0, 8), 0, want)
	if r := b.do(2, read10(0, 8), 4096, nil); !bytes.Equal(r.data, want) {
		t.Errorf("the new LUN in the old slot: %+v", r.status)
	}
}

// A unit without a disk is not ready, gets one, loses it and gets another.
func TestSetDisk(t *testing.T) {
	p := newPlane(t, 1)
	u := p.show(5, nil, scsi.UnitConfig{ScsiSN: "missing"})
	i := p.connect(defaults)
	i.do(5, make([]byte, 6), 0, nil)
	if r := i.do(5, read10(0, 1), 512, nil); !r.sense.Is(scsi.LUNotReady) {
		t.Errorf("without a disk: %+v", r)
	}
	if r := i.do(5, unhex(t, "120000006000"), 96, nil); r.status != scsi.StatusGood {
		t.Errorf("INQUIRY without a disk: %+v", r)
	}
	for n := range 2 {
		d, err := backing.Open(backing.Params{Type: "fileio", Path: p.path, BlockSize: 512 << n})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { p.end(); _ = d.Close() }()
		c := u.Config()
		c.NotReady = true
		if err := p.target.Change(u, c); err != nil {
			t.Fatal(err)
		}
		if err := p.eng.Settle(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if err := p.eng.SetDisk(u, d); err != nil {
			t.Fatal(err)
		}
		if err := p.target.Change(u, Describe(d, u.Config())); err != nil {
			t.Fatal(err)
		}
		if r := i.do(5, read10(0, 1), 512<<n, nil); r.sense.ASC != 0x28 {
			t.Errorf("disk %d is news: %+v", n, r)
		}
		want := pattern(512<<n, n)
		i.do(5, write10(3, 1), 0, want)
		if r := i.do(5, read10(3, 1), 512<<n, nil); !bytes.Equal(r.data, want) {
			t.Errorf("disk %d: %+v", n, r.status)
		}
	}
}

// A disk that grew is told and can be used to its new end.
func TestGrowUnit(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	u := p.target.Units()[0]
	d := p.eng.units.get(u.Handle()).disk
	if err := os.Truncate(p.path, 128<<20); err != nil {
		t.Fatal(err)
	}
	if grown, err := d.Grow(); !grown || err != nil {
		t.Fatal(grown, err)
	}
	if err := p.target.Change(u, Describe(d, u.Config())); err != nil {
		t.Fatal(err)
	}
	if r := i.do(0, make([]byte, 6), 0, nil); r.sense.ASC != 0x2a || r.sense.ASCQ != 0x09 {
		t.Errorf("the news: %+v", r)
	}
	if r := i.do(0, write10(128<<11-1, 1), 0, pattern(512, 1)); r.status != scsi.StatusGood {
		t.Errorf("the last block: %+v", r)
	}
}

// A session is asked to log out by an asynchronous message.
func TestRequestLogout(t *testing.T) {
	p := newPlane(t, 1)
	i := p.connect(defaults)
	i.sess.RequestLogout(7)
	a := i.next()
	if a.Opcode() != pdu.OpAsync || a.AsyncMessage().Event() != pdu.AsyncLogoutRequest {
		t.Fatalf("%v", a.Opcode())
	}
	if _, _, seconds := a.AsyncMessage().Params(); seconds != 7 {
		t.Errorf("%d seconds", seconds)
	}
}

// The table gives every handle out once, takes them back, and finds what was
// set, across chunks and to its end.
func TestUnitTable(t *testing.T) {
	var table unitTable
	for want := range uint32(maxHandles) {
		handle, ok := table.take()
		if !ok || handle != want {
			t.Fatalf("handle %d: %d, %v", want, handle, ok)
		}
		table.set(handle, &lu{null: handle%3 == 0})
	}
	if _, ok := table.take(); ok {
		t.Fatal("one too many")
	}
	table.drop(300)
	if table.get(300) != nil || table.get(299) == nil || !table.get(3).null || table.get(301).null {
		t.Error("the wrong unit was dropped or found")
	}
	if handle, ok := table.take(); !ok || handle != 300 {
		t.Errorf("%d, %v: the one that is free again was wanted", handle, ok)
	}
}
