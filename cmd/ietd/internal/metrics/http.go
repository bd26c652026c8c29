// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// As much of HTTP (RFC 9112) as it takes to answer one question and close. The
// standard library's server would make the program half as large again.

// A request is the first line of one.
type request struct {
	path      string
	get, head bool // its method; both false: another one
}

var errNoHTTP = errors.New("it is no HTTP/1 request")

// readRequest reads a request up to the empty line that ends its header, at most
// maxRequest bytes, and forgets all but the first line. A body is not read.
func readRequest(r io.Reader) (request, error) {
	in := bufio.NewReader(io.LimitReader(r, maxRequest))
	first, err := in.ReadString('\n')
	if err != nil {
		return request{}, err
	}
	words := strings.Fields(first)
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		return request{}, errNoHTTP
	}
	for line := ""; line != "\n" && line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			return request{}, err
		}
	}
	path, _, _ := strings.Cut(words[1], "?")
	return request{path, words[0] == "GET", words[0] == "HEAD"}, nil
}

// An answer is a status of RFC 9110, Section 15, and a text.
type answer struct {
	status int
	text   string
}

var reasons = map[int]string{200: "OK", 404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error"}

// bytes returns the answer in wire form, without the text when only its head is
// wanted.
func (a answer) bytes(head bool) []byte {
	kind := "text/plain; charset=utf-8"
	if a.status == 200 {
		kind = "text/plain; version=0.0.4; charset=utf-8"
	}
	b := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n", a.status, reasons[a.status], kind, len(a.text))
	if a.status == 405 {
		b = append(b, "Allow: GET, HEAD\r\n"...)
	}
	b = append(b, "\r\n"...)
	if head {
		return b
	}
	return append(b, a.text...)
}
