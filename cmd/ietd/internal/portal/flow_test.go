// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"ietring/pdu"
	"ietring/pdu/flow"
)

// Golden flows: whole connections, as real initiators had them with this target,
// in testdata/*.flow. Tests replay the initiator's side and compare ours.
//
//	go test ./cmd/ietd/internal/portal -run Flow -update      our side anew
//	go test ./cmd/ietd/internal/portal -run Flow -record      all anew, by the tools
//
// What would differ from run to run is made the same by a fixed source of random
// numbers; only the port of the portal, which is found free, is written as 00000.

var (
	update = flag.Bool("update", false, "replace the target's side of the flows by what it says now")
	record = flag.Bool("record", false, "record the flows from the initiators")
)

func flowPath(name string) string { return filepath.Join("testdata", name+".flow") }

var portOf = regexp.MustCompile(`127\.0\.0\.1:\d{5}`)

// masked hides the port of the portal.
func masked(wire []byte) []byte { return portOf.ReplaceAll(wire, []byte("127.0.0.1:00000")) }

// A framer knows where the PDUs of a connection end, from the login on.
type framer struct {
	mu           sync.Mutex
	header, data bool // digests, as agreed on
	full         bool // login is over
}

// read reads a PDU in wire form.
func (f *framer) read(r io.Reader) ([]byte, error) {
	wire := make([]byte, pdu.HeaderLen)
	if _, err := io.ReadFull(r, wire); err != nil {
		return nil, err
	}
	wire = append(wire, make([]byte, f.rest(pdu.View(wire)))...)
	_, err := io.ReadFull(r, wire[pdu.HeaderLen:])
	return wire, err
}

// rest returns how many bytes follow a header.
func (f *framer) rest(h *pdu.BHS) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := h.AHSLen() + h.DataLen() + pdu.PadLen(h.DataLen())
	if f.full && f.header {
		n += pdu.DigestLen
	}
	if f.full && f.data && h.DataLen() > 0 {
		n += pdu.DigestLen
	}
	return n
}

// learn looks at a PDU of the target, in which the login's outcome stands.
func (f *framer) learn(wire []byte) {
	h := pdu.View(wire)
	if h.Opcode() != pdu.OpLoginResponse {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.header = f.header || bytes.Contains(wire, []byte("HeaderDigest=CRC32C"))
	f.data = f.data || bytes.Contains(wire, []byte("DataDigest=CRC32C"))
	// T bit and NSG: see RFC 7143, Section 11.13.
	f.full = f.full || h.Final() && wire[1]&3 == byte(pdu.StageFullFeature)
}

// TestFlows replays every flow.
func TestFlows(t *testing.T) {
	for _, row := range flows {
		t.Run(row.name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			s := serve(t, "127.0.0.1")
			defer s.close()
			if row.setup != nil {
				row.setup(t, s)
			}
			if *record {
				recordFlow(t, s, row)
				return
			}
			text, err := os.ReadFile(flowPath(row.name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := flow.Parse(string(text))
			if err != nil {
				t.Fatalf("%s: %v", flowPath(row.name), err)
			}
			if *update {
				replay(t, f, s.portal, func(i int, got []byte) { f.Steps[i].Wire = got })
				if err := os.WriteFile(flowPath(row.name), f.Format(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if again := f.Format(); !bytes.Equal(again, text) {
				t.Errorf("%s is not in the form that -update writes", flowPath(row.name))
			}
			replay(t, f, s.portal, func(i int, got []byte) {
				if !bytes.Equal(got, f.Steps[i].Wire) {
					t.Errorf("PDU %d of the flow, a %v:\n got % x\nwant % x", i+1, pdu.View(got).Opcode(), got, f.Steps[i].Wire)
				}
			})
		})
	}
}

// replay sends the initiator's PDUs and hands over each of the target's.
func replay(t *testing.T, f *flow.Flow, portal string, heard func(i int, got []byte)) {
	t.Helper()
	c, err := net.Dial("tcp", portal)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var parts framer
	for i, s := range f.Steps {
		if !s.Target {
			if _, err := c.Write(s.Wire); err != nil {
				t.Fatalf("PDU %d: %v", i+1, err)
			}
			continue
		}
		got, err := parts.read(c)
		if err != nil {
			t.Fatalf("PDU %d, a %v, did not come: %v", i+1, pdu.View(s.Wire).Opcode(), err)
		}
		parts.learn(got)
		heard(i, masked(got))
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
		t.Errorf("%d bytes after the last PDU, %v", len(rest), err)
	}
}
