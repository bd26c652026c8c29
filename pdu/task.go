// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of a Task Management Function Request and its response. See RFC 7143,
// Sections 11.5 and 11.6.
const (
	tmfOffResponse = 2
	tmfOffRefTag   = 20
	tmfOffRefCmdSN = 32

	tmfFunctionMask = 0x7f
)

// A TaskFunction is a task management function (RFC 7143, Section 11.5.1).
type TaskFunction uint8

// Task management functions.
const (
	AbortTask        TaskFunction = 1
	AbortTaskSet     TaskFunction = 2
	ClearACA         TaskFunction = 3
	ClearTaskSet     TaskFunction = 4
	LogicalUnitReset TaskFunction = 5
	TargetWarmReset  TaskFunction = 6
	TargetColdReset  TaskFunction = 7
	TaskReassign     TaskFunction = 8
)

// A TaskResponse answers a task management function (RFC 7143, Section 11.6.1).
type TaskResponse uint8

// Task management responses.
const (
	FunctionComplete      TaskResponse = 0
	TaskDoesNotExist      TaskResponse = 1
	LUNDoesNotExist       TaskResponse = 2
	TaskStillAllegiant    TaskResponse = 3
	ReassignNotSupported  TaskResponse = 4
	FunctionNotSupported  TaskResponse = 5
	FunctionAuthorization TaskResponse = 6
	FunctionRejected      TaskResponse = 255
)

// A TaskMgmt is a BHS known to carry a Task Management Function Request.
type TaskMgmt BHS

// TaskMgmt views h as a Task Management Function Request.
func (h *BHS) TaskMgmt() *TaskMgmt {
	h.mustBe(OpTaskMgmt)
	return (*TaskMgmt)(h)
}

// Function returns the function.
func (t *TaskMgmt) Function() TaskFunction { return TaskFunction(t[bhsOffFlags] & tmfFunctionMask) }

// SetFunction sets the function and the bit that is always 1.
func (t *TaskMgmt) SetFunction(f TaskFunction) { t[bhsOffFlags] = bhsFinal | byte(f) }

// RefTag returns the Initiator Task Tag of the task that is meant.
func (t *TaskMgmt) RefTag() uint32 { return binary.BigEndian.Uint32(t[tmfOffRefTag:]) }

// SetRefTag sets the Initiator Task Tag of the task that is meant.
func (t *TaskMgmt) SetRefTag(tag uint32) { binary.BigEndian.PutUint32(t[tmfOffRefTag:], tag) }

// RefCmdSN returns the CmdSN of the task that is meant.
func (t *TaskMgmt) RefCmdSN() Serial { return Serial(binary.BigEndian.Uint32(t[tmfOffRefCmdSN:])) }

// SetRefCmdSN sets the CmdSN of the task that is meant.
func (t *TaskMgmt) SetRefCmdSN(sn Serial) { binary.BigEndian.PutUint32(t[tmfOffRefCmdSN:], uint32(sn)) }

// A TaskMgmtResponse is a BHS known to carry a Task Management Function Response.
type TaskMgmtResponse BHS

// TaskMgmtResponse views h as a Task Management Function Response.
func (h *BHS) TaskMgmtResponse() *TaskMgmtResponse {
	h.mustBe(OpTaskMgmtResp)
	return (*TaskMgmtResponse)(h)
}

// Response returns the outcome.
func (t *TaskMgmtResponse) Response() TaskResponse { return TaskResponse(t[tmfOffResponse]) }

// SetResponse sets the outcome.
func (t *TaskMgmtResponse) SetResponse(r TaskResponse) { t[tmfOffResponse] = byte(r) }
