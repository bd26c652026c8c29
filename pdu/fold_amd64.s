// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

// FOLD moves a register of 64 bytes along the message by the distance of the
// constants in Z8, and adds the 64 bytes at off.
#define FOLD(reg, off) \
	VPCLMULQDQ $0x00, Z8, reg, Z9; \
	VPCLMULQDQ $0x11, Z8, reg, Z10; \
	VMOVDQU64  off(SI), reg; \
	VPTERNLOGQ $0x96, Z9, Z10, reg

// JOIN moves a register by the distance of the constants in Z8 and adds it to
// another.
#define JOIN(reg, to) \
	VPCLMULQDQ $0x00, Z8, reg, Z9; \
	VPCLMULQDQ $0x11, Z8, reg, Z10; \
	VPTERNLOGQ $0x96, Z9, Z10, to

// func fold(state uint32, p *byte, n int, k *foldConstants) uint32
TEXT ·fold(SB), NOSPLIT, $0-36
	MOVL state+0(FP), AX
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ k+24(FP), DX

	// Four registers hold the first 256 bytes, with the state so far added.
	VMOVD     AX, X9
	VMOVDQU64 (SI), Z0
	VMOVDQU64 64(SI), Z1
	VMOVDQU64 128(SI), Z2
	VMOVDQU64 192(SI), Z3
	VPXORQ    Z9, Z0, Z0
	ADDQ      $256, SI
	SUBQ      $256, CX
	JZ        join

	VBROADCASTI32X4 (DX), Z8

loop:
	FOLD(Z0, 0)
	FOLD(Z1, 64)
	FOLD(Z2, 128)
	FOLD(Z3, 192)
	ADDQ $256, SI
	SUBQ $256, CX
	JNZ  loop

join:
	VBROADCASTI32X4 16(DX), Z8
	JOIN(Z0, Z1)
	JOIN(Z1, Z2)
	JOIN(Z2, Z3)

	// The four lanes of the last register become one. The constants of the
	// fourth are zero, since it stays where it is.
	VMOVDQU64     32(DX), Z8
	VPCLMULQDQ    $0x00, Z8, Z3, Z9
	VPCLMULQDQ    $0x11, Z8, Z3, Z10
	VPXORQ        Z9, Z10, Z9
	VEXTRACTI32X4 $3, Z3, X0
	VEXTRACTI32X4 $1, Z9, X1
	VEXTRACTI32X4 $2, Z9, X2
	VPXORQ        X9, X0, X0
	VPTERNLOGQ    $0x96, X1, X2, X0

	// Sixteen bytes are left that have the message's remainder.
	VMOVQ      X0, AX
	VPEXTRQ    $1, X0, BX
	XORL       CX, CX
	CRC32Q     AX, CX
	CRC32Q     BX, CX
	MOVL       CX, ret+32(FP)
	VZEROUPPER
	RET
