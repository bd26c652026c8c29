// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package initiator

import (
	"bytes"
	"strings"

	"ietring/pdu"
)

// request is an open task that is no SCSI command: ping, text, task management,
// logout.
type request struct {
	itt   uint32
	held  bool // the answer was not final: the tag stays ours
	want  pdu.Opcode
	resp  pdu.PDU
	err   error
	done  chan struct{}
	abort *abortion // of a task management function, else nil
}

// answers says which opcode answers a request.
var answers = map[pdu.Opcode]pdu.Opcode{
	pdu.OpNopOut:   pdu.OpNopIn,
	pdu.OpTaskMgmt: pdu.OpTaskMgmtResp,
	pdu.OpText:     pdu.OpTextResponse,
	pdu.OpLogout:   pdu.OpLogoutResponse,
}

func newRequest(op pdu.Opcode) *request {
	return &request{want: answers[op], done: make(chan struct{}, 1)}
}

// Request sends p, a NOP-Out, Text, Task Management or Logout request, for
// immediate delivery, with a tag, CmdSN and ExpStatSN of the session, and waits
// for the answer. Errors: those of the session, [RejectError].
func (s *Session) Request(p *pdu.PDU) (*pdu.PDU, error) {
	r := newRequest(p.Opcode())
	if err := s.roundTrip(r, p); err != nil {
		return nil, err
	}
	return &r.resp, nil
}

// roundTrip sends p as r and waits for the answer.
func (s *Session) roundTrip(r *request, p *pdu.PDU) error {
	p.SetImmediate()
	s.mu.Lock()
	switch {
	case s.err != nil:
		defer s.mu.Unlock()
		return s.err
	case r.held:
	case len(s.free) == 0:
		defer s.mu.Unlock()
		return errBusy
	default:
		r.itt = s.take(slot{req: r})
	}
	p.SetITT(r.itt)
	p.SetCmdSN(s.cmdSN)
	if r.abort != nil {
		r.abort.before = s.cmdSN
	}
	s.push(&p.BHS, p.Data)
	s.mu.Unlock()
	s.flush()
	<-r.done
	return r.err
}

// SendRaw queues bytes as they are, to do something wrong on purpose.
func (s *Session) SendRaw(b []byte) {
	s.mu.Lock()
	s.out.queued = append(s.out.queued, b...)
	s.mu.Unlock()
	s.flush()
}

// reply ends the request that h answers. The caller holds s.mu, which reply
// unlocks.
func (s *Session) reply(h *pdu.BHS, data []byte) error {
	op := h.Opcode()
	r, err := s.checkReply(h)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	r.resp.BHS, r.resp.Data = *h, data
	if op == pdu.OpLogoutResponse {
		s.closing = true
	}
	if r.held = op == pdu.OpTextResponse && !h.Final(); !r.held {
		s.release(r.itt)
	}
	var ended []*Command
	if r.abort != nil && h.TaskMgmtResponse().Response() == pdu.FunctionComplete {
		ended = s.endAborted(r.abort)
	}
	s.admit()
	s.mu.Unlock()
	for _, c := range ended {
		c.complete()
	}
	r.done <- struct{}{}
	return nil
}

func (s *Session) checkReply(h *pdu.BHS) (*request, error) {
	if err := s.status(h); err != nil {
		return nil, err
	}
	t := s.task(h.ITT())
	if t == nil || t.req == nil || t.req.want != h.Opcode() {
		return nil, violation("11.2.1.8", h.Opcode(), "Initiator Task Tag %#x belongs to no open request of that kind", h.ITT())
	}
	return t.req, nil
}

// reject ends what the target refused. The caller holds s.mu, which reject
// unlocks.
func (s *Session) reject(h *pdu.BHS, data []byte) error {
	e := &RejectError{Reason: h.Reject().Reason()}
	if err := s.checkReject(h, data); err != nil {
		s.mu.Unlock()
		return err
	}
	copy(e.Header[:], data)
	t := s.task(e.Header.ITT())
	switch {
	case t != nil && t.cmd != nil:
		t.cmd.Err = e
		s.finish(t.cmd)
		return nil
	case t != nil:
		r := t.req
		r.err = e
		s.release(r.itt)
		s.mu.Unlock()
		r.done <- struct{}{}
		return nil
	}
	s.mu.Unlock()
	if s.o.OnReject == nil {
		return e
	}
	s.o.OnReject(e)
	return nil
}

func (s *Session) checkReject(h *pdu.BHS, data []byte) error {
	if err := s.status(h); err != nil {
		return err
	}
	if h.ITT() != pdu.NoTag {
		return violation("11.17", pdu.OpReject, "Initiator Task Tag %#x, must be the reserved one", h.ITT())
	}
	if len(data) < pdu.HeaderLen {
		return violation("11.17.4", pdu.OpReject, "%d bytes of the refused header", len(data))
	}
	return nil
}

// async takes an Asynchronous Message. The caller holds s.mu, which async
// unlocks.
func (s *Session) async(h *pdu.BHS) error {
	err := s.status(h)
	if err == nil && h.ITT() != pdu.NoTag {
		err = violation("11.9", pdu.OpAsync, "Initiator Task Tag %#x, must be the reserved one", h.ITT())
	}
	m := h.AsyncMessage()
	if ev := m.Event(); ev == pdu.AsyncDropConnection || ev == pdu.AsyncDropSession {
		s.closing = true
	}
	s.mu.Unlock()
	if err == nil && s.o.OnAsync != nil {
		p1, p2, p3 := m.Params()
		s.o.OnAsync(m.Event(), p1, p2, p3)
	}
	return err
}

// pong answers a ping of the target. The caller holds s.mu.
func (s *Session) pong(h *pdu.BHS, data []byte) error {
	n := h.NopIn()
	if h.StatSN() != s.statSN {
		return violation("11.19", pdu.OpNopIn, "StatSN %d, the next is %d", h.StatSN(), s.statSN)
	}
	if n.TTT() == pdu.NoTag {
		return nil // it only told the window
	}
	var out pdu.BHS
	out.SetOpcode(pdu.OpNopOut)
	out.SetImmediate()
	out.SetFinal()
	out.SetLUN(h.LUN())
	out.SetITT(pdu.NoTag)
	out.NopOut().SetTTT(n.TTT())
	out.SetCmdSN(s.cmdSN)
	s.push(&out, data)
	return nil
}

// Ping sends a NOP-Out with data and checks that it comes back.
func (s *Session) Ping(data []byte) error {
	var p pdu.PDU
	p.SetOpcode(pdu.OpNopOut)
	p.SetFinal()
	p.NopOut().SetTTT(pdu.NoTag)
	p.Data = data
	resp, err := s.Request(&p)
	if err != nil {
		return err
	}
	if got := resp.NopIn().TTT(); got != pdu.NoTag {
		return violation("11.19.2", pdu.OpNopIn, "Target Transfer Tag %#x in an answer", got)
	}
	if want := data[:min(len(data), s.p.MaxRecvDataSegmentLength)]; !bytes.Equal(resp.Data, want) {
		return violation("11.19", pdu.OpNopIn, "%d bytes of ping data came back as other %d", len(want), len(resp.Data))
	}
	return nil
}

// TaskManagement asks for a function on a LUN; ref is the command that
// AbortTask means, else nil. When the function is complete, the commands that
// it ended are done with ErrAborted.
func (s *Session) TaskManagement(f pdu.TaskFunction, lun [8]byte, ref *Command) (pdu.TaskResponse, error) {
	var p pdu.PDU
	p.SetOpcode(pdu.OpTaskMgmt)
	p.SetLUN(lun)
	m := p.TaskMgmt()
	m.SetFunction(f)
	m.SetRefTag(pdu.NoTag)
	if f == pdu.AbortTask && ref != nil {
		m.SetRefTag(ref.itt)
		m.SetRefCmdSN(ref.sn)
	}
	r := newRequest(pdu.OpTaskMgmt)
	r.abort = &abortion{function: f, lun: lun, ref: ref}
	if err := s.roundTrip(r, &p); err != nil {
		return 0, err
	}
	return r.resp.TaskMgmtResponse().Response(), nil
}

// abortion is which commands a task management function ends.
type abortion struct {
	function pdu.TaskFunction
	lun      [8]byte
	ref      *Command
	before   pdu.Serial // CmdSN of the request: later commands are not touched
}

func (a *abortion) covers(c *Command) bool {
	if !c.sn.Before(a.before) {
		return false
	}
	switch a.function {
	case pdu.AbortTask:
		return c == a.ref
	case pdu.AbortTaskSet, pdu.ClearTaskSet, pdu.LogicalUnitReset:
		return c.LUN == a.lun
	case pdu.TargetWarmReset, pdu.TargetColdReset:
		return true
	}
	return false
}

// endAborted takes the commands that a completed function has ended off the
// books: an answer to one of them is a breach from now on. See RFC 7143,
// Section 11.6.1. The caller holds s.mu.
func (s *Session) endAborted(a *abortion) (ended []*Command) {
	for i := range s.slots {
		if c := s.slots[i].cmd; c != nil && a.covers(c) {
			c.Err = ErrAborted
			ended = append(ended, c)
			s.release(c.itt)
		}
	}
	return ended
}

// Logout closes the session in order and waits for the answer; the connection
// is closed then. Commands that are still open end with ErrClosed.
func (s *Session) Logout() (pdu.LogoutResult, error) {
	var p pdu.PDU
	p.SetOpcode(pdu.OpLogout)
	p.LogoutRequest().SetReason(pdu.LogoutCloseSession)
	p.LogoutRequest().SetCID(s.o.CID)
	resp, err := s.Request(&p)
	if err != nil {
		return 0, err
	}
	result := resp.LogoutResponse().Result()
	return result, s.Close()
}

// Text sends a Text Request with keys and gathers the whole answer. See RFC
// 7143, Section 6.2.
func (s *Session) Text(keys []byte) ([]pdu.Key, error) {
	var text []byte
	ttt := uint32(pdu.NoTag)
	r := newRequest(pdu.OpText) // one tag for the whole sequence (Section 11.10.3)
	for range maxLoginRounds {
		var p pdu.PDU
		p.SetOpcode(pdu.OpText)
		p.SetFinal()
		p.TextRequest().SetTTT(ttt)
		p.Data, keys = keys, nil
		if err := s.roundTrip(r, &p); err != nil {
			return nil, err
		}
		resp, next := &r.resp, r.resp.TextResponse()
		text = append(text, resp.Data...)
		switch {
		case resp.Final() && next.Continue():
			return nil, violation("11.11.2", pdu.OpTextResponse, "F and C bits together")
		case resp.Final() && next.TTT() != pdu.NoTag:
			return nil, violation("11.11.4", pdu.OpTextResponse, "Target Transfer Tag %#x at the end", next.TTT())
		case resp.Final():
			return pdu.ParseKeys(text, maxLoginKeys*maxLoginRounds)
		case next.TTT() == pdu.NoTag:
			return nil, violation("11.11.4", pdu.OpTextResponse, "not final and no Target Transfer Tag")
		}
		ttt = next.TTT()
	}
	return nil, violation("6.2", pdu.OpTextResponse, "no end after %d rounds", maxLoginRounds)
}

// A Record is one target of a SendTargets answer.
type Record struct {
	Name      string
	Addresses []string // address:port,group
}

// SendTargets asks which targets there are: "All" in a discovery session, a
// name, or "" for the session's own. See RFC 7143, Appendix C.
func (s *Session) SendTargets(which string) ([]Record, error) {
	keys, err := s.Text(pdu.AppendKey(nil, "SendTargets", which))
	if err != nil {
		return nil, err
	}
	var list []Record
	for _, k := range keys {
		switch {
		case k.Name == "TargetName":
			list = append(list, Record{Name: k.Value})
		case k.Name == "TargetAddress" && len(list) > 0:
			if !strings.Contains(k.Value, ",") {
				return nil, violation("13.8", pdu.OpTextResponse, "TargetAddress %q has no portal group", k.Value)
			}
			t := &list[len(list)-1]
			t.Addresses = append(t.Addresses, k.Value)
		default:
			return nil, violation("C", pdu.OpTextResponse, "%s in an answer to SendTargets", k.Name)
		}
	}
	return list, nil
}
