// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"bytes"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestABI holds the layouts against what the kernel's header says.
func TestABI(t *testing.T) {
	for _, row := range []struct {
		name      string
		got, want uintptr
	}{
		{"io_uring_sqe", unsafe.Sizeof(SQE{}), 64},
		{"io_uring_cqe", unsafe.Sizeof(CQE{}), 16},
		{"io_uring_params", unsafe.Sizeof(params{}), 120},
		{"io_uring_buf", unsafe.Sizeof(bufEntry{}), 16},
		{"io_uring_buf_reg", unsafe.Sizeof(bufReg{}), 40},
		{"io_uring_getevents_arg", unsafe.Offsetof(eventsArg{}.sec), eventsArgLen},
		{"buf_group", unsafe.Offsetof(SQE{}.bufGroup), 40},
	} {
		if row.got != row.want {
			t.Errorf("%s: %d, want %d", row.name, row.got, row.want)
		}
	}
}

// newOutbox is freed with the test.
func newOutbox(t *testing.T, parts, n int) *Outbox {
	t.Helper()
	o, err := NewOutbox(parts, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Free(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// TestLoopback sends parts and payload through a socket pair in many turns, so
// that all rings wrap around, and compares what arrives.
func TestLoopback(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := New(8)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	bufs, err := r.NewBufRing(3, 4, 1000)
	if err != nil {
		t.Fatal(err)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	payload, err := NewMemory(3000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range payload {
		payload[i] = byte(i * 3)
	}
	o := newOutbox(t, 100, 8)
	var sent, got []byte
	const ofRecv, ofSend = 1, 2
	r.Recv(fds[1], bufs, ofRecv)
	for turn := 0; turn < 50 || len(got) < len(sent); turn++ {
		if turn < 50 {
			for i := range 4 {
				if !o.Fits(24, 2) {
					break
				}
				part := o.Part(20 + i)
				for k := range part {
					part[k] = byte(turn + i + k)
				}
				o.Payload(payload[turn:][:i*500])
				sent = append(append(sent, part...), payload[turn:][:i*500]...)
			}
		}
		if o.Waiting() {
			o.Send(r, fds[0], ofSend)
		}
		bufs.Publish()
		if errno := r.Enter(1, time.Minute); errno != 0 && !Passing(errno) {
			t.Fatal(errno)
		}
		for c, ok := r.Next(); ok; c, ok = r.Next() {
			if c.UserData == ofSend {
				if err := o.Sent(c.Res); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if id, ok := c.Buffer(); ok {
				got = append(got, bufs.Bytes(id, int(c.Res))...)
				bufs.Return(id)
			}
			if !c.More() {
				r.Recv(fds[1], bufs, ofRecv)
			}
		}
	}
	if !bytes.Equal(sent, got) {
		t.Errorf("%d bytes were sent, %d came, and they differ", len(sent), len(got))
	}
	for o.sending > 0 {
		r.Enter(1, time.Minute)
		for c, ok := r.Next(); ok; c, ok = r.Next() {
			if c.UserData == ofSend {
				if err := o.Sent(c.Res); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if o.partsLen != 0 || o.Waiting() {
		t.Errorf("%d bytes of parts are left", o.partsLen)
	}
}

// TestPieces looks how what is queued becomes pieces.
func TestPieces(t *testing.T) {
	payload, err := NewMemory(3 * maxPiece)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		sentence string
		queue    func(o *Outbox)
		pieces   uint32
	}{
		{"parts that follow each other are one", func(o *Outbox) { o.Part(10); o.Part(10); o.Part(10) }, 1},
		{"payload stands alone", func(o *Outbox) { o.Part(10); o.Payload(payload[:5]); o.Part(10) }, 3},
		{"long payload is cut", func(o *Outbox) { o.Payload(payload[:2*maxPiece+1]) }, 3},
		{"no payload is no piece", func(o *Outbox) { o.Payload(nil) }, 0},
		{"a part behind a send in flight is a new piece", func(o *Outbox) { o.Part(10); o.sending = 1; o.Part(10) }, 2},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := newOutbox(t, 100, 8)
			row.queue(o)
			if n := o.tail - o.head; n != row.pieces {
				t.Errorf("%d pieces, want %d", n, row.pieces)
			}
		})
	}
	if n := PayloadPieces(2*maxPiece + 1); n < 3 {
		t.Errorf("%d pieces are foreseen where 3 are made", n)
	}
}

// TestFits goes to the bounds of an outbox.
func TestFits(t *testing.T) {
	for _, row := range []struct {
		sentence string
		queued   int // parts of 10 bytes
		parts, n int
		fits     bool
	}{
		{"empty, all of it", 0, 100, 8, true},
		{"empty, a byte more", 0, 101, 1, false},
		{"empty, a piece more", 0, 1, 9, false},
		{"half full, the rest", 5, 50, 7, true},
		{"half full, a byte more", 5, 51, 1, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := newOutbox(t, 100, 8)
			for range row.queued {
				o.Part(10)
			}
			if got := o.Fits(row.parts, row.n); got != row.fits {
				t.Errorf("%v", got)
			}
		})
	}
}
