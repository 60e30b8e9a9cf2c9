package tracktiktest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The page sizes of support article 23794537688471.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// list answers GET on a collection.
func (r *resource[T]) list(params url.Values, rules *Rules) ([]byte, *refusal) {
	limit, err := count(params, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	offset, err := count(params, "offset", 0, 0, 1<<31-1)
	if err != nil {
		return nil, err
	}
	columns, err := r.shape(params.Get("fields"), params.Get("include"))
	if err != nil {
		return nil, err
	}
	rows, err := r.matching(params, rules)
	if err != nil {
		return nil, err
	}
	if rows, err = r.sorted(rows, strings.Join(params["sort"], ",")); err != nil {
		return nil, err
	}
	page := rows[min(offset, len(rows)):min(offset+limit, len(rows))]
	m := newMeta(r.name, "view")
	total, items := len(rows), len(page)
	m.Count, m.ItemCount, m.Limit, m.Offset = &total, &items, &limit, &offset
	return envelope(m, appendPage(page, columns)), nil
}

func appendPage[T record](page []T, columns []column[T]) []byte {
	data := append(make([]byte, 0, 2+400*len(page)), '[')
	for i, rec := range page {
		if i > 0 {
			data = append(data, ',')
		}
		data = appendRecord(data, rec, columns)
	}
	return append(data, ']')
}

// count reads a number from the parameters.
func count(params url.Values, name string, fallback, low, high int) (int, *refusal) {
	value := params.Get(name)
	if value == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return 0, invalid("%s must be a number from %d to %d", name, low, high)
	}
	return n, nil
}

// selection is what a list's filters say.
type selection[T record] struct {
	tests  []func(T) bool
	after  int64 // only ids above it
	rows   []T   // when an index answered: the only candidates
	narrow bool
}

// matching returns the records that pass the filters, in the order of their ids.
// A complete list costs nothing: it is the table itself.
func (r *resource[T]) matching(params url.Values, rules *Rules) ([]T, *refusal) {
	sel, err := r.selection(params, rules)
	if err != nil {
		return nil, err
	}
	if r.active != nil && !isTrue(params.Get("includeInactive")) {
		sel.tests = append(sel.tests, r.active)
	}
	if r.seen != nil { // the last, since it counts
		sel.tests = append(sel.tests, r.seen)
	}
	rows := r.order[r.table.after(sel.after):]
	if sel.narrow {
		rows = sel.rows
	}
	if len(sel.tests) == 0 {
		return rows, nil
	}
	var out []T
	for _, rec := range rows {
		if passes(rec, sel.tests) {
			out = append(out, rec)
		}
	}
	return out, nil
}

func passes[T any](rec T, tests []func(T) bool) bool {
	for _, test := range tests {
		if !test(rec) {
			return false
		}
	}
	return true
}

// shaping are the parameters that are no filters.
var shaping = []string{"limit", "offset", "sort", "fields", "include", "includeInactive"}

func (r *resource[T]) selection(params url.Values, rules *Rules) (selection[T], *refusal) {
	var sel selection[T]
	for key, args := range params {
		if slices.Contains(rules.RefusedFilters, key) {
			return sel, unknownField(key, r.name)
		}
		if slices.Contains(shaping, key) || slices.Contains(rules.IgnoredFilters, key) {
			continue
		}
		for _, arg := range args {
			if err := r.narrow(&sel, key, arg, rules); err != nil {
				return sel, err
			}
		}
	}
	return sel, nil
}

// narrow adds one filter. The custom filters idIn and q are the OpenAPI
// document's.
func (r *resource[T]) narrow(sel *selection[T], key, arg string, rules *Rules) *refusal {
	switch key {
	case "idIn":
		key = "id:in"
	case "q":
		sel.tests = append(sel.tests, r.search(arg))
		return nil
	}
	name, op, _ := strings.Cut(key, ":")
	f := r.field(name)
	if f == nil || op == "gt" && rules.NoGreaterThan {
		return unknownField(key, r.name)
	}
	if name == "id" && op == "gt" {
		after, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return invalid("id must be a number")
		}
		sel.after = max(sel.after, after)
		sel.tests = append(sel.tests, sel.beyond(after)...)
		return nil
	}
	pass, err := filter(name, op, arg)
	if err != nil {
		return err
	}
	r.useIndex(sel, name, op, arg)
	sel.tests = append(sel.tests, func(rec T) bool { return pass(f.value(rec)) })
	return nil
}

// beyond is the test for id:gt where an index, whose rows begin anywhere, is used
// beside it; the table itself is cut instead.
func (sel *selection[T]) beyond(after int64) []func(T) bool {
	if !sel.narrow {
		return nil
	}
	return []func(T) bool{func(rec T) bool { return rec.key() > after }}
}

// useIndex takes the candidates from an index, where there is one.
func (r *resource[T]) useIndex(sel *selection[T], name, op, arg string) {
	if sel.narrow {
		return
	}
	rows, known := r.candidates(name, op, arg)
	if !known {
		return
	}
	slices.SortFunc(rows, func(a, b T) int { return compareValues(a.key(), b.key()) })
	sel.rows = slices.CompactFunc(rows, func(a, b T) bool { return a.key() == b.key() })
	sel.narrow = true
	sel.tests = append(sel.tests, sel.beyond(sel.after)...)
}

// candidates are the records among which all are that pass a filter; known is false where
// no index serves it.
func (r *resource[T]) candidates(name, op, arg string) (rows []T, known bool) {
	find, within := r.lookup[name], r.within[name]
	if name == "id" {
		find = r.findByID
	}
	switch {
	case op == "" && find != nil:
		return slices.Clone(find(arg)), true
	case op == "in" && find != nil:
		for _, a := range names(arg) {
			rows = append(rows, find(a)...)
		}
		return rows, true
	case (op == "contains" || op == "startswith") && within != nil:
		return within(arg)
	}
	return nil, false
}

func (r *resource[T]) findByID(arg string) []T {
	id, err := strconv.ParseInt(arg, 10, 64)
	rec, ok := r.get(id)
	if err != nil || !ok {
		return nil
	}
	return []T{rec}
}

// search is the portal's own search over all texts of a record.
func (r *resource[T]) search(arg string) func(T) bool {
	arg = fold(arg)
	return func(rec T) bool {
		return slices.ContainsFunc(r.fields, func(f field[T]) bool {
			s, ok := f.value(rec).(string)
			return ok && strings.Contains(fold(s), arg)
		})
	}
}

func isTrue(s string) bool { return s == "1" || fold(s) == "true" }
