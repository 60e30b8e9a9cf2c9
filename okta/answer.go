package okta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unsafe"

	"github.com/tidwall/gjson"
)

const (
	// maxBody bounds an answer. The largest page, 1,000 group members, is a few
	// megabytes.
	maxBody = 64 << 20
	// maxNested bounds how many arrays and objects an answer may open, and with
	// it how deep they can be: the JSON parser recurses.
	maxNested = 1 << 20
)

// A call is one read on its way through the SDK: what is asked of the transport,
// and what it answers. It travels in the request's context.
type call struct {
	route
	shape   byte // '[' or '{': what the answer must begin with
	patient bool // false: hand a second 500 back, since a shorter page may do
	past    history
	inspect func() error // of body and next, before they are accepted; nil: nothing more is due

	body    string // JSON, valid, of the right shape
	next    string // the target of the Link header's next; "": the last page
	request string // X-Okta-Request-Id
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// accept takes over an answer of 2xx, or says why it cannot be believed.
func (c *call) accept(header http.Header, body []byte) *Error {
	request := requestID(header)
	if problem := unbelievable(header, body, c.shape); problem != "" {
		return broken(c.name, request, "%s", problem)
	}
	next, err := nextLink(header.Values("Link"))
	if err != nil {
		return broken(c.name, request, "%w", err)
	}
	c.next, c.request = next, request
	c.body = unsafe.String(unsafe.SliceData(body), len(body)) // nobody else has body, or changes it
	if c.inspect == nil {
		return nil
	}
	if err := c.inspect(); err != nil {
		c.body = ""
		return broken(c.name, request, "%w", err)
	}
	return nil
}

// unbelievable says what is wrong with an answer of 2xx, or "".
func unbelievable(header http.Header, body []byte, shape byte) string {
	text := bytes.TrimSpace(body)
	kind := strings.ToLower(header.Get("Content-Type"))
	wanted := "a JSON object"
	if shape == '[' {
		wanted = "a JSON array"
	}
	switch {
	case len(text) == 0:
		return "an empty answer where " + wanted + " is due"
	case text[0] == '<' || strings.Contains(kind, "html"):
		return "a web page where " + wanted + " is due; a proxy or a login page answers in Okta's place"
	case kind != "" && !strings.Contains(kind, "json"):
		return "an answer of type " + printable(kind, 50) + " where " + wanted + " is due"
	case bytes.Count(body, []byte{'['})+bytes.Count(body, []byte{'{'}) > maxNested:
		return "an answer with more than a million arrays and objects"
	case !gjson.ValidBytes(text):
		return "an answer that is cut short or is not JSON, where " + wanted + " is due"
	case text[0] != shape:
		return "an answer that begins with " + printable(string(text[:min(len(text), 10)]), 10) + " where " + wanted + " is due"
	}
	return ""
}

var errTooLong = errors.New("the answer is longer than 64 MiB")

// readBody reads all of an answer, and closes it. A byte order mark before it, which RFC
// 8259, section 8.1, lets a reader of JSON ignore, is taken off.
func readBody(resp *http.Response) ([]byte, error) {
	body, err := readAll(resp)
	return bytes.TrimPrefix(body, []byte("\ufeff")), err
}

func readAll(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength > maxBody {
		return nil, errTooLong
	}
	if resp.ContentLength > 0 {
		body := make([]byte, resp.ContentLength)
		n, err := io.ReadFull(resp.Body, body)
		return body[:n], err
	}
	room := rooms.Get().(*bytes.Buffer)
	defer rooms.Put(room)
	room.Reset()
	_, err := room.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && room.Len() > maxBody {
		err = errTooLong
	}
	return bytes.Clone(room.Bytes()), err
}

// rooms are where answers of unknown length are read to: memory that grows with one would be
// thrown away each time.
var rooms = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// handled is the answer for the SDK, which is to take it for a success and leave
// it alone: the true one is in the call.
func handled(req *http.Request) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req}
}
