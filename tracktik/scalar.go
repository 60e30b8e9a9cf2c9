package tracktik

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// A place is a member of a record by its name, without regard to case, and what takes its
// value. Where a record has it twice, the last one counts.
type place struct {
	name string
	into reader
}

// A reader takes a value out of valid JSON.
type reader interface {
	read(value gjson.Result) error
}

// readRecord reads a record, which is a JSON object.
func readRecord(record gjson.Result, places ...place) (err error) {
	if !record.IsObject() {
		return fmt.Errorf("%s is no record", shorten(record.Raw, 40))
	}
	record.ForEach(func(name, value gjson.Result) bool {
		for i := range places {
			if len(name.Str) == len(places[i].name) && strings.EqualFold(name.Str, places[i].name) {
				err = places[i].into.read(value)
			}
		}
		return err == nil
	})
	return err
}

// text is a JSON text that may also come as a number, a boolean or null. It
// remembers whether it came at all; an object or a list in its place counts as
// not having come.
type text struct {
	set   bool
	value string
}

func (t *text) UnmarshalJSON(data []byte) error { return t.read(gjson.ParseBytes(data)) }

func (t *text) read(value gjson.Result) error {
	*t = text{set: true}
	switch value.Type {
	case gjson.Null:
	case gjson.String:
		s := strings.Clone(value.Str)
		if !utf8.ValidString(s) {
			s = string([]rune(s))
		}
		t.value = plan.Clean(s)
	case gjson.JSON:
		t.set = false
	default:
		t.value = strings.Clone(value.Raw)
	}
	return nil
}

// ref is the id of a record: a number, a number in quotes, or an embedded record
// with an id. Null, 0, "", and the false and [] of some JSON writers mean that
// there is none.
type ref int64

func (r *ref) UnmarshalJSON(data []byte) error { return r.read(gjson.ParseBytes(data)) }

func (r *ref) read(value gjson.Result) error {
	*r = 0
	switch {
	case value.Type == gjson.Null, value.Type == gjson.False, value.Raw == "[]":
		return nil
	case value.IsObject():
		return readRecord(value, place{"id", r})
	case value.IsArray():
		return notAnID(value.Raw)
	}
	id, err := parseID(strings.TrimSpace(strings.Trim(value.Raw, `"`)))
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
		return 0, notAnID(s)
	}
	return int64(f), nil
}

func notAnID(s string) error { return fmt.Errorf("%q is not an id", shorten(s, 40)) }

// flag is a JSON boolean that may also come as 1, "1", "true" or "yes". Whatever
// else comes is false.
type flag bool

func (f *flag) read(value gjson.Result) error {
	switch strings.ToLower(strings.Trim(value.Raw, `"`)) {
	case "true", "1", "yes":
		*f = true
	default:
		*f = false
	}
	return nil
}

// anything is a value as it came: a part of the JSON.
type anything gjson.Result

func (a *anything) read(value gjson.Result) error {
	*a = anything(value)
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
