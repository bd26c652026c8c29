// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"ietring/backing"
	"ietring/pdu"
	"ietring/scsi"
)

// control is the control plane of the tests: it answers a text with itself, takes
// "bad" for malformed, and a text of 700 bytes for one that declares so much.
type control struct{ gone chan *Session }

func (c *control) Text(_ *Session, _ string, text []byte) TextAnswer {
	a := TextAnswer{Text: text, Malformed: string(text) == "bad"}
	if len(text) == 700 {
		a.MaxXmitDataSegmentLength = 700
	}
	return a
}

func (c *control) SessionGone(s *Session)               { c.gone <- s }
func (c *control) DeviceGone(*scsi.Unit, syscall.Errno) {}

// A plane is a running data plane with one target: LUN 0 is a direct file of 64
// MiB, LUN 1 nullio.
type plane struct {
	t      *testing.T
	eng    *Engine
	ctl    *control
	target *scsi.Target
	path   string
	ended  bool
	naa    bool // units that are added have an NAA designator
}

func newPlane(t *testing.T, threads int) *plane {
	t.Helper()
	p := &plane{t: t, ctl: &control{gone: make(chan *Session, 1000)}, target: scsi.NewTarget("iqn.2026-11.com.example:test")}
	eng, err := Start(Config{Threads: threads, RingEntries: 64, Workers: 2,
		BufferMemory: int64(threads) * MinBufferMemory, Control: p.ctl, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	p.eng = eng
	t.Cleanup(p.end)
	p.path = filepath.Join(t.TempDir(), "disk")
	p.add(0, backing.Params{Type: "fileio", Path: p.path}, 64<<20)
	p.add(1, backing.Params{Type: "nullio"}, 0)
	return p
}

// add makes a LUN; its file is made with size bytes, or is there when that is 0.
func (p *plane) add(lun uint16, params backing.Params, size int64) {
	p.t.Helper()
	if size > 0 {
		f, err := os.Create(params.Path)
		if err != nil {
			p.t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
			p.t.Fatal(err)
		}
	}
	d, err := backing.Open(params)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.end(); _ = d.Close() })
	p.show(lun, d, scsi.UnitConfig{ScsiSN: "test", ScsiID: [16]byte{byte(lun)}, NAA: p.naa})
}

// show makes a LUN of d, which stays the caller's.
func (p *plane) show(lun uint16, d *backing.Disk, cfg scsi.UnitConfig) *scsi.Unit {
	p.t.Helper()
	u, err := p.eng.AddUnit(d, cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.target.Add(lun, u); err != nil {
		p.t.Fatal(err)
	}
	return u
}

// end shuts the engine down, once.
func (p *plane) end() {
	if p.ended {
		return
	}
	p.ended = true
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.eng.Shutdown(ctx); err != nil {
		p.t.Errorf("shutdown: %v", err)
	}
}

// defaults are what a session of the tests negotiated unless it says otherwise.
var defaults = Params{
	MaxRecvDataSegmentLength: 256 << 10,
	MaxXmitDataSegmentLength: 256 << 10,
	MaxBurstLength:           1 << 20,
	FirstBurstLength:         64 << 10,
	MaxOutstandingR2T:        1,
	ImmediateData:            true,
}

const testDepth = 32

// A peer is the initiator's end of a session, byte by byte.
type peer struct {
	t       *testing.T
	fd      int
	sess    *Session
	framing pdu.Framing
	cmdSN   pdu.Serial
	itt     uint32
	timeout time.Duration
}

func (p *plane) connect(params Params) *peer {
	p.t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	s := p.eng.NewSession(SessionConfig{TargetName: p.target.Name(), Initiator: "iqn.test", TSIH: 1,
		Nexus: p.target.Attach("iqn.test", scsi.ISID{5: byte(fds[1])}, 1), QueueDepth: testDepth, CmdSN: 100})
	if err := p.eng.Attach(Handoff{FD: fds[0], Session: s, CID: 7, StatSN: 1, Params: params, Remote: "test"}); err != nil {
		p.t.Fatal(err)
	}
	i := &peer{t: p.t, fd: fds[1], sess: s, cmdSN: 100, timeout: 5 * time.Second,
		framing: pdu.Framing{MaxDataLen: pdu.MaxDataLen, HeaderDigest: params.HeaderDigest, DataDigest: params.DataDigest}}
	p.t.Cleanup(func() { _ = unix.Close(i.fd) })
	// The unit attentions of a new nexus.
	for lun := range uint64(2) {
		if r := i.command(lun, "000000000000", 0, nil); r.status != scsi.StatusCheckCondition {
			p.t.Fatalf("a new nexus finds status %v", r.status)
		}
	}
	return i
}

// Read and Write make the peer an io.ReadWriter with a time limit.
func (i *peer) Read(b []byte) (int, error) {
	tv := unix.NsecToTimeval(int64(i.timeout))
	if err := unix.SetsockoptTimeval(i.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return 0, err
	}
	n, err := unix.Read(i.fd, b)
	for err == unix.EINTR {
		n, err = unix.Read(i.fd, b)
	}
	if n == 0 && err == nil {
		return 0, os.ErrClosed
	}
	return max(n, 0), err
}

func (i *peer) Write(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		n, err := unix.SendmsgN(i.fd, b[sent:], nil, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

func (i *peer) send(p *pdu.PDU) {
	i.t.Helper()
	if _, err := i.Write(i.framing.Append(nil, p)); err != nil {
		i.t.Fatalf("send %v: %v", p.Opcode(), err)
	}
}

// next returns the next PDU of the target.
func (i *peer) next() *pdu.PDU {
	i.t.Helper()
	var p pdu.PDU
	if err := i.framing.Read(i, &p); err != nil {
		i.t.Fatalf("receive: %v", err)
	}
	return &p
}

// closed waits for the target to close the connection.
func (i *peer) closed() {
	i.t.Helper()
	var b [4096]byte
	for {
		switch _, err := i.Read(b[:]); err {
		case nil:
		case os.ErrClosed, unix.ECONNRESET:
			_ = unix.Shutdown(i.fd, unix.SHUT_RDWR) // as an initiator does
			return
		default:
			i.t.Fatalf("the connection is not closed: %v", err)
		}
	}
}

// request makes a numbered request of op.
func (i *peer) request(op pdu.Opcode, lun uint64) *pdu.PDU {
	p := &pdu.PDU{}
	p.SetOpcode(op)
	p.SetFinal()
	i.itt++
	p.SetITT(i.itt)
	p.SetCmdSN(i.cmdSN)
	i.cmdSN++
	p.SetLUN([8]byte{1: byte(lun)})
	return p
}

// scsi makes a SCSI Command with cdb; out is its data-out, in how much data-in
// it expects.
func (i *peer) scsi(lun uint64, cdb []byte, in int, out []byte) *pdu.PDU {
	p := i.request(pdu.OpSCSICommand, lun)
	c := p.SCSICommand()
	copy(c.CDB()[:], cdb)
	c.SetAttr(pdu.AttrSimple)
	c.SetDirection(in > 0, len(out) > 0)
	c.SetEDTL(uint32(in + len(out)))
	return p
}

// A result is how a command ended.
type result struct {
	status   scsi.Status
	sense    scsi.Sense // key and codes
	data     []byte
	residual pdu.Residual
}

// command sends a command whose CDB is in hex, answers R2Ts from out, and
// returns its result. Immediate data is not used.
func (i *peer) command(lun uint64, cdb string, in int, out []byte) result {
	i.t.Helper()
	p := i.scsi(lun, unhex(i.t, cdb), in, out)
	i.send(p)
	return i.finish(p.ITT(), out)
}

// finish receives until the command with tag itt has ended.
func (i *peer) finish(itt uint32, out []byte) result {
	i.t.Helper()
	var r result
	for {
		p := i.next()
		if p.ITT() != itt {
			i.t.Fatalf("%v for tag %d while %d is open", p.Opcode(), p.ITT(), itt)
		}
		switch p.Opcode() {
		case pdu.OpR2T:
			i.answer(p, out)
		case pdu.OpDataIn:
			d := p.DataIn()
			if int(d.BufferOffset()) != len(r.data) {
				i.t.Fatalf("data at %d after %d bytes", d.BufferOffset(), len(r.data))
			}
			r.data = append(r.data, p.Data...)
			if d.HasStatus() {
				r.status, r.residual = scsi.Status(d.Status()), d.Residual()
				return r
			}
		case pdu.OpSCSIResponse:
			s := p.SCSIResponse()
			r.status, r.residual = scsi.Status(s.Status()), s.Residual()
			if len(p.Data) > 2 {
				r.sense = scsi.Sense{Key: scsi.SenseKey(p.Data[4] & 15), ASC: p.Data[14], ASCQ: p.Data[15]}
			}
			return r
		default:
			i.t.Fatalf("%v while a command is open", p.Opcode())
		}
	}
}

// answer sends what an R2T asks for, in PDUs of at most 64 KiB.
func (i *peer) answer(p *pdu.PDU, out []byte) {
	i.t.Helper()
	r := p.R2T()
	off, end := int(r.BufferOffset()), int(r.BufferOffset()+r.DesiredLen())
	for sn := uint32(0); off < end; sn++ {
		n := min(end-off, 64<<10)
		i.send(dataOut(p.ITT(), r.TTT(), sn, off, out[off:off+n], off+n == end))
		off += n
	}
}

func dataOut(itt, ttt, sn uint32, off int, data []byte, final bool) *pdu.PDU {
	p := &pdu.PDU{Data: data}
	p.SetOpcode(pdu.OpDataOut)
	p.SetITT(itt)
	if final {
		p.SetFinal()
	}
	d := p.DataOut()
	d.SetTTT(ttt)
	d.SetDataSN(sn)
	d.SetBufferOffset(uint32(off))
	return p
}

// read10 and write10 are CDBs of n blocks of 512 bytes at lba.
func read10(lba, n int) []byte  { return rw10(0x28, lba, n) }
func write10(lba, n int) []byte { return rw10(0x2a, lba, n) }

func rw10(op byte, lba, n int) []byte {
	cdb := make([]byte, 10)
	cdb[0] = op
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(n))
	return cdb
}

// do sends one command and returns how it ended.
func (i *peer) do(lun uint64, cdb []byte, in int, out []byte) result {
	i.t.Helper()
	p := i.scsi(lun, cdb, in, out)
	i.send(p)
	return i.finish(p.ITT(), out)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b := make([]byte, len(s)/2)
	for i := range b {
		for _, c := range []byte(s[2*i : 2*i+2]) {
			v := bytes.IndexByte([]byte("0123456789abcdef"), c)
			if v < 0 {
				t.Fatalf("%q is not hex", s)
			}
			b[i] = b[i]<<4 | byte(v)
		}
	}
	return b
}

// pattern is n bytes that depend on seed.
func pattern(n, seed int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>9*31 + seed)
	}
	return b
}
