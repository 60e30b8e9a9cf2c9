package tracktik

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tracktik-sync/sync/plan"
)

// text is a JSON text that may also come as a number, a boolean or null. It
// remembers whether it came at all; an object or a list in its place counts as
// not having come.
type text struct {
	set   bool
	value string
}

func (t *text) UnmarshalJSON(data []byte) error {
	*t = text{set: true}
	switch data[0] {
	case 'n':
		return nil
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		t.value = plan.Clean(s)
	case '{', '[':
		t.set = false
	default:
		t.value = string(data)
	}
	return nil
}

// ref is the id of a record: a number, a number in quotes, or an embedded record
// with an id. Null, 0, "", and the false and [] of some JSON writers mean that
// there is none.
type ref int64

func (r *ref) UnmarshalJSON(data []byte) error {
	*r = 0
	switch string(data) {
	case "null", "false", "[]":
		return nil
	}
	switch data[0] {
	case '{':
		var embedded struct {
			ID ref `json:"id"`
		}
		err := json.Unmarshal(data, &embedded)
		*r = embedded.ID
		return err
	case '[':
		return notAnID(data)
	}
	id, err := parseID(strings.TrimSpace(string(bytes.Trim(data, `"`))))
	*r = ref(id)
	return err
}

// parseID reads 12, and the 12.0 and 1.2e1 that some JSON writers make of it.
func parseID(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id >= 0 {
		return id, nil
	}
	const exact = 1 << 53 // a float64 holds every integer up to here
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f < 0 || f > exact {
		return 0, notAnID([]byte(s))
	}
	return int64(f), nil
}

func notAnID(data []byte) error { return fmt.Errorf("%q is not an id", shorten(string(data), 40)) }

// flag is a JSON boolean that may also come as 1, "1", "true" or "yes". Whatever
// else comes is false.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(string(bytes.Trim(data, `"`))) {
	case "true", "1", "yes":
		*f = true
	default:
		*f = false
	}
	return nil
}

// shorten cuts s to n characters and takes out what could confuse a terminal or
// a log.
func shorten(s string, n int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), isControlOrSpace), " ")
	if runes := []rune(s); len(runes) > n {
		return strings.TrimSpace(string(runes[:n])) + "…"
	}
	return s
}
