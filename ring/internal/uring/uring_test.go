// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package uring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// onRing runs f with a ring on a locked thread.
func onRing(t *testing.T, f func(r *Ring)) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := New(64)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f(r)
}

// await waits for one completion.
func await(t *testing.T, r *Ring) CQE {
	t.Helper()
	var got CQE
	for r.Reap(1, func(c CQE) { got = c }) == 0 {
		if err := r.Wait(5 * time.Second); err != 0 && err != unix.EINTR {
			t.Fatalf("wait: %v", err)
		}
	}
	return got
}

func mem(t *testing.T, n int) Memory {
	t.Helper()
	m, err := NewMemory(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Free() })
	return m
}

// Our params lie where giouring's, and so the kernel's, do.
func TestParamsLayout(t *testing.T) {
	ours, theirs := reflect.TypeFor[params](), reflect.TypeFor[giouring.Params]()
	if ours.Size() != theirs.Size() || ours.NumField() != theirs.NumField() {
		t.Fatalf("params is %d bytes in %d fields, giouring has %d in %d", ours.Size(), ours.NumField(), theirs.Size(), theirs.NumField())
	}
	for i := range ours.NumField() {
		if ours.Field(i).Offset != theirs.Field(i).Offset {
			t.Errorf("%s lies at %d, giouring's %s at %d", ours.Field(i).Name, ours.Field(i).Offset, theirs.Field(i).Name, theirs.Field(i).Offset)
		}
	}
	if unsafe.Sizeof(SQE{}) != 64 || unsafe.Sizeof(CQE{}) != 16 {
		t.Error("entries do not have the kernel's size")
	}
}

// An entry is zero whatever the slot was used for last: giouring's own
// Prepare functions would leave the message flags of the send for the read.
func TestEntryIsZeroed(t *testing.T) {
	onRing(t, func(r *Ring) {
		for range 3 * r.Entries() {
			e := r.SQE()
			if *e != (SQE{}) {
				t.Fatalf("a fresh entry holds %+v", *e)
			}
			SendMsg(e, -1, 0, 1) // fails at once, leaves flags behind
		}
		n := 0
		for n < 3*r.Entries() {
			r.Wait(time.Second)
			n += r.Reap(1000, func(c CQE) {
				if c.Res >= 0 {
					t.Errorf("a send to nowhere gave %d", c.Res)
				}
			})
		}
	})
}

// Reads and writes work with plain and with registered files and buffers.
func TestTransfer(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	onRing(t, func(r *Ring) {
		m := mem(t, 8192)
		for _, err := range []error{r.RegisterFileTable(4), r.RegisterBufferTable(4), r.SetFile(2, int(f.Fd())), r.SetBuffer(3, m)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []File{{int32(f.Fd()), false}, {2, true}} {
			for _, buf := range []int{-1, 3} {
				want := bytes.Repeat([]byte{byte(buf + 7), byte(file.FD)}, 2048)
				copy(m, want)
				Write(r.SQE(), file, m.Addr(0), 4096, 512, buf, unix.RWF_DSYNC, 11)
				if c := await(t, r); c.Res != 4096 || c.UserData != 11 {
					t.Fatalf("write %v buffer %d: %+v", file, buf, c)
				}
				Read(r.SQE(), file, m.Addr(4096), 4096, 512, buf, 12)
				if c := await(t, r); c.Res != 4096 || c.UserData != 12 || !bytes.Equal(m[4096:], want) {
					t.Fatalf("read %v buffer %d: %+v", file, buf, c)
				}
				Sync(r.SQE(), file, 13)
				if c := await(t, r); c.Res != 0 {
					t.Fatalf("sync %v: %+v", file, c)
				}
			}
		}
		if err := r.SetBuffer(3, nil); err != nil {
			t.Fatal(err)
		}
		Read(r.SQE(), File{2, true}, m.Addr(0), 512, 0, 3, 14)
		if c := await(t, r); c.Res != -int32(unix.EFAULT) {
			t.Errorf("read into a buffer that was taken out of the table: %+v", c)
		}
		if err := r.SetFile(2, -1); err != nil {
			t.Fatal(err)
		}
		Read(r.SQE(), File{2, true}, m.Addr(0), 512, 0, -1, 15)
		if c := await(t, r); c.Res != -int32(unix.EBADF) {
			t.Errorf("read from a slot that was emptied: %+v", c)
		}
	})
}

// A multishot receive brings every byte in order through few buffers, stops
// when they run out, goes on when they are returned, and can be cancelled.
func TestMultishotReceive(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	onRing(t, func(r *Ring) {
		const count, size = 4, 512
		b, err := r.NewBufRing(5, count, size)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Free()
		RecvMultishot(r.SQE(), fds[0], b.Group(), 21)
		var sent, got []byte
		for i := range 100 {
			chunk := bytes.Repeat([]byte{byte(i)}, 1+i*37%2500)
			sent = append(sent, chunk...)
			if _, err := unix.Write(fds[1], chunk); err != nil {
				t.Fatal(err)
			}
			for len(got) < len(sent) {
				c := await(t, r)
				if id, ok := Buffer(c); ok {
					got = append(got, b.Bytes(id, int(c.Res))...)
					b.Return(id)
					b.Publish()
				} else if c.Res != -int32(unix.ENOBUFS) {
					t.Fatalf("receive: %+v", c)
				}
				if !More(c) {
					RecvMultishot(r.SQE(), fds[0], b.Group(), 21)
				}
			}
		}
		if !bytes.Equal(sent, got) {
			t.Error("bytes were lost or changed")
		}
		r.Submit()
		Cancel(r.SQE(), 21, 22)
		seen := map[uint64]int32{}
		for len(seen) < 2 {
			c := await(t, r)
			seen[c.UserData] = c.Res
		}
		if seen[21] != -int32(unix.ECANCELED) || seen[22] != 0 {
			t.Errorf("cancelled: %v", seen)
		}
	})
}

// One gathered send brings all parts, and a second thread's eventfd write ends
// a wait.
func TestSendAndWake(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(event)
	onRing(t, func(r *Ring) {
		m := mem(t, 4096)
		copy(m[1000:], "gathered ")
		copy(m[2000:], "send")
		iov := (*[2]unix.Iovec)(unsafe.Pointer(&m[64]))
		iov[0] = unix.Iovec{Base: &m[1000], Len: 9}
		iov[1] = unix.Iovec{Base: &m[2000], Len: 4}
		msg := (*unix.Msghdr)(unsafe.Pointer(&m[0]))
		msg.Iov = &iov[0]
		msg.SetIovlen(2)
		SendMsg(r.SQE(), fds[0], m.Addr(0), 31)
		if c := await(t, r); c.Res != 13 {
			t.Fatalf("send: %+v", c)
		}
		var text [32]byte
		n, _ := unix.Read(fds[1], text[:])
		if string(text[:n]) != "gathered send" {
			t.Errorf("received %q", text[:n])
		}

		Read(r.SQE(), File{FD: int32(event)}, m.Addr(3000), 8, 0, -1, 32)
		r.Submit()
		if err := r.Wait(10 * time.Millisecond); err != unix.ETIME {
			t.Fatalf("nothing happened, yet the wait ended with %v", err)
		}
		go func() {
			var one [8]byte
			binary.NativeEndian.PutUint64(one[:], 1)
			_, _ = unix.Write(event, one[:])
		}()
		if c := await(t, r); c.UserData != 32 || c.Res != 8 {
			t.Errorf("wake: %+v", c)
		}
	})
}

// More buffers than giouring's 16-bit arithmetic can place.
func TestLargeBufferRing(t *testing.T) {
	onRing(t, func(r *Ring) {
		b, err := r.NewBufRing(1, 8192, 64)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Free()
		if e := b.entry(8191); e.Bid != 8191 || e.Addr != b.data.Addr(8191*64) {
			t.Errorf("the last entry is %+v", *e)
		}
	})
}

func TestProbe(t *testing.T) {
	if err := Probe(); err != nil {
		t.Fatal(err)
	}
}

// Every way in which a machine refuses is told with its remedy.
func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		f    facts
		want string
	}{
		{"the sysctl", unix.EPERM, facts{"6.6", "2"}, "sysctl kernel.io_uring_disabled=0"},
		{"seccomp says no", unix.EPERM, facts{"6.6", "0"}, "seccomp profile must allow"},
		{"seccomp hides it", unix.ENOSYS, facts{"6.6", ""}, "seccomp profile hides it"},
		{"an old kernel", unix.EINVAL, facts{"5.10", ""}, "kernel 5.10 is too old"},
		{"the memory limit", unix.ENOMEM, facts{"6.6", "0"}, "LimitMEMLOCK"},
		{"anything else is passed on", unix.EMFILE, facts{"6.6", "0"}, "too many open files"},
	} {
		err := explain(tt.err, tt.f)
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, err, tt.want)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line", tt.name)
		}
	}
	if !errors.Is(explain(unix.ENOMEM, facts{}), unix.ENOMEM) {
		t.Error("the errno is lost")
	}
}

// Filling in and reaping allocate nothing.
func TestNoAllocation(t *testing.T) {
	onRing(t, func(r *Ring) {
		total := 0
		each := func(c CQE) { total++ }
		m := mem(t, 4096)
		if n := testing.AllocsPerRun(100, func() {
			Read(r.SQE(), File{FD: -1}, m.Addr(0), 512, 0, -1, 1)
			r.Submit()
			r.Reap(100, each)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if total == 0 {
			t.Error("nothing was reaped")
		}
	})
}

// TestDoze: a doze ends with a completion, and without one by the scheduler's
// signal, when it has lasted and when the collector stops the world. A loop relies
// on that: nothing else would end it.
func TestDoze(t *testing.T) {
	onRing(t, func(r *Ring) {
		event, err := unix.Eventfd(1, unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(event)
		buf := mem(t, 8)
		arm := func() { Read(r.SQE(), File{FD: int32(event)}, buf.Addr(0), 8, 0, -1, 1) }
		arm()
		if err := r.Doze(); err != 0 || r.Reap(2, func(CQE) {}) != 1 {
			t.Errorf("a doze that submits what is there to be read: %v, want one completion", err)
		}
		arm()
		r.Submit() // an errno is only told where nothing was submitted
		for name, cause := range map[string]func(){"its length": func() {}, "the collector": runtime.GC} {
			tooLong := time.AfterFunc(time.Minute, func() { _, _ = unix.Write(event, []byte{1, 0, 0, 0, 0, 0, 0, 0}) })
			go cause()
			if err := r.Doze(); err != unix.EINTR || r.Ready() > 0 {
				t.Fatalf("a doze that %s is to end: %v, want EINTR", name, err)
			}
			tooLong.Stop()
		}
	})
}
