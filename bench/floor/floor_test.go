// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package floor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain makes room for a loop that never yields beside the test.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(4)
	os.Exit(m.Run())
}

func TestHeader(t *testing.T) {
	for _, row := range []struct {
		sentence           string
		follows, answerLen int
		spoil              func(h *Header)
		err                error
	}{
		{"a read", 0, 4096, nil, nil},
		{"a write", 4096, 0, nil, nil},
		{"the largest", MaxPayload, MaxPayload, nil, nil},
		{"too much follows", MaxPayload + 1, 0, nil, ErrHeader},
		{"too much is asked for", 0, MaxPayload + 1, nil, ErrHeader},
		{"another protocol", 0, 0, func(h *Header) { h[0] ^= 1 }, ErrHeader},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			var h Header
			h.Set(77, row.follows, row.answerLen)
			if h.Tag() != 77 || h.Follows() != row.follows || h.AnswerLen() != row.answerLen {
				t.Errorf("tag %d, %d follow, %d wanted", h.Tag(), h.Follows(), h.AnswerLen())
			}
			if row.spoil != nil {
				row.spoil(&h)
			}
			if err := h.Check(); err != row.err {
				t.Errorf("%v", err)
			}
		})
	}
}

// serve starts a server and returns a connection to it.
func serve(t *testing.T) net.Conn {
	t.Helper()
	s, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { t.Error(s.Serve()) }() // it serves until the process ends
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

func request(tag uint32, follows, answerLen int) []byte {
	var h Header
	h.Set(tag, follows, answerLen)
	return append(h[:], bytes.Repeat([]byte{7}, follows)...)
}

// TestServer sends requests in pieces of several sizes and reads all answers.
func TestServer(t *testing.T) {
	c := serve(t)
	for _, row := range []struct {
		sentence string
		requests [][2]int // what follows, what is wanted
		piece    int
	}{
		{"one read", [][2]int{{0, 4096}}, 48},
		{"one write", [][2]int{{4096, 0}}, 1 << 20},
		{"neither", [][2]int{{0, 0}}, 48},
		{"a large read", [][2]int{{0, 3 << 20}}, 48},
		{"a large write", [][2]int{{3 << 20, 0}}, 1 << 20},
		{"headers in pieces", [][2]int{{0, 100}, {5, 0}, {0, 7}}, 11},
		{"many at once", [][2]int{{0, 1}, {1, 0}, {3, 3}, {0, 0}, {4096, 4096}}, 1 << 20},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			var out []byte
			for i, r := range row.requests {
				out = append(out, request(uint32(i), r[0], r[1])...)
			}
			go func() {
				for len(out) > 0 {
					n := min(row.piece, len(out))
					if _, err := c.Write(out[:n]); err != nil {
						t.Error(err)
						return
					}
					out = out[n:]
				}
			}()
			for i, r := range row.requests {
				answer := make([]byte, HeaderLen+r[1])
				if _, err := io.ReadFull(c, answer); err != nil {
					t.Fatal(err)
				}
				if h := View(answer); h.Tag() != uint32(i) || h.AnswerLen() != r[1] {
					t.Errorf("answer %d has tag %d and %d bytes", i, h.Tag(), h.AnswerLen())
				}
				if bytes.ContainsFunc(answer[HeaderLen:], func(r rune) bool { return r != 0 }) {
					t.Error("the payload is not zeros")
				}
			}
		})
	}
}

// TestDisconnects has clients that ask for too much; another client is served
// all the same.
func TestDisconnects(t *testing.T) {
	good := serve(t)
	for _, row := range []struct {
		sentence string
		send     []byte
	}{
		{"another protocol", bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 3)},
		{"answers that it does not read", bytes.Repeat(request(1, 0, MaxPayload), 500)},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			c, err := net.Dial("tcp", good.RemoteAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write(row.send); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays")
			}
			if _, err := good.Write(request(5, 0, 0)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(good, make([]byte, HeaderLen)); err != nil {
				t.Error(err)
			}
		})
	}
}
