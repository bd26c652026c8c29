// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"time"

	"golang.org/x/sys/unix"
)

// limitSilence has TCP end the connection when the other end is gone without a
// word, or keeps its window closed: a ping of ours would not get through.
func (l *loop) limitSilence(c *conn) {
	for _, o := range []struct{ level, name, value int }{
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadAfter / time.Millisecond)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(idleProbe / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(probeEvery / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, probes},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	} {
		switch err := unix.SetsockoptInt(c.fd, o.level, o.name, o.value); err {
		case nil:
		case unix.EOPNOTSUPP, unix.ENOPROTOOPT:
			return // no TCP: a socket pair dies with its other end
		default:
			l.eng.log.Warn().Err(err).Str("remote", c.remote).Int("option", o.name).
				Msg("a connection whose other end is gone may stay")
			return
		}
	}
}
