package tracktiktest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// test reports whether a value passes a filter.
type test func(value any) bool

// filter makes the test for `name:op=arg`.
func filter(name, op, arg string) (test, *refusal) {
	switch op {
	case "":
		return equals(arg), nil
	case "not":
		same := equals(arg)
		return func(v any) bool { return !same(v) }, nil
	case "in":
		return among(arg), nil
	case "contains":
		return func(v any) bool { return strings.Contains(fold(text(v)), fold(arg)) }, nil
	case "startswith":
		return func(v any) bool { return strings.HasPrefix(fold(text(v)), fold(arg)) }, nil
	case "isnull":
		return func(v any) bool { return text(v) == "" }, nil
	case "isnotnull":
		return func(v any) bool { return text(v) != "" }, nil
	}
	return ordered(name, op, arg)
}

// equals compares without regard to case.
func equals(arg string) test {
	arg = fold(arg)
	return func(v any) bool { return fold(text(v)) == arg }
}

func among(list string) test {
	set := map[string]bool{}
	for _, name := range names(list) {
		set[fold(name)] = true
	}
	return func(v any) bool { return set[fold(text(v))] }
}

var orders = map[string]func(int) bool{
	"gt":     func(c int) bool { return c > 0 },
	"after":  func(c int) bool { return c > 0 },
	"gte":    func(c int) bool { return c >= 0 },
	"lt":     func(c int) bool { return c < 0 },
	"before": func(c int) bool { return c < 0 },
	"lte":    func(c int) bool { return c <= 0 },
}

// ordered compares numbers as numbers and everything else as text; a null passes
// no such filter.
func ordered(name, op, arg string) (test, *refusal) {
	pass, ok := orders[op]
	if !ok {
		return nil, invalid("%s is not an operator for %s", op, name)
	}
	number, err := strconv.ParseInt(arg, 10, 64)
	return func(v any) bool {
		switch v := v.(type) {
		case nil:
			return false
		case int64:
			return err == nil && pass(cmp.Compare(v, number))
		}
		return pass(strings.Compare(text(v), arg))
	}, nil
}

// text is a value in words; null is empty.
func text(v any) string {
	switch v := v.(type) {
	case nil, absent:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}

// compareValues orders numbers as numbers, and everything else as text.
func compareValues(a, b any) int {
	x, ok := a.(int64)
	y, both := b.(int64)
	if ok && both {
		return cmp.Compare(x, y)
	}
	return strings.Compare(fold(text(a)), fold(text(b)))
}

// sorted returns rows in the order of a `sort` parameter: field names, each with
// a - before it for descending. The rows come in the order of their ids.
func (r *resource[T]) sorted(rows []T, by string) ([]T, *refusal) {
	type key struct {
		value func(T) any
		sign  int
	}
	var keys []key
	for _, name := range names(by) {
		bare := strings.TrimPrefix(name, "-")
		f := r.field(bare)
		if f == nil {
			return nil, unknownField(bare, r.name)
		}
		k := key{f.value, 1}
		if bare != name {
			k.sign = -1
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 || by == "id" {
		return rows, nil
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b T) int {
		for _, k := range keys {
			if c := compareValues(k.value(a), k.value(b)); c != 0 {
				return c * k.sign
			}
		}
		return 0
	})
	return rows, nil
}
