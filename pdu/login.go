// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package pdu

import "encoding/binary"

// Offsets of Login Request and Login Response. See RFC 7143, Sections 11.12 and
// 11.13.
const (
	loginOffVersionMax   = 2
	loginOffVersionMin   = 3 // Version-active in the response
	loginOffISID         = 8
	loginOffTSIH         = 14
	loginOffCID          = 20
	loginOffStatusClass  = 36
	loginOffStatusDetail = 37
	loginTransit         = 0x80
	loginCSGShift        = 2
	loginStageMask       = 0x03
)

// A Stage is a login stage (RFC 7143, Section 11.12.3).
type Stage uint8

// Login stages. Stage 2 does not exist.
const (
	StageSecurity    Stage = 0
	StageOperational Stage = 1
	StageFullFeature Stage = 3
)

// An ISID is the initiator's part of the session identifier.
type ISID [6]byte

// A LoginStatus is Status-Class and Status-Detail of a Login Response in one
// number: class in the high byte.
type LoginStatus uint16

// Login statuses. See RFC 7143, Section 11.13.5.
const (
	LoginSuccess            LoginStatus = 0x0000
	LoginMovedTemporarily   LoginStatus = 0x0101
	LoginMovedPermanently   LoginStatus = 0x0102
	LoginInitiatorError     LoginStatus = 0x0200
	LoginAuthFailure        LoginStatus = 0x0201
	LoginAuthorization      LoginStatus = 0x0202
	LoginNotFound           LoginStatus = 0x0203
	LoginTargetRemoved      LoginStatus = 0x0204
	LoginUnsupportedVersion LoginStatus = 0x0205
	LoginTooManyConnections LoginStatus = 0x0206
	LoginMissingParameter   LoginStatus = 0x0207
	LoginCannotInclude      LoginStatus = 0x0208
	LoginSessionType        LoginStatus = 0x0209
	LoginSessionNotFound    LoginStatus = 0x020a
	LoginInvalidRequest     LoginStatus = 0x020b
	LoginTargetError        LoginStatus = 0x0300
	LoginServiceUnavailable LoginStatus = 0x0301
	LoginOutOfResources     LoginStatus = 0x0302
)

// A LoginRequest is a BHS known to carry a Login Request.
type LoginRequest BHS

// LoginRequest views h as a Login Request.
func (h *BHS) LoginRequest() *LoginRequest {
	h.mustBe(OpLogin)
	return (*LoginRequest)(h)
}

// Transit reports whether the T bit asks to go to the next stage.
func (l *LoginRequest) Transit() bool { return l[bhsOffFlags]&loginTransit != 0 }

// Continue reports whether the C bit says that the text goes on in another PDU.
func (l *LoginRequest) Continue() bool { return l[bhsOffFlags]&bhsContinue != 0 }

// CSG returns the current stage.
func (l *LoginRequest) CSG() Stage { return Stage(l[bhsOffFlags] >> loginCSGShift & loginStageMask) }

// NSG returns the next stage; it means something only with the T bit.
func (l *LoginRequest) NSG() Stage { return Stage(l[bhsOffFlags] & loginStageMask) }

// SetStage sets the stages and the T and C bits.
func (l *LoginRequest) SetStage(csg, nsg Stage, transit, more bool) {
	l[bhsOffFlags] = stageBits(csg, nsg, transit, more)
}

// VersionMax returns the highest protocol version of the initiator.
func (l *LoginRequest) VersionMax() uint8 { return l[loginOffVersionMax] }

// VersionMin returns the lowest protocol version of the initiator.
func (l *LoginRequest) VersionMin() uint8 { return l[loginOffVersionMin] }

// ISID returns the initiator's part of the session identifier.
func (l *LoginRequest) ISID() ISID { return ISID(l[loginOffISID : loginOffISID+6]) }

// SetISID sets the initiator's part of the session identifier.
func (l *LoginRequest) SetISID(id ISID) { copy(l[loginOffISID:], id[:]) }

// TSIH returns the target's session handle: 0 for a new session.
func (l *LoginRequest) TSIH() uint16 { return binary.BigEndian.Uint16(l[loginOffTSIH:]) }

// SetTSIH sets the target's session handle.
func (l *LoginRequest) SetTSIH(v uint16) { binary.BigEndian.PutUint16(l[loginOffTSIH:], v) }

// CID returns the connection's identifier in its session.
func (l *LoginRequest) CID() uint16 { return binary.BigEndian.Uint16(l[loginOffCID:]) }

// SetCID sets the connection's identifier.
func (l *LoginRequest) SetCID(v uint16) { binary.BigEndian.PutUint16(l[loginOffCID:], v) }

// A LoginResponse is a BHS known to carry a Login Response.
type LoginResponse BHS

// LoginResponse views h as a Login Response.
func (h *BHS) LoginResponse() *LoginResponse {
	h.mustBe(OpLoginResponse)
	return (*LoginResponse)(h)
}

// Transit reports whether the T bit agrees to go to the next stage.
func (l *LoginResponse) Transit() bool { return l[bhsOffFlags]&loginTransit != 0 }

// Continue reports whether the C bit says that the text goes on in another PDU.
func (l *LoginResponse) Continue() bool { return l[bhsOffFlags]&bhsContinue != 0 }

// CSG returns the current stage.
func (l *LoginResponse) CSG() Stage { return Stage(l[bhsOffFlags] >> loginCSGShift & loginStageMask) }

// NSG returns the next stage; it means something only with the T bit.
func (l *LoginResponse) NSG() Stage { return Stage(l[bhsOffFlags] & loginStageMask) }

// SetStage sets the stages and the T and C bits.
func (l *LoginResponse) SetStage(csg, nsg Stage, transit, more bool) {
	l[bhsOffFlags] = stageBits(csg, nsg, transit, more)
}

// SetVersion sets Version-max and Version-active.
func (l *LoginResponse) SetVersion(highest, active uint8) {
	l[loginOffVersionMax], l[loginOffVersionMin] = highest, active
}

// SetISID sets the initiator's part of the session identifier.
func (l *LoginResponse) SetISID(id ISID) { copy(l[loginOffISID:], id[:]) }

// TSIH returns the target's session handle.
func (l *LoginResponse) TSIH() uint16 { return binary.BigEndian.Uint16(l[loginOffTSIH:]) }

// SetTSIH sets the target's session handle.
func (l *LoginResponse) SetTSIH(v uint16) { binary.BigEndian.PutUint16(l[loginOffTSIH:], v) }

// Status returns Status-Class and Status-Detail.
func (l *LoginResponse) Status() LoginStatus {
	return LoginStatus(l[loginOffStatusClass])<<8 | LoginStatus(l[loginOffStatusDetail])
}

// SetStatus sets Status-Class and Status-Detail.
func (l *LoginResponse) SetStatus(s LoginStatus) {
	l[loginOffStatusClass], l[loginOffStatusDetail] = byte(s>>8), byte(s)
}

func stageBits(csg, nsg Stage, transit, more bool) byte {
	b := byte(csg)<<loginCSGShift | byte(nsg)
	if transit {
		b |= loginTransit
	}
	if more {
		b |= bhsContinue
	}
	return b
}
