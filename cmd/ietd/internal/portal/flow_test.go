// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"ietring/pdu"
)

// A flow is a connection byte for byte, as a real initiator had it with this
// target: testdata/*.flow. Tests replay the initiator's side and compare ours.
//
//	go test ./cmd/ietd/internal/portal -run Flow -update      our side anew
//	go test ./cmd/ietd/internal/portal -run Flow -record      all anew, by the tools
//
// What would differ from run to run is made the same by a fixed source of random
// numbers; only the port of the portal, which is found free, is written as 00000.
type flow struct {
	about string // who and when
	steps []step
}

// A step is one PDU.
type step struct {
	target bool // who sent it
	wire   []byte
}

var (
	update = flag.Bool("update", false, "replace the target's side of the flows by what it says now")
	record = flag.Bool("record", false, "record the flows from the initiators")
)

const (
	fromInitiator = ">>> initiator"
	fromTarget    = "<<< target"
	hexLine       = 16 // bytes
)

func flowPath(name string) string { return filepath.Join("testdata", name+".flow") }

// format writes f as text: hex in words, and what each PDU is.
func (f *flow) format() []byte {
	b := fmt.Appendf(nil, "# %s\n", f.about)
	for _, s := range f.steps {
		who := fromInitiator
		if s.target {
			who = fromTarget
		}
		b = append(b, who+"\n"...)
		for i := 0; i < len(s.wire); i += hexLine {
			for j, v := range s.wire[i:min(i+hexLine, len(s.wire))] {
				switch {
				case j == 0:
				case j%4 == 0:
					b = append(b, "  "...)
				default:
					b = append(b, ' ')
				}
				b = hex.AppendEncode(b, []byte{v})
			}
			if h := pdu.View(s.wire); i == 0 {
				b = fmt.Appendf(b, "  # %v, %d bytes of data", h.Opcode(), h.DataLen())
			}
			b = append(b, '\n')
		}
	}
	return b
}

// parseFlow reads what format wrote.
func parseFlow(text string) (*flow, error) {
	f := &flow{}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case n == 0:
			about, ok := strings.CutPrefix(line, "# ")
			if !ok {
				return nil, fmt.Errorf("line 1 does not say who and when")
			}
			f.about = about
		case line == fromInitiator || line == fromTarget:
			f.steps = append(f.steps, step{target: line == fromTarget})
		default:
			digits, _, _ := strings.Cut(line, "#")
			b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
			if err != nil || len(f.steps) == 0 {
				return nil, fmt.Errorf("line %d: %q is not hex under a heading", n+1, line)
			}
			s := &f.steps[len(f.steps)-1]
			s.wire = append(s.wire, b...)
		}
	}
	for i, s := range f.steps {
		if len(s.wire) < pdu.HeaderLen {
			return nil, fmt.Errorf("PDU %d has %d bytes", i+1, len(s.wire))
		}
	}
	return f, nil
}

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
			f, err := parseFlow(string(text))
			if err != nil {
				t.Fatalf("%s: %v", flowPath(row.name), err)
			}
			if *update {
				f.replay(t, s.portal, func(i int, got []byte) { f.steps[i].wire = got })
				if err := os.WriteFile(flowPath(row.name), f.format(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if again := f.format(); !bytes.Equal(again, text) {
				t.Errorf("%s is not in the form that -update writes", flowPath(row.name))
			}
			f.replay(t, s.portal, func(i int, got []byte) {
				if !bytes.Equal(got, f.steps[i].wire) {
					t.Errorf("PDU %d of the flow, a %v:\n got % x\nwant % x", i+1, pdu.View(got).Opcode(), got, f.steps[i].wire)
				}
			})
		})
	}
}

// replay sends the initiator's PDUs and hands over each of the target's.
func (f *flow) replay(t *testing.T, portal string, heard func(i int, got []byte)) {
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
	for i, s := range f.steps {
		if !s.target {
			if _, err := c.Write(s.wire); err != nil {
				t.Fatalf("PDU %d: %v", i+1, err)
			}
			continue
		}
		got, err := parts.read(c)
		if err != nil {
			t.Fatalf("PDU %d, a %v, did not come: %v", i+1, pdu.View(s.wire).Opcode(), err)
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

// TestFlowForm holds what a flow file can get wrong.
func TestFlowForm(t *testing.T) {
	pdu48 := strings.Repeat("00 ", 48)
	for text, want := range map[string]string{
		">>> initiator\n":                        "line 1 does not say who and when",
		"# who\n00\n":                            `line 2: "00" is not hex under a heading`,
		"# who\n>>> initiator\n0g\n":             `line 3: "0g" is not hex under a heading`,
		"# who\n>>> initiator\n00\n":             "PDU 1 has 1 bytes",
		"# who\n<<< target\n" + pdu48 + " # x\n": "",
	} {
		_, err := parseFlow(text)
		if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
