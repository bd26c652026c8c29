// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package isns

import (
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestAnswer(t *testing.T) {
	var toDisk, toHost, toOther, noName payload
	toDisk.text(tagName, disk1)
	destination := string(toDisk)
	toDisk.head(tagTimestamp, 8)
	toDisk = append(toDisk, 0, 0, 0, 0, 1, 2, 3, 4)
	noName.number(tagSCNBitmap, scnAdded)
	toHost.head(tagTimestamp, 8)
	toHost = append(toHost, 0, 0, 0, 0, 1, 2, 3, 4)
	toHost.text(tagEntityID, "host.example.com")
	toOther.text(tagEntityID, "other.example.com")
	big := payload(nil)
	big.text(tagName, disk1)
	for len(big) <= maxNotice {
		big.number(tagSCNBitmap, scnAdded)
	}
	for _, row := range []struct {
		name   string
		f      function
		in     payload
		status Status
		back   string
		effect function
	}{
		{"a notification returns its destination", scn, toDisk, statusOK, destination, scn},
		{"a notification for nobody", scn, noName, statusFormat, "", 0},
		{"an inquiry returns all it had", esi, toHost, statusOK, string(toHost), esi},
		{"an inquiry for another host", esi, toOther, statusNoSuchEntry, "", 0},
		{"an inquiry for no host", esi, noName, statusNoSuchEntry, "", 0},
		{"nothing in it", esi, nil, statusFormat, "", 0},
		{"not attributes", scn, payload("abcd"), statusFormat, "", 0},
		{"longer than an answer may be", scn, big, statusFormat, "", 0},
		{"a request that only servers know", devAttrReg, toDisk, statusNotSupported, "", 0},
	} {
		reply, effect := answer(&message{function: row.f, xid: 9, payload: row.in}, "host.example.com")
		want := string([]byte{0, 0, 0, byte(row.status)}) + row.back
		if string(reply.payload) != want || reply.function != row.f|isResponse || reply.xid != 9 || effect != row.effect {
			t.Errorf("%s: %s %s, %v; want %s, %v", row.name, reply.function, hex.EncodeToString(reply.payload), effect, hex.EncodeToString([]byte(want)), row.effect)
		}
	}
}

// Strangers at a notification port are few, and hear nothing but answers.
func TestListener(t *testing.T) {
	slots := make(chan struct{}, 2)
	n, err := listen(netip.MustParseAddr("127.0.0.1"), slots, func(m *message) *message {
		reply, _ := answer(m, "host")
		return reply
	})
	if err != nil {
		t.Fatal(err)
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", n.tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(5 * time.Second))
		return c
	}
	ended := func(c net.Conn) bool {
		_, err := c.Read(make([]byte, 1))
		e, ok := err.(net.Error)
		return err != nil && !(ok && e.Timeout())
	}
	first, second := dial(), dial()
	for _, c := range []net.Conn{first, second} {
		if _, err := c.Write(appendMessage(nil, &message{function: esi, xid: 3})); err != nil {
			t.Fatal(err)
		}
		if m, err := readMessage(c, 100); err != nil || m.function != esi|isResponse || m.xid != 3 {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if c := dial(); !ended(c) {
		t.Error("a third connection stays open, and 2 are allowed")
	}
	if _, err := io.WriteString(first, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if !ended(first) {
		t.Error("a connection that is not iSNS stays open")
	}
	if _, err := second.Write(appendMessage(nil, &message{function: esi | isResponse})); err != nil {
		t.Fatal(err)
	}
	if !ended(second) {
		t.Error("a connection that sends answers stays open")
	}
	eventually(t, "the places of ended connections are free", func() bool { return len(slots) == 0 })
	third := dial()
	eventually(t, "a place is taken again", func() bool { return len(slots) == 1 })
	if err := n.close(); err != nil {
		t.Error(err)
	}
	if !ended(third) || len(slots) != 0 {
		t.Error("close leaves a connection open")
	}
}
