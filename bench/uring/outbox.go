// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// MaxSend is the most that one send gathers, in bytes, beyond which the
	// socket is full anyway.
	MaxSend = 512 << 10
	// maxPieces is how many pieces of memory one send gathers.
	maxPieces = 512
	// maxPiece is the longest piece, so that sends can end near MaxSend.
	maxPiece = 128 << 10
)

// An Outbox is what is to be sent on one connection: small parts, which are
// copied, and payload, which is not. One send is in flight at a time.
//
//	parts   a ring of bytes: headers and digests in the order of sending
//	pieces  a ring of iovecs into parts and payload; parts that follow each
//	        other in memory are one piece
type Outbox struct {
	parts    Memory
	partsEnd int // where the next part goes
	partsLen int // bytes of parts that wait or are in flight

	pieces     []unix.Iovec // in mem, a power of two of them
	head, tail uint32       // of pieces
	sending    uint32       // pieces of the send in flight; 0: none is
	bytes      int          // of the send in flight
	msg        *unix.Msghdr
	mem        Memory
}

// NewOutbox makes an outbox for at most parts bytes of small parts and n pieces
// that wait or are in flight: who uses it keeps to that.
func NewOutbox(parts, n int) (*Outbox, error) {
	size := 1
	for size < n {
		size *= 2
	}
	o := &Outbox{}
	var err error
	// Twice, since a part never wraps around.
	if o.parts, err = NewMemory(2 * parts); err != nil {
		return nil, err
	}
	msgLen := int(unsafe.Sizeof(unix.Msghdr{}))
	if o.mem, err = NewMemory(msgLen + size*int(unsafe.Sizeof(unix.Iovec{}))); err != nil {
		return nil, errors.Join(err, o.Free())
	}
	o.msg = (*unix.Msghdr)(unsafe.Pointer(&o.mem[0]))
	o.pieces = unsafe.Slice((*unix.Iovec)(unsafe.Pointer(&o.mem[msgLen])), size)
	return o, nil
}

// Free unmaps the outbox. No send may be in flight.
func (o *Outbox) Free() error { return errors.Join(o.parts.Free(), o.mem.Free()) }

// Part makes room for n bytes that are sent next; the caller fills them in
// before the next send. They are not zero.
func (o *Outbox) Part(n int) []byte {
	if 2*(o.partsLen+n) > len(o.parts) {
		panic("uring: more parts than the outbox was made for")
	}
	if o.partsEnd+n > len(o.parts) {
		o.partsEnd = 0
	}
	o.partsLen += n
	p := o.parts[o.partsEnd : o.partsEnd+n : o.partsEnd+n]
	o.partsEnd += n
	if o.tail-o.head > o.sending { // the last piece is still ours
		last := &o.pieces[(o.tail-1)&uint32(len(o.pieces)-1)]
		if o.isPart(last) && uint64(uintptr(unsafe.Pointer(last.Base)))+last.Len == addr(p) {
			last.Len += uint64(n)
			return p
		}
	}
	o.add(p)
	return p
}

// isPart reports whether a piece lies in the ring of parts.
func (o *Outbox) isPart(p *unix.Iovec) bool {
	at := uint64(uintptr(unsafe.Pointer(p.Base)))
	return at >= addr(o.parts) && at < addr(o.parts)+uint64(len(o.parts))
}

// Payload sends b, in a [Memory], next, in at most PayloadPieces(len(b)) pieces.
func (o *Outbox) Payload(b []byte) {
	for len(b) > maxPiece {
		o.add(b[:maxPiece])
		b = b[maxPiece:]
	}
	if len(b) > 0 {
		o.add(b)
	}
}

// PayloadPieces returns how many pieces a payload of n bytes takes at most.
func PayloadPieces(n int) int { return n/maxPiece + 1 }

func (o *Outbox) add(b []byte) {
	if o.tail-o.head == uint32(len(o.pieces)) {
		panic("uring: more pieces than the outbox was made for")
	}
	o.pieces[o.tail&uint32(len(o.pieces)-1)] = unix.Iovec{Base: unsafe.SliceData(b), Len: uint64(len(b))}
	o.tail++
}

// Waiting reports whether there is something to send and no send in flight.
func (o *Outbox) Waiting() bool { return o.sending == 0 && o.tail != o.head }

// Send starts the next send and returns its bytes.
func (o *Outbox) Send(r *Ring, fd int, ud uint64) int {
	first := o.head & uint32(len(o.pieces)-1)
	most := min(o.tail-o.head, uint32(len(o.pieces))-first, maxPieces)
	o.bytes, o.sending = 0, 0
	for o.sending < most && o.bytes < MaxSend {
		o.bytes += int(o.pieces[first+o.sending].Len)
		o.sending++
	}
	o.msg.Iov = &o.pieces[first]
	o.msg.SetIovlen(int(o.sending))
	r.send(fd, o.msg, ud)
	return o.bytes
}

// Sent takes the completion of the send: res as in [CQE]. A send ends short only
// when the connection fails.
func (o *Outbox) Sent(res int32) error {
	if res < 0 {
		return unix.Errno(-res)
	}
	if int(res) != o.bytes {
		return unix.EPIPE
	}
	for ; o.sending > 0; o.sending-- {
		if p := &o.pieces[o.head&uint32(len(o.pieces)-1)]; o.isPart(p) {
			o.partsLen -= int(p.Len)
		}
		o.head++
	}
	return nil
}

// Fits reports whether parts bytes of small parts and n pieces more would fit.
func (o *Outbox) Fits(parts, n int) bool {
	return 2*(o.partsLen+parts) <= len(o.parts) && int(o.tail-o.head)+n <= len(o.pieces)
}
