// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

// Numbers and layouts of linux/io_uring.h.
const (
	setupCQSize       = 1 << 3
	setupClamp        = 1 << 4
	setupSubmitAll    = 1 << 7
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	offSQRing = 0
	offSQEs   = 0x10000000

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	registerPbufRing = 22

	opSendmsg = 9
	opAccept  = 13
	opRecv    = 27

	sqeBufferSelect = 1 << 5
	recvMultishot   = 1 << 1
	acceptMultishot = 1 << 0

	cqeBuffer      = 1 << 0
	cqeMore        = 1 << 1
	cqeBufferShift = 16
)

// An SQE is struct io_uring_sqe: one operation for the kernel.
type SQE struct {
	opcode   uint8
	flags    uint8
	ioPrio   uint16
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32
	userData uint64
	bufGroup uint16
	_        [22]byte
}

// A CQE is struct io_uring_cqe: what came of an operation. Res is a count or a
// negative errno.
type CQE struct {
	UserData uint64
	Res      int32
	flags    uint32
}

// More reports whether a multishot operation goes on after this completion.
func (c CQE) More() bool { return c.flags&cqeMore != 0 }

// Buffer returns which provided buffer holds the data; ok is false when none
// was used.
func (c CQE) Buffer() (id uint16, ok bool) {
	return uint16(c.flags >> cqeBufferShift), c.flags&cqeBuffer != 0
}

// params is struct io_uring_params.
type params struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle uint32
	features, wqFD                                         uint32
	_                                                      [3]uint32
	sqOff                                                  sqOffsets
	cqOff                                                  cqOffsets
}

type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array, _ uint32
	userAddr                                                    uint64
}

type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags, _ uint32
	userAddr                                                    uint64
}

// bufEntry is struct io_uring_buf. In entry 0 the tail of the ring lies over
// its last two bytes.
type bufEntry struct {
	addr uint64
	len  uint32
	bid  uint16
	_    uint16
}

// bufReg is struct io_uring_buf_reg.
type bufReg struct {
	ringAddr    uint64
	ringEntries uint32
	group       uint16
	flags       uint16
	_           [3]uint64
}

// eventsArg is struct io_uring_getevents_arg, with the time that it points to.
type eventsArg struct {
	sigmask   uint64
	sigmaskSz uint32
	_         uint32
	ts        uint64
	sec, nsec int64
}

const eventsArgLen = 24
