// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ietring/pdu"
)

// TestManyStopInLogin has many connections from one address go silent at
// different places of login, while others log in from another and work.
func TestManyStopInLogin(t *testing.T) {
	const peers = 300
	p := serve(t, "--threads", "1", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1)))
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)
	whole := new(pdu.Framing).Append(nil, loginPDU([]byte("InitiatorName=iqn.2026-11.com.example:slow\x00")))
	elsewhere := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	var conns []net.Conn
	for i := range peers {
		conn, err := elsewhere.Dial("tcp", p.Addr)
		must(t, err)
		conns = append(conns, conn)
		if _, err := conn.Write(whole[:i%len(whole)]); err != nil {
			t.Logf("peer %d: %v", i, err) // the target may limit them
		}
	}
	o := lifeOptions(login(p), 2)
	if err := life(o); err != nil {
		t.Errorf("with %d connections that stopped in login: %v", peers, err)
	}
	for _, c := range conns {
		c.Close()
	}
	neighbour()
	nothingLeft(t, p, before)
}

// TestFlood has connections that send garbage come as fast as this machine
// makes them, while a session verifies its data and others log in and out.
func TestFlood(t *testing.T) {
	const workers, lives = 8, 5
	p := serve(t, "--threads", "1", fileLun(disk(t, 64<<20), "IOMode=wb,BlockSize=512"))
	must(t, life(lifeOptions(login(p), 1)))
	neighbour := watchNeighbour(t, p)
	before := settled(t, p)

	var made, refused atomic.Int64
	stop := make(chan struct{})
	var flood sync.WaitGroup
	for w := range workers {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+w))}}
		flood.Go(func() {
			b := garbage(512)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if splash(&from, p.Addr, b[:n*7%len(b)]) {
					made.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	begin := time.Now()
	for i := 0; i < lives || time.Since(begin) < span(2*time.Second); i++ {
		if err := life(lifeOptions(login(p), 2)); err != nil {
			t.Errorf("life %d in the flood: %v", i, err)
			break
		}
	}
	seconds := time.Since(begin).Seconds()
	close(stop)
	flood.Wait()
	t.Logf("%d connections a second for %.1f s; %d could not be made", int(float64(made.Load())/seconds), seconds, refused.Load())
	if made.Load() < lives {
		t.Error("that is no flood")
	}
	neighbour()
	nothingLeft(t, p, before)
}

// splash makes a connection, sends b and closes by reset, so that nothing of it
// lingers in this machine. It reports whether the connection came to be.
func splash(from *net.Dialer, to string, b []byte) bool {
	conn, err := from.Dial("tcp", to)
	if err != nil {
		return false
	}
	conn.Write(b) // that the target closes meanwhile is its good right
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	return true
}
