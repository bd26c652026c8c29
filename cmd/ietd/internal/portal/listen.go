// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// listen binds every address to port; no address is every one, v4 and v6. Port 0
// finds one that is free on all of them. On an error nothing stays bound.
func listen(addrs []netip.Addr, port int) ([]*net.TCPListener, error) {
	if port != 0 {
		return listenAll(addrs, port)
	}
	var err error
	for range portTries {
		var list []*net.TCPListener
		if list, err = listenAll(addrs, 0); err == nil || !errors.Is(err, unix.EADDRINUSE) {
			return list, err
		}
	}
	return nil, err
}

func listenAll(addrs []netip.Addr, port int) (list []*net.TCPListener, err error) {
	everywhere := len(addrs) == 0
	if everywhere {
		addrs = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	for _, a := range addrs {
		l, err := listenOne(a, port)
		if everywhere && noFamily(err) {
			continue // a host without IPv6, or without IPv4
		}
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, l)
		port = l.Addr().(*net.TCPAddr).Port
	}
	if len(list) == 0 {
		return nil, errors.New("this host has neither IPv4 nor IPv6")
	}
	return list, nil
}

func listenOne(a netip.Addr, port int) (*net.TCPListener, error) {
	network := "tcp4"
	if a.Is6() {
		network = "tcp6" // sets IPV6_V6ONLY
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), network, net.JoinHostPort(a.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", net.JoinHostPort(a.String(), strconv.Itoa(port)), cause(err))
	}
	return l.(*net.TCPListener), nil
}

// cause returns the errno of a network error: the rest repeats the address.
func cause(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// noFamily reports whether err says that the host lacks an address family.
func noFamily(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

func closeAll(list []*net.TCPListener) error {
	var all error
	for _, l := range list {
		all = errors.Join(all, l.Close())
	}
	return all
}
