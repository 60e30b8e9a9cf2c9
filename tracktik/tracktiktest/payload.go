package tracktiktest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// payload is the JSON object of a write. The first thing wrong with it stays in
// wrong, and later questions change nothing.
type payload struct {
	resource string
	prefix   string // address. within an address
	values   map[string]json.RawMessage
	wrong    *refusal
}

// newPayload reads a body and refuses fields that are not among allowed.
func newPayload(r *http.Request, resource string, allowed []string) (*payload, *refusal) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil, invalid("the body must be JSON, and the Content-Type must say so")
	}
	body, _ := io.ReadAll(r.Body)
	p := &payload{resource: resource}
	if err := json.Unmarshal(body, &p.values); err != nil || p.values == nil {
		return nil, invalid("the body must be a JSON object")
	}
	p.allow(allowed)
	return p, p.wrong
}

func (p *payload) fail(r *refusal) {
	if p.wrong == nil {
		p.wrong = r
	}
}

func (p *payload) allow(allowed []string) {
	for name := range p.values {
		if !slices.Contains(allowed, name) {
			p.fail(unknownField(p.prefix+name, p.resource))
		}
	}
}

func (p *payload) has(name string) bool {
	_, ok := p.values[name]
	return ok
}

func (p *payload) null(name string) bool {
	return bytes.Equal(bytes.TrimSpace(p.values[name]), []byte("null"))
}

func (p *payload) require(all ...string) {
	for _, name := range all {
		if !p.has(name) || p.null(name) {
			p.fail(invalid("%s%s is required", p.prefix, name))
		}
	}
}

// text reads a text of low to high characters; null is an empty one.
func (p *payload) text(name string, low, high int) string {
	var s string
	if !p.has(name) {
		return ""
	}
	if err := json.Unmarshal(p.values[name], &s); err != nil {
		p.fail(invalid("%s%s must be a text", p.prefix, name))
		return ""
	}
	if n := utf8.RuneCountInString(s); n < low || n > high {
		p.fail(invalid("%s%s must have %d to %d characters", p.prefix, name, low, high))
	}
	return s
}

func (p *payload) texts(name string) []string {
	var list []string
	if err := json.Unmarshal(p.values[name], &list); err != nil {
		p.fail(invalid("%s%s must be a list of texts", p.prefix, name))
	}
	return list
}

// id reads the number of a related record; zero when there is none.
func (p *payload) id(name string) int64 {
	var n int64
	if !p.has(name) || p.null(name) {
		return 0
	}
	if err := json.Unmarshal(p.values[name], &n); err != nil || n < 0 {
		p.fail(invalid("%s%s must be a number", p.prefix, name))
	}
	return n
}

func (p *payload) flag(name string, fallback bool) bool {
	if !p.has(name) || p.null(name) {
		return fallback
	}
	var b bool
	if err := json.Unmarshal(p.values[name], &b); err != nil {
		p.fail(invalid("%s%s must be true or false", p.prefix, name))
	}
	return b
}

// object reads an object within the object.
func (p *payload) object(name string, allowed []string) *payload {
	in := &payload{resource: p.resource, prefix: p.prefix + name + "."}
	if err := json.Unmarshal(p.values[name], &in.values); err != nil || in.values == nil {
		p.fail(invalid("%s%s must be an object", p.prefix, name))
	}
	in.allow(allowed)
	return in
}
