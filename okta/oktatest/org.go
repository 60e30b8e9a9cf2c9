package oktatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// An org is the state of a Server, under its mutex.
type org struct {
	ready bool
	id    string

	users    map[string]*user
	byLogin  map[string]*user // by login, lower-case
	userList ordered[*user]

	groups    map[string]*group
	groupList ordered[*group]

	apps     map[string]*app
	mappings map[string]*mapping

	userAttributes []attribute

	system systemLog
	images map[string]*image // of users, as look-ups still show them

	oauth

	issued  map[string]uint64 // ids so far, by prefix
	second  int64             // the second of stamped
	stamped string
	windows map[string]*window
}

// lock gives access to the org. The caller unlocks s.mu.
func (s *Server) lock() {
	s.mu.Lock()
	if s.ready {
		return
	}
	s.ready = true
	s.users, s.byLogin = map[string]*user{}, map[string]*user{}
	s.groups, s.apps, s.mappings = map[string]*group{}, map[string]*app{}, map[string]*mapping{}
	s.images = map[string]*image{}
	s.issued, s.windows = map[string]uint64{}, map[string]*window{}
	s.oauth = newOAuth()
	s.userList.live = func(u *user) bool { return !u.deleted }
	s.groupList.live = func(g *group) bool { return !g.deleted }
	s.id = s.newID("00o")
}

// The digits of an id, in the order of their bytes, so that ids sort by age.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// firstID makes the first ids look like ones of an org that is some years old. It
// and all that follow have ten digits.
const firstID = 512_345_678_901_234_567

// newID returns an id of 20 characters, as Okta's are: a prefix that says of what,
// then a number that counts up.
func (s *Server) newID(prefix string) string {
	n := firstID + s.issued[prefix]
	s.issued[prefix]++
	id := []byte(prefix + "q1" + "0000000000" + "kZ5d7")
	for i := len(prefix) + 11; n > 0; i-- {
		id[i] = digits[n%62]
		n /= 62
	}
	return string(id)
}

// stamp returns the org's time as Okta writes it: UTC, whole seconds. Strings of
// one second are one string, and compare like the times they stand for.
func (s *Server) stamp() string {
	now := s.now()
	if second := now.Unix(); second != s.second || s.stamped == "" {
		s.second, s.stamped = second, now.UTC().Format("2006-01-02T15:04:05")+".000Z"
	}
	return s.stamped
}

func parseStamp(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }

func (s *Server) mustUser(id string) *user {
	u := s.users[id]
	if u == nil {
		panic(fmt.Sprintf("oktatest: there is no user %q", id))
	}
	return u
}

func (s *Server) mustGroup(id string) *group {
	g := s.groups[id]
	if g == nil {
		panic(fmt.Sprintf("oktatest: there is no group %q", id))
	}
	return g
}

func (s *Server) mustApp(id string) *app {
	a := s.apps[id]
	if a == nil {
		panic(fmt.Sprintf("oktatest: there is no app %q", id))
	}
	return a
}

// compact returns v as JSON, without the escapes that are for HTML.
func compact(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("oktatest: a value that JSON cannot hold: %v", err))
	}
	return bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return append(b, compact(s)...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendStamp appends a timestamp, or null for "".
func appendStamp(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendText(b, s)
}

func appendAll(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// beginsWith is the test of q: it does not mind case.
func beginsWith(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
