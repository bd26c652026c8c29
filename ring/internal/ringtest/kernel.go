// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ringtest

import (
	"math/rand/v2"
	"slices"
	"time"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"

	"ietring/ring/internal/uring"
)

// A World is what the kernels of one simulated machine share.
type World struct {
	Rand *rand.Rand
	// Sleepy lets the next wait last as long as it may.
	Sleepy bool
	now    time.Time
}

// NewWorld makes a World whose course depends on seed alone.
func NewWorld(seed uint64) *World {
	return &World{Rand: rand.New(rand.NewPCG(seed, 0x696574)), now: time.Unix(1_800_000_000, 0)}
}

// Now is the simulated clock. Looking at it takes a microsecond, so that who
// waits for it to move does not wait for ever.
func (w *World) Now() time.Time {
	w.now = w.now.Add(time.Microsecond)
	return w.now
}

// Chance reports true in so many of a thousand cases.
func (w *World) Chance(thousandths int) bool { return w.Rand.IntN(1000) < thousandths }

// Faults are how often a kernel is unkind, in thousandths of the occasions. The
// zero value is a kernel that carries everything out at once and in full.
type Faults struct {
	Late      int // an operation that could be carried out is not, this time
	Fragment  int // bytes that arrived are delivered in small pieces
	Terminate int // a multishot receive ends, though data came
	NoBuffers int // a receive finds no buffer
	RecvError int // a receive fails
	SendPart  int // a send goes out in several steps
	SendShort int // a send ends before all is sent
	SendError int // a send fails
	DiskShort int // a read or write comes short
	DiskAgain int // EAGAIN or EINTR
	DiskError int // EIO, or ENOSPC for a write
	Refuse    int // io_uring_enter takes nothing
	Already   int // a cancellation finds the operation running
}

// A Failure is a disk operation that the kernel made fail.
type Failure struct {
	FD  int
	Off int64
	Len int
}

// A Kernel answers one simulated ring. Its fields may be set before the ring is
// used and between calls.
type Kernel struct {
	World  *World
	Faults Faults
	// Event is the descriptor that the ring's owner is woken by.
	Event int
	// MustSync holds the files on which every write must be durable.
	MustSync map[int]bool
	// Failures is what was made to fail, in order.
	Failures []Failure
	// Syncs counts the fdatasyncs of a file that succeeded.
	Syncs map[int]int
	// Messages are the message headers of all sends that there were.
	Messages map[uint64]bool

	queues  *uring.Queues
	pending []*operation
	files   []int32
	buffers [][2]uint64 // address and length; 0 where a slot is empty
	group   bufferGroup
}

// New makes a kernel and the ring that it answers.
func New(w *World, entries, completions int) (*Kernel, *uring.Ring) {
	k := &Kernel{World: w, Event: -1, MustSync: map[int]bool{}, Syncs: map[int]int{}, Messages: map[uint64]bool{}}
	r, q := uring.NewSimulated(entries, completions, k)
	k.queues = q
	return k, r
}

// Pending returns how many operations the kernel has, without the one that
// waits for Event.
func (k *Kernel) Pending() int {
	n := 0
	for _, o := range k.pending {
		if int(o.sqe.Fd) != k.Event || o.fixed() {
			n++
		}
	}
	return n
}

// PendingOn reports whether an operation on the descriptor fd is under way.
func (k *Kernel) PendingOn(fd int) bool {
	return slices.ContainsFunc(k.pending, func(o *operation) bool {
		return int(o.sqe.Fd) == fd && !o.fixed() && o.sqe.OpCode != giouring.OpAsyncCancel
	})
}

// FreeBuffers returns how many provided buffers the kernel has.
func (k *Kernel) FreeBuffers() int { return k.group.free() }

// Enter is io_uring_enter.
func (k *Kernel) Enter(wait bool, timeout time.Duration) unix.Errno {
	w := k.World
	if w.Chance(k.Faults.Refuse) {
		return []unix.Errno{unix.EAGAIN, unix.EBUSY, unix.EINTR}[w.Rand.IntN(3)]
	}
	for {
		sqe, ok := k.queues.Take()
		if !ok {
			break
		}
		k.begin(sqe)
	}
	done := k.proceed()
	if !wait || done > 0 {
		return 0
	}
	if w.Sleepy && timeout > 0 {
		w.Sleepy = false
		w.now = w.now.Add(timeout)
		return unix.ETIME
	}
	w.now = w.now.Add(time.Duration(w.Rand.IntN(100)) * time.Microsecond)
	return unix.EINTR // waking without a reason is allowed
}

// proceed gives every operation that was there a chance to go on, in any order,
// and returns how many completions came of it.
func (k *Kernel) proceed() int {
	ops := slices.Clone(k.pending)
	k.World.Rand.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
	n := 0
	for _, o := range ops {
		if o.over || k.World.Chance(k.Faults.Late) {
			continue
		}
		n += k.attempt(o)
	}
	k.pending = slices.DeleteFunc(k.pending, func(o *operation) bool { return o.over })
	return n
}

// complete delivers a completion of o, its last unless more is set.
func (k *Kernel) complete(o *operation, res int32, flags uint32, more bool) int {
	if more {
		flags |= giouring.CQEFMore
	} else {
		o.over = true
	}
	if !k.queues.Put(uring.CQE{UserData: o.sqe.UserData, Res: res, Flags: flags}) {
		panic("ringtest: the completion queue is too small for the simulation")
	}
	return 1
}

// fail ends o with an errno.
func (k *Kernel) fail(o *operation, errno unix.Errno) int {
	return k.complete(o, -int32(errno), 0, false)
}

// Register is io_uring_register.
func (k *Kernel) Register(op uint32, arg unsafe.Pointer, _ int) unix.Errno {
	switch op {
	case giouring.RegisterPbufRing:
		reg := (*giouring.BufReg)(arg)
		k.group = bufferGroup{id: reg.Bgid, entries: at[giouring.BufAndRing](reg.RingAddr, int(reg.RingEntries))}
	case giouring.RegisterFiles2:
		k.files = make([]int32, (*giouring.RsrcRegister)(arg).Nr)
		for i := range k.files {
			k.files[i] = -1
		}
	case giouring.RegisterFilesUpdate:
		u := (*giouring.FilesUpdate)(arg)
		k.files[u.Offset] = at[int32](u.Fds, 1)[0]
	case giouring.RegisterBuffers2:
		k.buffers = make([][2]uint64, (*giouring.RsrcRegister)(arg).Nr)
	case giouring.RegisterBuffersUpdate:
		u := (*giouring.RsrcUpdate2)(arg)
		iov := at[unix.Iovec](u.Data, 1)[0]
		k.buffers[u.Offset] = [2]uint64{uint64(uintptr(unsafe.Pointer(iov.Base))), iov.Len}
	default:
		return unix.EINVAL
	}
	return 0
}

// at views n things of the simulated kernel's user memory.
func at[T any](addr uint64, n int) []T {
	p := uintptr(addr)
	return unsafe.Slice(*(**T)(unsafe.Pointer(&p)), n)
}

// A bufferGroup is the kernel's end of a ring of provided buffers.
type bufferGroup struct {
	id      uint16
	entries []giouring.BufAndRing
	head    uint16
}

func (g *bufferGroup) free() int {
	if len(g.entries) == 0 {
		return 0
	}
	return int(g.entries[0].Tail - g.head)
}

// take returns the oldest buffer, of which there is one.
func (g *bufferGroup) take() (id uint16, mem []byte) {
	e := &g.entries[int(g.head)%len(g.entries)]
	g.head++
	return e.Bid, at[byte](e.Addr, int(e.Len))
}
