// SPDX-FileCopyrightText: 2026 The ietring authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// A Client asks a running ietd, one thing after the other. It has a method for
// each operation; they are those of Backend, and so are their errors. When the
// connection fails the error is an *Error with EIO, or ETIMEDOUT, and what was
// asked may have happened. One goroutine may use a Client at a time.
type Client struct {
	conn *net.UnixConn
	r    *bufio.Reader
	wait time.Duration // for an answer; tests shorten it
}

// Dial connects to the ietd at path. The error is an *Error: ECONNREFUSED when
// none answers there, EPERM when we may not.
func Dial(path string) (*Client, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	switch {
	case err == nil:
		return &Client{c, bufio.NewReader(c), callTime}, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ECONNREFUSED):
		return nil, &Error{syscall.ECONNREFUSED, fmt.Sprintf("ietd does not run, or has another control socket: nobody answers at %s", path)}
	case errors.Is(err, fs.ErrPermission):
		return nil, &Error{syscall.EPERM, fmt.Sprintf("only root and the user as whom ietd runs may use %s", path)}
	}
	return nil, asError(err)
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// call sends a request and fills in result.
func (c *Client) call(request, result any) error {
	line, err := json.Marshal(request)
	if err != nil {
		panic("admin: a request that cannot be written as JSON")
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.wait)); err != nil {
		return broken(err)
	}
	// A server that refuses us may close before it has read the request, so
	// that what it said is read even when writing fails.
	_, writing := c.conn.Write(append(line, '\n'))
	answer, err := c.readLine()
	if err != nil {
		return broken(errors.Join(writing, err))
	}
	var r struct {
		Version int             `json:"version"`
		Result  json.RawMessage `json:"result"`
		Error   *wireError      `json:"error"`
	}
	switch err := json.Unmarshal(answer, &r); {
	case err != nil:
		return broken(err)
	case r.Version != version:
		return &Error{syscall.EIO, fmt.Sprintf("ietd answers in version %d of the protocol, not %d: it is not of this version of ietadm", r.Version, version)}
	case r.Error != nil && r.Result == nil:
		return r.Error.unwire()
	}
	if err := json.Unmarshal(r.Result, result); err != nil {
		return broken(err)
	}
	if r.Error != nil {
		return r.Error.unwire()
	}
	return nil
}

// readLine reads an answer, of at most maxResponse bytes.
func (c *Client) readLine() ([]byte, error) {
	var whole []byte
	for {
		part, err := c.r.ReadSlice('\n')
		whole = append(whole, part...)
		switch {
		case err == nil:
			return whole, nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(whole) > maxResponse:
			return nil, fmt.Errorf("the answer is longer than %d bytes", maxResponse)
		}
	}
}

// broken is the error of a connection that failed under a request.
func broken(err error) *Error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{syscall.ETIMEDOUT, "ietd has not answered in time; what was asked may still happen"}
	}
	return &Error{syscall.EIO, fmt.Sprintf("the connection to ietd failed: %v; what was asked may have happened", err)}
}

// Targets returns everything.
func (c *Client) Targets() ([]Target, error) {
	var r targetsResult
	err := c.call(plainRequest{headOf("targets")}, &r)
	return r.Targets, err
}

// Target returns one target. ENOENT.
func (c *Client) Target(tid uint32) (Target, error) {
	var r targetResult
	err := c.call(targetRequest{headOf("target"), tid}, &r)
	return r.Target, err
}

// TargetByName is that of Backend.
func (c *Client) TargetByName(name string) (uint32, error) {
	var r tidResult
	err := c.call(nameRequest{headOf("find-target"), name}, &r)
	return r.TID, err
}

// NewTarget is that of Backend.
func (c *Client) NewTarget(tid uint32, name string) (uint32, error) {
	var r tidResult
	err := c.call(newTargetRequest{headOf("new-target"), tid, name}, &r)
	return r.TID, err
}

// DeleteTarget is that of Backend.
func (c *Client) DeleteTarget(tid uint32, force bool) error {
	return c.call(deleteTargetRequest{headOf("delete-target"), tid, force}, new(noResult))
}

// UpdateTarget is that of Backend.
func (c *Client) UpdateTarget(tid uint32, params []Param) ([]Effect, error) {
	var r effectsResult
	err := c.call(updateTargetRequest{headOf("update-target"), tid, params}, &r)
	return r.Effects, err
}

// Redirect is that of Backend.
func (c *Client) Redirect(tid uint32, to string, permanent bool) error {
	return c.call(redirectRequest{headOf("redirect"), tid, to, permanent}, new(noResult))
}

// NewLun is that of Backend.
func (c *Client) NewLun(tid uint32, lun uint16, params string) error {
	return c.call(newLunRequest{headOf("new-lun"), tid, lun, params}, new(noResult))
}

// DeleteLun is that of Backend.
func (c *Client) DeleteLun(tid uint32, lun uint16) error {
	return c.call(lunRequest{headOf("delete-lun"), tid, lun}, new(noResult))
}

// UpdateLun is that of Backend.
func (c *Client) UpdateLun(tid uint32, lun uint16, params []Param) (string, error) {
	var r textResult
	err := c.call(updateLunRequest{headOf("update-lun"), tid, lun, params}, &r)
	return r.Text, err
}

// CloseConnection is that of Backend.
func (c *Client) CloseConnection(tid uint32, sid uint64, cid uint16) error {
	return c.call(connectionRequest{headOf("close-connection"), tid, sid, cid}, new(noResult))
}

// CloseSession is that of Backend.
func (c *Client) CloseSession(tid uint32, sid uint64) error {
	return c.call(sessionRequest{headOf("close-session"), tid, sid}, new(noResult))
}

// Accounts is that of Backend.
func (c *Client) Accounts(tid uint32) ([]Account, error) {
	var r accountsResult
	err := c.call(targetRequest{headOf("accounts"), tid}, &r)
	return r.Accounts, err
}

// Secret is that of Backend.
func (c *Client) Secret(tid uint32, a Account) (string, error) {
	var r secretResult
	err := c.call(accountRequest{headOf("secret"), tid, a.Outgoing, a.Name}, &r)
	return r.Secret, err
}

// NewAccount is that of Backend.
func (c *Client) NewAccount(tid uint32, a Account, secret string) error {
	return c.call(newAccountRequest{headOf("new-account"), tid, a.Outgoing, a.Name, secret}, new(noResult))
}

// DeleteAccount is that of Backend.
func (c *Client) DeleteAccount(tid uint32, a Account) error {
	return c.call(accountRequest{headOf("delete-account"), tid, a.Outgoing, a.Name}, new(noResult))
}

// Reload is that of Backend; there may be lines beside an error.
func (c *Client) Reload(dryRun bool) ([]string, error) {
	var r linesResult
	err := c.call(reloadRequest{headOf("reload"), dryRun}, &r)
	return r.Lines, err
}

// Dump is that of Backend.
func (c *Client) Dump() ([]byte, error) {
	var r confResult
	err := c.call(plainRequest{headOf("dump")}, &r)
	return r.Conf, err
}

// StopAll is that of Backend.
func (c *Client) StopAll() error {
	return c.call(plainRequest{headOf("stop-all")}, new(noResult))
}
