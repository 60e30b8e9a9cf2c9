package tracktiktest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// resource is a table with its face in the API.
type resource[T record] struct {
	table[T]
	name   string
	fields []field[T]
	active func(T) bool // nil: all are
	seen   func(T) bool // nil: all are; asked once for each match of a list
	// lookup has the indexes, by the field that they serve.
	lookup map[string]func(value string) []T
	// within has those for a part of the value; known is false for a part that they do not serve.
	within map[string]func(part string) (found []T, known bool)
}

// field is one attribute of a record.
type field[T record] struct {
	name string
	as   visibility
	// value is nil, a string, an int64, a bool, or JSON.
	value func(T) any
	embed func(T) any // what `include` puts in the place of value; nil: value
}

type visibility int

const (
	always     visibility = iota // in every answer
	onDemand                     // where `include` or `fields` names it
	filterOnly                   // never shown: the way to a related record's id
)

// absent is the value of a field that is left out of the record.
type absent struct{}

func (r *resource[T]) field(name string) *field[T] {
	i := slices.IndexFunc(r.fields, func(f field[T]) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &r.fields[i]
}

// column is a field as one answer shows it.
type column[T record] struct {
	key   []byte // "name":
	value func(T) any
}

// shape turns the parameters `fields` and `include` into columns.
func (r *resource[T]) shape(fields, include string) ([]column[T], *refusal) {
	wanted, embedded := names(fields), names(include)
	for _, name := range append(slices.Clone(wanted), embedded...) {
		if f := r.field(name); f == nil || f.as == filterOnly {
			return nil, unknownField(name, r.name)
		}
	}
	var out []column[T]
	for _, f := range r.fields {
		included := slices.Contains(embedded, f.name)
		shown := f.as == always || included
		if len(wanted) > 0 {
			shown = slices.Contains(wanted, f.name)
		}
		if !shown || f.as == filterOnly {
			continue
		}
		value := f.value
		if f.embed != nil && (included || f.as == onDemand) {
			value = f.embed
		}
		out = append(out, column[T]{key: []byte(strconv.Quote(f.name) + ":"), value: value})
	}
	return out, nil
}

// names splits a comma-separated parameter.
func names(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// plain is the record as it comes when nothing more is asked for.
func (r *resource[T]) plain(rec T) []byte {
	columns, _ := r.shape("", "")
	return appendRecord(nil, rec, columns)
}

func appendRecord[T record](dst []byte, rec T, columns []column[T]) []byte {
	dst = append(dst, '{')
	first := true
	for _, c := range columns {
		v := c.value(rec)
		if v == (absent{}) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendValue(append(dst, c.key...), v)
	}
	return append(dst, '}')
}

// embedded is JSON in the place of a value.
type embedded string

func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case embedded:
		return append(dst, v...)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("tracktiktest: encoding a value: " + err.Error())
	}
	return append(dst, text...)
}

// orNull is null for an empty text.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// relation is null for no id.
func relation(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
